"""JPEG XL and JPEG 2000, in as many bits as they have: their decoders give samples."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.pictures.decoding import (
    Decoded,
    animated,
    check_drawn,
    check_frame,
    check_size,
    of_samples,
)
from headlight.viewer.inputs.pictures.depth import Samples
from headlight.viewer.inputs.pictures.pillow_images import opened

BARE, BOXED = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
"""How a JPEG XL begins: its code alone, or in boxes (ISO/IEC 18181-2)."""
_HEAD = 64
"""Bytes of the code behind its mark in which all lies that is read of it here."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Widths over heights that a JPEG XL writes as one number (ISO/IEC 18181-1, D.2)."""


def by_jpegxl(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    import imagecodecs

    size = jpegxl_size(data)
    check_size(name, *size)
    count = _frames(data) if moves(data) else 1
    # Of a frame that is not there the library gives whatever lay in the memory.
    check_frame(name, frame, count or 1)
    check_drawn(name, frame, *size)
    values = imagecodecs.jpegxl_decode(data, index=frame - 1, numthreads=1)
    found = of_samples(_sampled(values), name)
    if count is None:
        said = f"{name} is animated, and its first frame alone can be shown."
        return found._replace(notices=(said, *found.notices))
    if count == 1:
        return found
    said = animated(name, frame, count)
    return found._replace(notices=(said, *found.notices), film=(count, frame, True))


def _frames(data: bytes) -> int | None:
    """How many an animation has; None where the library does not tell.

    It looks for them before it decodes any, and tells what it found where an array is of another shape.
    """
    import imagecodecs

    for kind in (np.uint8, np.uint16, np.float32):
        try:
            imagecodecs.jpegxl_decode(data, numthreads=1, out=np.empty(0, kind))
        except ValueError as error:
            found = re.search(r", shape=\((\d+), \d+, \d+(?:, [1-4])?\)$", str(error))
            if found is not None:
                return int(found[1])
    return None


def by_jpeg2000(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    import imagecodecs

    check_frame(name, frame, 1)
    with opened(data, "JPEG2000") as image:
        check_size(name, *image.size)
        size, profile = image.size, image.info.get("icc_profile")
    values = imagecodecs.jpeg2k_decode(data, numthreads=1)
    if values.shape[1::-1] != size:
        raise HeadlightError(
            f"{name} is a JPEG 2000 image whose channels differ in size.", "Save it as PNG and open that."
        )
    return of_samples(_sampled(values, profile), name)


def _sampled(values: np.ndarray, profile: bytes | None = None) -> Samples:
    """Grey, or colours, with alpha or without."""
    values = values[..., None] if values.ndim == 2 else values
    colours = 3 if values.shape[-1] > 2 else 1
    white = float(np.iinfo(values.dtype).max) if values.dtype in (np.uint8, np.uint16) else None
    alpha = None
    if values.shape[-1] > colours:
        opaque = 1.0 if white is None else white
        share = np.nan_to_num(values[..., colours].astype(np.float32), nan=1.0) / opaque
        alpha = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
    mode = "RGB" if colours == 3 else "L"
    return Samples(values[..., :colours], mode, white, alpha, profile=profile)


def jpegxl_size(data: bytes) -> tuple[int, int]:
    """(width, height) as the head of the code says them (ISO/IEC 18181-1, D.2); it may be turned yet.

    ValueError where there is no such head.
    """
    return _size(_bits(_code_of(data)))


def moves(data: bytes) -> bool:
    """Whether the head of a JPEG XL says that it may have several frames (ISO/IEC 18181-1, D.3).

    ValueError where there is no such head.
    """
    take = _bits(_code_of(data))
    _size(take)
    if take(1) or not take(1):  # all is as usual, or nothing of what is told here is not
        return False
    take(3)  # how the camera was held
    if take(1):
        _size(take)
    has_preview = take(1)  # whose size is not read here
    return bool(has_preview or take(1))


def _size(take: Callable[[int], int]) -> tuple[int, int]:
    """(width, height), of which the next bits are."""

    def number() -> int:
        return take((9, 13, 18, 30)[take(2)]) + 1

    small = take(1)
    height = (take(5) + 1) * 8 if small else number()
    ratio = take(3)
    if ratio:
        over, under = _RATIOS[ratio - 1]
        return height * over // under, height
    return ((take(5) + 1) * 8 if small else number()), height


def _code_of(data: bytes) -> bytes:
    """The first bytes of the code behind its mark, wherever it lies in boxes."""
    if data.startswith(BARE):
        return data[2 : 2 + _HEAD]
    at = 0
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if kind in (b"jxlc", b"jxlp"):
            start += 4 * (kind == b"jxlp")
            if data[start : start + 2] == BARE:
                return data[start + 2 : start + 2 + _HEAD]
        if length < 8:
            break
        at += length
    raise ValueError("there is no code of a picture in it")


def _bits(data: bytes) -> Callable[[int], int]:
    """What takes so many bits more, the lowest of each byte first."""
    whole, at = int.from_bytes(data, "little"), 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        if at > 8 * len(data):
            raise ValueError("the head breaks off")
        return whole >> (at - count) & ((1 << count) - 1)

    return take
