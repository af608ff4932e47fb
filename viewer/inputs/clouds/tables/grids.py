"""Grids of heights in texts, a point a cell: ESRI's ASCII raster and Surfer's DSAA.

Their rows are heights side by side and no points: read as a table they would be another cloud.
"""

from __future__ import annotations

import re

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import WHOLE_COPY, Parts, check_count, promises_more
from headlight.viewer.inputs.clouds.text import Lines, is_number
from headlight.viewer.inputs.source import Source

_ESRI = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t]*n(?:cols|rows)[ \t]+\d+[ \t]*\r?\n[ \t]*n(?:cols|rows)[ \t]", re.I
)
_SURFER = b"DSAA"
_KEYS = 8
"""Most lines of an ESRI header."""
_BLANK = 1.70141e38
"""What Surfer writes where there is no height, and beyond."""


def is_grid(source: Source) -> bool:
    return _ESRI.match(source.head) is not None or source.head.split(None, 1)[:1] == [_SURFER]


def read_grid(source: Source) -> Parts:
    """Points at the middles of the cells, row by row as in the file; cells without a height have no z."""
    lines = Lines(source)
    read = _surfer if source.head.startswith(_SURFER) else _esri
    try:
        x, y, nothing, rest = read(lines)
    except (KeyError, ValueError, IndexError) as error:
        raise HeadlightError(f"The header of {source.name} cannot be read.", WHOLE_COPY) from error
    count = len(x) * len(y)
    heights = _heights(lines, rest, count, source.name)
    heights[nothing(heights)] = np.nan
    points = np.empty((count, 3))
    points[:, 0], points[:, 1] = np.tile(x, len(y)), np.repeat(y, len(x))
    points[:, 2] = heights
    notice = f"{source.name} is a grid of heights, {len(y):,} × {len(x):,}: each is read as a point."
    return Parts(points, up="z", sure=True, notices=[notice])


def _esri(lines: Lines):
    """(x of the columns, y of the rows from the north on, which heights are none, the first row's words)"""
    found: dict[str, str] = {}
    words: list[str] = []
    for _ in range(_KEYS):
        block = lines.block(1)
        words = block.lines[0].split() if block else []
        if not words or is_number(words[0].replace(",", ".")):
            break
        found[words[0].lower().removeprefix("\xef\xbb\xbf")] = words[1].replace(",", ".")
        words = []
    columns, rows = int(found["ncols"]), int(found["nrows"])
    check_count(lines.source.name, columns * rows)
    width = float(found["dx"] if "dx" in found else found["cellsize"])
    height = float(found["dy"] if "dy" in found else found["cellsize"])
    low = [
        float(found[f"{axis}llcenter"])
        if f"{axis}llcenter" in found
        else float(found[f"{axis}llcorner"]) + half
        for axis, half in (("x", width / 2), ("y", height / 2))
    ]
    none = float(found.get("nodata_value", -9999))
    x = low[0] + width * np.arange(columns)
    y = low[1] + height * np.arange(rows)[::-1]
    return x, y, lambda heights: heights == none, words


def _surfer(lines: Lines):
    """As `_esri`, the rows from the south on."""
    lines.block(1)
    (columns, rows), *ends = (lines.block(1).lines[0].split()[:2] for _ in range(4))
    columns, rows = int(columns), int(rows)
    check_count(lines.source.name, columns * rows)
    x, y = (np.linspace(float(a), float(b), n) for (a, b), n in zip(ends, (columns, rows), strict=False))
    return x, y, lambda heights: heights >= _BLANK, []


def _heights(lines: Lines, rest: list[str], count: int, name: str) -> np.ndarray:
    """float64 (count,): all numbers to the end, however many stand in a line."""
    made, held = [np.array([word.replace(",", ".") for word in rest], np.float64)], len(rest)
    for block in lines.blocks():
        try:
            part = np.array(block.data.replace(b",", b".").split(), np.float64)
        except ValueError as error:
            raise HeadlightError(
                f"The heights of {name} from line {block.number:,} on are not all numbers.", WHOLE_COPY
            ) from error
        made.append(part)
        held += len(part)
        if held >= count:
            break
    if held < count:
        raise promises_more(name, count, held, "heights")
    return np.concatenate(made)[:count]
