"""Voxels: VoxelNet's (Zhou and Tuzel 2018, section 2.1.1), SECOND's, and the occupancy of a 3D CNN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.cells import Grid, listed, mean_of
from headlight.models.points.representations.represented import OUTSIDE, Represented

MOST_NUMBERS = 1 << 28
"""Numbers of a dense array: 1 GB of float32."""


@dataclass(frozen=True)
class Hard:
    """most_points of a cell and most_cells of a cloud are kept, the first ones in the file."""

    most_points: int
    most_cells: int

    def __post_init__(self) -> None:
        if min(self.most_points, self.most_cells) < 1:
            raise HeadlightError("At least one point a cell and one cell are kept.", "Choose more.")


@dataclass(frozen=True)
class Published:
    """grid, hard: of a published configuration."""

    grid: Grid
    hard: Hard


PUBLISHED = {
    "kitti": Published(Grid((0.0, -40.0, -3.0), (70.4, 40.0, 1.0), (0.05, 0.05, 0.1)), Hard(5, 40_000)),
    "nuscenes": Published(Grid((-51.2, -51.2, -5.0), (51.2, 51.2, 3.0), (0.1, 0.1, 0.2)), Hard(10, 120_000)),
    "waymo": Published(Grid((-75.2, -75.2, -2.0), (75.2, 75.2, 4.0), (0.1, 0.1, 0.15)), Hard(5, 150_000)),
}
"""SECOND on KITTI and CenterPoint on nuScenes and Waymo, as their files have them."""


def voxels(points: np.ndarray, features: np.ndarray, grid: Grid, hard: Hard | None = None) -> Represented:
    """The occupied voxels of points (N, 3) with features (N, F), of which x y z are the first.

    Arrays: `coordinates` int32 (V, 3), z y x; `counts` int32 (V,) of kept points; `means` float32 (V, F),
    what SECOND is fed; with `hard` also `voxels` float32 (V, T, F), zeros after the kept points: what
    VoxelNet is fed.
    """
    numbers = grid.numbers(points)
    found = listed(numbers, *((hard.most_points, hard.most_cells) if hard else ()))
    arrays = {
        "coordinates": grid.unravelled(found.numbers).astype(np.int32),
        "counts": found.counts.astype(np.int32),
        "means": mean_of(found.row, features, len(found.numbers)).astype(features.dtype),
    }
    if hard is not None:
        arrays["voxels"] = filled(found.row, found.rank, features, (len(found.numbers), hard.most_points))
    return Represented(arrays, found.row, (len(found.numbers),))


def filled(row: np.ndarray, rank: np.ndarray, features: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """float32 (V, T, F): features (N, F) of every kept point at its row and rank, zeros elsewhere."""
    if shape[0] * shape[1] * features.shape[1] > MOST_NUMBERS:
        raise HeadlightError(
            f"{shape[0]:,} cells of {shape[1]:,} points would not fit into memory.",
            "Keep fewer points of a cell, or choose a larger edge.",
        )
    out = np.zeros((*shape, features.shape[1]), features.dtype)
    kept = row >= 0
    out[row[kept], rank[kept]] = features[kept]
    return out


def occupancy(points: np.ndarray, grid: Grid) -> Represented:
    """How many points each cell of the grid holds: `occupancy` float32 (Z, Y, X), 1 where there is any,
    what a 3D CNN is fed (Qi et al. 2017, "PointNet", figure 10), and `counts` int32 of the same shape.
    """
    x, y, z = grid.shape
    if x * y * z > MOST_NUMBERS:
        raise HeadlightError(
            f"A dense grid of {x:,} × {y:,} × {z:,} cells would not fit into memory.", "Choose a larger edge."
        )
    numbers = grid.numbers(points)
    counts = np.bincount(numbers[numbers != OUTSIDE], minlength=x * y * z).reshape(z, y, x)
    arrays = {"occupancy": (counts > 0).astype(np.float32), "counts": counts.astype(np.int32)}
    return Represented(arrays, numbers, (z, y, x))
