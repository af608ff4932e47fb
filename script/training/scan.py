"""A scan of a room: rays from standpoints, or plain samples of all surfaces; then one point a voxel.

With range noise, grazing angles, mixed pixels, dropout, glass that lets most rays through, light and balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import open3d as o3d

from script.training.mesh import GLASS, join
from script.training.parametric import Rng
from script.training.rooms import Room, inside, outside_by


@dataclass(frozen=True, eq=False)
class Scene:
    """All triangles of a room."""

    corners: np.ndarray  # float32 (t, 3, 3)
    normals: np.ndarray  # float32 (t, 3), unit
    areas: np.ndarray  # float32 (t,)
    colours: np.ndarray  # float32 (t, 3)
    glass: np.ndarray  # bool (t,)
    labels: np.ndarray  # uint8 (t,)
    items: np.ndarray  # int32 (t,), which item of the room

    @classmethod
    def of(cls, room: Room) -> Scene:
        whole = join(item.mesh for item in room.items)
        counts = [len(item.mesh.triangles) for item in room.items]
        corners = whole.vertices[whole.triangles]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(cross, axis=1)
        shades = whole.palette[whole.materials]
        return cls(
            corners,
            cross / np.maximum(length, 1e-12)[:, None],
            length / 2,
            shades[:, :3],
            shades[:, 3] < GLASS,
            np.repeat(np.array([item.klass for item in room.items], np.uint8), counts),
            np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        )

    def caster(self, keep: np.ndarray | None = None) -> o3d.t.geometry.RaycastingScene:
        corners = self.corners if keep is None else self.corners[keep]
        scene = o3d.t.geometry.RaycastingScene()
        triangles = np.arange(3 * len(corners), dtype=np.uint32).reshape(-1, 3)
        scene.add_triangles(np.ascontiguousarray(corners.reshape(-1, 3)), triangles)
        return scene


@dataclass(frozen=True)
class Scanner:
    """How a scan is made."""

    step: float = 0.35  # degrees between rays
    noise: float = 0.0015  # metres, standard deviation of the range close by
    growth: float = 0.0003  # metres more at each metre
    dropout: float = 0.05
    mixed: float = 0.1  # share of the pixels at edges that lie between both surfaces
    glass: float = 0.15  # share of the rays that return from glass
    reach: float = 40.0


@dataclass(frozen=True, eq=False)
class Hits:
    """What a scan returns; `triangles` says of what."""

    points: np.ndarray  # float32 (n, 3)
    triangles: np.ndarray  # int64 (n,)
    ranges: np.ndarray  # float32 (n,), without noise
    directions: np.ndarray  # float32 (n, 3)

    def at(self, index: np.ndarray) -> Hits:
        """Those of an index or a mask."""
        rays = (
            (self.ranges[index], self.directions[index])
            if len(self.ranges)
            else (self.ranges, self.directions)
        )
        return Hits(self.points[index], self.triangles[index], *rays)


def gathered(parts: list[Hits]) -> Hits:
    """One of several scans."""
    names = ("points", "triangles", "ranges", "directions")
    return Hits(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Casters:
    """The scene with and without its glass, ready for rays."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.whole = scene.caster()
        self.solid = np.flatnonzero(~scene.glass)
        self.opaque = scene.caster(self.solid) if scene.glass.any() else None

    def cast(self, origin: np.ndarray, directions: np.ndarray, through: np.ndarray):
        """Ranges (n,) and triangles (n,) of rays; those marked `through` pass glass."""
        rays = np.concatenate([np.broadcast_to(origin, directions.shape), directions], 1).astype(np.float32)
        found = self.whole.cast_rays(o3d.core.Tensor(rays))
        ranges = found["t_hit"].numpy().copy()
        triangles = found["primitive_ids"].numpy().astype(np.int64)
        if self.opaque is not None:
            hit = np.isfinite(ranges)
            again = np.flatnonzero(hit & through & self.scene.glass[np.where(hit, triangles, 0)])
            if again.size:
                found = self.opaque.cast_rays(o3d.core.Tensor(rays[again]))
                ranges[again] = found["t_hit"].numpy()
                primitive = found["primitive_ids"].numpy().astype(np.int64)
                triangles[again] = self.solid[np.where(primitive < len(self.solid), primitive, 0)]
        return ranges, triangles


