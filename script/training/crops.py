"""Crops of the rooms, as both networks see them in training: chosen, augmented, with their neighbours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.inputs import OWN, features, floor_of
from headlight.models.points.neighbours import Geometry, collate, geometry

CEILING = S3DIS_CLASSES.index("ceiling")
POINTS = 16_384
"""Points of a batch, if not told: one large crop, two or four smaller ones, or PointNet's blocks."""
SPLITS = (1, 2, 2, 4)
"""Full crops that share a batch's points; one is drawn for each batch."""
FEWEST = 2048
"""Points that a thinned room keeps at least."""
BLOCK = 1024
"""Points of a block, which PointNet looks at together: 16 in a batch. The norms of its transforms are over
blocks and need many; with four of 4,096 points what was learnt did not hold with the norms' averages.
"""


@dataclass(frozen=True, eq=False)
class Room:
    """points float32 (n, 3) in metres, z up; colours uint8 (n, 3); labels uint8 (n,)."""

    points: np.ndarray
    colours: np.ndarray
    coloured: bool
    labels: np.ndarray

    @property
    def floor(self) -> float:
        """Height that heights are measured from: the lowest 1 % of the points lie below it."""
        return floor_of(self.points)


@dataclass(frozen=True, eq=False)
class Batch:
    """features float32 [points, 5], labels int64 [points], and the geometry of the crops."""

    features: Tensor
    labels: Tensor
    geometry: Geometry


def read_room(path: Path) -> Room:
    """A room as `make` wrote it."""
    with np.load(path) as file:
        return Room(file["points"], file["colours"], bool(file["coloured"]), file["labels"])


class Folder(Sequence):
    """A folder of rooms, each read when it is asked for: the system keeps them cached for all processes."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.npz"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Room:
        return read_room(self.paths[index])


class Crops(IterableDataset):
    """Batches without end. Rooms that appear in the folder while it runs are taken up.

    neighbours: with the neighbours a Point Transformer needs (one geometry), which PointNet does without.
    """

    def __init__(self, folder: Path, seed: int, points: int = POINTS, neighbours: bool = True) -> None:
        self.folder, self.seed, self.points, self.neighbours = folder, seed, points, neighbours

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        torch.set_num_threads(1)
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        for number in itertools.count():
            if number % 50 == 0:
                rooms = Folder(self.folder)
            yield self.batch(rooms, rng)

    def batch(self, rooms: Sequence[Room], rng: np.random.Generator) -> Batch:
        """One batch: crops of several rooms, at most `points` in all; PointNet's blocks fill it exactly."""
        size = self.points // int(rng.choice(SPLITS)) if self.neighbours else BLOCK
        fewest = FEWEST if self.neighbours else size
        crops, left = [], self.points
        while left >= size / 2:  # sparse crops have fewer points than `size`, and are followed by more
            chosen = drawn(rooms, fewest, rng)
            crops.append(crop(chosen, min(size, left), rng, min(fewest, left)))
            left -= len(crops[-1][0])
        return Batch(
            torch.from_numpy(np.concatenate([c[1] for c in crops])),
            torch.from_numpy(np.concatenate([c[2] for c in crops])),
            collate([geometry(c[0]) for c in crops])
            if self.neighbours
            else torch.from_numpy(np.stack([c[0] for c in crops])),
        )


def drawn(rooms: Sequence[Room], fewest: int, rng: np.random.Generator) -> Room:
    """A random room with at least so many points; ValueError if no room has them."""
    for index in rng.permutation(len(rooms)):
        if len((room := rooms[index]).points) >= fewest:
            return room
    raise ValueError(f"No room has {fewest} points: make rooms with script.training.make first.")


def crop(
    room: Room, size: int, rng: np.random.Generator, fewest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(points (n, 3), features (n, 5), labels (n,)): the columns of space around a chosen point.

    n is `size`, or what the room has (after it was thinned) if that is less; never below `fewest`.
    The point is mostly of a class drawn evenly from those in the room, so that rare ones are seen often.
    """
    points, colours, labels = room.points, room.colours, room.labels
    floor = room.floor
    if rng.random() < 0.1:  # a scan without its ceiling, as many are shown
        kept = labels != CEILING
        if kept.sum() >= fewest:
            points, colours, labels = points[kept], colours[kept], labels[kept]
    if len(points) > 1.3 * fewest and rng.random() < 0.3:  # a sparser scan, down to one point in 0.16 m
        share = np.exp(rng.uniform(np.log(max(0.06, 1.2 * fewest / len(points))), 0))
        keep = rng.random(len(points)) < share
        if keep.sum() >= fewest:
            points, colours, labels = points[keep], colours[keep], labels[keep]
    size = min(size, len(points))
    if rng.random() < 0.75:
        wanted = rng.choice(np.unique(labels))
        centre = points[rng.choice(np.flatnonzero(labels == wanted))]
    else:
        centre = points[rng.integers(len(points))]
    squared = ((points - centre) ** 2 * (1, 1, rng.choice([0.0, 0.0, 0.3]))).sum(1)
    chosen = np.argpartition(squared, size - 1)[:size]
    rng.shuffle(chosen)
    moved = augment_points(points[chosen] - (0, 0, floor), rng)
    coloured = room.coloured and rng.random() > 0.2
    rgb = 255 * augment_colours(colours[chosen] / np.float32(255), rng) if coloured else None
    seen = features(moved, rgb, OWN, floor=rng.normal(0, 0.03))
    return moved, seen, labels[chosen].astype(np.int64)


def augment_points(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turned about the vertical, mirrored, scaled by up to a tenth, a little tilted and shaken."""
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    mirror = rng.choice([-1, 1])
    turn = np.array([[mirror * cos, sin, 0], [-mirror * sin, cos, 0], [0, 0, 1]])
    turn[:, 2] += rng.normal(0, rng.choice([0.005, 0.005, 0.025]), 3) * (1, 1, 0)
    scale = rng.uniform(0.9, 1.1) * np.array([1, 1, rng.uniform(0.95, 1.05)])
    shake = rng.normal(0, rng.choice([0.002, 0.005, 0.008, 0.013, 0.02]), points.shape)
    centred = points - (*points[:, :2].mean(0), 0)
    return ((centred @ turn) * scale + np.clip(shake, -0.04, 0.04)).astype(np.float32)


def augment_colours(colours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Contrast, brightness and tint changed, noise added; sometimes stretched to the full range."""
    if rng.random() < 0.2:
        low, high = colours.min(0), colours.max(0)
        blend = rng.random()
        colours = blend * colours + (1 - blend) * (colours - low) / np.maximum(high - low, 1 / 255)
    tint = rng.uniform(0.85, 1.15) * rng.uniform(0.93, 1.07, 3)
    moved = colours * tint + rng.normal(0, 0.04) + rng.normal(0, 0.02, colours.shape)
    return np.clip(moved, 0, 1).astype(np.float32)
