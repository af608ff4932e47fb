"""Contours of a map: lines along which it has one level, by marching squares. numpy only."""

from __future__ import annotations

import numpy as np

# A cell between four samples: bit 1 its upper left, 2 upper right, 4 lower right, 8 lower left. For each of
# the 16 cases the sides that a line joins: 0 upper, 1 right, 2 lower, 3 left. Saddles are split in two.
_JOINED: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}


def contours(values: np.ndarray, level: float) -> list[np.ndarray]:
    """Polylines float64 (n, 2) of (x, y) around all that is at least `level`, each closed.

    values: (rows, columns); sample (row, column) lies at (column + ½, row + ½). Beyond its edge the map is
    taken to be below the level, so that every line is closed.
    """
    rows, columns = values.shape
    lowest = min(float(values.min()), level) - 1.0
    framed = np.pad(values.astype(np.float64), 1, constant_values=lowest)
    inside = framed >= level
    case = (
        inside[:-1, :-1] * 1 + inside[:-1, 1:] * 2 + inside[1:, 1:] * 4 + inside[1:, :-1] * 8
    )  # (rows + 1, columns + 1)
    following: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    for row, column in zip(*np.nonzero((case > 0) & (case < 15)), strict=True):
        for start, stop in _JOINED[int(case[row, column])]:
            following[_edge(int(row), int(column), start)] = _edge(int(row), int(column), stop)
    lines = []
    while following:
        first = at = next(iter(following))
        way = [first]
        while (at := following.pop(at)) != first:
            way.append(at)
        way.append(first)
        points = np.array([_crossing(framed, level, *edge) for edge in way])
        lines.append(np.clip(points, 0, (columns, rows)))
    return lines


def _edge(row: int, column: int, side: int) -> tuple[int, int, int]:
    """(row, column, upright) of the line between two samples that a cell's side is; neighbours share it."""
    return (
        (row, column, 0),
        (row, column + 1, 1),
        (row + 1, column, 0),
        (row, column, 1),
    )[side]


def _crossing(framed: np.ndarray, level: float, row: int, column: int, upright: int) -> tuple[float, float]:
    """Where the map has the level between two samples, in the coordinates of the map without its frame."""
    a = framed[row, column]
    b = framed[row + upright, column + 1 - upright]
    share = min(max((level - a) / (b - a), 0.0), 1.0)
    x, y = (column, row + share) if upright else (column + share, row)
    return x - 0.5, y - 0.5
