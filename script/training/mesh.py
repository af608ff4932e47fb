"""Triangles with a colour each, and the boxes and cylinders that everything parametric is made of.

Metres, z up. A piece of furniture stands on z = 0, centred in x and y, and faces -y: its back is at +y.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

GLASS = 0.6  # opacity below which a material is glass to a scanner


@dataclass(frozen=True, eq=False)
class Mesh:
    vertices: np.ndarray  # float32 (v, 3)
    triangles: np.ndarray  # int32 (t, 3)
    materials: np.ndarray  # int16 (t,), rows of the palette
    palette: np.ndarray  # float32 (m, 4), red green blue opacity, 0 to 1

    @property
    def box(self) -> np.ndarray:
        """float32 (2, 3), the lowest and the highest corner."""
        return np.stack([self.vertices.min(0), self.vertices.max(0)])

    def placed(self, scale=(1.0, 1.0, 1.0), turn: float = 0.0, at=(0.0, 0.0, 0.0)) -> Mesh:
        """Scaled (a negative factor mirrors), then turned about z by `turn` radians, then moved."""
        c, s = np.cos(turn), np.sin(turn)
        rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        vertices = (self.vertices * np.asarray(scale)) @ rotation.T + np.asarray(at)
        return Mesh(vertices.astype(np.float32), self.triangles, self.materials, self.palette)

    def warped(self, taper=(0.0, 0.0), lean: float = 0.0, bulge: float = 0.0) -> Mesh:
        """Another shape of the same build, standing on the same floor.

        taper: what x and y gain from the lowest point to the highest, as a share; lean: how far the top moves
        back, as a share of the height; bulge: what x and y gain at half the height.
        """
        low, high = self.box[:, 2]
        up = ((self.vertices[:, 2] - low) / max(high - low, 1e-6))[:, None]  # 0 to 1
        vertices = self.vertices.copy()
        vertices[:, :2] *= (1 + up * np.asarray(taper)) * (1 + 4 * bulge * up * (1 - up))
        vertices[:, 1] += lean * (high - low) * up[:, 0] ** 2
        return Mesh(vertices.astype(np.float32), self.triangles, self.materials, self.palette)

    def recoloured(self, palette: np.ndarray) -> Mesh:
        return Mesh(self.vertices, self.triangles, self.materials, palette.astype(np.float32))


def join(meshes) -> Mesh:
    """One mesh of many."""
    meshes = list(meshes)
    points = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    colours = np.cumsum([0] + [len(mesh.palette) for mesh in meshes])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.triangles + at for mesh, at in zip(meshes, points, strict=False)]).astype(
            np.int32
        ),
        np.concatenate([mesh.materials + at for mesh, at in zip(meshes, colours, strict=False)]).astype(
            np.int16
        ),
        np.concatenate([mesh.palette for mesh in meshes]),
    )


_CORNERS = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], np.float32)
_FACES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
_SIDES = np.array([face for a, b, c, d in _FACES for face in ((a, b, c), (a, c, d))], np.int32)


@dataclass(eq=False)
class Builder:
    """Collects boxes, cylinders and quadrilaterals into a mesh. Colours are (red, green, blue[, opacity])."""

    vertices: list = field(default_factory=list)
    triangles: list = field(default_factory=list)
    materials: list = field(default_factory=list)
    palette: dict = field(default_factory=dict)
    count: int = 0

    def add(self, vertices, triangles, colour) -> None:
        colour = tuple(float(part) for part in colour)
        colour = colour if len(colour) == 4 else (*colour, 1.0)
        material = self.palette.setdefault(colour, len(self.palette))
        self.vertices.append(np.asarray(vertices, np.float32))
        self.triangles.append(np.asarray(triangles, np.int32) + self.count)
        self.materials.append(np.full(len(triangles), material, np.int16))
        self.count += len(vertices)

    def box(self, low, high, colour, lean: float = 0.0) -> None:
        """Between two corners. `lean` moves its top along y, in metres."""
        low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
        vertices = low + _CORNERS * (high - low)
        vertices[4:, 1] += lean
        self.add(vertices, _SIDES, colour)

    def quad(self, corners, colour) -> None:
        self.add(corners, [(0, 1, 2), (0, 2, 3)], colour)

    def cylinder(self, base, top, radius, colour, top_radius=None, sides: int = 12) -> None:
        """From one centre to another, closed. `top_radius` makes it a cone's stump."""
        base, top = np.asarray(base, float), np.asarray(top, float)
        axis = (top - base) / max(np.linalg.norm(top - base), 1e-9)
        across = np.cross(axis, (1.0, 0, 0) if abs(axis[0]) < 0.9 else (0, 1.0, 0))
        across /= np.linalg.norm(across)
        angles = np.arange(sides) * 2 * np.pi / sides
        ring = np.outer(np.cos(angles), across) + np.outer(np.sin(angles), np.cross(axis, across))
        upper = radius if top_radius is None else top_radius
        vertices = np.concatenate([base + ring * radius, top + ring * upper, [base, top]])
        here = np.arange(sides)
        then = (here + 1) % sides
        triangles = np.concatenate(
            [
                np.stack([here, then, then + sides], 1),
                np.stack([here, then + sides, here + sides], 1),
                np.stack([then, here, np.full(sides, 2 * sides)], 1),
                np.stack([here + sides, then + sides, np.full(sides, 2 * sides + 1)], 1),
            ]
        )
        self.add(vertices, triangles, colour)

    def mesh(self) -> Mesh:
        palette = np.array(list(self.palette), np.float32).reshape(-1, 4)
        return Mesh(
            np.concatenate(self.vertices),
            np.concatenate(self.triangles),
            np.concatenate(self.materials),
            palette,
        )


def clustered(mesh: Mesh, most: int = 20_000) -> Mesh:
    """At most about `most` triangles: vertices that share a cell of a growing grid become one."""
    low, high = mesh.box
    cell = float((high - low).max()) / 400
    small = mesh
    while len(small.triangles) > most:
        _, first, owner = np.unique(
            np.floor((mesh.vertices - low) / cell).astype(np.int64),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        triangles = owner.reshape(-1)[mesh.triangles].astype(np.int32)
        a, b, c = triangles.T
        keep = (a != b) & (b != c) & (a != c)
        _, once = np.unique(np.sort(triangles[keep], axis=1), axis=0, return_index=True)
        small = Mesh(mesh.vertices[first], triangles[keep][once], mesh.materials[keep][once], mesh.palette)
        cell *= 1.3
    return small
