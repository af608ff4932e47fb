"""JPEG XL and JPEG 2000, in as many bits as they have: their decoders give samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.pictures.decoding import Decoded, check_frame, check_size, of_samples
from headlight.viewer.inputs.pictures.depth import Samples
from headlight.viewer.inputs.pictures.pillow_images import opened

BARE, BOXED = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
"""How a JPEG XL begins: its code alone, or in boxes (ISO/IEC 18181-2)."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Widths over heights that a JPEG XL writes as one number (ISO/IEC 18181-1, D.2)."""


def by_jpegxl(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    import imagecodecs

    check_size(name, *jpegxl_size(data))
    try:
        values = imagecodecs.jpegxl_decode(data, index=frame - 1, numthreads=1)
    except (IndexError, RuntimeError, ValueError):
        if frame == 1:
            raise
        values = imagecodecs.jpegxl_decode(data, index=0, numthreads=1)  # else it is damaged
        check_frame(name, frame, frame - 1)
    return of_samples(_sampled(values), name)


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
    take = _bits(_code_of(data))

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
        return data[2:18]
    at = 0
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if kind in (b"jxlc", b"jxlp"):
            start += 4 * (kind == b"jxlp")
            if data[start : start + 2] == BARE:
                return data[start + 2 : start + 18]
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
