"""Tables whose columns somebody tells, or that are guessed with a doubt, and the first rows of any table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import Parts, common_unit, roles
from headlight.viewer.inputs.clouds.tables import table as plain
from headlight.viewer.inputs.clouds.tables.table import Layout, layout, lines_of
from headlight.viewer.inputs.clouds.text import holds, prepared
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.columns import (
    AS_TEXT,
    MOST_SHOWN,
    NOTHING,
    Meanings,
    Roles,
    Table,
    is_cell_number,
    meaning_of,
    roles_of,
    wrong_cells,
)

ROWS = 20
"""That are shown of a table."""
_LOOKED_AT = 200
_HEADERS = 20
"""Lines within which the first row comes."""
_LONGEST = 40
"""Characters of a cell that are shown."""
_LEAST_ROWS = 3
_MOST_COLUMNS = 512
_ALIKE, _HALF = 0.9, 0.5
"""Share of the lines that have as many cells as the first, from which on they are a table; where it is known
how many these are the lesser one."""


@dataclass(frozen=True)
class _Lines:
    """rows: of cells. numbers: of their lines, from 1. odd: (line, cells) of those with another number of
    cells. names: of the line before them with as many cells, () where there is none. first: the number of
    lines before them. promised: points that a line of one number promises."""

    rows: list[list[str]]
    numbers: list[int]
    odd: list[tuple[int, int]]
    names: tuple[str, ...]
    first: int
    promised: int | None
    separators: str


def is_table(source: Source) -> bool:
    chosen = _chosen(source)
    if chosen:
        return chosen != AS_TEXT
    return plain.is_table(source) or _half_named(source) is not None


def read(source: Source) -> Parts:
    """The points of a table, by the roles that are told, else by its header or a guess."""
    chosen = _chosen(source)
    if chosen:
        parts = _read_as(source, chosen)
        if not source.meanings.chosen:
            said = f"The columns of {source.name} are read as for the last table like it: {_said(chosen)}."
            parts.notices.insert(0, said)
        return parts
    found = layout(source.head, source.ending)
    if found is None:
        return _read_half_named(source)
    parts = plain.read_table(source, found, source.ending)
    seen = _lines(source.head, found.columns)
    if seen is not None:
        guess = roles_of(parts.meaning or {}, found.columns)
        _add(parts, source, seen, guess, _doubt(source.name, found, guess, seen.rows))
    return parts


def _read_half_named(source: Source) -> Parts:
    guess, seen = _half_named(source), _lines(source.head)
    if guess is None or seen is None:
        raise plain.not_points(source.name)
    parts = _read_as(source, guess)
    doubt = f"Not all axes are named in {source.name}: its columns are read as {_said(guess)}."
    _add(parts, source, seen, guess, doubt)
    return parts


def _add(parts: Parts, source: Source, seen: _Lines, guess: Roles, doubt: str) -> None:
    """The beginning of the table, and what is to be said of the guess."""
    parts.table = replace(_made(source.name, seen), guessed=guess, roles=guess, doubt=doubt)
    parts.notices[:0] = [doubt] if doubt else []


def undecided(source: Source) -> Table | None:
    """The beginning of a text that is a table of numbers of which nothing says what they are."""
    seen = _lines(source.head)
    if seen is None:
        return None
    columns = [[row[at] for row in seen.rows] for at in range(len(seen.rows[0]))]
    places = [at for at, cells in enumerate(columns) if all(map(is_cell_number, cells))]
    if len(places) < 3:
        return None
    # Coordinates have fractions; the first of them are x, y and z.
    first = [at for at in places if _has_fractions(columns[at])]
    named = _named(seen.names)
    rest = [at for at in (*first, *places) if at not in named.values()]
    axes = dict(zip([axis for axis in "xyz" if axis not in named], dict.fromkeys(rest), strict=False))
    guess = {role: at for role, at in named.items() if at in places or role == "label"} | axes
    whole = {"x", "y", "z"} <= guess.keys()
    guessed = roles_of(guess, len(columns)) if whole else ()
    return replace(_made(source.name, seen), guessed=guessed)


def is_asked(table: Table, meanings: Meanings) -> bool:
    """Whether a table that nobody can decide is worth a question: it has many rows, fractions in three
    columns, and none of its like was called a text."""
    known = meanings.known.get(table.shape) == AS_TEXT
    if meanings.chosen or known or table.count > MOST_SHOWN:
        return False
    columns = zip(*table.rows, strict=True)
    return len(table.rows) == ROWS and sum(map(_has_fractions, columns)) >= 3


def _has_fractions(cells: Sequence[str]) -> bool:
    """Whether they are numbers that are not all whole: “7.000” numbers a line, or a thing."""
    behind = (cell.replace(",", ".").partition(".")[2] for cell in cells)
    return all(map(is_cell_number, cells)) and any(digits.strip("0.") for digits in behind)


def _chosen(source: Source) -> Roles:
    """The roles that are told, or were chosen before for a table of this shape."""
    told = source.meanings
    if told.chosen or not told.known:
        return told.chosen
    found = layout(source.head, source.ending)
    seen = _lines(source.head, None if found is None else found.columns)
    if seen is None:
        return ()
    shape = _made(source.name, seen).shape
    known = tuple(told.known.get(shape, ()))
    return known if known == AS_TEXT or len(known) == len(seen.rows[0]) else ()


def _said(chosen: Roles) -> str:
    return " ".join(chosen)


def _doubt(name: str, found: Layout, guess: Roles, rows: Sequence[Sequence[str]]) -> str:
    """What is said where a guess was needed that may be wrong: columns were left over, but for a name of each
    point, or one may be an intensity or a beam as well as a label."""
    if found.names is not None or found.columns <= 3:
        return ""
    left = [at for at in range(guess.index("x"), len(guess)) if guess[at] == NOTHING]
    names = left and all(at in found.worded and len({row[at] for row in rows}) * 2 > len(rows) for at in left)
    if (left and not names) or guess[guess.index("x") :] == ("x", "y", "z", "label"):
        return (
            f"Nothing says what the {found.columns} columns of {name} are: they are read as {_said(guess)}."
        )
    return ""


def _read_as(source: Source, chosen: Roles) -> Parts:
    seen = _lines(source.head, len(chosen))
    if seen is None:
        raise _wrong_count(source, chosen)
    made = _made(source.name, seen)
    if bad := wrong_cells(chosen, replace(made, rows=made.rows[:1], lines=made.lines[:1])):
        raise HeadlightError(
            f"{source.name}: {next(iter(bad.values()))}", f"Choose another column, or “{NOTHING}” for it."
        )
    meaning = meaning_of(chosen)
    named = roles(seen.names)
    same = all(named.get(axis) == meaning[axis] for axis in "xyz")
    names = seen.names if seen.names and same else None
    found = Layout(seen.separators, len(chosen), names, seen.first, seen.promised)
    parts = _read_with_words(source, found, meaning, seen.rows)
    if seen.names and "label" in meaning:
        parts.label_name = seen.names[meaning["label"]]
    if seen.names and parts.unit is None:
        parts.unit = common_unit([seen.names[meaning[axis]] for axis in "xyz"])
        parts.said = parts.unit is not None
    parts.table = replace(made, roles=chosen)
    return parts


def _half_named(source: Source) -> Roles | None:
    """Of a header that names two axes, or a colour or a normal, and not the rest: unnamed columns of numbers
    are the other axes, in their order."""
    seen = _lines(source.head)
    if seen is None or not seen.names:
        return None
    named = _named(seen.names)
    axes = [axis for axis in "xyz" if axis in named]
    if len(axes) < 2 and not {"r", "nx"} & named.keys():
        return None
    table = undecided(source)
    return None if table is None or not table.guessed else table.guessed


def _named(names: Sequence[str]) -> dict[str, int]:
    return roles(names) if names else {}


def _read_with_words(
    source: Source, found: Layout, meaning: dict[str, int], rows: Sequence[Sequence[str]]
) -> Parts:
    """Words may stand where nothing is read, and where a label is: they may come late."""
    passed = tuple(at for at in range(found.columns) if at not in meaning.values())
    label = (meaning["label"],) if "label" in meaning else ()
    least = 0
    for row in rows:
        words = {at for at in (*passed, *label) if row[at] and not is_cell_number(row[at])}
        least = max(least, 2 if words & {*label} else 1 if words else 0)
    *ways, last = dict.fromkeys([(), passed, (*passed, *label)][least:])
    for worded in ways:
        try:
            return plain.read_table(source, replace(found, worded=worded), source.ending, meaning=meaning)
        except HeadlightError:
            source.file.seek(0)
    return plain.read_table(source, replace(found, worded=last), source.ending, meaning=meaning)


def _lines(head: bytes, columns: int | None = None) -> _Lines | None:
    """The rows that a file begins with, of so many cells, or of as many as most have; None for no table."""
    lines = lines_of(head)
    if lines is None:
        return None
    names, promised = (), None
    count = columns or _most_cells(lines)
    for first, line in enumerate(lines[:_HEADERS]):
        bare = line.strip()
        if not bare:
            continue
        if bare.isdecimal() and len(bare) < 16:
            promised = int(bare)
            continue
        cells = _cells(bare.lstrip("#/ "), count)
        if bare[0] in "#/" or len(cells) != count or not any(map(_is_figure, cells)):
            names = tuple(map(_short, cells)) if len(cells) == count else names
            continue
        held = [(at, row) for at, row in enumerate(lines[first:], first + 1) if holds(row)][:_LOOKED_AT]
        rows = [(at, _cells(row, count)) for at, row in held]
        whole = [(at, row) for at, row in rows if len(row) == count]
        odd = [(at, len(row)) for at, row in rows if len(row) != count]
        least, share = (1, _HALF) if columns else (_LEAST_ROWS, _ALIKE)
        if len(whole) < least or len(whole) < share * len(rows):
            return None
        numbers, cells = [at for at, _ in whole], [row for _, row in whole]
        return _Lines(cells, numbers, odd, names, first, promised, plain.separators(lines[first]))
    return None


def _most_cells(lines: Sequence[str]) -> int:
    """How many cells most of the first lines have; 0 for fewer than three or far too many."""
    counts = Counter(len(_cells(line, 0)) for line in lines[:_LOOKED_AT] if line.strip())
    count = counts.most_common(1)[0][0] if counts else 0
    return count if 3 <= count <= _MOST_COLUMNS else 0


def _cells(line: str, count: int) -> list[str]:
    """The cells of a line, cut so that they are `count`, if any way of cutting gives so many."""
    separators = plain.separators(line)
    commas = separators.startswith(".")  # are decimal points
    cut = next((c for c in (";\t|" if commas else ";,\t|") if c in line), None)
    cells = [cell.strip().strip("\"'") for cell in line.split(cut)]
    if len(cells) == count:
        return cells
    other = prepared([line], separators)[0].split()
    return other if len(other) == count else cells


def _is_figure(cell: str) -> bool:
    return bool(cell) and is_cell_number(cell)


def _short(cell: str) -> str:
    """As it is shown: in one line that any view can show."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cell.strip())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _made(title: str, seen: _Lines) -> Table:
    rows = tuple(tuple(map(_short, row)) for row in seen.rows[:ROWS])
    lines, count = tuple(seen.numbers[:ROWS]), len(rows[0])
    odd = [
        f"Line {at:,} has {cells} cell{'s' * (cells != 1)} where {count} should be."
        for at, cells in seen.odd
        if at <= lines[-1]
    ]
    return Table(title, rows, lines, tuple(odd), seen.names)


def _wrong_count(source: Source, chosen: Roles) -> HeadlightError:
    count = _most_cells(lines_of(source.head) or [])
    if not count or count == len(chosen):
        return plain.not_points(source.name)
    said = "is named" if len(chosen) == 1 else "are named"
    return HeadlightError(
        f"{source.name} has {count} columns, and {len(chosen)} {said}.",
        f"Name one for each, “{NOTHING}” for those to be passed over.",
    )