def scan(casters: Casters, origin: np.ndarray, scanner: Scanner, rng: Rng) -> Hits:
    """One standpoint: rays over the whole sphere but for a cone below."""
    step = np.deg2rad(scanner.step)
    rows = np.arange(np.deg2rad(-68), np.deg2rad(88), step) + rng.uniform(0, step)
    columns = np.arange(0, 2 * np.pi, step) + rng.uniform(0, step)
    up, around = np.meshgrid(rows, columns, indexing="ij")
    around = around + rng.uniform(-0.3, 0.3, up.shape) * step
    level = np.cos(up)
    directions = np.stack([level * np.cos(around), level * np.sin(around), np.sin(up)], -1).astype(np.float32)
    # Towards the zenith the columns crowd together: thin them out to an even angular density.
    keep = rng.random(up.shape) < np.maximum(level, 0.05)
    flat = directions.reshape(-1, 3)
    ranges = np.full(len(flat), np.inf, np.float32)
    triangles = np.zeros(len(flat), np.int64)
    chosen = np.flatnonzero(keep)
    through = rng.random(len(chosen)) >= scanner.glass
    ranges[chosen], triangles[chosen] = casters.cast(origin, flat[chosen], through)
    grid = ranges.reshape(up.shape)
    cosine = np.abs((casters.scene.normals[np.where(np.isfinite(ranges), triangles, 0)] * flat).sum(1))
    sigma = (scanner.noise + scanner.growth * np.where(np.isfinite(ranges), ranges, 0)) / np.sqrt(
        np.maximum(cosine, 0.15)
    )
    noisy = ranges + rng.normal(0, 1, len(flat)).astype(np.float32) * sigma
    beside = np.roll(grid, 1, axis=1).reshape(-1)
    with np.errstate(invalid="ignore"):
        jump = np.isfinite(beside) & np.isfinite(ranges) & (np.abs(beside - ranges) > 0.08)
        jump &= np.abs(beside - ranges) < 1.0
    edge = np.flatnonzero(jump & (rng.random(len(flat)) < scanner.mixed))
    noisy[edge] = ranges[edge] + (beside[edge] - ranges[edge]) * rng.uniform(0, 1, len(edge))
    # A grazing surface returns less often.
    chance = (1 - scanner.dropout) * np.clip(cosine / 0.12, 0, 1)
    good = np.flatnonzero(
        np.isfinite(ranges) & (ranges < scanner.reach) & (ranges > 0.3) & (rng.random(len(flat)) < chance)
    )
    points = origin + noisy[good, None] * flat[good]
    return Hits(points.astype(np.float32), triangles[good], ranges[good], flat[good])


def sample(scene: Scene, density: float, noise: float, uneven: float, rng: Rng) -> Hits:
    """Points spread evenly over all surfaces, seen or hidden; `density` per square metre.

    `uneven` is the standard deviation of the logarithm of each item's own density.
    """
    own = np.exp(rng.normal(0, uneven, scene.items[-1] + 1)).astype(np.float32)
    weights = (scene.areas * own[scene.items]).astype(float)
    count = int(min(weights.sum() * density, 1_500_000))
    triangles = np.sort(rng.choice(len(weights), count, p=weights / weights.sum()))
    u, v = rng.random((2, count))
    over = u + v > 1
    u[over], v[over] = 1 - u[over], 1 - v[over]
    a, b, c = (scene.corners[triangles, corner] for corner in range(3))
    points = a + u[:, None] * (b - a) + v[:, None] * (c - a)
    points = points + rng.normal(0, noise, points.shape)
    nothing = np.zeros(0, np.float32)
    return Hits(points.astype(np.float32), triangles.astype(np.int64), nothing, nothing)


def within(room: Room, hits: Hits, scene: Scene) -> Hits:
    """Without what lies outside the room: beyond its walls, and floor and ceiling that stick out of it."""
    points = hits.points
    low, high = room.plan.min(0) - room.thickness - 0.05, room.plan.max(0) + room.thickness + 0.05
    good = ((points[:, :2] > low) & (points[:, :2] < high)).all(1)
    out = np.zeros(len(points))
    out[good] = outside_by(room.plan, points[good, :2].astype(float))
    # Floor and ceiling end at the walls; all else may lie in a wall's thickness.
    limit = np.where(scene.labels[hits.triangles] < 2, 0.02, room.thickness + 0.03)
    good &= out <= limit
    good &= points[:, 2] <= room.ceiling(points[:, :2].astype(float)) + 0.03
    return hits.at(good)


