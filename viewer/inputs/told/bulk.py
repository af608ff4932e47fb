"""Where the bulk of a cloud lies: the one measure of its origin, unit and turn, and of what is no part of it.

A few points anywhere, however far or near, move none of these: every axis is measured between two of its
points, and not by its ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FAR = 1000.0
"""Metres from zero at which float32 still tells 0.06 mm apart; beyond them the frame has its own zero."""
_SAMPLE = 200_000
"""Points by which the bulk is found."""
_ENDS = 0.005
"""Share of the points that may lie beyond either end of the box of the bulk."""
_BULKS = ((0.01, 3.0), (0.1, 20.0))
"""Shares of the points that may lie beyond either end of a cloud's bulk, along each axis, and how many times
its width further out points are strays: a few soon, many, as a scanner's marks of nothing, far out."""
_FEW = 20
"""Points from which on there is a bulk."""


class Bulk(NamedTuple):
    """The box that all but the outermost points lie in, in file coordinates."""

    low: np.ndarray
    """float64 (3,)"""
    high: np.ndarray

    @property
    def extents(self) -> np.ndarray:
        return self.high - self.low

    def origin(self, metres_per_unit: float) -> np.ndarray:
        """float64 (3,): zero where float32 keeps the detail, else the middle of the box in whole metres."""
        far = np.maximum(np.abs(self.low), np.abs(self.high)) * metres_per_unit > _FAR
        middle = np.round((self.low / 2 + self.high / 2) * metres_per_unit) / metres_per_unit
        return np.where(far, middle, 0.0)


def bulk_of(points: np.ndarray) -> Bulk:
    """Of finite points (n, 3), n ≥ 1; of fewer than 20 it is the box of all."""
    sample = sampled(points)
    trim = 0 if len(sample) < _FEW else max(1, int(np.ceil(_ENDS * len(sample))))
    return Bulk(*_ends(sample, trim))


def sampled(points: np.ndarray, most: int = _SAMPLE) -> np.ndarray:
    """At most twice as many points (m, 3), evenly from first to last."""
    return points[:: max(1, len(points) // most)]


def _ends(sample: np.ndarray, trim: int) -> tuple[np.ndarray, np.ndarray]:
    """(low, high), float64 (3,) each: what `trim` points lie beyond, along each axis.

    Columns are sorted on their own: every axis has its bulk.
    """
    at = (trim, len(sample) - 1 - trim)
    columns = [np.partition(sample[:, axis], at) for axis in range(3)]
    low, high = (np.array([float(column[end]) for column in columns]) for end in at)
    return low, high


def strays(points: np.ndarray) -> np.ndarray:
    """bool (n,): finite points (n, 3) so far from the bulk that they belong to nothing in it.

    A point at 0 0 0 beside map coordinates, or what a mirror throws a kilometre away: one of them would
    decide the origin, the unit, the scale of every view and the network's grid.
    """
    count = len(points)
    if count < _FEW:
        return np.zeros(count, bool)
    sample = sampled(points)
    far = np.zeros(count, bool)
    extremes = [(points[:, axis].min(), points[:, axis].max()) for axis in range(3)]
    for share, near in _BULKS:
        trim = max(1, int(np.ceil(share * len(sample))))
        low, high = _ends(sample, trim)
        margin = near * float((high - low).max())  # the widest axis gives the measure
        if margin <= 0:
            continue
        for axis in range(3):
            first, last = low[axis] - margin, high[axis] + margin
            if extremes[axis][0] < first or extremes[axis][1] > last:
                far |= (points[:, axis] < first) | (points[:, axis] > last)
    return far
