"""WAV files: their chunks, and numbers of any usual kind as float32.

Microsoft and IBM 1991, “Multimedia Programming Interface and Data Specifications 1.0”; 64-bit sizes as in
EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.sounds import encoded
from headlight.viewer.inputs.sounds.limits import RATES, check_extent
from headlight.viewer.inputs.sounds.mono import Read, joined
from headlight.viewer.inputs.source import Source

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN = 0xFFFFFFFF
"""What stands for a size that was not known when the file was begun, or that is in another chunk."""
_BLOCK = 1 << 20
"""Bytes that are turned into numbers at once."""
MOST_CHANNELS = 64
_WHOLE = "Get a whole copy of it and try again."


@dataclass(frozen=True)
class Format:
    """code: of what a number is. size: bytes of one number."""

    code: int
    channels: int
    rate: int
    size: int

    @property
    def frame(self) -> int:
        """Bytes of one moment."""
        return self.size * self.channels


def is_wav(source: Source) -> bool:
    head = source.head
    return head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"


def read(source: Source) -> Read:
    """The numbers of all channels as one; those that are encoded by libsndfile. HeadlightError where there
    are none."""
    form, size, there = _found(source)
    kind = _numbers_of(form)
    if kind is None:
        return encoded.read(source)
    check_extent(source.name, there // form.frame, form.rate)
    notices = ()
    if there < size:
        said, whole = (count / form.frame / form.rate for count in (there, size))
        notices = (f"{source.name} is cut off: {said:,.1f} of {whole:,.1f} s are there.",)
    read = joined(_parts(source, there // form.frame * form.frame, form, kind), form.rate)
    return Read(read.samples, read.rate, form.channels, (*notices, *read.notices))


def _parts(source: Source, count: int, form: Format, kind: str) -> Iterator[np.ndarray]:
    """float32 (n, channels), block after block of `count` bytes."""
    step = max(form.frame, _BLOCK // form.frame * form.frame)
    for start in range(0, count, step):
        data = source.file.read(min(step, count - start))
        yield _values(data[: len(data) // form.frame * form.frame], form, kind)
        source.report()


def _values(data: bytes, form: Format, kind: str) -> np.ndarray:
    if form.size == 3:  # no type of numpy's: as the upper bytes of four
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        found = wide.view("<i4")[:, 0]
    else:
        found = np.frombuffer(data, kind)
    with np.errstate(all="ignore"):  # 64 bits may hold what 32 do not: it is told with what is no number
        values = found.astype(np.float32)
        if form.code == _PCM:
            half = 1 << (8 * (4 if form.size == 3 else form.size) - 1)
            values = (values - 128) / 128 if form.size == 1 else values / half
    return values.reshape(-1, form.channels)


def _numbers_of(form: Format) -> str | None:
    """The type of a number; None of what is encoded."""
    kinds = {_PCM: {1: "u1", 2: "<i2", 3: "<i4", 4: "<i4"}, _FLOAT: {4: "<f4", 8: "<f8"}}
    return kinds.get(form.code, {}).get(form.size)


def _found(source: Source) -> tuple[Format, int, int]:
    """(the format, bytes of the numbers as the file says, those that are there); the file stands at them."""
    form, long = None, {}
    source.file.seek(12)
    while len(head := source.file.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            if form is None:
                raise HeadlightError(f"{source.name} does not say what its numbers are.", _WHOLE)
            size = long.get(name, source.left()) if size == _UNKNOWN else size
            return form, size, min(size, source.left())
        start = source.file.tell()
        if name == b"fmt ":
            form = _format(source.file.read(min(size, 40)), source.name)
        elif name == b"ds64":
            content = source.file.read(min(size, 24))
            long[b"data"] = struct.unpack("<Q", content[8:16])[0] if len(content) >= 16 else 0
        source.file.seek(_behind(source, start + size))
    raise HeadlightError(f"{source.name} holds no sound: it ends before its numbers.", _WHOLE)


def _behind(source: Source, stop: int) -> int:
    """Where the next chunk begins: at an even place, though some programs leave the filling byte out."""
    if stop % 2 == 0 or stop >= source.size:
        return stop
    source.file.seek(stop)
    head = source.file.read(4)
    return stop if len(head) == 4 and head[0] and (head.isalnum() or head == b"fmt ") else stop + 1


def _format(content: bytes, name: str) -> Format:
    if len(content) < 16:
        raise HeadlightError(f"{name} does not say what its numbers are.", _WHOLE)
    code, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", content[:16])
    if code == _EXTENSIBLE and len(content) >= 26:
        code = struct.unpack("<H", content[24:26])[0]
    if not 1 <= channels <= MOST_CHANNELS:
        raise HeadlightError(
            f"{name} has {channels:,} channels, and 1 to {MOST_CHANNELS} are read.", "Choose another file."
        )
    if not RATES[0] <= rate <= RATES[1]:
        raise HeadlightError(
            f"{name} has {rate:,} numbers a second, and {RATES[0]:,} to {RATES[1]:,} are read.",
            "Choose another file.",
        )
    return Format(code, channels, rate, frame // channels or max(1, bits // 8))
