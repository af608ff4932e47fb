"""The room itself: a plan, walls with holes, floor, ceiling, beams and columns.

Metres, floor at z = 0. The plan is a polygon, counter-clockwise: the inside is to the left of each edge.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from headlight.models.core.classes.lists import S3DIS_CLASSES
from script.training.mesh import Builder, Mesh
from script.training.parametric import Rng, colour

NUMBER = {name: index for index, name in enumerate(S3DIS_CLASSES)}


@dataclass(frozen=True, eq=False)
class Item:
    """Something in the room."""

    mesh: Mesh
    klass: int
    name: str


@dataclass(frozen=True)
class Hole:
    """A hole in a wall: the edge, from where to where along it, from which height to which."""

    edge: int
    left: float
    right: float
    low: float
    high: float


@dataclass(eq=False)
class Room:
    plan: np.ndarray  # float (k, 2)
    height: float
    thickness: float  # of the walls
    slope: np.ndarray  # float (2,), rise of the ceiling per metre of x and y
    kind: str = "office"
    paint: tuple[float, float, float] = (0.9, 0.9, 0.9)  # of the walls
    holes: list[Hole] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    blocks: list[np.ndarray] = field(default_factory=list)  # boxes (2, 3) that are taken

    def edge(self, index: int):
        """Start (2,), direction (2,), inward normal (2,) and length of a wall."""
        start, end = self.plan[index], self.plan[(index + 1) % len(self.plan)]
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        return start, along, np.array([-along[1], along[0]]), length

    def ceiling(self, points: np.ndarray) -> np.ndarray:
        """Height of the ceiling above points (..., 2)."""
        return self.height + (points - self.plan.min(0)) @ self.slope

    @property
    def top(self) -> float:
        return float(self.ceiling(self.plan).max())

    @property
    def area(self) -> float:
        x, y = self.plan.T
        return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)

    def add(self, mesh: Mesh, klass: str, name: str = "") -> None:
        self.items.append(Item(mesh, NUMBER[klass], name))

    def free(self, box: np.ndarray, gap: float = 0.0) -> bool:
        """Whether a box (2, 3) lies within the plan, below the ceiling, and touches nothing."""
        low, high = box
        if high[2] > self.ceiling(np.array([low[:2], high[:2]])).min() + 1e-3:
            return False
        if not self.holds(low[:2], high[:2]):
            return False
        for taken in self.blocks:
            if (low - gap < taken[1]).all() and (high + gap > taken[0]).all():
                return False
        return True

    def holds(self, low: np.ndarray, high: np.ndarray, slack: float = 0.02) -> bool:
        """Whether a rectangle of the floor lies within the plan."""
        low, high = low + slack, high - slack
        if (low >= high).any():
            low = high = (low + high) / 2
        steps = np.linspace(0, 1, 5)
        around = np.concatenate([[(a, b) for b in (0, 1)] + [(b, a) for b in (0, 1)] for a in steps])
        corner_within = ((self.plan > low) & (self.plan < high)).all(1).any()
        return not corner_within and bool(inside(self.plan, low + around * (high - low)).all())

    def wall_point(self, index: int, along: float, into: float = 0.0) -> np.ndarray:
        start, direction, normal, _ = self.edge(index)
        return start + along * direction + into * normal

    def wall_box(
        self, index: int, left: float, right: float, low: float, high: float, reach: float
    ) -> np.ndarray:
        """The box (2, 3) of a piece of wall that reaches into the room."""
        ends = [self.wall_point(index, at, into) for at in (left, right) for into in (0.0, reach)]
        return np.array([[*np.min(ends, 0), low], [*np.max(ends, 0), high]])


def inside(plan: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points (n, 2) lie within a polygon, by crossings of a ray."""
    found = np.zeros(len(points), bool)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(plan, np.roll(plan, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        if crosses.any():
            found ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0 if y1 != y0 else 1.0) + x0)
    return found


