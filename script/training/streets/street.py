"""A street: its ground and houses, and what drives, is parked, walks and stands in it.

Everything is in the scanner's frame: x forward, y left, z up, zero at the scanner, 1.6 to 2 m above the road.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from script.training.mesh import Mesh, join
from script.training.streets import surroundings
from script.training.streets.shapes import CLASSES, Shape, drawn

Rng = np.random.Generator
REACH = 40.0  # metres within which the things that are looked for stand
NEAR = 3.0  # metres that the scanner's own vehicle takes up
CROWD = {"train": (9, 5, 8, 8), "validation": (8, 3, 4, 4), "test": (8, 3, 4, 4)}
"""How many of each class are placed: more of the rare ones to learn from."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A shape in the street. box: x y z of the centre, l w h, yaw from +x counter-clockwise; klass -1: not
    looked for."""

    shape: Shape
    klass: int
    box: np.ndarray  # float64 (7,)
    reflectivity: float


@dataclass(frozen=True, eq=False)
class Street:
    ground: Mesh
    things: tuple[Placed, ...]


@dataclass(frozen=True)
class Plan:
    """Where a street's parts are: s runs along the road, t across it, to the left."""

    width: float
    parking: tuple[float, float]  # metres at the right and the left edge
    pavements: tuple[float, float]
    kerb: float
    lane: float  # t of the scanner
    turn: float  # radians, the road's direction seen from the scanner
    height: float  # of the scanner above the road
    crossing: float | None

    def at(self, s: float, t: float) -> np.ndarray:
        c, sn = np.cos(self.turn), np.sin(self.turn)
        t = t - self.lane
        return np.array([c * s - sn * t, sn * s + c * t])

    def floor(self, s: float, t: float) -> float:
        """Height of the ground in the scanner's frame."""
        side = self.crossing is not None and abs(s - self.crossing) < 3.5
        return (self.kerb if abs(t) > self.width / 2 and not side else 0.0) - self.height


def plan(rng: Rng) -> Plan:
    parking = tuple(float(rng.choice([0.0, rng.uniform(2.0, 2.6), 5.2], p=[0.3, 0.5, 0.2])) for _ in range(2))
    lanes = int(rng.integers(2, 5)) * rng.uniform(3.0, 3.7)
    width = lanes + sum(parking)
    left = width / 2 - parking[1] - lanes
    return Plan(
        width,
        parking,
        (rng.uniform(1.5, 6), rng.uniform(1.5, 6)),
        rng.uniform(0.06, 0.16),
        left + lanes * rng.uniform(0.15, 0.5),
        rng.normal(0, 0.08) if rng.random() < 0.75 else rng.uniform(-np.pi, np.pi),
        rng.uniform(1.6, 2.0),
        rng.uniform(-30, 30) if rng.random() < 0.45 else None,
    )


def spot(klass: str, road: Plan, rng: Rng) -> tuple[float, float, float]:
    """s, t and heading (from the road's direction) of one more thing of a class."""
    s = rng.uniform(-REACH, REACH)
    half = road.width / 2
    right, left = -half + road.parking[0], half - road.parking[1]  # the lanes between parked cars
    side = 1 if rng.random() < 0.5 else -1
    along = 0.0 if side < 0 else np.pi
    anywhere = rng.random() < 0.12
    if klass in ("car", "truck"):
        deep = road.parking[0 if side < 0 else 1]
        if anywhere:
            return s, rng.uniform(-half - 8, half + 8), rng.uniform(-np.pi, np.pi)
        if deep > 3 and rng.random() < 0.6 and klass == "car":
            return s, side * (half - deep / 2), rng.choice([-0.5, 0.5]) * np.pi + rng.normal(0, 0.04)
        if deep and rng.random() < (0.65 if klass == "car" else 0.3):
            return s, side * (half - min(deep, 2.4) / 2 - 0.1), along + np.pi * (rng.random() < 0.2)
        edge = right if side < 0 else left
        middle = edge * rng.uniform(0.1, 0.8) + (right + left) / 2 * 0.2
        return s, middle, along + rng.normal(0, 0.05)
    walk = road.pavements[0 if side < 0 else 1]
    pavement = side * (half + rng.uniform(0.3, walk))
    if klass == "pedestrian":
        if rng.random() < 0.7:
            heading = rng.choice([0.0, np.pi]) + rng.normal(0, 0.3)
            return s, pavement, heading if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
        return s, rng.uniform(-half - 5, half + 5), rng.uniform(-np.pi, np.pi)
    if rng.random() < 0.5:
        edge = (right if side < 0 else left) - side * rng.uniform(0.4, 1.4)
        return s, edge, along + rng.normal(0, 0.1)
    if rng.random() < 0.8:
        return s, pavement, rng.uniform(-np.pi, np.pi)
    return s, rng.uniform(-half - 5, half + 5), rng.uniform(-np.pi, np.pi)


