"""Surfaces → points spread evenly over their area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.parts import WHOLE_COPY, Parts, Source, bytes8
from viewer.clouds import guess_frame

SPACING = 0.02
"""Metres between sampled points, about."""
MAX_SAMPLED, MIN_SAMPLED = 1_000_000, 2_000


@dataclass
class Mesh:
    corners: Parts
    """Its vertices, with what they carry."""
    triangles: np.ndarray
    """int (m, 3), indices of vertices"""
    face_colours: np.ndarray | None = None
    """uint8 (m, 3): a triangle's own colour, where its vertices have none."""


def sampled(mesh: Mesh, source: Source) -> Parts:
    """Points of the mesh, as many as its area needs; the same each time."""
    corners, faces = mesh.corners, mesh.triangles
    name, count = source.name, len(corners.points)
    outside = (faces < 0) | (faces >= count)
    if outside.any():
        wrong = int(faces[outside][0])
        raise HeadlightError(
            f"A face of {name} has corner {wrong:,}, and the corners are 0 to {count - 1:,}.", WHOLE_COPY
        )
    source.report(0.7)
    points = corners.points.astype(np.float64)
    a, b, c = (points[faces[:, i]] for i in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    areas[~np.isfinite(areas)] = 0.0
    total = areas.sum()
    if not (np.isfinite(total) and total > 0):
        corners.notices.append(f"The faces of {name} have no area: its corners are read as the points.")
        return corners
    finite = points[np.isfinite(points).all(1)]
    frame, _ = guess_frame(finite, unit=corners.unit, up=corners.up, sure=corners.sure)
    wanted = total * frame.metres_per_unit**2 / SPACING**2
    number = int(np.clip(wanted, MIN_SAMPLED, MAX_SAMPLED))
    random = np.random.default_rng(0)
    # One draw in each equal share of the area spreads them more evenly than free draws.
    places = (np.arange(number) + random.random(number)) * (total / number)
    chosen = np.searchsorted(np.cumsum(areas), places, side="right").clip(max=len(areas) - 1)
    root, along = np.sqrt(random.random(number)), random.random(number)
    weights = np.stack([1 - root, root * (1 - along), root * along], axis=1)
    source.report(0.85)
    corner = faces[chosen]

    def spread(values: np.ndarray) -> np.ndarray:
        return sum(weights[:, i, None] * values[corner[:, i]] for i in range(3))

    colours = None
    if corners.colours is not None:
        colours = np.rint(spread(bytes8(corners.colours).astype(np.float64))).astype(np.uint8)
    elif mesh.face_colours is not None:
        colours = mesh.face_colours[chosen]
    normals = np.cross(b[chosen] - a[chosen], c[chosen] - a[chosen])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Parts(
        spread(points),
        colours,
        normals.astype(np.float32),
        unit=corners.unit,
        up=corners.up,
        sure=corners.sure,
        notices=[
            *corners.notices,
            f"{name} is a mesh of {len(faces):,} triangle{'s' * (len(faces) > 1)}: "
            f"{number:,} points of its surface are read.",
        ],
    )


def triangles(polygons: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """int64 (m, 3) of polygons with any number of corners, or of an array (m, corners)."""
    if isinstance(polygons, list):
        lengths = {len(p) for p in polygons if len(p) >= 3}
        groups = [np.array([p for p in polygons if len(p) == n], np.int64) for n in sorted(lengths)]
    else:
        groups = [polygons] if polygons.shape[1] >= 3 else []
    fans = [
        np.stack([group[:, 0], group[:, i], group[:, i + 1]], axis=1)
        for group in groups
        for i in range(1, group.shape[1] - 1)
    ]
    return np.concatenate(fans) if fans else np.empty((0, 3), np.int64)
