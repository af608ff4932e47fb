"""XYZ, PTS, TXT and CSV: a point a line; separators, header and the meaning of columns are guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import (
    Columns,
    Parts,
    are_units,
    check_count,
    header_unit,
    in_degrees,
    no_points,
    promises_more,
    roles,
)
from headlight.viewer.inputs.clouds.tables.guessing import counts_lines, guess_roles
from headlight.viewer.inputs.clouds.tables.words import MOST_NAMES, plain_columns
from headlight.viewer.inputs.clouds.text import (
    DECIMAL_COMMA,
    GROUPED,
    Block,
    Lines,
    is_number,
    narrowed,
    numbers,
    prepared,
    readable,
    wide,
)
from headlight.viewer.inputs.source import Source

_SURE_ENDINGS = {"xyz", "pts", "asc", "xyzrgb", "xyzn"}
"""Of files that hold nothing but points: one line of numbers is enough."""

_LINE_ENDS = re.compile(r"\r\n|\n|\r")
_COUNT = re.compile(rb"\n[\t\v\f\x1c-\x1f \x85\xa0]*+(\d++)[\t\v\f\x1c-\x1f \x85\xa0]*+(?=\n)")
"""A line of one whole number."""
_COMMA_NUMBER = re.compile(r"[-+]?\d+(?:,\d+(?:[eE][-+]?\d+)?)?")

_LEAST_LINES = 3
_LOOKED_AT = 200
_NOTHING = frozenset({"", "null", "na", "n/a", "none", "nil", "-", "--", "nan", "<na>"})
"""What stands in a cell that holds nothing."""


@dataclass(frozen=True)
class Layout:
    """How the lines of a table are written."""

    separators: str
    """As `numbers` wants them."""
    columns: int
    names: tuple[str, ...] | None
    """The header's, where it names x, y and z."""
    skipped: int
    """Lines before the first point."""
    promised: int | None
    """Points that a line of one number promises, as in PTS."""
    worded: tuple[int, ...] = ()
    """Columns that hold words: the names of classes, or something to be passed over."""


def layout(head: bytes, ending: str) -> Layout | None:
    """How a file is written that begins with `head`, or None if it is no table of points."""
    lines = lines_of(head)
    if lines is None:
        return None
    names = promised = None
    is_text = False
    for first, line in enumerate(lines[:20]):  # noqa: B007
        bare = line.strip()
        words = _cells(bare.lstrip("#/ "), _cut(bare))
        if not bare:
            continue
        if {"x", "y", "z"} <= roles(words).keys():
            names = tuple(words)
        elif bare[0] in "#/":
            continue
        elif names is not None and len(words) == len(names) and are_units(words):
            names = tuple(
                f"{name} [{unit}]" if unit else name for name, unit in zip(names, words, strict=True)
            )
        elif len(words) == 1 and words[0].isdecimal() and len(words[0]) < 16:
            promised = int(words[0])
        elif _numeric(line, names, ending in _SURE_ENDINGS) is not None:
            break
        else:
            is_text = True
    else:
        return None
    sure = ending in _SURE_ENDINGS
    if is_text and not sure:
        return None
    rows = [row for row in lines[first:] if row.strip() and row.lstrip()[0] not in "#/"][:_LOOKED_AT]
    found = [_numeric(row, names, sure) for row in rows]
    alike = sum(shape == found[0] for shape in found)
    needed = 1 if sure or names or promised is not None else _LEAST_LINES
    if alike < needed or alike * 2 < len(rows):
        return None
    columns, worded = found[0]
    if names is not None and len(names) != columns:
        names = None
    return Layout(separators(rows[0]), columns, names, first, promised, worded)


def lines_of(head: bytes) -> list[str] | None:
    """The whole lines of a file's beginning, None for what is no text."""
    codec = wide(head)
    if codec is None and b"\0" in head:
        return None
    lines = _LINE_ENDS.split(head.decode(codec, "ignore") if codec else readable(head))
    if len(head) >= 1 << 15:
        lines.pop()  # cut anywhere
    return lines


