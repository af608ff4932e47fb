"""What a box stands on: how its score changes with the numbers of points, and where they are left out. numpy
only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from headlight.models.core.tokens import Cuboid

MARGIN = 1.0
"""Metres around a box whose points are left out too, in turn."""
MOST = 256
"""Parts that are left out one after another."""


def within_reach(points: np.ndarray, box: Cuboid, margin: float = MARGIN) -> np.ndarray:
    """bool (n,): which points (n, 3) lie over the box's outline on the ground, or as near to it."""
    tall = Cuboid(
        *(box.x, box.y, 0.0, box.length + 2 * margin, box.width + 2 * margin, 1.0, box.yaw),
    )
    return tall.holds(points * np.array((1, 1, 0), points.dtype))


def parts_near(points: np.ndarray, cell: np.ndarray, box: Cuboid, most: int = MOST) -> np.ndarray:
    """int64 (k,): the cells (pillars, pixels, as `cell` int (n,) has them of points) near a box, the nearest
    to its middle first."""
    near = np.flatnonzero((cell >= 0) & within_reach(points, box))
    found, row = np.unique(cell[near], return_inverse=True)
    far = np.hypot(points[near, 0] - box.x, points[near, 1] - box.y)
    closest = np.full(len(found), np.inf)
    np.minimum.at(closest, row, far)
    return found[np.argsort(closest, kind="stable")][:most]


def left_out(
    score: float, cell: np.ndarray, parts: np.ndarray, scores: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """float32 (k,): by how much the score falls without each part (Zeiler and Fergus 2014, section 3).

    scores: of bool (k, n), which points are hidden, float (k,).
    """
    hidden = cell[None] == parts[:, None]
    return (score - scores(hidden)).astype(np.float32) if len(parts) else np.empty(0, np.float32)


def of_points(values: np.ndarray, cell: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """float32 (n,): what is of parts (k,) as that of each of their points; 0 for others."""
    found = np.zeros(len(cell), np.float32)
    order = np.argsort(parts, kind="stable")
    at = np.searchsorted(parts[order], cell).clip(0, max(len(parts) - 1, 0))
    inside = parts[order][at] == cell if len(parts) else np.zeros(len(cell), bool)
    found[inside] = values[order][at[inside]]
    return found


def of_cells(values: np.ndarray, cell: np.ndarray, count: int) -> np.ndarray:
    """float32 (count,): the sums of what is of points (n,) over each pillar, voxel or pixel."""
    inside = cell >= 0
    return np.bincount(cell[inside], values[inside], minlength=count).astype(np.float32)
