"""Boxes of cells cut out of the rooms, as the 3D CNN sees them in training."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from headlight.models.points.representations.cells import Grid, Triple
from headlight.models.points.representations.represented import OUTSIDE
from headlight.models.points.representations.voxels import occupancy
from script.training.crops import CEILING, FEWEST, Folder, Room, augment_points, drawn

EDGE = 0.12
"""Metres of a cell: with the labels of most of their points the cells of the validation rooms have an mIoU of
0.914, of 0.1 m 0.932, and these cost 0.6 of the time."""
CELLS = (32, 32, 24)
"""Of a crop along x, y, z: nearly 4 m of a room, from its floor to its ceiling."""


@dataclass(frozen=True, eq=False)
class Batch:
    """occupancy float32 [1, Z, Y, X]; cells int64 [m], the occupied ones; owner int64 [n], which of the m
    each point lies in; labels int64 [n]."""

    occupancy: Tensor
    cells: Tensor
    owner: Tensor
    labels: Tensor


class Boxes(IterableDataset):
    """Batches of one crop, without end. Rooms that appear in the folder while it runs are taken up."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        rng = np.random.default_rng([self.seed, 5])
        for number in itertools.count():
            if number % 50 == 0:
                rooms = Folder(self.folder)
            yield self.batch(rooms, rng)

    def batch(self, rooms: Sequence[Room], rng: np.random.Generator) -> Batch:
        """One crop of a random room."""
        while True:
            points, labels = crop(drawn(rooms, FEWEST, rng), rng)
            low, size = corner(rng), np.multiply(CELLS, EDGE)
            found = occupied(points, Grid(_triple(low), _triple(low + size), (EDGE, EDGE, EDGE)))
            if found is not None:
                grid, cells, owner, kept = found
                return Batch(
                    torch.from_numpy(grid)[None],
                    torch.from_numpy(cells),
                    torch.from_numpy(owner),
                    torch.from_numpy(labels[kept]),
                )


def occupied(points: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """(occupancy, the numbers of the m occupied cells, of each point inside which of the m, which points
    those are); None where fewer than two cells are occupied."""
    made = occupancy(points, grid)
    kept = np.flatnonzero(made.cell != OUTSIDE)
    cells, owner = np.unique(made.cell[kept], return_inverse=True)
    return (made.arrays["occupancy"], cells, owner, kept) if len(cells) > 1 else None


def corner(rng: np.random.Generator) -> np.ndarray:
    """float (3,): the lowest corner of a crop about (0, 0) whose room has its floor at 0."""
    half = CELLS[0] * EDGE / 2
    return np.array([*(rng.uniform(-EDGE, 0, 2) - half), -EDGE * rng.uniform(0.5, 3.5)])


def crop(room: Room, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(points (n, 3), labels int64 (n,)) around a chosen point, whose x and y are (nearly) zero.

    It is mostly of a class drawn evenly from those in the room, so that rare ones are seen often. Scans
    without a ceiling, and sparser ones, are among them, as for the point networks.
    """
    points, labels, floor = room.points, room.labels, room.floor
    kept = np.ones(len(points), bool)
    if rng.random() < 0.1:
        kept &= labels != CEILING
    if rng.random() < 0.3:
        kept &= rng.random(len(points)) < np.exp(rng.uniform(np.log(0.25), 0))
    chosen = np.flatnonzero(kept) if kept.sum() >= FEWEST else np.arange(len(points))
    if rng.random() < 0.75:
        wanted = rng.choice(np.unique(labels[chosen]))
        centre = points[rng.choice(chosen[labels[chosen] == wanted])]
    else:
        centre = points[rng.choice(chosen)]
    moved = points[chosen] - np.float32([*centre[:2], floor])
    near = np.abs(moved[:, :2]).max(1) < CELLS[0] * EDGE  # before it is turned
    moved, labels = moved[near], labels[chosen][near]
    turned = augment_points(np.vstack([moved, np.zeros((1, 3))]), rng)  # which moves the mean to zero
    return turned[:-1] - turned[-1] * np.float32([1, 1, 0]), labels.astype(np.int64)


def _triple(values: np.ndarray) -> Triple:
    x, y, z = values.tolist()
    return x, y, z
