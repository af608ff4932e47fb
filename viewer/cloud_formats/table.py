"""XYZ, PTS, TXT and CSV: a point a line; separators, header and the meaning of columns are guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.parts import Columns, Parts, Source, check_count, no_points, promises_more, roles
from viewer.cloud_formats.text import Lines, is_number, numbers, prepared

ENDINGS = {".xyz", ".pts", ".asc", ".xyzrgb", ".xyzn", ".neu", ".txt", ".csv", ".tsv", ".dat"}
_SURE_ENDINGS = {".xyz", ".pts", ".asc", ".xyzrgb", ".xyzn"}
"""Of files that hold nothing but points: one line of numbers is enough."""

_LEAST_LINES = 3
_LOOKED_AT = 200
_WORDS = re.compile(r"[\s,;|]+")


@dataclass(frozen=True)
class Layout:
    """How the lines of a table are written."""

    separators: str
    columns: int
    names: tuple[str, ...] | None
    """The header's, where there is one."""
    skipped: int
    """Lines before the first point."""
    promised: int | None
    """Points that a first line of one number promises, as in PTS."""


def layout(head: bytes, ending: str) -> Layout | None:
    """How a file is written that begins with `head`, or None if it is no table of points."""
    if b"\0" in head:
        return None
    try:
        text = head.decode("utf-8-sig", "ignore")
    except UnicodeDecodeError:
        return None
    lines = re.split(r"\r\n|\n|\r", text)
    if len(head) >= 1 << 15:
        lines.pop()  # cut anywhere
    lines = lines[: 20 + _LOOKED_AT]
    first = _first_row(lines)
    if first is None:
        return None
    rows = [line for line in lines[first:] if line.strip() and line.lstrip()[0] not in "#/"][:_LOOKED_AT]
    separators = _separators(rows)
    words = [prepared([row], separators)[0].split() for row in rows]
    good = [w for w in words if len(w) == len(words[0]) and all(map(is_number, w))]
    columns = len(words[0])
    if columns < 3 or not all(map(is_number, words[0])) or len(good) * 2 < len(rows):
        return None
    sure = ending in _SURE_ENDINGS
    names, promised, said = _header(lines[:first], columns)
    named = names is not None and {"x", "y", "z"} <= roles(names).keys()
    if names is not None and not named:
        if not sure and not said and any(re.search("[A-Za-z]", name) for name in names):
            return None  # a table of something else
        names = None
    if promised is None and any(line.strip() and line.lstrip()[0] not in "#/" for line in lines[:first]):
        preface = [line for line in lines[:first] if line.strip() and line.lstrip()[0] not in "#/"]
        if not sure and (not named or len(preface) > 1):
            return None  # a text with some numbers in it
    needed = 1 if sure or named or promised is not None else _LEAST_LINES
    if len(good) < needed or (len(words) > 1 and words[1] not in good and len(words) < 2 * needed):
        return None
    return Layout(separators, columns, names, first, promised)


def _first_row(lines: list[str]) -> int | None:
    """The first of the first 20 lines that has three numbers and nothing else."""
    for number, line in enumerate(lines[:20]):
        words = [word for word in _WORDS.split(line.strip()) if word]
        if len(words) >= 3 and all(is_number(word) for word in words):
            return number
    return None


def _separators(rows: list[str]) -> str:
    """Characters to be read as spaces; after "." commas are decimal points."""
    row = rows[0]
    decimal = r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?"
    if ";" in row:
        return ".;\t" if re.search(decimal, row) else ";,\t"
    words = row.split()
    if "," in row and len(words) >= 3 and all(re.fullmatch(decimal + r"|[-+]?\d+", word) for word in words):
        return "."
    return "".join(c for c in ",|\t" if c in row)


def _header(lines: list[str], columns: int) -> tuple[tuple[str, ...] | None, int | None, bool]:
    """(names of the columns, promised number of points, the names stand in a comment) of the lines before the
    first point.
    """
    names = promised = None
    said = False
    for line in lines:
        words = tuple(word.strip("\"'") for word in _WORDS.split(line.strip().lstrip("#/ ")) if word)
        if len(words) == 1 and words[0].isdecimal() and len(words[0]) < 16:
            promised = int(words[0])
        elif len(words) == columns and not all(map(is_number, words)):
            names, said = words, line.lstrip()[:1] in ("#", "/")
    return names, promised, said