def standpoints(room: Room, count: int, rng: Rng) -> np.ndarray:
    """Places (count, 3) for the scanner: inside, clear of furniture, far from each other."""
    low, high = room.plan.min(0), room.plan.max(0)
    tries = np.column_stack([rng.uniform(low + 0.25, high - 0.25, (400, 2)), rng.uniform(1.2, 1.8, 400)])
    good = inside(room.plan, tries[:, :2])
    for box in room.blocks:
        good &= ~((tries > box[0] - 0.2) & (tries < box[1] + 0.2)).all(1)
    tries = tries[good] if good.any() else np.array([[*(low + high) / 2, 1.5]])
    chosen = [tries[0]]
    while len(chosen) < min(count, len(tries)):
        distance = np.min([np.linalg.norm(tries - place, axis=1) for place in chosen], axis=0)
        distance = distance * rng.uniform(0.6, 1.0, len(tries))
        chosen.append(tries[int(distance.argmax())])
    return np.array(chosen)


def one_a_voxel(points: np.ndarray, size: float, rng: Rng) -> np.ndarray:
    """Indices of one random point of each voxel, in random order."""
    order = rng.permutation(len(points))
    cells = np.floor(points[order] / size).astype(np.int64)
    cells -= cells.min(0)
    spans = cells.max(0) + 1
    keys = (cells[:, 0] * spans[1] + cells[:, 1]) * spans[2] + cells[:, 2]
    _, first = np.unique(keys, return_index=True)
    return rng.permutation(order[first])


def colours(scene: Scene, hits: Hits, room: Room, rng: Rng, flat: bool = False) -> np.ndarray:
    """uint8 (n, 3): the surfaces' colours under a few lamps, with patterns, white balance and noise.

    `flat`: the surfaces' own colours with no more than noise.
    """
    points, triangles = hits.points, hits.triangles
    base = scene.colours[triangles].copy()
    labels = scene.labels[triangles]
    if not flat:
        base *= _pattern(points, labels, scene.items[triangles], rng)[:, None]
    low, high = room.plan.min(0), room.plan.max(0)
    if flat:
        value = base + rng.normal(0, rng.uniform(0, 0.04), base.shape)
        return (np.clip(value, 0, 1) * 255).astype(np.uint8)
    light = np.full(len(points), rng.uniform(0.4, 0.8), np.float32)
    for _ in range(rng.integers(1, 4)):
        lamp = np.array([*rng.uniform(low, high), room.height * rng.uniform(0.7, 0.99)], np.float32)
        towards = lamp - points
        distance = np.linalg.norm(towards, axis=1) + 0.3
        facing = np.abs((scene.normals[triangles] * towards).sum(1)) / distance
        light += rng.uniform(0.2, 0.5) * (0.3 + 0.7 * facing) / (1 + 0.15 * distance**2)
    gain = rng.uniform(0.8, 1.0) * (1 + rng.normal(0, 0.06, 3))
    value = base * np.clip(light, 0.15, 1.08)[:, None] * gain
    value = np.clip(value, 0, 1) ** rng.uniform(0.6, 1.1)
    value += rng.normal(0, rng.uniform(0.004, 0.03), value.shape)
    return (np.clip(value, 0, 1) * 255).astype(np.uint8)


def _pattern(points: np.ndarray, labels: np.ndarray, items: np.ndarray, rng: Rng) -> np.ndarray:
    """(n,) about 1: planks or tiles on floors, stains and grain on all."""
    factor = 1 + rng.uniform(0, 0.06) * np.sin(points @ rng.normal(0, 3.0, 3) + rng.uniform(0, 6))
    factor += rng.uniform(0, 0.05) * np.sin(points @ rng.normal(0, 25.0, 3) + items)
    floor = np.flatnonzero(labels == 1)
    kind = rng.choice(["plain", "planks", "tiles"])
    if kind != "plain" and floor.size:
        long = rng.uniform(0.8, 2.0) if kind == "planks" else rng.uniform(0.2, 0.6)
        wide = rng.uniform(0.08, 0.2) if kind == "planks" else long
        row = np.floor(points[floor, 1] / wide)
        column = np.floor(points[floor, 0] / long + 0.37 * row * (kind == "planks"))
        shade = np.sin(12.9898 * row + 78.233 * column) * 43758.5453
        factor[floor] *= 1 + rng.uniform(0.05, 0.3) * ((shade - np.floor(shade)) - 0.5)
    return factor.astype(np.float32)
