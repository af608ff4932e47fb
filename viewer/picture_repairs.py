"""Small damage that costs a picture nothing, mended before it is decoded, and said."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_END_OF_IMAGE = b"\xff\xd9"
_FILLERS = (b"\x00", b"\x55")
_LOST = 0.02
"""Share of a JPEG's pixels that its missing last bytes may have held."""


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
    """The PNG without those of its optional chunks whose checksum is wrong."""
    parts, done, left_out = [], 0, []
    for chunk, start, end, right in png_chunks(data):
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


def mended_jpeg(
    data: bytes, name: str, decode: Callable[[bytes], np.ndarray]
) -> tuple[bytes, tuple[str, ...]] | None:
    """A JPEG that breaks off, with an end, if next to nothing of the picture is missing; else None.

    Whether it is missing shows in two decodings that differ in what follows the data: a pixel whose bytes are
    all there is the same in both. `decode` gives uint8 (h, w, ...), or raises.
    """
    ended = [data.rstrip(b"\xff") + filler * 64 + _END_OF_IMAGE for filler in _FILLERS]
    first, second = (decode(whole) for whole in ended)
    guessed = sum(_differing(*rows) for rows in zip(first, second, strict=True))
    if guessed > _LOST * first.shape[0] * first.shape[1]:
        return None
    what = f"{guessed:,} of its pixels are guessed" if guessed else "the picture itself is whole"
    return ended[0], (f"{name} lacks its last bytes: {what}.",)


def _differing(first: np.ndarray, second: np.ndarray) -> int:
    """How many pixels of a row differ."""
    return int((first != second).reshape(len(first), -1).any(axis=1).sum())
