"""PCD of the Point Cloud Library: ascii, binary and binary_compressed."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from models.errors import HeadlightError
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

HEAD = re.compile(rb"(?:\s*#[^\n]*\n|\s*\n)*(?:VERSION|FIELDS|COLUMNS)[ \t]")

_TYPES = {f"{kind}{size}" for kind in "UI" for size in (1, 2, 4, 8)} | {"F4", "F8"}
_MOST_FIELDS = 256
_SHRINK = 100
"""LZF makes at most 264 bytes of 3."""


@dataclass
class _Header:
    fields: list[str]
    dtypes: list[np.dtype]
    counts: list[int]
    points: int
    data: str
    lines: int

    def record(self) -> np.dtype:
        fields = zip(self.dtypes, self.counts, strict=True)
        return np.dtype([(f"f{i}", dtype, (n,)) for i, (dtype, n) in enumerate(fields)])


def read_pcd(source: Source) -> Parts:
    header = _header(source)
    check_count(source.name, header.points)
    fields = header.fields
    found = roles(["" if field == "_" else field for field in fields])
    packed = next((fields.index(name) for name in ("rgb", "rgba") if name in fields), None)
    text = header.data == "ascii"
    dtypes = [np.dtype(np.float64) if text and d.kind == "f" else d for d in header.dtypes]
    if packed is not None and "r" not in found:
        # Three columns that no field has: the bytes of the packed one.
        found |= {role: len(fields) + i for i, role in enumerate("rgb")}
        dtypes += [np.dtype(np.uint8)] * 3
    columns = None
    at = 0
    for rows, column in _chunks(source, header):
        if columns is None:  # after the reader has looked at what follows the header
            columns = Columns(source.name, found, header.points, dtypes)
        colour = (
            _unpacked(column(packed), header.dtypes[packed]) if found.get("r", -1) >= len(fields) else None
        )

        def value(i: int, column=column, colour=colour) -> np.ndarray:
            return column(i) if i < len(fields) else colour[:, i - len(fields)]

        columns.put(at, rows, value)
        at += rows
    if at < header.points:
        raise promises_more(source.name, header.points, at)
    return Parts(**columns.arrays)


def _header(source: Source) -> _Header:
    found: dict[str, list[str]] = {}
    lines = 0
    while lines < 1000:
        lines += 1
        line = source.file.readline(1 << 16).decode("latin-1")
        words = line.split()
        if words and not words[0].startswith("#"):
            found[words[0].upper()] = words[1:]
        if "DATA" in found or not line:
            break
    try:
        fields = found.get("FIELDS") or found["COLUMNS"]
        sizes = [int(word) for word in found["SIZE"]]
        kinds = found.get("TYPE") or ["F"] * len(fields)
        counts = [int(word) for word in found.get("COUNT") or ["1"] * len(fields)]
        if not len(fields) == len(sizes) == len(kinds) == len(counts) <= _MOST_FIELDS:
            raise ValueError
        if any(not 1 <= n <= 4096 for n in counts) or sum(counts) > 1 << 16:
            raise ValueError
        dtypes = []
        for kind, size in zip(kinds, sizes, strict=True):
            if f"{kind.upper()}{size}" not in _TYPES:
                raise ValueError
            dtypes.append(np.dtype(f"<{kind.lower()}{size}"))
        if "POINTS" in found:
            points = int(found["POINTS"][0])
        else:
            points = int(found["WIDTH"][0]) * int(found.get("HEIGHT", ["1"])[0])
        data = found["DATA"][0].lower()
        if points < 0 or data not in ("ascii", "binary", "binary_compressed"):
            raise ValueError
    except (KeyError, ValueError, IndexError) as error:
        raise HeadlightError(f"The header of {source.name} cannot be read.", WHOLE_COPY) from error
    return _Header(fields, dtypes, counts, points, data, lines)


def _chunks(source: Source, header: _Header) -> Iterator[tuple[int, Callable[[int], np.ndarray]]]:
    """(rows, the values of a field in them) until the points end."""
    size = header.record().itemsize
    if header.data == "ascii":
        yield from _text_chunks(source, header)
    elif header.data == "binary":
        if header.points * size > source.left():
            raise promises_more(source.name, header.points, source.left() // size)
        left, rows = header.points, max(1, CHUNK // size)
        while left:
            source.report()
            records = np.frombuffer(source.file.read(min(rows, left) * size), header.record())
            yield len(records), lambda i, records=records: records[f"f{i}"][:, 0]
            left -= len(records)
    else:
        data = _unpacked_block(source, header.points * size)
        sizes = [d.itemsize * n for d, n in zip(header.dtypes, header.counts, strict=True)]
        starts = np.cumsum([0, *sizes]) * header.points

        def column(i: int) -> np.ndarray:
            items = header.points * header.counts[i]
            values = np.frombuffer(data, header.dtypes[i], items, int(starts[i]))
            return values.reshape(header.points, -1)[:, 0]

        yield header.points, column


def _text_chunks(source: Source, header: _Header) -> Iterator[tuple[int, Callable[[int], np.ndarray]]]:
    width, first = sum(header.counts), np.cumsum([0, *header.counts])
    text = Lines(source, header.lines + 1)
    if header.points * (2 * width - 1) > text.left() + 1:
        held = sum(bool(line.strip()) for _, lines in text.blocks() for line in lines)
        raise promises_more(source.name, header.points, held)
    for number, lines in text.rows(header.points):
        values = numbers(lines, number, width, source.name)
        yield len(values), lambda i, values=values: values[:, first[i]]


def _unpacked_block(source: Source, size: int) -> bytes:
    """The bytes of all points, field after field."""
    import lzf

    raw = source.file.read(8)
    if len(raw) < 8:
        raise damaged(source.name, "PCD file")
    packed, unpacked = struct.unpack("<II", raw)
    if packed > source.left() or unpacked != size or unpacked > packed * _SHRINK:
        raise damaged(source.name, "PCD file")
    source.report(0.3)
    data = lzf.decompress(source.file.read(packed), unpacked)
    if data is None or len(data) != size:
        raise damaged(source.name, "PCD file")
    return data


def _unpacked(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """uint8 (n, 3) of 0x00RRGGBB, which PCL stores as the bits of a float or as a whole number."""
    if dtype.kind == "f":
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    else:
        bits = values.astype(np.int64).astype(np.uint32)
    return np.stack([bits >> 16 & 255, bits >> 8 & 255, bits & 255], axis=1).astype(np.uint8)