def outside_by(plan: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How far points (n, 2) lie outside a polygon, 0 within."""
    far = np.flatnonzero(~inside(plan, points))
    distance = np.zeros(len(points))
    best = np.full(len(far), np.inf)
    for start, end in zip(plan, np.roll(plan, -1, axis=0), strict=True):
        along = end - start
        t = np.clip(((points[far] - start) @ along) / (along @ along), 0, 1)
        best = np.minimum(best, np.linalg.norm(points[far] - start - t[:, None] * along, axis=1))
    distance[far] = best
    return distance


def plan(rng: Rng, kind: str) -> np.ndarray:
    """A floor plan for this kind of room: rectangle, L, T, U, with an alcove or a cut corner."""
    low, high = {
        "corridor": ((1.6, 6.0), (2.8, 14.0)),
        "hall": ((5.5, 7.0), (10.0, 14.0)),
        "storage": ((2.0, 2.4), (4.5, 6.0)),
        "meeting": ((3.5, 4.5), (6.5, 9.0)),
        "lounge": ((3.5, 4.0), (7.0, 9.0)),
        "bedroom": ((2.6, 3.2), (4.5, 5.5)),
        "class": ((5.0, 6.0), (8.0, 10.5)),
    }.get(kind, ((2.6, 3.2), (6.0, 8.0)))
    x, y = rng.uniform(low, high)
    if rng.random() < 0.5:
        x, y = y, x
    shapes = ["rectangle", "l", "t", "u", "alcove", "cut"]
    shape = rng.choice(shapes, p=[0.45, 0.18, 0.07, 0.05, 0.17, 0.08])
    a, b = rng.uniform(0.25, 0.55, 2) * (x, y)
    corners = [(0, 0), (x, 0), (x, y), (0, y)]
    if shape == "l" and min(x, y) > 2.8:
        corners = [(0, 0), (x, 0), (x, y - b), (x - a, y - b), (x - a, y), (0, y)]
    elif shape == "t" and min(x, y) > 4:
        left, right = x * rng.uniform(0.2, 0.35), x * rng.uniform(0.65, 0.8)
        corners = [
            (0, y - b),
            (left, y - b),
            (left, 0),
            (right, 0),
            (right, y - b),
            (x, y - b),
            (x, y),
            (0, y),
        ]
    elif shape == "u" and min(x, y) > 4.5:
        left, right = x * rng.uniform(0.3, 0.42), x * rng.uniform(0.58, 0.7)
        corners = [(0, 0), (x, 0), (x, y), (right, y), (right, y - b), (left, y - b), (left, y), (0, y)]
    elif shape == "alcove":
        wide, deep = rng.uniform(0.7, 2.2), rng.uniform(0.25, 1.2)
        at = rng.uniform(0.2, max(0.25, x - wide - 0.2))
        if at + wide < x - 0.1:
            corners = [
                (0, 0),
                (at, 0),
                (at, -deep),
                (at + wide, -deep),
                (at + wide, 0),
                (x, 0),
                (x, y),
                (0, y),
            ]
    elif shape == "cut":
        cut = rng.uniform(0.5, 0.35 * min(x, y) + 0.3)
        corners = [(0, 0), (x, 0), (x, y - cut), (x - cut, y), (0, y)]
    corners = np.array(corners, float)
    if rng.random() < 0.5:  # mirrored, and still counter-clockwise
        corners = (corners * (-1, 1))[::-1]
    return corners


def build_shell(room: Room, rng: Rng, outer: bool) -> None:
    """Floor, ceiling and walls. The holes must be known. `outer` adds the walls' outer faces."""
    low, high = room.plan.min(0) - 0.4, room.plan.max(0) + 0.4
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    floor, ceiling = Builder(), Builder()
    floor.quad(np.column_stack([corners, np.zeros(4)]), colour(rng))
    paint = colour(rng, "white") if rng.random() < 0.75 else colour(rng)
    ceiling.quad(np.column_stack([corners, room.ceiling(corners)]), paint)
    if rng.random() < 0.45 and not room.slope.any():
        _panels(room, ceiling, rng)
    room.add(floor.mesh(), "floor", "floor")
    room.add(ceiling.mesh(), "ceiling", "ceiling")
    skirting = rng.random() < 0.5
    skirt_height, skirt_colour = rng.uniform(0.05, 0.15), colour(rng)
    for index in range(len(room.plan)):
        build = Builder()
        shade = room.paint if rng.random() < 0.75 else colour(rng, "paint")
        _wall(room, index, build, shade, outer)
        if skirting:
            _skirting(room, index, build, skirt_height, skirt_colour)
        room.add(build.mesh(), "wall", f"wall {index}")


def _wall(room: Room, index: int, build: Builder, shade, outer: bool) -> None:
    start, along, normal, length = room.edge(index)
    holes = [hole for hole in room.holes if hole.edge == index]
    across = sorted({0.0, length, *(h.left for h in holes), *(h.right for h in holes)})
    up = sorted({0.0, room.top + 0.05, *(h.low for h in holes), *(h.high for h in holes)})

    def at(u: float, z: float, depth: float = 0.0) -> tuple[float, float, float]:
        x, y = start + u * along - depth * normal
        return x, y, z

    for left, right in itertools.pairwise(across):
        for low, high in itertools.pairwise(up):
            u, z = (left + right) / 2, (low + high) / 2
            if any(h.left < u < h.right and h.low < z < h.high for h in holes):
                continue
            for depth in (0.0, room.thickness) if outer else (0.0,):
                ends = [(left, low), (right, low), (right, high), (left, high)]
                build.quad([at(*end, depth) for end in ends], shade)
    for h in holes:  # the faces of the hole
        ends = [(h.left, h.low), (h.right, h.low), (h.right, h.high), (h.left, h.high)]
        for (u0, z0), (u1, z1) in zip(ends, ends[1:] + ends[:1], strict=True):
            if z0 == z1 == 0.0:
                continue
            build.quad(
                [at(u0, z0), at(u1, z1), at(u1, z1, room.thickness), at(u0, z0, room.thickness)], shade
            )


def _skirting(room: Room, index: int, build: Builder, height: float, shade) -> None:
    start, along, normal, length = room.edge(index)
    gaps = sorted((h.left, h.right) for h in room.holes if h.edge == index and h.low < height)
    at = 0.0
    for left, right in [*gaps, (length, length)]:
        if left - at > 0.02:
            ends = [
                start + u * along + d * normal for u, d in ((at, 0.014), (left, 0.014), (left, 0), (at, 0))
            ]
            (a, b, c, d) = ends
            build.quad([(*a, 0), (*b, 0), (*b, height), (*a, height)], shade)
            build.quad([(*a, height), (*b, height), (*c, height), (*d, height)], shade)
        at = right


def _panels(room: Room, ceiling: Builder, rng: Rng) -> None:
    """Lamps flush with the ceiling, or tiles with their joints."""
    low, high = room.plan.min(0), room.plan.max(0)
    wide, long = sorted(rng.uniform(0.2, 1.3, 2))
    if rng.random() < 0.5:
        wide, long = long, wide
    step = rng.uniform(1.4, 2.8)
    for x in np.arange(low[0] + step / 2, high[0], step):
        for y in np.arange(low[1] + step / 2, high[1], step):
            z = room.height - 0.012
            corners = [(x - wide / 2, y - long / 2), (x + wide / 2, y - long / 2)]
            corners += [(x + wide / 2, y + long / 2), (x - wide / 2, y + long / 2)]
            ceiling.quad([(*corner, z) for corner in corners], (0.97, 0.97, 0.95))


def build_beams(room: Room, rng: Rng, kept: int) -> None:
    """Beams under the ceiling: across the room, along walls, or as a grid; off the first `kept` blocks."""
    z = float(room.ceiling(room.plan).min())
    deep, wide = min(rng.uniform(0.1, 0.55), max(0.12, z - 2.1)), rng.uniform(0.12, 0.5)
    shade = room.paint if rng.random() < 0.35 else colour(rng, str(rng.choice(["paint", "white", "wood"])))
    low, high = room.plan.min(0), room.plan.max(0)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    kind = rng.choice(["across", "walls", "both", "grid"], p=[0.4, 0.25, 0.2, 0.15])
    for axis in (0, 1) if kind == "grid" else (int(rng.integers(2)),) if kind != "walls" else ():
        step = rng.uniform(0.8, 3.0)
        for at in np.arange(low[axis] + step * rng.uniform(0.3, 0.7), high[axis] - wide, step):
            a, b = low.copy(), high.copy()
            a[axis], b[axis] = at, at + wide
            found.append((a, b))
    for index in range(len(room.plan)) if kind in ("walls", "both") else ():
        if rng.random() < 0.6 and abs(room.edge(index)[1]).max() > 0.999:  # not along a slanted wall
            box = room.wall_box(index, 0, room.edge(index)[3], 0, 1, wide)
            found.append((box[0, :2], box[1, :2]))
    for a, b in found[:12]:
        box = np.array([[*a, z - deep], [*b, room.top + 1]])
        if any((box[0] < block[1]).all() and (box[1] > block[0]).all() for block in room.blocks[:kept]):
            continue
        build = Builder()
        corners = np.array([a, (b[0], a[1]), b, (a[0], b[1])])
        build.box((*a, z - deep), (*b, float(room.ceiling(corners).max()) + 0.02), shade)
        room.add(build.mesh(), "beam", "beam")
        room.blocks.append(box)


def build_partition(room: Room, rng: Rng) -> None:
    """A piece of wall that stands into the room, from floor to ceiling."""
    thick = rng.uniform(0.08, 0.2)
    for _ in range(8):
        index = int(rng.integers(len(room.plan)))
        _, along, _, length = room.edge(index)
        if length < 3 or abs(along).max() < 0.999:
            continue
        at, reach = rng.uniform(1.2, length - 1.2), rng.uniform(0.8, 2.6)
        box = room.wall_box(index, at, at + thick, 0.0, room.top, reach)
        before = room.wall_box(index, at - 0.9, at + thick + 0.9, 0.0, 2.0, reach + 0.9)
        if not room.holds(before[0, :2], before[1, :2]):
            continue
        if any((before[0] < block[1]).all() and (before[1] > block[0]).all() for block in room.blocks):
            continue
        build = Builder()
        build.box(*box, colour(rng, "paint"))
        room.add(build.mesh(), "wall", "partition")
        room.blocks.append(box)
        return


def build_columns(room: Room, rng: Rng) -> None:
    """One to four columns, square or round, engaged in the walls, in corners or free."""
    size = rng.uniform(0.2, 0.7)
    shade = room.paint if rng.random() < 0.4 else colour(rng, str(rng.choice(["paint", "white", "metal"])))
    other = size * rng.uniform(0.6, 1.5)
    round_ = rng.random() < 0.3
    wanted = 1 + int(rng.integers(4))
    engaged = rng.random() < 0.65 or room.area < 18
    low, high = room.plan.min(0), room.plan.max(0)
    for _ in range(30):
        if wanted == 0:
            return
        if engaged:
            edge = int(rng.integers(len(room.plan)))
            start, along, normal, length = room.edge(edge)
            if abs(along).max() < 0.999 or length < size + 0.2:
                continue
            u = rng.choice([0.0, length - size, rng.uniform(0, length - size)])
            ends = [start + s * along + t * normal for s in (u, u + size) for t in (0, other * 0.7)]
            a, b = np.min(ends, 0), np.max(ends, 0)
        else:
            a = rng.uniform(low + 0.6, np.maximum(low + 0.61, high - 0.6 - size))
            b = a + np.array([size, size if round_ else other])
        box = np.array([[*a, 0.0], [*b, room.ceiling(np.array([a, b])).min() - 0.001]])
        if not room.holds(a, b) or any((box[0] < o[1]).all() and (box[1] > o[0]).all() for o in room.blocks):
            continue
        build = Builder()
        centre, up = (a + b) / 2, room.top
        if round_ and not engaged:
            build.cylinder((*centre, 0), (*centre, up), size / 2, shade, sides=20)
        elif round_:
            build.cylinder((*centre, 0), (*centre, up), min(b - a) / 2, shade, sides=20)
        else:
            build.box((*a, 0), (*b, up), shade)
        room.add(build.mesh(), "column", "column")
        room.blocks.append(np.array([[*a, 0.0], [*b, up]]))
        wanted -= 1
