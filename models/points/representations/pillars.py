"""Pillars and the bird's-eye view: PointPillars (Lang et al. 2019, section 2.1) and what followed it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.cells import Grid, listed, mean_of
from headlight.models.points.representations.represented import Represented
from headlight.models.points.representations.voxels import MOST_NUMBERS, Hard, Published, filled

Centre = Literal["xy", "xyz"]
"""Offsets from the middle of the pillar: of x and y (nutonomy), or of z too (OpenPCDet, mmdet3d)."""


PUBLISHED = {
    "kitti": Published(Grid((0.0, -39.68, -3.0), (69.12, 39.68, 1.0), (0.16, 0.16, 4.0)), Hard(32, 40_000)),
    "nuscenes": Published(Grid((-51.2, -51.2, -5.0), (51.2, 51.2, 3.0), (0.2, 0.2, 8.0)), Hard(20, 40_000)),
    "waymo": Published(
        Grid((-74.88, -74.88, -2.0), (74.88, 74.88, 4.0), (0.32, 0.32, 6.0)), Hard(20, 60_000)
    ),
}
"""The ranges of PointPillars on KITTI and of CenterPoint on nuScenes and Waymo, as their files have them."""


def pillars(
    points: np.ndarray, features: np.ndarray, grid: Grid, hard: Hard | None = None, centre: Centre = "xyz"
) -> Represented:
    """The occupied pillars of points (N, 3) with features (N, F), of which x y z are the first.

    Every point is fed with its features, its offset from the mean of the pillar's kept points and from the
    pillar's middle: F + 5 or F + 6 numbers. Arrays: `coordinates` int32 (P, 3), z y x; `counts` int32 (P,);
    with `hard`, `pillars` float32 (P, T, F + 5 or 6), zeros after the kept points; without, `points` float32
    (kept, F + 5 or 6) with `pillar` int64 (kept,), the row of each. `canvas` int32 (ny, nx): the row of each
    place of the bird's-eye view, −1 where there is none; rows are y, the first is the smallest.
    """
    z = grid.shape[2]
    if z != 1:
        raise HeadlightError(
            f"Pillars are one cell high, and this range is {z:,} high.",
            "Choose the range's whole height as the edge along z.",
        )
    numbers = grid.numbers(points)
    found = listed(numbers, *((hard.most_points, hard.most_cells) if hard else ()))
    decorated = decorate(points, features, found.row, found.numbers, grid, centre)
    arrays = {
        "coordinates": grid.unravelled(found.numbers).astype(np.int32),
        "counts": found.counts.astype(np.int32),
        "canvas": canvas(np.arange(len(found.numbers), dtype=np.int32), found.numbers, grid, -1),
    }
    kept = found.row >= 0
    if hard is not None:
        shape = len(found.numbers), hard.most_points
        arrays["pillars"] = filled(found.row, found.rank, decorated, shape)
    else:
        arrays |= {"points": decorated[kept], "pillar": found.row[kept]}
    return Represented(arrays, found.row, (len(found.numbers),))


def decorate(
    points: np.ndarray, features: np.ndarray, row: np.ndarray, numbers: np.ndarray, grid: Grid, centre: Centre
) -> np.ndarray:
    """float32 (N, F + 5 or 6): features, offsets from the kept points' mean and from the middle."""
    where = points.astype(np.float64)
    kept = np.maximum(row, 0)
    if not len(numbers):
        return np.zeros((len(points), features.shape[1] + (6 if centre == "xyz" else 5)), np.float32)
    mean = mean_of(row, where, len(numbers))
    middle = grid.centres(numbers)[:, : len(centre)]
    parts = features, where - mean[kept], where[:, : len(centre)] - middle[kept]
    return np.concatenate(parts, axis=1).astype(features.dtype)


def canvas(values: np.ndarray, numbers: np.ndarray, grid: Grid, empty: float = 0) -> np.ndarray:
    """(P, ...) of pillars → (ny, nx, ...): each at its place of the bird's-eye view (section 2.1)."""
    x, y, _ = grid.shape
    if x * y * int(np.prod(values.shape[1:])) > MOST_NUMBERS:
        raise HeadlightError(
            f"A bird's-eye view of {x:,} × {y:,} would not fit into memory.", "Choose a larger edge."
        )
    out = np.full((x * y, *values.shape[1:]), empty, values.dtype)
    out[numbers] = values
    return out.reshape(y, x, *values.shape[1:])


def birds_eye(points: np.ndarray, features: np.ndarray, grid: Grid) -> Represented:
    """The view from above, no network in it. Arrays (ny, nx): `counts` int32, `highest`, `lowest` and `mean`
    float32 of z in metres, NaN where there is no point, and, of four features or more, `intensity`, the mean.
    """
    x, y, _ = grid.shape
    flat = Grid(grid.low, grid.high, (*grid.edge[:2], grid.high[2] - grid.low[2]))
    numbers = flat.numbers(points)
    kept = numbers >= 0
    cells, heights = numbers[kept], points[kept, 2].astype(np.float32)
    counts = np.bincount(cells, minlength=x * y)
    highest, lowest = np.full(x * y, -np.inf, np.float32), np.full(x * y, np.inf, np.float32)
    np.maximum.at(highest, cells, heights)
    np.minimum.at(lowest, cells, heights)
    arrays = {"counts": counts.astype(np.int32), "highest": highest, "lowest": lowest}
    named = {"mean": 2, "intensity": 3} if features.shape[1] > 3 else {"mean": 2}
    for name, column in named.items():
        arrays[name] = mean_of(numbers, features[:, [column]], x * y)[:, 0].astype(np.float32)
    for name in ("highest", "lowest", *named):
        arrays[name][counts == 0] = np.nan
    return Represented({name: value.reshape(y, x) for name, value in arrays.items()}, numbers, (y, x))
