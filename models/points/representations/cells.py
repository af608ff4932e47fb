"""Boxes of one size in a range of space, and how points come to lie in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.represented import DROPPED, OUTSIDE

MOST_CELLS = 1 << 40
"""Cells of a grid from which on their numbers are no use: an edge was given in another unit."""
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Grid:
    """low, high, edge: metres along x, y, z. A point is inside where low ≤ p < high on each axis."""

    low: Triple
    high: Triple
    edge: Triple

    def __post_init__(self) -> None:
        sides = np.array([self.low, self.high, self.edge], float)
        if not np.isfinite(sides).all() or (sides[2] <= 0).any() or (sides[1] <= sides[0]).any():
            raise HeadlightError(
                "A grid needs edges above zero and a range that is not empty.",
                "Choose the edge in metres, and the lower end of the range before the higher.",
            )
        with np.errstate(over="ignore"):
            cells = np.prod(np.maximum((sides[1] - sides[0]) / sides[2], 1))
        if cells > MOST_CELLS:
            edge = " × ".join(f"{one:g}" for one in self.edge)
            raise HeadlightError(
                f"Cells of {edge} m would be more than {MOST_CELLS:,} in this range.", "Choose a larger edge."
            )

    @classmethod
    def around(cls, points: np.ndarray, edge: Triple) -> Grid:
        """The grid from the corner of the points (n, 3) that has all of them inside."""
        if not len(points):
            return cls((0.0, 0.0, 0.0), edge, edge)
        low, high = box_of(points)
        with np.errstate(divide="ignore", invalid="ignore"):  # edges of zero are refused below
            size = (np.floor((high - low) / edge) + 1) * edge
        upper = np.maximum(low + size, np.nextafter(high, np.inf))
        return cls(_triple(low), _triple(upper), edge)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Cells along x, y and z. A range that is no multiple of the edge has a last cell that is cut."""
        spans = (np.subtract(self.high, self.low)) / self.edge
        x, y, z = np.maximum(np.ceil(spans - 1e-6), 1).astype(int).tolist()
        return x, y, z

    def places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """float (n, 3) → (int64 (n, 3) along x, y, z; bool (n,) whether inside).

        Places of what is outside mean nothing. By floor, not by cutting: below zero these differ. In float64,
        so that a point on a border falls to the cell above it.
        """
        inside, places = np.ones(len(points), bool), np.empty((len(points), 3), np.int64)
        for axis, count in enumerate(self.shape):  # numpy is slow along an axis of three
            where = points[:, axis].astype(np.float64)
            inside &= (where >= self.low[axis]) & (where < self.high[axis])
            with np.errstate(invalid="ignore"):
                place = np.floor((where - self.low[axis]) / self.edge[axis])
            places[:, axis] = np.clip(np.nan_to_num(place), 0, count - 1)
        return places, inside

    def numbers(self, points: np.ndarray) -> np.ndarray:
        """int64 (n,): the cell of each point, (z · ny + y) · nx + x, or OUTSIDE."""
        places, inside = self.places(points)
        x, y, _ = self.shape
        numbers = (places[:, 2] * y + places[:, 1]) * x + places[:, 0]
        return np.where(inside, numbers, OUTSIDE)

    def unravelled(self, numbers: np.ndarray) -> np.ndarray:
        """int64 (m, 3): cells as places along z, y, x, the order in which networks' coordinates are."""
        x, y, z = self.shape
        return np.stack(np.unravel_index(numbers, (z, y, x)), axis=1).astype(np.int64)

    def centres(self, numbers: np.ndarray) -> np.ndarray:
        """float64 (m, 3): the middles of these cells, x y z in metres."""
        return np.asarray(self.low) + (self.unravelled(numbers)[:, ::-1] + 0.5) * np.asarray(self.edge)


def box_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float64 (3,) and (3,): the corners of the box of points (n, 3), of which there are some."""
    low, high = (np.array([of(points[:, axis]) for axis in range(3)], float) for of in (np.min, np.max))
    return low, high


@dataclass(frozen=True, eq=False)
class Listed:
    """The occupied cells of a grid, one after another, and who lies in them.

    numbers: int64 (V,), cells of the grid. row: int64 (N,), the place in that list of every point, or OUTSIDE
    or DROPPED. rank: int64 (N,), how many points were before it in its cell. counts: int64 (V,), kept.
    """

    numbers: np.ndarray
    row: np.ndarray
    rank: np.ndarray
    counts: np.ndarray


def listed(numbers: np.ndarray, most_points: int | None = None, most_cells: int | None = None) -> Listed:
    """Cells in the order in which the file first comes to them.

    numbers: as of `Grid.numbers`. most_points, most_cells: hard voxelisation (Zhou and Tuzel 2018, VoxelNet,
    section 2.1.1, as the published readers do it): the first points of a cell and the first cells are kept,
    so that the order of the file decides; dynamic (Zhou et al. 2020) without: all are.
    """
    inside = np.flatnonzero(numbers >= 0)
    found, first, group = np.unique(numbers[inside], return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    row, rank = np.full(len(numbers), OUTSIDE, np.int64), np.zeros(len(numbers), np.int64)
    rows = place[group]
    rank[inside] = _ranks(rows)
    kept = np.ones(len(inside), bool)
    if most_points is not None:
        kept &= rank[inside] < most_points
    if most_cells is not None:
        kept &= rows < most_cells
    row[inside] = np.where(kept, rows, DROPPED)
    cells = found[order][:most_cells]
    return Listed(cells, row, rank, np.bincount(rows[kept], minlength=len(cells)))


def _ranks(rows: np.ndarray) -> np.ndarray:
    """int64 (n,): how often each value came before."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(rows) else np.empty(0, int)
    sizes = np.diff(starts, append=len(rows))
    ranks = np.empty(len(rows), np.int64)
    ranks[order] = np.arange(len(rows)) - np.repeat(starts, sizes)
    return ranks


def mean_of(rows: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """float64 (count, F): the mean of values (N, F) in each row; points with a negative row have no part."""
    kept = rows >= 0
    counts = np.maximum(np.bincount(rows[kept], minlength=count), 1)
    sums = [np.bincount(rows[kept], column[kept].astype(np.float64), count) for column in values.T]
    return np.stack(sums, axis=1) / counts[:, None]


def _triple(values: np.ndarray) -> Triple:
    x, y, z = values.tolist()
    return x, y, z
