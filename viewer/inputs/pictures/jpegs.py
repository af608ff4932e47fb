"""JPEGs that are no usual ones: 12 bits a channel, as medicine has them, and JPEG-LS, which begins alike."""

from __future__ import annotations

from typing import NamedTuple

from headlight.viewer.inputs.pictures.depth import Samples

_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers of frames (ISO/IEC 10918-1, B.1.1.3; 14495-1, C.1.1): of all but tables."""
_LS = 0xF7
_ALONE = {0x01, *range(0xD0, 0xDA)}
"""Markers without a length."""


class Frame(NamedTuple):
    """What the header of a JPEG's picture says. bits: of a sample."""

    marker: int
    bits: int
    width: int
    height: int

    @property
    def is_rare(self) -> bool:
        """Whether decoders of usual JPEGs do not read it."""
        return self.marker == _LS or self.bits > 8


def frame_of(data: bytes) -> Frame | None:
    """The first frame's header; None of what is no JPEG, or has none."""
    at = 2 if data.startswith(b"\xff\xd8") else len(data)
    while data[at : at + 1] == b"\xff" and at + 10 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF:  # that fills up
            at += 1
        elif marker in _FRAMES:
            height, width = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (5, 7))
            return Frame(marker, data[at + 4], width, height)
        else:
            at += 2 if marker in _ALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def samples_of(data: bytes, frame: Frame) -> Samples:
    """Of a rare one. ValueError for inks."""
    import imagecodecs

    decode = imagecodecs.jpegls_decode if frame.marker == _LS else imagecodecs.jpeg_decode
    values = decode(data)
    values = values[..., None] if values.ndim == 2 else values
    if values.shape[-1] not in (1, 3):
        raise ValueError("it has neither one channel nor three")
    return Samples(values, "RGB" if values.shape[-1] == 3 else "L", float(2**frame.bits - 1))
