"""PLY, ascii and binary of both byte orders: points with any properties, or a mesh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.mesh import Mesh, sampled, triangles
from viewer.cloud_formats.parts import (
    CHUNK,
    WHOLE_COPY,
    Columns,
    Parts,
    Source,
    check_count,
    damaged,
    promises_more,
    roles,
)
from viewer.cloud_formats.text import Lines, numbers

_KIND = "PLY file"
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": None, "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 10_000
"""Lines"""


@dataclass
class _Property:
    name: str
    dtype: np.dtype
    length: np.dtype | None = None
    """Of a list: the type of its length."""


@dataclass
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        return any(p.length is not None for p in self.properties)

    @property
    def what(self) -> str:
        return "faces" if self.name.startswith("face") else "points"

    def record(self) -> np.dtype:
        """Of an element without lists; fields are numbered, since files repeat names."""
        return np.dtype([(f"f{i}", p.dtype) for i, p in enumerate(self.properties)])

    def least_bytes(self, ascii_: bool) -> int:
        """Fewest bytes that one of these takes."""
        if ascii_:
            return max(1, 2 * len(self.properties) - 1)  # the last line may lack its end
        return sum((p.length or p.dtype).itemsize for p in self.properties)


def read_ply(source: Source) -> Parts:
    order, elements, comments, lines = _header(source)
    vertex = next((e for e in elements if e.name in ("vertex", "point", "points", "vertices")), None)
    if vertex is None:
        raise HeadlightError(f"{source.name} has no vertices.", "Choose a PLY file of points.")
    check_count(source.name, vertex.count)
    if vertex.has_lists:
        raise HeadlightError(
            f"The points of {source.name} hold lists.", "Save its points with plain properties."
        )
    parts, faces = None, None
    text = Lines(source, lines + 1)
    for element in elements:
        wanted_faces = element.name in ("face", "faces", "tristrips") and element.has_lists
        if parts is not None and not wanted_faces:
            if any(e.name in ("face", "faces") for e in elements[elements.index(element) :]):
                _skip(source, element, order, text)
            continue
        if element is vertex:
            parts = _points(source, element, order, text)
        elif wanted_faces and element.name != "tristrips":
            faces = _faces(source, element, order, text)
        else:
            _skip(source, element, order, text)
    names = next((c.split(":", 1)[1] for c in comments if c.lower().startswith("classes:")), None)
    if names is not None:
        parts.names = tuple(name.strip() for name in names.split(","))
    if faces is None or not len(faces):
        return parts
    if parts.labels is not None:
        parts.notices.append(
            f"{source.name} is a mesh whose vertices have labels: its vertices are read as the points."
        )
        return parts
    return sampled(Mesh(parts, faces), source)


def _header(source: Source) -> tuple[str | None, list[_Element], list[str], int]:
    """(byte order or None for ascii, elements, comments, lines that the header has)"""
    order, elements, comments = "", [], []
    for number in range(1, _LONGEST_HEADER):
        raw = source.file.readline(1 << 16)
        line = raw.decode("latin-1").strip()
        words = line.split()
        try:
            match words:
                case ["ply"] if number == 1:
                    pass
                case ["format", encoding, _]:
                    order = _ORDERS[encoding]
                case ["comment" | "obj_info", *_]:
                    comments.append(line.split(None, 1)[1] if len(words) > 1 else "")
                case ["element", name, count]:
                    elements.append(_Element(name, int(count)))
                    if elements[-1].count < 0:
                        raise ValueError
                case ["property", "list", length, kind, name]:
                    size = np.dtype(_TYPES[length])
                    if size.kind == "f":
                        raise ValueError
                    elements[-1].properties.append(_Property(name, np.dtype(_TYPES[kind]), size))
                case ["property", kind, name]:
                    elements[-1].properties.append(_Property(name, np.dtype(_TYPES[kind])))
                case ["end_header"] if order != "":
                    break
                case [] if raw:
                    pass
                case _:
                    raise ValueError
        except (ValueError, KeyError, IndexError) as error:
            raise _bad_header(source.name, number) from error
    else:
        raise _bad_header(source.name, number)
    if order is not None:
        for p in (p for e in elements for p in e.properties):
            p.dtype = p.dtype.newbyteorder(order)
            p.length = None if p.length is None else p.length.newbyteorder(order)
    return order, elements, comments, number


def _bad_header(name: str, line: int) -> HeadlightError:
    return HeadlightError(f"The header of {name} cannot be read: line {line:,} is wrong.", WHOLE_COPY)


def _check_size(source: Source, element: _Element, order: str | None, text: Lines) -> None:
    """Refuse a count that the rest of the file cannot hold before anything of that size is made."""
    least = element.least_bytes(order is None)
    if order is None:
        if element.count * least > text.left() + 1:
            held = sum(bool(line.strip()) for _, lines in text.blocks() for line in lines)
            raise promises_more(source.name, element.count, held, element.what)
    elif element.count * least > source.left():
        raise promises_more(source.name, element.count, source.left() // least, element.what)


def _points(source: Source, element: _Element, order: str | None, text: Lines) -> Parts:
    _check_size(source, element, order, text)
    names = [p.name for p in element.properties]
    # Text keeps digits that a float32 would lose.
    dtypes = [
        np.dtype(np.float64) if order is None and p.dtype.kind == "f" else p.dtype for p in element.properties
    ]
    columns = Columns(source.name, roles(names), element.count, dtypes)
    at = 0
    if order is None:
        for first, lines in text.rows(element.count):
            values = numbers(lines, first, len(names), source.name)
            columns.put(at, len(values), lambda i, values=values: values[:, i])
            at += len(values)
        if at < element.count:
            raise promises_more(source.name, element.count, at)
    else:
        for records in _records(source, element):
            columns.put(at, len(records), lambda i, records=records: records[f"f{i}"])
            at += len(records)
    return Parts(**columns.arrays)


def _records(source: Source, element: _Element) -> Iterator[np.ndarray]:
    """Structured arrays of an element without lists, a chunk at a time."""
    dtype = element.record()
    rows = max(1, CHUNK // dtype.itemsize)
    for start in range(0, element.count, rows):
        source.report()
        count = min(rows, element.count - start)
        data = source.file.read(count * dtype.itemsize)
        if len(data) < count * dtype.itemsize:
            raise promises_more(source.name, element.count, start + len(data) // dtype.itemsize)
        yield np.frombuffer(data, dtype)


def _skip(source: Source, element: _Element, order: str | None, text: Lines) -> None:
    if order is None:
        for _ in text.rows(element.count):
            pass
    elif element.has_lists:
        for _ in _lists(source, element):
            pass
    else:
        source.file.seek(element.count * element.record().itemsize, 1)


def _faces(source: Source, element: _Element, order: str | None, text: Lines) -> np.ndarray:
    """int64 (m, 3): the polygons, cut into triangles around their first corners."""
    _check_size(source, element, order, text)
    wanted = next(
        (i for i, p in enumerate(element.properties) if p.length is not None and p.name.startswith("vert")),
        next(i for i, p in enumerate(element.properties) if p.length is not None),
    )
    if order is None:
        return _text_faces(source, element, wanted, text)
    found = _equal_lists(source, element, wanted)
    if found is None:
        found = [polygon for lists in _lists(source, element) for polygon in (lists[wanted],)]
    return triangles(found)


def _equal_lists(source: Source, element: _Element, wanted: int) -> np.ndarray | None:
    """int64 (m, corners) if every list is as long as the first one; None, and back where it was, if not."""
    start = source.file.tell()
    head = next(iter(_lists(source, _Element(element.name, min(1, element.count), element.properties))), None)
    source.file.seek(start)
    if head is None:
        return np.empty((0, 3), np.int64)
    fields = []
    for i, p in enumerate(element.properties):
        if p.length is not None:
            fields += [(f"n{i}", p.length), (f"f{i}", p.dtype, (len(head[i]),))]
        else:
            fields.append((f"f{i}", p.dtype))
    dtype = np.dtype(fields)
    if element.count * dtype.itemsize > source.left():
        return None
    found = np.empty((element.count, len(head[wanted])), np.int64)
    rows = max(1, CHUNK // dtype.itemsize)
    for at in range(0, element.count, rows):
        source.report()
        records = np.frombuffer(source.file.read(min(rows, element.count - at) * dtype.itemsize), dtype)
        same = all(
            (records[f"n{i}"] == len(head[i])).all()
            for i, p in enumerate(element.properties)
            if p.length is not None
        )
        if not same:
            source.file.seek(start)
            return None
        found[at : at + len(records)] = records[f"f{wanted}"]
    return found


def _lists(source: Source, element: _Element) -> Iterator[list[np.ndarray | None]]:
    """The lists of each of an element's records, one by one: their lengths are known no other way."""
    file = source.file
    for number in range(element.count):
        if number % 50_000 == 0:
            source.report()
        found = []
        for p in element.properties:
            if p.length is None:
                file.seek(p.dtype.itemsize, 1)
                found.append(None)
                continue
            raw = file.read(p.length.itemsize)
            length = int(np.frombuffer(raw, p.length)[0]) if len(raw) == p.length.itemsize else -1
            if length < 0 or length * p.dtype.itemsize > source.left():
                raise damaged(source.name, _KIND)
            found.append(np.frombuffer(file.read(length * p.dtype.itemsize), p.dtype))
        yield found


def _text_faces(source: Source, element: _Element, wanted: int, text: Lines) -> np.ndarray:
    polygons: list[np.ndarray] = []
    for first, lines in text.rows(element.count):
        for number, line in enumerate(lines, first):
            words = line.split()
            if not words:
                continue
            try:
                for i, p in enumerate(element.properties):
                    count = int(words.pop(0)) if p.length is not None else 1
                    if not 0 <= count <= len(words):
                        raise ValueError
                    if i == wanted:
                        polygons.append(np.array([int(float(word)) for word in words[:count]], np.int64))
                    del words[:count]
            except (ValueError, IndexError, OverflowError) as error:
                raise HeadlightError(
                    f"Line {number:,} of {source.name} is no face.",
                    "Correct or remove that line and try again.",
                ) from error
    if len(polygons) < element.count:
        raise promises_more(source.name, element.count, len(polygons), "faces")
    return triangles(polygons)
