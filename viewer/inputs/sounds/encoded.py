"""Sounds that are encoded (FLAC, Ogg, MP3, AIFF and others), by libsndfile where soundfile is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError, first_sentence
from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.pictures.overheard import overheard
from headlight.viewer.inputs.sounds.limits import check_extent
from headlight.viewer.inputs.sounds.mono import Read, joined
from headlight.viewer.inputs.source import Source

_BLOCK = 1 << 18
"""Moments that are decoded at once."""


def is_aiff(source: Source) -> bool:
    return source.head[:4] == b"FORM" and source.head[8:12] in (b"AIFF", b"AIFC")


def read(source: Source) -> Read:
    """The numbers of all channels as one. HeadlightError where soundfile is missing, or reads it not."""
    found = guarded(source, f"{__name__}:decoded", "sound", Read)
    return replace(found, notices=(*_cut_off(source, len(found.samples), found.rate), *found.notices))


def decoded(source: Source) -> Read:
    """The same in this process, of a file that has a path."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: without the library behind it
        raise HeadlightError(
            f"To read {source.name}, the package soundfile has to be installed.",
            "Run pip install 'headlight-viewer[sounds]', or save it as a WAV of 16 bits.",
        ) from error
    try:
        with overheard() as said, soundfile.SoundFile(str(source.path)) as file:
            check_extent(source.name, file.frames, file.samplerate)
            read = joined(_parts(source, file), file.samplerate)
            check_extent(source.name, len(read.samples), file.samplerate)  # of which there may be fewer
            notices = read.notices
            if said():  # the decoder of MP3 tells of damage there alone
                notices = (*notices, f"{source.name} is damaged in places, which may sound wrong or be gone.")
            return Read(read.samples, read.rate, file.channels, notices)
    except (RuntimeError, TypeError, ValueError) as error:
        reason = first_sentence(error).rpartition(": ")[2]  # behind the name of the file
        raise HeadlightError(
            f"{source.name} cannot be decoded: {reason}",
            "Get a whole copy of it, or save it as a WAV of 16 bits.",
        ) from error


def _cut_off(source: Source, there: int, rate: int) -> tuple[str, ...]:
    """A notice where an AIFF says that there is more: libsndfile reads what there is, without a word."""
    at = source.head.find(b"COMM") if is_aiff(source) else -1
    count = source.head[at + 10 : at + 14]  # behind the chunk's length and the channels
    if at < 0 or len(count) < 4 or (said := int.from_bytes(count, "big")) <= there:
        return ()
    return (f"{source.name} is cut off: {there / rate:,.1f} of {said / rate:,.1f} s are there.",)


def _parts(source: Source, file: Any) -> Iterator[np.ndarray]:
    """float32 (n, channels), block after block."""
    done = 0
    while len(part := file.read(_BLOCK, dtype="float32", always_2d=True)):
        done += len(part)
        yield part
        source.report(done / file.frames)
