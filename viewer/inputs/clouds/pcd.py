"""PCD of the Point Cloud Library, binary ones by pypcd4.

Their text form is read as any table is: pypcd4 wants exactly one space between numbers and names no bad line.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import (
    WHOLE_COPY,
    Columns,
    Parts,
    check_count,
    chunks,
    copied,
    damaged,
    packed_colour,
    promises_more,
    roles,
    unpacked_colours,
)
from headlight.viewer.inputs.clouds.text import DECIMAL_COMMA, Lines, first_line, holds, numbers
from headlight.viewer.inputs.source import Source

if TYPE_CHECKING:
    from pypcd4 import MetaData

_KEYWORDS = re.compile(rb"(?:VERSION|FIELDS|COLUMNS)[ \t]")
_MOST_COLUMNS, _ROWS = 1 << 16, 1 << 20
_SHRINK = 100
"""LZF makes at most 264 bytes of 3."""


def is_pcd(source: Source) -> bool:
    return _KEYWORDS.match(first_line(source.head)) is not None


def read_pcd(source: Source) -> Parts:
    names, meta, lines, viewpoint = header_of(source)
    check_count(source.name, meta.points)
    dtype, text = meta.build_dtype(), meta.data == "ascii"
    # The first column of each field, the only one that is looked at.
    first = np.cumsum([0, *meta.count])[: len(names)]
    found = {role: int(first[field]) for role, field in roles(names).items()}
    dtypes = [np.dtype(np.float64) if text and dtype[i].kind == "f" else dtype[i] for i in range(len(dtype))]
    name = None if "r" in found else packed_colour(names)
    packed = None if name is None else int(first[names.index(name)])
    if packed is not None:
        # Three columns that no field has: the bytes of the packed one.
        found |= {role: len(dtypes) + i for i, role in enumerate("rgb")}
        dtypes += [np.dtype(np.uint8)] * 3
    _check_size(source, meta, dtype)
    columns, at, notices = Columns(source.name, found, meta.points, dtypes), 0, []
    for rows, column in _chunks(source, meta, dtype, lines, notices):
        colour = None if packed is None else unpacked_colours(column(packed), dtype[packed])

        def value(i: int, column=column, colour=colour) -> np.ndarray:
            return column(i) if i < len(dtype) else colour[:, i - len(dtype)]

        columns.put(at, rows, value)
        at += rows
    if at < meta.points:
        raise promises_more(source.name, meta.points, at)
    called = names[roles(names)["label"]] if "label" in found else ""
    return _posed(Parts(**columns.arrays, label_name=called, notices=notices), viewpoint, source.name)


def _posed(parts: Parts, viewpoint: list[str], name: str) -> Parts:
    """The points where the sensor's pose puts them: x y z and a quaternion w x y z."""
    try:
        pose = np.array(viewpoint, float)
    except ValueError:
        return parts
    if len(pose) != 7 or not np.isfinite(pose).all() or np.array_equal(pose, [0, 0, 0, 1, 0, 0, 0]):
        return parts
    length = float(np.linalg.norm(pose[3:]))
    if abs(length - 1) > 0.05:
        parts.notices.append(f"The VIEWPOINT of {name} is no pose: it is passed over.")
        return parts
    w, x, y, z = pose[3:] / length
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    parts.points = parts.points.astype(np.float64) @ turn.T + pose[:3]
    if parts.normals is not None:
        parts.normals = parts.normals @ turn.T
    parts.notices.append(f"The points of {name} are turned and moved as its VIEWPOINT says.")
    return parts


def _chunks(
    source: Source, meta: MetaData, dtype: np.dtype, lines: int, notices: list[str]
) -> Iterator[tuple[int, Callable[[int], np.ndarray]]]:
    """(rows, the values of a column in them) until the points end."""
    if meta.data == "ascii":
        width, separators = 0, ""
        for block in Lines(source, lines + 1).rows(meta.points):
            if not width:
                first = next((line for line in block.lines if holds(line)), "")
                width = max(len(dtype), len(first.split()))
                separators = "." if DECIMAL_COMMA.search(first) else ""
                if width > len(dtype):
                    notices.append(
                        f"The lines of {source.name} have {width} numbers, of which its header names "
                        f"{len(dtype)}: the others are passed over."
                    )
            values = numbers(block, width, source.name, separators)
            yield len(values), lambda i, values=values: values[:, i]
        return
    if meta.data == "binary_compressed" and _is_stored(source):
        yield from _stored(source, meta, dtype)
        return
    from pypcd4 import PointCloud

    body = chunks(source, source.file.tell())
    with copied(source, meta.compose_header().encode(), body) as file:
        records = PointCloud.from_fileobj(file).pc_data
    for at in range(0, len(records), _ROWS):
        source.report(0.8 + 0.2 * at / len(records))
        chunk = records[at : at + _ROWS]
        yield len(chunk), lambda i, chunk=chunk: chunk[dtype.names[i]]


