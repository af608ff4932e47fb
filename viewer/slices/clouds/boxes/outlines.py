"""The edges of boxes as lines in an image that bends them, and is cut at a seam."""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers.boxes import corners

_PIECES = 8
"""Of an edge."""
_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))


def edges_of(box: np.ndarray) -> np.ndarray:
    """float64 (k, 3): points along the edges of a box (7,), NaN between one and the next."""
    ends = corners(box[None])[0]
    share = np.linspace(0, 1, _PIECES + 1)[:, None]
    lines = []
    for first, last in _EDGES:
        lines += [ends[first] + share * (ends[last] - ends[first]), np.full((1, 3), np.nan)]
    return np.concatenate(lines)


def broken(places: np.ndarray, columns: int) -> np.ndarray:
    """float64 (k, 2): places (columns, rows) along a line, broken where it crosses the seam."""
    with np.errstate(invalid="ignore"):
        jumps = np.flatnonzero(np.abs(np.diff(places[:, 0])) > columns / 2) + 1
    return np.insert(places.astype(np.float64), jumps, np.nan, axis=0)


def frame_of(places: np.ndarray, columns: int) -> np.ndarray:
    """float64 (4,): the first and last column, then row, of a line; NaN of one on both sides of the seam."""
    seen = places[np.isfinite(places).all(axis=1)]
    if not len(seen) or np.ptp(seen[:, 0]) > columns / 2:
        return np.full(4, np.nan)
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    return np.array([left, right, top, bottom])
