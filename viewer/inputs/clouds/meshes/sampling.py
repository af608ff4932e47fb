"""Surfaces → points spread over their area, by trimesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import WHOLE_COPY, Parts, bytes8
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.guess import guess_frame

SPACING = 0.02
"""Metres between sampled points, about."""
MAX_SAMPLED, MIN_SAMPLED = 1_000_000, 2_000
PLAIN = (180, 180, 180)
"""The colour of surfaces without one, where others have one."""
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
    """uint8 (m, 3): a face's own colour, where its vertices have none."""
    paint: Paint | None = None
    """Pictures that the faces are covered with, which go before all other colours."""


@dataclass
class Paint:
    """Textures of the faces, which have three corners each."""

    pictures: list[np.ndarray]
    """uint8 (height, width, 3) each, the first row on top."""
    which: np.ndarray
    """int (m,): which picture covers a face, -1 for none."""
    places: np.ndarray
    """float (m, 3, 2): where its corners lie in it, from the lower left corner, in widths and heights."""

    def over(self, faces: np.ndarray, weights: np.ndarray, colours: np.ndarray) -> np.ndarray:
        """uint8 (n, 3): the colours of points in faces by the weights (n, 3) of their corners."""
        at = np.einsum("nk,nkc->nc", weights, self.places[faces])
        at = np.nan_to_num(at, posinf=0.0, neginf=0.0) % 1.0  # beyond its edges a texture goes on
        painted = colours.copy()
        for number, picture in enumerate(self.pictures):
            here = self.which[faces] == number
            height, width = picture.shape[:2]
            column = np.minimum((at[here, 0] * width).astype(int), width - 1)
            row = np.minimum(((1 - at[here, 1]) * height).astype(int), height - 1)
            painted[here] = picture[row, column]
        return painted


def check_faces(name: str, count: int) -> None:
    if count > MAX_FACES:
        raise HeadlightError(
            f"{name} has {count:,} faces, and meshes are read up to {MAX_FACES:,}.",
            "Reduce it and try again.",
        )


def triangulated(faces: np.ndarray | Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(triangles int (t, 3), of which face each is): fans around each face's first corner."""
    if isinstance(faces, np.ndarray) and faces.ndim == 2:
        groups = [(np.arange(len(faces)), faces)]
    else:
        lengths = np.fromiter(map(len, faces), int, len(faces))
        groups = []
        for length in np.unique(lengths[lengths >= 3]):
            owners = np.flatnonzero(lengths == length)
            groups.append((owners, np.array([faces[i] for i in owners])))
    cut = [np.empty((0, 3), np.int64)]
    whose = [np.empty(0, np.int64)]
    for owners, same in groups:
        for k in range(1, same.shape[1] - 1):
            cut.append(same[:, [0, k, k + 1]].astype(np.int64))
            whose.append(owners)
    order = np.argsort(np.concatenate(whose), kind="stable")
    return np.concatenate(cut)[order], np.concatenate(whose)[order]


def sampled(mesh: Mesh, source: Source) -> Parts:
    """Points of the mesh, as many as its area needs, the same each time; its corners if it has no area."""
    import trimesh

    corners, name, count = mesh.corners, source.name, len(mesh.corners.points)
    source.report(1.0)
    faces, owner = triangulated(mesh.faces)
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
    colours = None if mesh.face_colours is None else mesh.face_colours[owner[chosen]]
    if corners.colours is not None:
        shades = bytes8(corners.colours)[faces[chosen]]
        colours = np.rint(np.einsum("nk,nkc->nc", weights, shades)).astype(np.uint8)
    if mesh.paint is not None:
        plain = np.full((len(points), 3), PLAIN, np.uint8) if colours is None else colours
        colours = mesh.paint.over(owner[chosen], weights, plain)
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
