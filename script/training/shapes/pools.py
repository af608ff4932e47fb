"""Points on the surface of every object, sampled once and kept: what augmentation draws from.

    python -m script.training.shapes.pools --out FOLDER [--made 40]

Each split's file holds `points` float16 (objects, POINTS, 3), upright, centred, within the unit ball;
`sides` uint16 (objects, POINTS), of which of DIRECTIONS a point can be seen; `labels` int64 (objects,) and
`names`. Made-up designs are in train alone.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open3d as o3d

from script.training.furniture import mesh
from script.training.mesh import Mesh
from script.training.shapes.designs import made
from script.training.shapes.objects import CLASSES, SPLITS, things

POINTS = 8192
_RINGS = ((10, 8), (45, 6), (89, 1))
DIRECTIONS = np.array(
    [
        (np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up))
        for degrees, count in _RINGS
        for up in [np.radians(degrees)]
        for around in np.arange(count) * 2 * np.pi / count
    ]
)
"""(15, 3): where a scanner may stand."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The objects of one split."""

    points: np.ndarray
    sides: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def sampled(
    model: Mesh, rng: np.random.Generator, count: int = POINTS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(float64 (count, 3) spread evenly over the surface, float64 (count, 3): normals, the triangles)."""
    corners = model.vertices[model.triangles].astype(np.float64)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    whose = rng.choice(len(area), count, p=area / area.sum())
    u, v = rng.random((2, count))
    over = u + v > 1
    u[over], v[over] = 1 - u[over], 1 - v[over]
    a, b, c = (corners[whose, corner] for corner in range(3))
    points = a + u[:, None] * (b - a) + v[:, None] * (c - a)
    return points, cross[whose] / np.maximum(area[whose, None], 1e-30), whose


def seen(model: Mesh, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """uint16 (n,): bit d is set where nothing of the object lies between a point and direction d."""
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(model.vertices.astype(np.float32), model.triangles.astype(np.uint32))
    lift = 1e-3 * np.ptp(model.vertices, axis=0).max()
    sides = np.zeros(len(points), np.uint16)
    for number, way in enumerate(DIRECTIONS):
        facing = np.where((normals @ way)[:, None] < 0, -normals, normals)
        start = points + lift * facing
        rays = np.concatenate([start, np.broadcast_to(way, points.shape)], 1).astype(np.float32)
        free = np.isinf(scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy())
        sides |= free.astype(np.uint16) << number
    return sides


def within(points: np.ndarray) -> np.ndarray:
    """(n, 3) around their mean, the furthest 1 away."""
    centred = points - points.mean(0)
    return centred / max(np.sqrt((centred**2).sum(1).max()), 1e-12)


def write(folder: Path, split: str, count: int) -> None:
    """The pool of a split; of train with `count` made-up designs a class."""
    found = [
        (one.label, one.model.key, lambda one=one: mesh(one.model)) for one in things() if one.split == split
    ]
    if split == "train":
        found += [
            (label, f"{klass} {number}", lambda klass=klass, number=number: made(klass, number))
            for label, klass in enumerate(CLASSES)
            for number in range(count)
        ]
    points, sides = [], []
    for number, (_, _, build) in enumerate(found):
        model = build()
        rng = np.random.default_rng(number)
        where, normals, _ = sampled(model, rng)
        sides.append(seen(model, where, normals))
        points.append(within(where).astype(np.float16))
    np.savez(
        folder / f"{split}.npz",
        points=np.stack(points),
        sides=np.stack(sides),
        labels=np.array([label for label, _, _ in found]),
        names=np.array([name for _, name, _ in found]),
    )
    print(split, len(found), flush=True)


def read(folder: Path, split: str) -> Pool:
    with np.load(folder / f"{split}.npz") as kept:
        return Pool(kept["points"], kept["sides"], kept["labels"], tuple(kept["names"].tolist()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--made", type=int, default=40, help="made-up designs a class")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for split in reversed(SPLITS):
        write(given.out, split, given.made)


if __name__ == "__main__":
    main()
