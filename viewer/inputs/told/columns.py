"""What the columns of a table may be, in words, and what is wrong with a choice of them. No numpy, no Qt."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headlight.models.core.errors import HeadlightError

NOTHING = "_"
"""The word for a column that is passed over."""
ROLES = (
    *("x", "y", "z", "red", "green", "blue", "intensity", "label", "ring", "nx", "ny", "nz"),
    NOTHING,
)
"""What a column can be."""
_AXES, _TRIPLES = ("x", "y", "z"), (("red", "green", "blue"), ("nx", "ny", "nz"))
_SHORT = {"r": "red", "g": "green", "b": "blue", "": NOTHING, "nothing": NOTHING}
_READERS = {"red": "r", "green": "g", "blue": "b"}
"""As readers call some of them."""
MOST_SHOWN = 64
"""Columns of a table that is shown, with a choice for each."""
AS_TEXT = ("text",)
"""In the place of roles: it is no table of points."""

Roles = tuple[str, ...]
"""One of ROLES for each column."""


@dataclass(frozen=True)
class Meanings:
    """What is known of a table's columns before it is read.

    chosen: their roles, or AS_TEXT; () for a guess. known: those that were chosen before, by `Table.shape`.
    asks: somebody can be asked, where no guess is sensible.
    """

    chosen: Roles = ()
    known: Mapping[str, Roles] = field(default_factory=dict)
    asks: bool = False


GUESSED = Meanings()


@dataclass(frozen=True)
class Fault:
    """What is wrong with a choice. said: a sentence; step: what to do. columns: the places that are to blame,
    none where something is missing."""

    said: str
    step: str
    columns: tuple[int, ...] = ()


def columns(value: str) -> Roles:
    """“x,y,z,_,label” → roles, “text” → AS_TEXT; ArgumentTypeError for what is none, or cannot be."""
    if value.strip().lower() == AS_TEXT[0]:
        return AS_TEXT
    words = tuple(_SHORT.get(word, word) for word in (one.strip().lower() for one in value.split(",")))
    for word in words:
        if word not in ROLES:
            raise argparse.ArgumentTypeError(f"“{word}” is none of {', '.join(ROLES)}")
    if found := faults(words):
        said = found[0].said.rstrip(".")
        raise argparse.ArgumentTypeError(f"{said[:1].lower()}{said[1:]}")
    return words


def faults(chosen: Sequence[str]) -> list[Fault]:
    """What is missing or doubled."""
    found = []
    for role in ROLES[:-1]:
        places = tuple(at for at, one in enumerate(chosen) if one == role)
        if len(places) > 1:
            which = _all([str(at + 1) for at in places])
            every = "both" if len(places) == 2 else "all"
            found.append(Fault(f"Columns {which} are {every} {role}.", f"Leave one of them {role}.", places))
    missing = [axis for axis in _AXES if axis not in chosen]
    if missing:
        found.append(Fault(f"No column is {_either(missing)}.", "Points need x, y and z."))
    for triple in _TRIPLES:
        there = [role for role in triple if role in chosen]
        if there and len(there) < len(triple):
            lacking = _either([role for role in triple if role not in chosen])
            places = tuple(at for at, one in enumerate(chosen) if one in there)
            found.append(
                Fault(f"There is {_all(there)} without {lacking}.", f"Choose {lacking} too.", places)
            )
    return found


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _all(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def meaning_of(chosen: Sequence[str]) -> dict[str, int]:
    """Which column is what, as readers have it."""
    return {_READERS.get(role, role): at for at, role in enumerate(chosen) if role != NOTHING}


def roles_of(meaning: Mapping[str, int], count: int) -> Roles:
    """The inverse, of so many columns."""
    words = {short: role for role, short in _READERS.items()}
    named = {at: words.get(role, role) for role, at in meaning.items()}
    return tuple(named.get(at, NOTHING) for at in range(count))


@dataclass(frozen=True)
class Table:
    """The beginning of a table, and what its columns were taken for.

    rows: the first lines, a text a cell, as many cells as columns. lines: their numbers in the file. odd: a
    sentence for each line among them with more or fewer cells. names: the header's, () for none. guessed: the
    roles that Headlight would choose, () where no guess is sensible or somebody told them. roles: those by
    which it is read, () for a text. doubt: a sentence where nothing says for certain that they are right.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    odd: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    guessed: Roles = ()
    roles: Roles = ()
    doubt: str = ""

    @property
    def count(self) -> int:
        """Columns."""
        return len(self.rows[0])

    @property
    def shape(self) -> str:
        """What tables of one writer have in common: the header, or else how the numbers of each column are
        written: whole, with fractions, or as words."""
        if self.names:
            return "\t".join(self.names)
        return " ".join(_written([row[at] for row in self.rows]) for at in range(self.count))


def _written(cells: Sequence[str]) -> str:
    if not all(map(is_cell_number, cells)):
        return "words"
    return "whole" if all(cell.strip().lstrip("+-").isdecimal() for cell in cells) else "fractions"


def is_cell_number(cell: str) -> bool:
    """Whether a cell is a number, with a point or a comma; an empty one stands for one that is not there."""
    bare = cell.strip().replace(",", ".")
    if "_" in bare:  # which Python reads
        return False
    try:
        float(bare or "nan")
    except ValueError:
        return False
    return True


def wrong_cells(chosen: Sequence[str], table: Table) -> dict[tuple[int, int], str]:
    """Cells (row, column) that are no numbers where such are needed, and a sentence for each; labels may be
    words, and what is passed over may be anything."""
    found = {}
    for number, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
        for at, (role, cell) in enumerate(zip(chosen, row, strict=True)):
            if role not in (NOTHING, "label") and not is_cell_number(cell):
                found[number, at] = f"Line {line:,}: “{cell}” is no number for {role}."
    return found


class Undecided(HeadlightError):
    """Nothing says what a table's columns are: the user is to be asked."""

    def __init__(self, table: Table) -> None:
        self.table = table
        super().__init__(
            f"{table.title} is a table of {table.count} columns, and nothing says which are x, y and z.",
            "Say what they are, with --columns x,y,z and so on.",
        )

    def __reduce__(self) -> tuple[type[Undecided], tuple[Table]]:
        return Undecided, (self.table,)
