"""PLY by plyfile, ascii and binary of both byte orders: points with any properties, or a mesh.

What is ours is a look at the header before anything of the size that it promises is made, and the sentences.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.mesh import Mesh, check_faces, sampled
from viewer.cloud_formats.parts import (
    CHUNK,
    WHOLE_COPY,
    Checked,
    Columns,
    Parts,
    Source,
    check_count,
    chunks,
    copied,
    promises_more,
    roles,
)
from viewer.cloud_formats.text import Lines, bad_line, holds, numbers, prepared

if TYPE_CHECKING:
    from plyfile import PlyData, PlyElement

_LONGEST_HEADER = 1 << 20
"""Bytes"""


def read_ply(source: Source) -> Parts:
    name = source.name
    head, at = _head(source)
    plan, counts = _plan(head, name)
    vertex = next((e.name for e in plan if e.name in ("vertex", "point", "points", "vertices")), None)
    if vertex is None:
        raise HeadlightError(f"{name} has no vertices.", "Choose a PLY file of points.")
    check_count(name, counts[vertex])
    if _lists(plan[vertex]):
        raise HeadlightError(f"The points of {name} hold lists.", "Save its points with plain properties.")
    _check_size(source, plan, counts, at)
    if plan.text:  # keeps digits that a float32 would lose, and may hold 3.0 for a 3
        head = re.sub(r"^(property +)(?!list )\S+", r"\1double", head, flags=re.M)
    body = _rows(source, at) if plan.text else chunks(source, at)
    with copied(source, head.encode(), body) as file:
        data = _read(file, plan, counts, at, source)
        parts = _points(data[vertex], plan[vertex].data.dtype, source)
    comments = [comment for holder in (data, *data) for comment in holder.comments]
    names = next((c.split(":", 1)[1] for c in comments if c.lower().startswith("classes:")), None)
    if names is not None:
        parts.names = tuple(name.strip() for name in names.split(","))
    faces = next((e for e in data if e.name in ("face", "faces") and _lists(e) and e.count), None)
    if faces is None:
        return parts
    if parts.labels is not None:
        parts.notices.append(
            f"{name} is a mesh whose vertices have labels: its vertices are read as the points."
        )
        return parts
    lists = _lists(faces)
    polygons = faces[next((p for p in lists if p.startswith("vert")), lists[0])]
    return sampled(Mesh(parts, polygons), source)


def _head(source: Source) -> tuple[str, int]:
    """(the header as plyfile takes it, where the data begin)"""
    raw = source.file.read(_LONGEST_HEADER)
    end = re.search(rb"^end_header[ \t]*\r?\n", raw, re.M)
    at = end.end() if end else len(raw)
    lines = [line.strip() for line in raw[:at].decode("latin-1").split("\n")]
    head = re.sub(r"[^\n -~]", "?", "\n".join(lines).replace("\t", " "))
    head = head.replace("\nobj_info", "\ncomment")  # which may stand anywhere
    return head, at


def _text(source: Source, at: int) -> Lines:
    """The lines behind the header."""
    source.file.seek(0)
    first = source.file.read(at).count(b"\n") + 1
    return Lines(replace(source, task=Checked(source.task)), first)


def _rows(source: Source, at: int) -> Iterator[bytes]:
    """The lines behind the header as plyfile wants them."""
    for _, lines in _text(source, at).blocks():
        rows = prepared([line for line in lines if holds(line)], "")
        yield "".join(f"{row}\n" for row in rows).encode("ascii", "replace")


def _plan(head: str, name: str) -> tuple[PlyData, dict[str, int]]:
    """(the elements without data, how many of each the header promises)"""
    from plyfile import PlyData, PlyHeaderParseError

    counts = {}
    for number, line in enumerate(head.split("\n"), 1):
        match line.split():
            case ["element", element, count] if re.fullmatch(r"\d{1,18}", count):
                counts[element] = int(count)
            case ["element", *_]:
                raise _bad_header(name, number)
    empty = re.sub(r"^(element +\S+ +)\d+$", r"\g<1>0", head, flags=re.M)
    try:
        return PlyData.read(io.BytesIO(empty.encode()), mmap=False), counts
    except PlyHeaderParseError as error:
        raise _bad_header(name, error.line) from error
    except ValueError as error:  # a name that comes twice
        raise HeadlightError(f"The header of {name} cannot be read: {error}.", WHOLE_COPY) from error


def _bad_header(name: str, line: int) -> HeadlightError:
    return HeadlightError(f"The header of {name} cannot be read: line {line:,} is wrong.", WHOLE_COPY)


def _lists(element: PlyElement) -> list[str]:
    return [p.name for p in element.properties if hasattr(p, "len_dtype")]


def _what(element: str) -> str:
    return "faces" if element.startswith("face") else "points"


def _check_size(source: Source, plan: PlyData, counts: dict[str, int], at: int) -> None:
    """Refuse a count that the rest of the file cannot hold."""
    left, before = source.size - at, 0
    for element in plan:
        count = counts[element.name]
        check_faces(source.name, count)
        if plan.text:
            least = max(1, 2 * len(element.properties) - 1)
        else:
            types = [getattr(p, "len_dtype", p.val_dtype) for p in element.properties]
            least = max(1, sum(np.dtype(kind).itemsize for kind in types))
        if count * least > left + plan.text:  # the last line may lack its end
            held = sum(1 for _ in _text(source, at).counted()) - before if plan.text else left // least
            raise promises_more(source.name, count, max(0, held), _what(element.name))
        left, before = left - count * least, before + count


def _read(file: BinaryIO, plan: PlyData, counts: dict[str, int], at: int, source: Source) -> PlyData:
    from plyfile import PlyData, PlyElementParseError

    # plyfile reads records at speed only where it may map them, and lists only where all are as long.
    triangles = {e.name: dict.fromkeys(_lists(e), 3) for e in plan}
    try:
        if not plan.text:
            try:
                return PlyData.read(file, known_list_len=triangles)
            except PlyElementParseError:
                file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of empty lists
            return PlyData.read(file)
    except PlyElementParseError as error:
        element, what = error.element, _what(error.element.name)
        if error.message == "early end-of-file":
            raise promises_more(source.name, element.count, error.row, what) from error
        before = sum(counts[name] for name in takewhile(lambda name: name != element.name, counts))
        number, line = next(islice(_text(source, at).counted(), before + error.row, None))
        if what == "points":
            numbers([line], number, len(element.properties), source.name)
        raise bad_line(number, source.name, what.rstrip("s")) from error


def _points(vertex: PlyElement, dtype: np.dtype, source: Source) -> Parts:
    """What the vertices hold, as the types that the header told; text as float64 where they are floats."""
    names, read = dtype.names, vertex.data.dtype
    dtypes = [read[name] if dtype[name].kind == "f" else dtype[name] for name in names]
    columns = Columns(source.name, roles(names), vertex.count, dtypes)
    rows = max(1, CHUNK // read.itemsize)
    for at in range(0, vertex.count, rows):
        source.report(0.8 + 0.2 * at / vertex.count)
        records = vertex.data[at : at + rows]
        columns.put(at, len(records), lambda i, records=records: records[names[i]])
    return Parts(**columns.arrays)
