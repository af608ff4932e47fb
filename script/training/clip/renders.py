"""Views of every object, cast once and kept.

    python -m script.training.clip.renders --out FOLDER

FOLDER/views.npy is uint8 (views, SIZE, SIZE, 4): colour times opacity, and opacity. FOLDER/views.csv names
each view's object. An object faces -y and is seen from the half in front of it, from a little above; it fills
the frame.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import open3d as o3d

from script.training.clip.objects import Object, objects
from script.training.mesh import Mesh

SIZE = 80
"""Pixels of a kept view's side; four rays a pixel."""
VIEWS = {"train": 24, "validation": 8, "test": 8}
OTHERS = 8
"""Views of made-up objects and of those without a class."""
CLEAR = 0.95
"""Opacity below which what lies behind is seen."""

Rng = np.random.Generator


def view(model: Mesh, rng: Rng, size: int = SIZE) -> np.ndarray:
    """uint8 (size, size, 4): the object from a random place in front of it, premultiplied by its opacity."""
    around, up = rng.uniform(-1.15, 1.15), rng.uniform(0.05, 0.6)
    return np.round(255 * look(model, around, up, rng.uniform(-0.9, 0.9), size)).astype(np.uint8)


def look(model: Mesh, around: float, up: float, light: float, size: int) -> np.ndarray:
    """float32 (size, size, 4), 0 to 1, premultiplied. Angles in radians: of the camera about the vertical and
    above the floor, and of the light from the camera's own side.
    """
    low, high = model.box
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    back = np.array([np.sin(around) * np.cos(up), -np.cos(around) * np.cos(up), np.sin(up)])
    right = np.array([np.cos(around), np.sin(around), 0])
    above = np.cross(back, right)
    eye = middle + 3.2 * radius * back
    seen = (model.vertices - eye) @ np.stack([right, above, -back], 1)
    flat = seen[:, :2] / seen[:, 2:]
    least, most = flat.min(0), flat.max(0)
    centre, reach = (least + most) / 2, float((most - least).max()) * 0.52
    grid = (np.arange(2 * size) + 0.5) / size - 1
    x, y = np.meshgrid(centre[0] + reach * grid, centre[1] - reach * grid)
    ways = (x[..., None] * right + y[..., None] * above - back).reshape(-1, 3)
    sun = np.array([np.sin(around + light) * 0.7, -np.cos(around + light) * 0.7, 0.7])
    colour = _cast(model, eye, ways, sun)
    return colour.reshape(size, 2, size, 2, 4).mean((1, 3)).astype(np.float32)


def _cast(model: Mesh, eye: np.ndarray, ways: np.ndarray, sun: np.ndarray) -> np.ndarray:
    """(rays, 4), premultiplied; glass lies over what is behind it."""
    opacity = model.palette[model.materials, 3]
    solid, glass = opacity >= CLEAR, opacity < CLEAR
    front, far = _layer(model, solid, eye, ways, sun)
    if glass.any():
        pane, near = _layer(model, glass, eye, ways, sun)
        over = near < far
        front = np.where(over[:, None], pane + (1 - pane[:, 3:]) * front, front)
    return front


def _layer(
    model: Mesh, which: np.ndarray, eye: np.ndarray, ways: np.ndarray, sun: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(rays, 4), premultiplied, and the distance (rays,) of some triangles."""
    colour = np.zeros((len(ways), 4))
    if not which.any():
        return colour, np.full(len(ways), np.inf)
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(model.vertices.astype(np.float32), model.triangles[which].astype(np.uint32))
    rays = np.concatenate([np.broadcast_to(eye, ways.shape), ways], 1).astype(np.float32)
    hits = scene.cast_rays(o3d.core.Tensor(rays), nthreads=1)
    distance = hits["t_hit"].numpy()
    hit = np.isfinite(distance)
    normal = hits["primitive_normals"].numpy()[hit]
    normal = np.where(((normal * ways[hit]).sum(1) > 0)[:, None], -normal, normal)
    bright = 0.5 + 0.4 * np.clip(normal @ sun, 0, None) + 0.12 * np.clip(normal[:, 2], 0, None)
    paint = model.palette[model.materials[which][hits["primitive_ids"].numpy()[hit]]]
    opaque = np.clip(paint[:, 3:], 0.25, 1)
    colour[hit] = np.concatenate([np.clip(paint[:, :3] * bright[:, None], 0, 1) * opaque, opaque], 1)
    return colour, distance


def views_of(one: Object) -> int:
    return VIEWS[one.split] if one.klass and one.model else OTHERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found, owners = [], []
    for number, one in enumerate(objects()):
        try:
            model = one.mesh()
        except (KeyError, ValueError, IndexError) as error:
            print("left out", one.key, error, flush=True)
            continue
        rng = np.random.default_rng(number)
        for _ in range(views_of(one)):
            found.append(view(model, rng))
            owners.append(one.key)
        if number % 100 == 0:
            print(number, len(found), flush=True)
    np.save(given.out / "views.new.npy", np.stack(found))
    with (given.out / "views.csv").open("w", newline="") as file:
        csv.writer(file).writerows([owner] for owner in owners)
    (given.out / "views.new.npy").replace(given.out / "views.npy")
    print(len(found), "views", flush=True)


if __name__ == "__main__":
    main()