def _numeric(row: str, names: tuple[str, ...] | None, sure: bool) -> tuple[int, tuple[int, ...]] | None:
    """(columns, those that hold words) of a row that can be a point, else None.

    Words may only stand in columns that a header names, and not for x, y and z; in a file that is surely one
    of points, behind its coordinates.
    """
    words = prepared([row], separators(row))[0].split()
    if len(words) >= 3 and all(map(is_number, words)):
        return len(words), ()
    cells = _cells(row, _cut(row))
    if names is None and sure and len(cells) > 3 and all(map(is_number, cells[:3])):
        return len(cells), tuple(i for i, cell in enumerate(cells) if cell and not is_number(cell))
    if names is None or len(cells) != len(names):
        return None
    worded = tuple(i for i, cell in enumerate(cells) if cell and not is_number(cell))
    return (len(cells), worded) if not {roles(names)[axis] for axis in "xyz"} & {*worded} else None


def _cut(line: str) -> str | None:
    """What stands between the cells of a line, None for spaces."""
    return next((c for c in ";,\t|" if c in line), None)


def _cells(line: str, cut: str | None) -> list[str]:
    return [cell.strip().strip("\"'") for cell in line.split(cut)]


def separators(row: str) -> str:
    """Characters to be read as spaces; after "." commas are decimal points."""
    quotes = "".join(c for c in "\"'" if c in row and not (c == "'" and GROUPED.search(row)))
    if ";" in row:
        return (".;\t" if DECIMAL_COMMA.search(row) else ";,\t") + quotes
    words = row.split()
    if "," in row and len(words) >= 3 and all(map(_COMMA_NUMBER.fullmatch, words)):
        return "."
    return "".join(c for c in ",|\t" if c in row) + quotes


def _values(block: Block, found: Layout, label: int | None, seen: dict[str, int], name: str) -> np.ndarray:
    """float64 (rows, columns) of lines in which cells are words, or hold nothing."""
    if not found.worded:
        try:
            return numbers(block, found.columns, name, found.separators)
        except HeadlightError as blamed:
            if found.names is None or _cut(block.lines[0]) is None:
                raise
            try:  # cells without a number stand for one that is not there
                return numbers(_numbered(block, found, label, seen), found.columns, name)
            except HeadlightError:
                raise blamed from None
    cut = _cut(block.lines[0])
    if not found.separators.startswith("."):
        values = plain_columns(block, found.columns, cut, found.worded, label, seen)
        if values is not None:
            return values
    return numbers(_numbered(block, found, label, seen), found.columns, name)


def _numbered(block: Block, found: Layout, label: int | None, seen: dict[str, int]) -> Block:
    """The lines with numbers for words: for the name of a class its place in `seen`, to which it is added."""
    made = []
    for line in block.lines:
        if not line.strip() or line.lstrip()[0] in "#/":
            made.append(line)
            continue
        cells = _cells(line, _cut(line))
        for i in found.worded:
            if i < len(cells):
                known = cells[i] in seen or len(seen) < MOST_NAMES
                named = i == label and known
                cells[i] = (
                    str(seen.setdefault(cells[i], len(seen))) if named else "-1" if i == label else "nan"
                )
        if found.separators.startswith("."):
            cells = [cell.replace(",", ".") for cell in cells]
        made.append(" ".join("nan" if cell.lower() in _NOTHING else cell for cell in cells))
    return Block.of(made, block.number)


def is_table(source: Source) -> bool:
    return layout(source.head, source.ending) is not None


def read_table(
    source: Source,
    found: Layout,
    ending: str = "",
    forgiving: bool = False,
    meaning: dict[str, int] | None = None,
) -> Parts:
    """forgiving: a few lines that cannot be read become points without coordinates instead of an error.
    meaning: which column is what, None for the header's names or a guess."""
    codec = wide(source.file.read(4))
    source.file.seek(0)
    if codec is not None:
        with narrowed(source, codec) as plain:
            return _read_table(plain, found, ending, forgiving, meaning)
    return _read_table(source, found, ending, forgiving, meaning)


