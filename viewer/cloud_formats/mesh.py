"""Surfaces → points spread over their area, by trimesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.parts import WHOLE_COPY, Parts, Source, bytes8
from viewer.clouds import guess_frame

SPACING = 0.02
"""Metres between sampled points, about."""
MAX_SAMPLED, MIN_SAMPLED = 1_000_000, 2_000
MAX_FACES = 20_000_000
_ROWS = 1 << 20
"""Triangles"""


@dataclass
class Mesh:
    corners: Parts
    """Its vertices, with what they carry."""
    faces: np.ndarray | Sequence[np.ndarray]
    """int (m, k), or m arrays of any length: indices of vertices"""
    face_colours: np.ndarray | None = None
    """uint8 (m, 3): a triangle's own colour, where its vertices have none."""


def check_faces(name: str, count: int) -> None:
    if count > MAX_FACES:
        raise HeadlightError(
            f"{name} has {count:,} faces, and meshes are read up to {MAX_FACES:,}.",
            "Reduce it and try again.",
        )


def sampled(mesh: Mesh, source: Source) -> Parts:
    """Points of the mesh, as many as its area needs, the same each time; its corners if it has no area."""
    import trimesh

    corners, name, count = mesh.corners, source.name, len(mesh.corners.points)
    source.report(1.0)
    faces = trimesh.geometry.triangulate_quads(mesh.faces).reshape(-1, 3)
    check_faces(name, len(faces))
    if not len(faces):
        corners.notices.append(f"{name} has no faces: its corners are read as the points.")
        return corners
    outside = (faces < 0) | (faces >= count)
    if outside.any():
        wrong = int(faces[outside][0])
        raise HeadlightError(
            f"A face of {name} has corner {wrong:,}, and the corners are 0 to {count - 1:,}.", WHOLE_COPY
        )

    def cut(part: np.ndarray) -> np.ndarray:
        return corners.points[part].astype(np.float64)

    # A chunk at a time, for the memory and for a look at the task.
    chunks = [faces[at : at + _ROWS] for at in range(0, len(faces), _ROWS)]
    areas = []
    for chunk in chunks:
        source.report(1.0)
        areas.append(np.nan_to_num(trimesh.triangles.area(cut(chunk)), posinf=0.0))
    until = np.cumsum([0.0, *(part.sum() for part in areas)])
    total = until[-1]
    if not (np.isfinite(total) and total > 0):
        corners.notices.append(f"The faces of {name} have no area: its corners are read as the points.")
        return corners
    finite = corners.points[np.isfinite(corners.points).all(1)]
    frame, _ = guess_frame(finite, unit=corners.unit, up=corners.up, sure=corners.sure)
    number = int(np.clip(total * frame.metres_per_unit**2 / SPACING**2, MIN_SAMPLED, MAX_SAMPLED))
    made = []
    for i, share in enumerate(np.diff(np.rint(until / total * number).astype(int))):
        source.report(1.0)
        alone = np.arange(chunks[i].size).reshape(-1, 3)
        piece = trimesh.Trimesh(cut(chunks[i]).reshape(-1, 3), alone, process=False)
        points, chosen, weights = trimesh.sample.sample_surface(
            piece, share, face_weight=areas[i], return_barycentric=True, seed=i
        )
        made.append((points, chosen + i * _ROWS, weights))
    points, chosen, weights = map(np.concatenate, zip(*made, strict=True))
    normals = trimesh.util.unitize(trimesh.triangles.cross(cut(faces[chosen])))
    colours = None if mesh.face_colours is None else mesh.face_colours[chosen]
    if corners.colours is not None:
        shades = bytes8(corners.colours)[faces[chosen]]
        colours = np.rint(np.einsum("nk,nkc->nc", weights, shades)).astype(np.uint8)
    return Parts(
        points,
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
