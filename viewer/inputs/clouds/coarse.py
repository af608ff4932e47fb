"""A first look at a large file: a smaller one of the same format, with some of its points from first to last.

It is read as any file is, by the reader of the format, so that there is one way in which it is meant. Where
points cannot be picked out of the file, that is, in meshes, packed or wrapped ones, there is no first look.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from headlight.viewer.inputs.clouds.parts import Checked, Parts
from headlight.viewer.inputs.clouds.text import wide
from headlight.viewer.inputs.source import HEAD, Source

_BLOCKS, _EACH = 200, 500
"""Places in the file, and points of each."""
_TEXT = 16_384
"""Bytes of each place in a text."""

Read = Callable[[Source], Parts]


def of_ply(source: Source, read: Read) -> Parts | None:
    """Binary ones whose only element that holds anything is the points."""
    from headlight.viewer.inputs.clouds.ply import head_of, plan_of

    head, at = head_of(source)
    plan, counts = plan_of(head, source.name)
    filled = [element for element in plan if counts[element.name]]
    if plan.text or len(filled) != 1 or any(hasattr(p, "len_dtype") for p in filled[0].properties):
        return None
    count, size = counts[filled[0].name], filled[0].dtype(plan.byte_order).itemsize
    records = b"".join(_records(source, at, size, count))
    head = _renumbered(head, {("element", filled[0].name): len(records) // size})
    return read(_small(source, head.encode() + records))


def of_pcd(source: Source, read: Read) -> Parts | None:
    from headlight.viewer.inputs.clouds.pcd import header_of

    _, meta, _, _ = header_of(source)
    at = source.file.tell()
    if meta.data != "binary":
        return None
    source.file.seek(0)
    head, size = source.file.read(at).decode("latin-1"), meta.build_dtype().itemsize
    records = b"".join(_records(source, at, size, meta.points))
    fewer = len(records) // size
    head = _renumbered(head, {("WIDTH",): fewer, ("HEIGHT",): 1, ("POINTS",): fewer})
    return read(_small(source, head.encode("latin-1") + records))


def of_las(source: Source, read: Read) -> Parts | None:
    source.file.seek(0)
    head = bytearray(source.file.read(375))
    at, size = struct.unpack_from("<I", head, 96)[0], struct.unpack_from("<H", head, 105)[0]
    newer = head[25] >= 4
    count = struct.unpack_from("<Q", head, 247)[0] if newer else struct.unpack_from("<I", head, 107)[0]
    records = b"".join(_records(source, at, size, count))
    source.file.seek(0)
    head = bytearray(source.file.read(at))
    struct.pack_into("<I", head, 107, 0 if newer else len(records) // size)
    if newer:
        struct.pack_into("<QIQ", head, 235, 0, 0, len(records) // size)
    return read(_small(source, bytes(head) + records))


def of_table(source: Source, read: Read) -> Parts | None:
    """Whole lines from many places; no PTS, which counts them."""
    from headlight.viewer.inputs.clouds.tables.table import layout

    found = layout(source.head, source.ending)
    if found is None or found.promised is not None or wide(source.head) is not None:
        return None
    made = [source.head[: source.head.rfind(b"\n") + 1]]
    for at in np.linspace(len(source.head), source.size - _TEXT, _BLOCKS).astype(int).tolist():
        source.file.seek(at)
        data = source.file.read(_TEXT)
        made.append(data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1])
        source.task.check()
    return read(_small(source, b"".join(made)))


def of_laz(source: Source, read: Read) -> Parts | None:
    from headlight.viewer.inputs.clouds import las

    return las.guarded(replace(source, task=Checked(source.task)), las.SOME, "LAZ file", Parts)


def of_e57(source: Source, read: Read) -> Parts | None:
    from headlight.viewer.inputs.clouds import e57

    return e57.guarded(replace(source, task=Checked(source.task)), e57.SOME, "E57 file", Parts)


def _renumbered(head: str, numbers: dict[tuple[str, ...], int]) -> str:
    """A header with other numbers behind the words with which some of its lines begin."""
    lines = head.split("\n")
    for number, line in enumerate(lines):
        for words, other in numbers.items():
            if tuple(line.split()[: len(words)]) == words:
                lines[number] = f"{' '.join(words)} {other}"
    return "\n".join(lines)


def _small(source: Source, data: bytes) -> Source:
    """The same file, but for its points."""
    task = Checked(source.task)
    file = io.BytesIO(data)
    return replace(source, file=file, size=len(data), head=data[:HEAD], path=None, task=task, early=None)


def _records(source: Source, at: int, size: int, count: int) -> Iterator[bytes]:
    """Some of `count` records of `size` bytes that begin at `at`, from first to last."""
    count = min(count, (source.size - at) // max(1, size))
    each = min(_EACH, max(1, count // _BLOCKS))
    for first in np.linspace(0, count - each, _BLOCKS).astype(int).tolist():
        source.file.seek(at + first * size)
        yield source.file.read(each * size)
        source.task.check()