def _read_table(
    source: Source, found: Layout, ending: str, forgiving: bool, meaning: dict[str, int] | None
) -> Parts:
    promised = found.promised
    if promised is not None:
        check_count(source.name, promised)
    if source.file.read(3) != b"\xef\xbb\xbf":
        source.file.seek(0)
    text = Lines(source)
    for _ in range(found.skipped):
        text.block(1)
    parts, count, first_column = [], 0, ""
    spoilt: list[int] | None = [] if forgiving else None
    label, seen = (meaning or roles(found.names or ())).get("label"), {}
    for block in text.blocks():
        if promised is not None:  # each scan of a PTS has its count before it
            block, counts = _without_counts(block)
            if counts:
                promised += sum(counts)
                check_count(source.name, promised)
        if spoilt is None:
            values = _values(block, found, label, seen, source.name)
        else:
            values = numbers(block, found.columns, source.name, found.separators, spoilt)
        if not len(values):
            continue
        if meaning is None:
            meaning = roles(found.names) if found.names else guess_roles(values, ending)
            if not found.names and meaning["x"] == 1:
                what = "counts its lines" if counts_lines(values[:, 0]) else "tells times"
                what = "is read as labels" if meaning.get("label") == 0 else what
                first_column = f"The first column of {source.name} {what}: x, y and z follow."
            elif not found.names and meaning["x"] == 2:
                first_column = f"The first two columns of {source.name} are a grid's: x, y and z follow."
        count += len(values)
        check_count(source.name, count)
        columns = Columns(source.name, meaning, len(values), [values.dtype] * found.columns)
        columns.put(0, len(values), lambda i, values=values: values[:, i])
        parts.append(columns.arrays)
    if meaning is None or not parts:
        raise no_points(source.name)
    if promised is not None and count < promised:
        raise promises_more(source.name, promised, count)
    arrays = {part: np.concatenate([one.pop(part) for one in parts]) for part in [*parts[0]]}
    notices = [f"Line {n:,} of {source.name} cannot be read: its point is left out." for n in spoilt or ()]
    called = found.names[label] if found.names and label is not None else ""
    notices.extend([first_column] if first_column else [])
    # Lines are read byte by byte; names are more than that.
    names = tuple(readable(name.encode("latin-1")) for name in seen) or None
    parts = Parts(**arrays, names=names, label_name=called, notices=notices, meaning=meaning)
    if found.names and in_degrees(found.names):
        parts.points = _projected(parts.points)
        parts.unit, parts.said, parts.sure = 1.0, True, True
        notices.append(f"The longitudes and latitudes of {source.name} are read as metres from their middle.")
    elif found.names:
        parts.unit = header_unit(found.names)
        parts.said = parts.unit is not None
    return parts


def _without_counts(block: Block) -> tuple[Block, list[int]]:
    """(the lines, blank where one whole number stood alone; these numbers)"""
    data = b"\n" + block.data
    counts = [int(count) for count in _COUNT.findall(data)]
    return (replace(block, data=_COUNT.sub(b"\n", data)[1:]) if counts else block), counts


def _projected(points: np.ndarray) -> np.ndarray:
    """float64 (n, 3): degrees east and north, and a height, as metres from the middle (WGS 84)."""
    east, north = np.nanmedian(points[:, 0]), np.nanmedian(points[:, 1])
    angle = np.radians(north)
    degree_north = 111_132.954 - 559.822 * np.cos(2 * angle) + 1.175 * np.cos(4 * angle)
    degree_east = 111_412.84 * np.cos(angle) - 93.5 * np.cos(3 * angle)
    return (points - [east, north, 0]) * [degree_east, degree_north, 1]


def not_points(name: str) -> HeadlightError:
    return HeadlightError(
        f"{name} is no table of points.", "A table has a point a line: x y z, then colour, normal or label."
    )
