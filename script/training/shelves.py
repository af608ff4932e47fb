"""Books and boxes for the shelves of a model, which stand empty in the package."""

from __future__ import annotations

import itertools

import numpy as np
import open3d as o3d

from script.training.mesh import Builder, Mesh, join
from script.training.parametric import Rng, colour, fill_compartment

STEP = 0.04  # metres between the probes along a shelf


def filled(mesh: Mesh, rng: Rng, full: float) -> Mesh:
    """The mesh with things in a share of its open compartments. It must stand on z = 0 and face -y."""
    build = Builder()
    books = [colour(rng, "fabric") for _ in range(12)]
    (_, y0, _), (_, y1, _) = mesh.box
    for left, right, low, high in compartments(mesh):
        if rng.random() < full:
            fill_compartment(build, rng, (left, right), low + 0.002, high - low, (y1 - y0) / 2, books)
    if not build.count:
        return mesh
    things = build.mesh().placed(at=(0, (y0 + y1) / 2, 0))
    return join([mesh, things])


def compartments(mesh: Mesh) -> list[tuple[float, float, float, float]]:
    """Where something can stand: (left, right, level, top), found by rays upwards and from the front."""
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(mesh.vertices.astype(np.float32), mesh.triangles.astype(np.uint32))
    (x0, y0, _), (x1, y1, z1) = mesh.box
    across = np.arange(x0 + STEP / 2, x1, STEP)
    middle = (y0 + y1) / 2
    up = np.array([[x, middle, -0.5, 0, 0, 1] for x in across], np.float32)
    found = scene.list_intersections(o3d.core.Tensor(up))
    owner, heights = found["ray_ids"].numpy(), found["t_hit"].numpy() - 0.5
    spans: dict[tuple[int, int], list[int]] = {}
    for index in range(len(across)):
        levels = np.sort(heights[owner == index])
        for low, high in itertools.pairwise(levels):
            if 0.16 < high - low < 0.6 and high < z1 + 0.01:
                spans.setdefault((round(float(low) / 0.01), round(float(high) / 0.01)), []).append(index)
    open_: list[tuple[float, float, float, float]] = []
    for (low, high), columns in spans.items():
        height = (low + high) * 0.005
        rays = np.array([[across[column], y0 - 0.1, height, 0, 1, 0] for column in columns], np.float32)
        depth = scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy()
        free = [column for column, deep in zip(columns, depth, strict=True) if deep > 0.1 + 0.6 * (y1 - y0)]
        for run in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1) if free else ():
            if len(run) * STEP > 0.15:
                left, right = across[run[0]] - STEP / 2 + 0.01, across[run[-1]] + STEP / 2 - 0.01
                open_.append((float(left), float(right), low * 0.01, high * 0.01))
    return open_