def _is_stored(source: Source) -> bool:
    """Whether a compressed body is as large as what it unpacks to: some writers then leave it as it is."""
    raw = source.file.read(8)
    source.file.seek(-len(raw), 1)
    packed, unpacked = struct.unpack("<II", raw)
    return packed == unpacked


def _stored(
    source: Source, meta: MetaData, dtype: np.dtype
) -> Iterator[tuple[int, Callable[[int], np.ndarray]]]:
    """A body of whole fields, one after the other, that is not compressed."""
    source.file.seek(8, 1)
    values, at = [], 0
    for number, count in enumerate(meta.count):
        kind = dtype[int(sum(meta.count[:number]))]
        data = source.file.read(meta.points * count * kind.itemsize)
        source.report()
        field = np.frombuffer(data, kind).reshape(meta.points, count)
        values.extend(field[:, i] for i in range(count))
    for at in range(0, meta.points, _ROWS):
        rows = slice(at, at + _ROWS)
        yield len(values[0][rows]), lambda i, rows=rows: values[i][rows]


def header_of(source: Source) -> tuple[list[str], MetaData, int, list[str]]:
    """(names of the fields, the header with numbers for names, lines it has, the words of VIEWPOINT)"""
    from pypcd4 import MetaData

    found: dict[str, list[str]] = {}
    for lines in range(1, 1001):  # noqa: B007
        line = source.file.readline(1 << 16)
        words = line.decode("latin-1").split()
        if words and not words[0].startswith("#"):
            found[words[0].upper()] = words[1:]
        if "DATA" in found or not line:
            break
    try:
        names = found.get("FIELDS") or found["COLUMNS"]
        # Padding that is not there.
        empty = {i for i, count in enumerate(found.get("COUNT", ())) if count == "0"}
        for key, words in found.items():
            if key in ("FIELDS", "COLUMNS", "SIZE", "TYPE", "COUNT") and len(words) == len(names):
                found[key] = [word for i, word in enumerate(words) if i not in empty]
        names = found.get("FIELDS") or found["COLUMNS"]
        if "POINTS" not in found:  # as in versions before 0.7
            found["POINTS"] = [str(int(found["WIDTH"][0]) * int(found.get("HEIGHT", "1")[0]))]
        meta = MetaData(
            fields=tuple(f"f{i}" for i in range(len(names))),
            size=tuple(found["SIZE"]),
            type=tuple(kind.upper() for kind in found.get("TYPE") or "F" * len(names)),
            count=tuple(found.get("COUNT") or "1" * len(names)),
            points=found["POINTS"][0],
            width=found["POINTS"][0],
            data=found["DATA"][0].lower(),
        )
        if not len(names) == len(meta.size) == len(meta.type) == len(meta.count):
            raise ValueError
        if sum(meta.count) > _MOST_COLUMNS:
            raise ValueError
        meta.build_dtype()
    except (KeyError, ValueError, IndexError) as error:
        raise HeadlightError(f"The header of {source.name} cannot be read.", WHOLE_COPY) from error
    return ["" if name == "_" else name for name in names], meta, lines, found.get("VIEWPOINT", [])


def _check_size(source: Source, meta: MetaData, dtype: np.dtype) -> None:
    """Refuse a number of points that the rest of the file cannot hold, or would unpack to out of nothing."""
    start, left = source.file.tell(), source.left()
    if meta.data == "ascii":
        if meta.points * (2 * len(dtype) - 1) > left + 1:
            raise promises_more(source.name, meta.points, sum(1 for _ in Lines(source).counted()))
    elif meta.data == "binary":
        if meta.points * dtype.itemsize > left:
            raise promises_more(source.name, meta.points, left // dtype.itemsize)
    else:
        raw = source.file.read(8)
        packed, unpacked = struct.unpack("<II", raw) if len(raw) == 8 else (0, 0)
        whole = packed <= left - 8 and unpacked == meta.points * dtype.itemsize <= packed * _SHRINK
        if not whole:
            raise damaged(source.name, "PCD file")
        source.file.seek(start)
