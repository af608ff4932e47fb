"""A first look at a large file: a smaller one of the same format, with some of its points from first to last.

It is read as any file is, by the reader of the format, so that there is one way in which it is meant. Of a
mesh its corners are seen, or some of its triangles. Where points cannot be picked out of the file, packed or
wrapped ones, there is no first look.
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

_COLUMNS = 64
"""Of an array of points."""
_TRIANGLE = 50
"""Bytes of one in a binary STL."""
Read = Callable[[Source], Parts]


def of_ply(source: Source, read: Read) -> Parts | None:
    """Those whose points come first, without lists; texts that hold nothing else."""
    from headlight.viewer.inputs.clouds.ply import head_of, plan_of

    head, at = head_of(source)
    plan, counts = plan_of(head, source.name)
    filled = [element for element in plan if counts[element.name]]
    if not filled or any(hasattr(p, "len_dtype") for p in filled[0].properties):
        return None
    fewer = {("element", element.name): 0 for element in filled}
    if plan.text:
        if len(filled) > 1 or wide(source.head) is not None:
            return None
        records = b"".join(_lines(source, at))
        fewer["element", filled[0].name] = records.count(b"\n")
    else:
        size = filled[0].dtype(plan.byte_order).itemsize
        records = b"".join(_records(source, at, size, counts[filled[0].name]))
        fewer["element", filled[0].name] = len(records) // size
    return read(_small(source, _renumbered(head, fewer).encode() + records))


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
    """Whole lines from many places; of a PTS, which counts them, with their count."""
    from headlight.viewer.inputs.clouds.tables.table import layout

    found = layout(source.head, source.ending)
    if found is None or wide(source.head) is not None:
        return None
    begun = source.head[: source.head.rfind(b"\n") + 1]
    data = begun + b"".join(_lines(source, len(source.head)))
    if found.promised is not None:
        lines = [line for line in data.splitlines(keepends=True) if not line.strip().isdigit()]
        rows = sum(bool(line.strip()) and line.lstrip()[:1] not in b"#/" for line in lines)
        data = b"%d\n" % rows + b"".join(lines)
    return read(_small(source, data))


def of_npy(source: Source, read: Read) -> Parts | None:
    """A row a point, or a record."""
    form = np.lib.format
    source.file.seek(0)
    first = form.read_magic(source.file) == (1, 0)
    shape, by_column, kind = (form.read_array_header_1_0 if first else form.read_array_header_2_0)(
        source.file
    )
    if kind.hasobject or len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] > _COLUMNS):
        return None
    at, columns = source.file.tell(), shape[1] if len(shape) == 2 else 1
    if by_column:
        size, places = kind.itemsize, (at + i * shape[0] * kind.itemsize for i in range(columns))
        parts = [b"".join(_records(source, place, size, shape[0])) for place in places]
        records = np.stack([np.frombuffer(part, kind) for part in parts], 1).tobytes()
    else:
        records = b"".join(_records(source, at, kind.itemsize * columns, shape[0]))
    fewer = (len(records) // (kind.itemsize * columns), *shape[1:])
    out = io.BytesIO()
    form.write_array(out, np.frombuffer(records, kind).reshape(fewer), allow_pickle=False)
    return read(_small(source, out.getvalue()))


def of_obj(source: Source, read: Read) -> Parts | None:
    """Its corners, without their faces."""
    if wide(source.head) is not None:
        return None
    lines = b"".join(_lines(source, 0)).splitlines(keepends=True)
    corners = [line for line in lines if line.startswith(b"v ")]
    return read(_small(source, b"".join(corners))) if len(corners) >= _BLOCKS else None


def of_stl(source: Source, read: Read) -> Parts | None:
    """Some triangles of those in binary."""
    source.file.seek(0)
    head = source.file.read(84)
    count = int.from_bytes(head[80:], "little")
    if count * _TRIANGLE + len(head) != source.size:
        return None
    records = b"".join(_records(source, len(head), _TRIANGLE, count))
    fewer = struct.pack("<I", len(records) // _TRIANGLE)
    return read(_small(source, head[:80] + fewer + records))


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


def _lines(source: Source, start: int) -> Iterator[bytes]:
    """Whole lines from many places behind `start`, of the last that has an end."""
    for at in np.linspace(start, max(start, source.size - _TEXT), _BLOCKS).astype(int).tolist():
        begin = max(0, at - 1)  # a place at a line's beginning is all of it
        source.file.seek(begin)
        data = source.file.read(_TEXT)
        first = data.find(b"\n") + 1 if at else 0
        yield data[first : data.rfind(b"\n") + 1]
        source.task.check()


def _records(source: Source, at: int, size: int, count: int) -> Iterator[bytes]:
    """Some of `count` records of `size` bytes that begin at `at`, from first to last."""
    count = min(count, (source.size - at) // max(1, size))
    each = min(_EACH, max(1, count // _BLOCKS))
    for first in np.linspace(0, count - each, _BLOCKS).astype(int).tolist():
        source.file.seek(at + first * size)
        yield source.file.read(each * size)
        source.task.check()
