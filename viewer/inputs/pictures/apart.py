"""Pictures that are decoded in a process of their own: those of rare native decoders, and large ones.

A decoder that few programs use has met few of the files that are made to break it; what it does to its
process, by crash, hang or memory, is a message there and no loss here. The decoders of PNG, JPEG, WebP and
GIF, which every browser feeds with strangers' files, stay in this process for pictures of up to FEW pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.pictures.decoding import Decoded, decode_picture
from headlight.viewer.inputs.pictures.jpegs import frame_of
from headlight.viewer.inputs.pictures.pillow_images import opened
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import Reader

FEW = 16_000_000
"""Pixels from which on decoding takes half a second and more, and memory that the system gets back only from
a process that ends; a process of its own costs a quarter of that time at most."""
_BULK = 8_000_000
"""Bytes of a file that are taken for as much."""
PATIENCE, A_MEGABYTE = 20.0, 1.0
"""Seconds that a decoder, which says nothing of how far it is, may take, and more of them for each megabyte
of the file: several times what it takes. A few bytes that never end keep nobody waiting."""


@dataclass(frozen=True)
class Parts:
    """As `Decoded`, of what JSON holds beside arrays."""

    pixels: np.ndarray
    notices: list[str]
    measured: np.ndarray | None
    film: list[int] | None


def decoded(data: bytes, source: Source, reader: Reader) -> Decoded:
    """What a picture's file holds. HeadlightError as of `decode_picture`, also where its decoder died."""
    frame = source.reading.frame
    if not _is_apart(data, reader):
        return decode_picture(data, source.name, reader, frame)
    native, whole = f"{__name__}:parts", replace(source, size=len(data))
    patience = PATIENCE + A_MEGABYTE * len(data) / 1e6
    found = guarded(whole, native, reader.title, Parts, reader[:5], frame, quiet=patience)
    film = None if found.film is None else (found.film[0], found.film[1], bool(found.film[2]))
    return Decoded(found.pixels, tuple(found.notices), found.measured, film)


def _is_apart(data: bytes, reader: Reader) -> bool:
    frame = frame_of(data)
    rare = reader.apart or (frame is not None and frame.is_rare)
    return rare or len(data) > _BULK or _pixels(data, reader) > FEW


def _pixels(data: bytes, reader: Reader) -> int:
    """Those that the head of a picture promises, 0 of what tells it elsewhere."""
    try:
        with opened(data, reader.id.upper()) as image:
            return image.width * image.height
    except Exception:  # no format of Pillow's, or damage, which is told where it is read
        return 0


def parts(source: Source, reader: list, frame: int | None) -> Parts:
    """The same in this process. reader: as much of it as says how it reads."""
    found = decode_picture(source.file.read(), source.name, Reader(*reader), frame)
    film = None if found.film is None else [int(each) for each in found.film]
    return Parts(found.pixels, list(found.notices), found.measured, film)
