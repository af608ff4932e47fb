"""What numbers of labels mean by a list of classes, in words. No numpy, no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from headlight.models.core.classes.lists import LISTS
from headlight.viewer.inputs.told.columns import is_cell_number

_SHOWN = 6


def classes_said(cells: Sequence[str], listed: str) -> str:
    """The different labels among these cells with their classes by a list, a word of LISTS: “0 ceiling ·
    3 beam”; of any other word, the labels alone."""
    known = LISTS.get(listed)
    seen = sorted(dict.fromkeys(cells), key=lambda cell: (not is_cell_number(cell), _number(cell), cell))
    shown = [f"{cell} {_name(cell, listed)}".rstrip() if known else cell for cell in seen[:_SHOWN] if cell]
    return " · ".join([*shown, "…"] if len(seen) > _SHOWN else shown)


def _number(cell: str) -> float:
    return float(cell.replace(",", ".")) if cell and is_cell_number(cell) else 0.0


def _name(cell: str, listed: str) -> str:
    found, number = LISTS[listed], _number(cell)
    if not is_cell_number(cell) or number != int(number):
        return "is no class"
    number = int(number) & 0xFFFF if found.packed and number > 0xFFFF else int(number)
    if number in found.none or (number in (-1, 255) and number not in found.numbers):
        return "no class"
    return found.names[found.numbers.index(number)] if number in found.numbers else "is not in the list"
