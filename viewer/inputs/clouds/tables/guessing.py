"""What the columns of a table without names are, by the numbers in them."""

from __future__ import annotations

import numpy as np

_LEAST_COUNT = 20
"""Lines from which on a first column may be something else than x."""
_LARGEST_PLACE = 1e8
"""No coordinate is larger, in metres or feet; seconds since 1970 or 1980 are."""


def guess_roles(values: np.ndarray, ending: str = "") -> dict[str, int]:
    """What the columns of a table without names are, from float64 (rows, columns) of its beginning.

    Before x y z may stand the number of the line, its time, a label, or a scanner's row and column. After
    them, in any order and each at most once: a normal (three columns of length 1), a colour (three columns
    to 255, or whole numbers, or fractions of 1), a label (small whole numbers, the last column, before the
    colour, or before the numbers of single things), an intensity (before the colour, or alone in a PTS); any
    other column is passed over.
    """
    whole = np.isfinite(values[:, :3]).all(axis=1)
    if whole.any():
        values = values[whole]
    count = values.shape[1]
    runs = counts_lines(values[:, 0]) or _is_time(values[:, 0])
    first = 1 if count > 3 and (runs or _leads(values)) else 0
    if _in_grid(values):
        first, runs = 2, True
    meaning, at = {"x": first, "y": first + 1, "z": first + 2}, first + 3
    if first and not runs:
        meaning["label"] = 0
    while at < count:
        triple = values[:, at : at + 3]
        left = count - at
        if left >= 3 and "nx" not in meaning and _is_normal(triple):
            meaning |= {"nx": at, "ny": at + 1, "nz": at + 2}
            at += 3
        elif left >= 3 and "r" not in meaning and _is_colour(triple) and not _shifted(values, at, ending):
            meaning |= {"r": at, "g": at + 1, "b": at + 2}
            at += 3
        elif "label" not in meaning and _is_label(values[:, at]) and _ends(values, at):
            meaning["label"] = at
            at += 1
        else:
            of_scanner = at == first + 3 and ending == "pts" and left in (1, 4)
            if of_scanner or (left in (4, 5) and _is_colour(values[:, at + 1 : at + 4])):
                meaning.setdefault("intensity", at)
            at += 1
    return meaning


def _shifted(values: np.ndarray, at: int, ending: str) -> bool:
    """Whether an intensity, or a label, stands before the colour: one column more than the colour and a
    label behind it need."""
    left = values.shape[1] - at
    if left not in (4, 5) or not _is_colour(values[:, at + 1 : at + 4]):
        return False
    if left == 5 and not (_is_label(values[:, -1]) and not _is_label(values[:, -2])):
        return False
    if ending == "pts":
        return True
    if left == 4 and _is_label(values[:, -1]):
        return False
    front, back = values[:, at], values[:, at + 3]
    bright = values[:, at + 1 : at + 3]
    # What goes beyond a byte, or beyond all whole numbers, beside two channels that do not, is no channel.
    odd_front, odd_back = (_is_odd(column, bright) for column in (front, back))
    if odd_front != odd_back:
        return odd_front
    if _is_label(front):
        return True
    grey = bright.mean(axis=1)
    return _alike(back, grey) >= _alike(front, grey)


def _is_odd(column: np.ndarray, channels: np.ndarray) -> bool:
    beyond = channels.max() <= 255 < column.max()
    return bool(beyond or _whole(column) != _whole(channels))


def _alike(column: np.ndarray, other: np.ndarray) -> float:
    """Their correlation, 0 where one does not change: the channels of a colour go together."""
    if len(column) < 2 or not (np.ptp(column) and np.ptp(other)):
        return 0.0
    return float(np.corrcoef(column, other)[0, 1])


def _ends(values: np.ndarray, at: int) -> bool:
    """Whether a label may stand here: at the end, before a colour, or before numbers of single things, each
    of which is of one class."""
    left = values.shape[1] - at
    if left == 2:
        things, whose = values[:, -1], values[:, at]
        if not _whole(things):
            return False
        pairs = np.unique(np.column_stack([things, whose]), axis=0)
        return len(pairs) == len(np.unique(things)) > len(np.unique(whose))
    return left == 1 or (left in (4, 5) and _is_colour(values[:, at + 1 : at + 4]))


def _is_time(column: np.ndarray) -> bool:
    """Whether a column tells when its points were measured: it never falls, beyond all coordinates."""
    return bool(len(column) >= _LEAST_COUNT and column[0] > _LARGEST_PLACE and (np.diff(column) >= 0).all())


def counts_lines(column: np.ndarray) -> bool:
    """Whether a column numbers the lines."""
    steps = np.diff(column)
    return len(column) >= _LEAST_COUNT and bool(
        steps[0] >= 1 and (steps == steps[0]).all() and _whole(column)
    )


def _leads(values: np.ndarray) -> bool:
    """Whether labels stand before the coordinates: small whole numbers before three columns of fractions."""
    places = values[:, 1:4]
    few = len(np.unique(values[:, 0])) <= 64 and len(values) >= _LEAST_COUNT
    fractions = (places != np.rint(places)).any(axis=0).all()
    return few and bool(fractions) and _whole(values[:, 0]) and _is_label(values[:, 0])


def _in_grid(values: np.ndarray) -> bool:
    """Whether the row and the column of a scanner's grid stand first: two whole numbers before three columns
    of fractions and a colour, as FARO's programs export them."""
    if values.shape[1] < 8 or len(values) < _LEAST_COUNT:
        return False
    places, shades = values[:, 2:5], values[:, 5:8]
    fractions = (places != np.rint(places)).mean(axis=0) > 0.5
    grid = values[:, :2]
    return bool(
        fractions.all() and (grid >= 0).all() and _whole(grid) and _whole(shades) and _is_colour(shades)
    )


def _whole(column: np.ndarray) -> bool:
    return bool((column == np.rint(column)).all())


def _is_normal(triple: np.ndarray) -> bool:
    lengths = np.linalg.norm(triple, axis=1)
    return bool((triple < 0).any() and (np.abs(lengths - 1) < 0.02).mean() > 0.9)


def _is_colour(triple: np.ndarray) -> bool:
    if not np.isfinite(triple).all() or triple.min() < 0:
        return False
    if triple.max() <= 1:
        return True
    if len(triple) >= _LEAST_COUNT and triple.max() > 64 and (triple.max(axis=0) <= 31).sum() == 2:
        return False  # an intensity with a class and the number of an echo, as LAStools writes them
    if (triple == np.rint(triple)).all():
        return bool(triple.max() <= 65535)
    # Colours that were averaged have fractions.
    return bool(triple.max() <= 255 and (triple.max(axis=0) > 100).all())


def _is_label(column: np.ndarray) -> bool:
    known = column[np.isfinite(column)]
    if not len(known) or (known != np.rint(known)).any():
        return False
    return bool(known.min() >= -1 and (known[known != 255].max(initial=0)) <= 64)
