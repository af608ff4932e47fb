"""Small damage that costs a picture nothing, mended before it is decoded, and said."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_END_OF_IMAGE = b"\xff\xd9"
_FILLERS = (bytes(64), bytes(index * 97 % 255 for index in range(1, 65)))
"""What is read in place of missing bytes. The second is of no pattern, so as to differ anywhere."""
_LOST = 0.02
"""Share of a JPEG's pixels that its missing last bytes may have held."""
_BLOCK = 16
"""Rows of pixels that a JPEG writes at a time."""
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""What ends the coefficients of a JPEG's scan (ITU-T T.81, B.1.1.3)."""


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int, bool]]:
    """(name, start, end, whether its checksum is right) of every whole chunk of a PNG."""
    at = len(PNG_MAGIC)
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        end = at + 12 + length
        if end > len(data):
            return
        right = zlib.crc32(memoryview(data)[at + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]
        yield data[at + 4 : at + 8], at, end, right
        at = end


def mended_png(data: bytes, name: str) -> tuple[bytes, tuple[str, ...]]:
    """The PNG without those of its optional chunks whose checksum is wrong.

    Raises ValueError where it is the picture itself that does not fit its checksums.
    """
    parts, done, left_out = [], 0, []
    for chunk, start, end, right in png_chunks(data):
        if chunk == b"IDAT" and not right:
            _check_pixels(data)
        if right or not chunk[:1].islower():
            continue
        parts.append(data[done:start])
        done = end
        left_out.append(chunk.decode("ascii", "replace"))
    if not left_out:
        return data, ()
    kinds = ", ".join(sorted({*left_out})[:5])
    return b"".join([*parts, data[done:]]), (
        f"{name} has damaged extra data ({kinds}): it is left out. The picture itself is whole.",
    )


def _check_pixels(data: bytes) -> None:
    """zlib has a checksum of its own of what it packs: by it a chunk's wrong one may be the only damage."""
    unpacker, view = zlib.decompressobj(), memoryview(data)
    for chunk, start, end, _ in png_chunks(data):
        left = view[start + 8 : end - 4] if chunk == b"IDAT" else b""
        while left and not unpacker.eof:
            unpacker.decompress(left, 1 << 20)
            left = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise ValueError("the pixels do not fit their checksums")


def mended_jpeg(
    data: bytes, name: str, decode: Callable[[bytes], np.ndarray]
) -> tuple[bytes, tuple[str, ...]] | None:
    """A JPEG that breaks off, with an end, if next to nothing of the picture is missing; else None.

    Whether it is missing shows in two decodings that differ in what follows the data: a pixel whose bytes are
    all there is the same in both. `decode` gives uint8 (h, w, ...), or raises.
    """
    if not _has_all_scans(data):
        return None
    ended = [data.rstrip(b"\xff") + filler + _END_OF_IMAGE for filler in _FILLERS]
    guessed, pixels = _after_first_difference(*map(decode, ended))
    if guessed > _LOST * pixels:
        return None
    what = f"{guessed:,} of its pixels are guessed" if guessed else "the picture itself is whole"
    return ended[0], (f"{name} lacks its last bytes: {what}.",)


def _after_first_difference(first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    """(pixels from the first on that differs, in the order of the blocks that a JPEG writes; all pixels)"""
    height, width = first.shape[:2]
    for top in range(0, height, _BLOCK):
        # The last row of a block takes some of its colour from the block below.
        rows = slice(top, top + _BLOCK - 1)
        differs = (first[rows] != second[rows]).any(axis=0).reshape(width, -1).any(axis=1)
        if differs.any():
            beside = width - int(np.argmax(differs))
            return min(_BLOCK, height - top) * beside + max(0, height - top - _BLOCK) * width, height * width
    return 0, height * width


def _has_all_scans(data: bytes) -> bool:
    """Whether all coefficients of all components stand in a scan with their last bit (T.81, B.2.3, G.1)."""
    at, components, missing = 2, set(), set()
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        body = data[at + 4 : at + 2 + length]
        at += 2 + length
        if kind in (0xC0, 0xC1, 0xC2) and len(body) >= 6:
            components = {body[6 + 3 * i] for i in range(body[5]) if 6 + 3 * i < len(body)}
            missing = {(component, k) for component in components for k in range(64)}
        elif kind == 0xDA and len(body) >= 4 + 2 * body[0]:
            first, last, bits = body[1 + 2 * body[0] :][:3]
            if not bits & 15:
                missing -= {(body[1 + 2 * i], k) for i in range(body[0]) for k in range(first, last + 1)}
            found = _MARKER.search(data, at)
            if found is None:
                break
            at = found.start()
    return bool(components) and not missing
