"""PTX of laser scanners: grids of points, each scan with the matrix that puts it in its place."""

from __future__ import annotations

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import WHOLE_COPY, Columns, Parts, check_count, promises_more
from headlight.viewer.inputs.clouds.text import Lines, is_number, numbers
from headlight.viewer.inputs.source import Source

_HEADER = (1, 1, 3, 3, 3, 3, 4, 4, 4, 4)
"""Numbers in each line: columns, rows, the scanner's place and axes, the matrix (Leica's description)."""


def is_ptx(source: Source) -> bool:
    lines = source.head.split(b"\n", len(_HEADER))[: len(_HEADER)]
    words = [line.decode("latin-1").split() for line in lines]
    whole = all(word[0].isdecimal() for word in words[:2] if word)
    alike = tuple(map(len, words)) == _HEADER
    return alike and whole and all(is_number(w) for line in words for w in line)


def read_ptx(source: Source) -> Parts:
    """All scans in their places; rays that met nothing, which stand as 0 0 0, without coordinates."""
    name, text = source.name, Lines(source)
    places, shades, bright, scans, total = [], [], [], 0, 0
    while True:
        number = text.number
        header = _header(text, name)
        if header is None:
            break
        count, matrix = header
        total += count
        check_count(name, total)
        if count * 6 > text.left() + 1:
            raise promises_more(name, count, 0)
        held, scans = 0, scans + 1
        for block in text.rows(count):
            if not held:
                columns = len(block.lines[0].split())
                if columns not in (4, 7):
                    raise HeadlightError(
                        f"Line {block.number:,} of {name} has {columns} numbers where 4 or 7 should be.",
                        WHOLE_COPY,
                    )
            values = numbers(block, columns, name)
            missed = (values[:, :3] == 0).all(axis=1)
            where = values[:, :3] @ matrix[:3, :3] + matrix[3, :3]  # rows of the file are vectors
            where[missed] = np.nan
            places.append(where)
            bright.append(values[:, 3])
            shades.append(values[:, 4:7] if columns == 7 else np.zeros((len(values), 3)))
            held += len(values)
        if held < count:
            raise promises_more(name, count, held)
        if text.number == number:
            break
    points, colours = np.concatenate(places), np.concatenate(shades)
    table = np.column_stack([points, colours])
    columns = Columns(name, dict(zip("xyzrgb", range(6), strict=True)), len(table), [table.dtype] * 6)
    columns.put(0, len(table), lambda i: table[:, i])
    notices = [f"{name} holds {scans:,} scans: they are read as one cloud."] if scans > 1 else []
    parts = Parts(**columns.arrays, intensity=np.concatenate(bright), unit=1.0, notices=notices)
    if not colours.any():
        parts.colours = None
    return parts


def _header(text: Lines, name: str) -> tuple[int, np.ndarray] | None:
    """(points, matrix float64 (4, 4)) of the next scan; None at the end."""
    rows: list[list[float]] = []
    while len(rows) < len(_HEADER):
        block = text.block(1)
        if block is None and not rows:
            return None
        words = block.lines[0].split() if block else [""]
        if not words and not rows:
            continue
        if len(words) != _HEADER[len(rows)] or not all(map(is_number, words)):
            raise HeadlightError(
                f"The header of {name} cannot be read: line {text.number - 1:,} is wrong.", WHOLE_COPY
            )
        rows.append([float(word) for word in words])
    return int(rows[0][0]) * int(rows[1][0]), np.array(rows[6:])
