"""The objects of streets: meshes ready for rays, from the package and from parametric designs, by split.

`objects.csv` has the package's models: class, split, size as in life (the catalogue's own disagree), the side
that the front is on (looked at one by one), licence and author. Models of one design stand in one split.
Parametric designs are numbered; each split has numbers of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import open3d as o3d

from script.training import furniture
from script.training.mesh import GLASS, Mesh, clustered
from script.training.streets import people, vehicles

CLASSES = ("car", "truck", "pedestrian", "cycle")
SPLITS = ("train", "validation", "test")
LIST = Path(__file__).with_name("objects.csv")
QUARTER = {"-y": np.pi / 2, "+x": 0.0, "+y": -np.pi / 2, "-x": np.pi}
DESIGNS = {"train": (0, 160), "validation": (1000, 1000), "test": (2000, 2040)}
"""First number and count of the parametric designs of each class."""
PACKAGED = {"train": (0.35, 0.15, 0.4, 0.15), "validation": (0.6,) * 4, "test": (0.75,) * 4}
"""Share of objects from the package, by class: few in training, where only few of them are."""
MOST = 6_000  # triangles
BUILDS: dict[str, Callable[[np.random.Generator], Mesh]] = {
    "car": vehicles.car,
    "truck": vehicles.truck,
    "pedestrian": people.walker,
    "cycle": people.cycle,
}


@dataclass(frozen=True, eq=False)
class Shape:
    """Faces +x, stands on z = 0, centred in x and y."""

    name: str
    size: np.ndarray  # float32 (3,), length width height in metres
    normals: np.ndarray  # float32 (t, 3), unit
    returns: (
        np.ndarray
    )  # float32 (t,), how much of the object's reflectivity a triangle has: glass has little
    caster: o3d.t.geometry.RaycastingScene


@dataclass(frozen=True)
class Listed:
    key: str
    klass: str
    split: str
    size: tuple[float, float, float]  # length, width, height in metres
    front: str


def shaped(name: str, mesh: Mesh) -> Shape:
    low, high = mesh.box
    mesh = mesh.placed(at=(-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]))
    corners = mesh.vertices[mesh.triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = cross / np.maximum(np.linalg.norm(cross, axis=1), 1e-12)[:, None]
    clear = mesh.palette[mesh.materials, 3] < GLASS
    return Shape(name, high - low, normals, np.where(clear, 0.12, 1.0).astype(np.float32), caster(mesh))


def caster(mesh: Mesh) -> o3d.t.geometry.RaycastingScene:
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(np.ascontiguousarray(mesh.vertices), mesh.triangles.astype(np.uint32))
    return scene


@lru_cache
def listed() -> tuple[Listed, ...]:
    """The rows of objects.csv."""
    with LIST.open(newline="", encoding="utf-8") as file:
        return tuple(
            Listed(
                row["key"],
                row["class"],
                row["split"],
                (float(row["length"]), float(row["width"]), float(row["height"])),
                row["front"],
            )
            for row in csv.DictReader(file)
        )


@lru_cache
def _entries() -> dict[str, tuple[str, str, dict[str, str]]]:
    return {f"{file}#{label}": (file, label, entry) for file, label, entry in furniture.described()}


@lru_cache
def packaged(key: str, size: tuple[float, float, float], front: str = "-y") -> Shape:
    """A model of the package, turned to face +x and brought to its size in life."""
    turned = size if front in ("+x", "-x") else (size[1], size[0], size[2])
    model = furniture.modelled(*_entries()[key], "street", "street", turned)
    mesh = furniture.mesh(model).placed(turn=QUARTER[front])
    return shaped(key, clustered(mesh, MOST))


@lru_cache(maxsize=4096)
def designed(klass: str, number: int) -> Shape:
    """A parametric design."""
    rng = np.random.default_rng([CLASSES.index(klass), number])
    return shaped(f"{klass} {number}", BUILDS[klass](rng))


def drawn(klass: str, split: str, rng: np.random.Generator) -> Shape:
    """Any object of a class and split."""
    known = [row for row in listed() if row.klass == klass and row.split == split]
    if known and rng.random() < PACKAGED[split][CLASSES.index(klass)]:
        row = known[rng.integers(len(known))]
        return packaged(row.key, row.size, row.front)
    first, count = DESIGNS[split]
    return designed(klass, first + int(rng.integers(count)))