def corners(box: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """float (4, 2) of a box seen from above, grown by `margin`."""
    c, s = np.cos(box[6]), np.sin(box[6])
    half = box[3:5] / 2 + margin
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return (signs * half) @ np.array([[c, s], [-s, c]]) + box[:2]


def apart(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two convex quadrilaterals (4, 2) do not meet: an edge of one separates them."""
    for a, b in ((one, other), (other, one)):
        edges = np.roll(a, -1, 0) - a
        normals = np.stack([edges[:, 1], -edges[:, 0]], 1)[:2]
        mine, others = a @ normals.T, b @ normals.T
        if ((mine.max(0) < others.min(0)) | (others.max(0) < mine.min(0))).any():
            return True
    return False


def build(split: str, rng: Rng, crowd: tuple[int, ...] | None = None) -> Street:
    """A street with objects of a split."""
    road = plan(rng)
    things: list[Placed] = []
    taken: list[tuple[np.ndarray, float, np.ndarray]] = []  # middle, radius, corners

    def place(shape: Shape, klass: int, s: float, t: float, heading: float, scale: np.ndarray) -> bool:
        where, size = road.at(s, t), shape.size * scale
        yaw = (heading + road.turn + np.pi) % (2 * np.pi) - np.pi
        box = np.array([*where, road.floor(s, t) + size[2] / 2, *size, yaw])
        radius = float(np.hypot(*size[:2])) / 2
        if np.hypot(*where) < NEAR + radius * 0.8 or (klass >= 0 and np.hypot(*where) > REACH):
            return False
        outline = corners(box, 0.12)
        for middle, other, edge in taken:
            if np.hypot(*(middle - where)) < other + radius + 0.4 and not apart(outline, edge):
                return False
        taken.append((where, radius, outline))
        reflectivity = float(np.exp(rng.uniform(np.log(0.06), np.log(0.8))))
        things.append(Placed(shape, klass, box, reflectivity))
        return True

    order = np.repeat(np.arange(len(CLASSES)), CROWD[split] if crowd is None else crowd)
    for klass in sorted(order, key=lambda kind: -int(kind == 1)):  # the long ones while there is room
        shape = drawn(CLASSES[klass], split, rng)
        scale = rng.uniform(0.94, 1.06) * rng.uniform(0.98, 1.02, 3)
        for _ in range(12):
            if place(shape, int(klass), *spot(CLASSES[klass], road, rng), scale):
                break
    shapes = surroundings.furniture_of_streets()
    for _ in range(int(rng.integers(10, 45))):
        side = rng.choice([0, 1])
        t = (2 * side - 1) * (road.width / 2 + rng.uniform(0.3, road.pavements[side] + 4))
        scale = np.full(3, rng.uniform(0.8, 1.25))
        shape = shapes[rng.integers(len(shapes))]
        place(shape, -1, rng.uniform(-60, 60), t, rng.uniform(-np.pi, np.pi), scale)
    parts = [
        surroundings.ground(road.width, road.pavements, road.kerb, road.crossing),
        surroundings.buildings(road.width, road.pavements, road.crossing, rng),
    ]
    moved = join(parts).placed(at=(0, -road.lane, -road.height)).placed(turn=road.turn)
    return Street(moved, tuple(things))