def read_table(source: Source, found: Layout, ending: str = "") -> Parts:
    if found.promised is not None:
        check_count(source.name, found.promised)
    if source.file.read(3) != b"\xef\xbb\xbf":
        source.file.seek(0)
    text = Lines(source)
    for _ in range(found.skipped):
        text.block(1)
    meaning, parts, count = None, [], 0
    for first, lines in text.blocks():
        values = numbers(lines, first, found.columns, source.name, found.separators)
        if not len(values):
            continue
        if meaning is None:
            meaning = roles(found.names) if found.names else None
            if meaning is None or not {"x", "y", "z"} <= meaning.keys():
                meaning = guess_roles(values, ending)
            used = sorted(set(meaning.values()))
        count += len(values)
        check_count(source.name, count)
        # Coordinates need float64; the rest rides along rather than being read twice.
        parts.append(np.ascontiguousarray(values[:, used]))
    if meaning is None:
        raise no_points(source.name)
    if found.promised is not None and count < found.promised:
        raise promises_more(source.name, found.promised, count)
    where = {role: used.index(column) for role, column in meaning.items()}
    columns = Columns(source.name, where, count, [np.dtype(np.float64)] * len(used))
    at = 0
    while parts:
        values = parts.pop(0)
        columns.put(at, len(values), lambda i, values=values: values[:, i])
        at += len(values)
    return Parts(**columns.arrays)


def guess_roles(values: np.ndarray, ending: str = "") -> dict[str, int]:
    """What the columns of a table without names are, from float64 (rows, columns) of its beginning.

    After x y z, in any order and each at most once: a normal (three columns of length 1), a colour (three
    columns of whole numbers to 255, or of fractions of 1), a label (small whole numbers, the last column);
    any other column is an intensity or the like, and passed over.
    """
    meaning = {"x": 0, "y": 1, "z": 2}
    count, at = values.shape[1], 3
    while at < count:
        triple = values[:, at : at + 3]
        left = count - at
        if left >= 3 and "nx" not in meaning and _is_normal(triple):
            meaning |= {"nx": at, "ny": at + 1, "nz": at + 2}
            at += 3
        elif left >= 3 and "r" not in meaning and _is_colour(triple) and not _shifted(values, at, ending):
            meaning |= {"r": at, "g": at + 1, "b": at + 2}
            at += 3
        elif left == 1 and _is_label(values[:, at]):
            meaning["label"] = at
            at += 1
        else:
            at += 1
    return meaning


def _shifted(values: np.ndarray, at: int, ending: str) -> bool:
    """Whether an intensity stands before the colour: one column more than the colour and a label need."""
    left = values.shape[1] - at
    if left not in (4, 5) or not _is_colour(values[:, at + 1 : at + 4]):
        return False
    if left == 5:
        return _is_label(values[:, -1]) and not _is_label(values[:, -2])
    return ending == ".pts" or not _is_label(values[:, -1])


def _is_normal(triple: np.ndarray) -> bool:
    lengths = np.linalg.norm(triple, axis=1)
    return bool((triple < 0).any() and (np.abs(lengths - 1) < 0.02).mean() > 0.9)


def _is_colour(triple: np.ndarray) -> bool:
    if not np.isfinite(triple).all() or triple.min() < 0:
        return False
    if triple.max() <= 1:
        return True
    return bool(triple.max() <= 65535 and (triple == np.rint(triple)).all())


def _is_label(column: np.ndarray) -> bool:
    known = column[np.isfinite(column)]
    if not len(known) or (known != np.rint(known)).any():
        return False
    return bool(known.min() >= -1 and (known[known != 255].max(initial=0)) <= 64)


def not_points(name: str) -> HeadlightError:
    return HeadlightError(
        f"{name} is no table of points.", "A table has a point a line: x y z, then colour, normal or label."
    )
