"""Cars, vans, lorries, articulated lorries and buses drawn from ranges of sizes; all face +x."""

from __future__ import annotations

import numpy as np

from script.training.mesh import Builder, Mesh
from script.training.streets.solids import BODY, GLASS, RUBBER, loft, moved, wheel

Rng = np.random.Generator

# Of each kind of car: length, height, then where the bonnet, windscreen, roof, rear window and boot begin, as
# shares of the length from the front, and the height of bonnet, belt and boot as shares of the height.
CARS = {
    "sedan": ((4.3, 5.0), (1.40, 1.50), (0.0, 0.27, 0.43, 0.68, 0.84, 1.0), (0.62, 0.64, 0.68)),
    "hatchback": ((3.6, 4.4), (1.43, 1.58), (0.0, 0.25, 0.40, 0.78, 0.93, 1.0), (0.62, 0.64, 0.60)),
    "estate": ((4.4, 4.9), (1.45, 1.55), (0.0, 0.26, 0.41, 0.86, 0.97, 1.0), (0.62, 0.64, 0.60)),
    "suv": ((4.2, 5.0), (1.60, 1.88), (0.0, 0.25, 0.38, 0.83, 0.95, 1.0), (0.62, 0.66, 0.62)),
    "minivan": ((4.1, 4.9), (1.60, 1.80), (0.0, 0.16, 0.36, 0.85, 0.96, 1.0), (0.58, 0.62, 0.60)),
    "small": ((2.6, 3.6), (1.45, 1.58), (0.0, 0.17, 0.36, 0.82, 0.95, 1.0), (0.60, 0.63, 0.60)),
    "coupe": ((4.2, 4.7), (1.22, 1.38), (0.0, 0.32, 0.50, 0.62, 0.90, 1.0), (0.64, 0.68, 0.72)),
    "pick-up": ((4.9, 5.5), (1.70, 1.90), (0.0, 0.24, 0.36, 0.54, 0.60, 1.0), (0.60, 0.64, 0.58)),
}


def car(rng: Rng) -> Mesh:
    """A passenger car."""
    kind = str(rng.choice(list(CARS)))
    lengths, heights, places, levels = CARS[kind]
    length, height = rng.uniform(*lengths), rng.uniform(*heights)
    width = rng.uniform(1.66, 1.92)
    x = length / 2 - length * (np.array(places) + np.r_[0, rng.normal(0, 0.012, 4), 0])
    bonnet, belt, boot = height * (np.array(levels) + rng.normal(0, 0.015, 3))
    low, nose = rng.uniform(0.16, 0.26), rng.uniform(0.72, 0.88)
    # Stations: place, half width at the sill, belt height, top height, half width of the top.
    half, roof = width / 2, width / 2 * rng.uniform(0.66, 0.8)
    rows = [
        (x[0], 0.72 * half, nose * bonnet * 0.8, nose * bonnet * 0.82, 0.70 * half),
        (x[0] - 0.06 * length, 0.95 * half, nose * bonnet, nose * bonnet + 0.03, 0.85 * half),
        (x[1], half, bonnet * 0.97, bonnet, 0.9 * half),
        (x[2], half, belt, 0.97 * height, roof),
        ((x[2] + x[3]) / 2, half, belt, height, roof),
        (x[3], half, belt, 0.97 * height, roof),
        (x[4], 0.98 * half, boot * 0.98, boot, 0.88 * half),
        (x[5] + 0.03 * length, 0.94 * half, boot * 0.9, boot * 0.95, 0.84 * half),
        (x[5], 0.8 * half, boot * 0.75, boot * 0.78, 0.75 * half),
    ]
    rings = np.array(
        [
            [(at, -w, low), (at, -w, b), (at, -t, top), (at, t, top), (at, w, b), (at, w, low)]
            for at, w, b, top, t in rows
        ]
    )
    builder = Builder()
    _body(builder, rings)
    radius, axle = rng.uniform(0.29, 0.36) * (1.1 if kind in ("suv", "pick-up") else 1), half - 0.12
    for place in (0.5 - rng.uniform(0.17, 0.2), rng.uniform(0.18, 0.2) - 0.5):
        for side in (-axle, axle):
            wheel(builder, place * length, side, radius, 0.22)
    _mirrors(builder, x[2] + 0.08 * length, half, belt + 0.08, 0.12)
    return builder.mesh()


def _body(builder: Builder, rings: np.ndarray) -> None:
    """Sheet metal below the belt, glass between belt and roof where the cabin is."""
    loft(builder, rings[:4], [BODY] * 6)
    loft(builder, rings[3:6], [BODY, GLASS, BODY, GLASS, BODY, BODY])
    loft(builder, rings[5:], [BODY] * 6)
    for before, after in ((2, 3), (6, 5)):  # windscreen and rear window, a little before the metal
        corners = np.array([rings[before, 2], rings[after, 2], rings[after, 3], rings[before, 3]])
        builder.quad(moved(corners, 0, 0, 0.01), GLASS)


def _mirrors(builder: Builder, x: float, half: float, z: float, out: float) -> None:
    for side in (-1, 1):
        low, high = sorted((side * (half - 0.05), side * (half + out)))
        builder.box((x - 0.05, low, z), (x + 0.05, high, z + 0.14), BODY)


def van(rng: Rng) -> Mesh:
    """A delivery van."""
    length, width, height = rng.uniform(4.9, 6.8), rng.uniform(1.85, 2.1), rng.uniform(1.95, 2.75)
    half, low, front = width / 2, rng.uniform(0.22, 0.32), length / 2
    bonnet, belt = rng.uniform(0.95, 1.15), rng.uniform(1.15, 1.35)
    reach, slope = rng.uniform(0.5, 0.95), rng.uniform(0.6, 1.0)
    rows = [
        (front, 0.8 * half, 0.7 * bonnet, 0.75 * bonnet, 0.75 * half),
        (front - 0.15, 0.96 * half, 0.9 * bonnet, 0.95 * bonnet, 0.85 * half),
        (front - reach, half, bonnet, bonnet + 0.1, 0.9 * half),
        (front - reach - slope, half, belt, 0.95 * height, 0.86 * half),
        (front - reach - slope - 0.7, half, belt, height, 0.88 * half),
        (0.1 - front, half, belt, 0.99 * height, 0.88 * half),
        (-front, 0.97 * half, belt, 0.97 * height, 0.86 * half),
    ]
    rings = np.array(
        [
            [(at, -w, low), (at, -w, b), (at, -t, top), (at, t, top), (at, w, b), (at, w, low)]
            for at, w, b, top, t in rows
        ]
    )
    builder = Builder()
    loft(builder, rings[:4], [BODY] * 6)
    loft(builder, rings[3:5], [BODY, GLASS, BODY, GLASS, BODY, BODY])
    windows = GLASS if rng.random() < 0.35 else BODY
    loft(builder, rings[4:], [BODY, windows, BODY, windows, BODY, BODY])
    corners = np.array([rings[2, 2], rings[3, 2], rings[3, 3], rings[2, 3]])
    builder.quad(moved(corners, 0.01, 0, 0.01), GLASS)
    for place in (front - 0.9, rng.uniform(0.9, 1.4) - front):
        for side in (-half + 0.13, half - 0.13):
            wheel(builder, place, side, 0.34, 0.24)
    _mirrors(builder, front - reach - 0.3, half, belt, 0.2)
    return builder.mesh()


def _cab(builder: Builder, front: float, half: float, height: float, depth: float, hood: float) -> None:
    """A lorry's cab whose foremost point is at `front`, with a bonnet of `hood` metres or flat."""
    low, belt = 0.45, 0.45 * height + 0.35
    if hood:
        builder.box((front - hood, -0.75 * half, low), (front, 0.75 * half, belt), BODY)
    face = front - hood
    rows = [(face, 0.94 * half, 0.0), (face - 0.15, half, 0.12), (face - depth, half, 0.2)]
    rings = np.array(
        [
            [
                (at, -w, low), (at, -w, belt), (at - lean, -0.95 * w, height),
                (at - lean, 0.95 * w, height), (at, w, belt), (at, w, low),
            ]
            for at, w, lean in rows
        ]
    )  # fmt: skip
    loft(builder, rings, [BODY, GLASS, BODY, GLASS, BODY, BODY])
    builder.quad(
        [(face + 0.02, -0.85 * half, belt), (face + 0.02, 0.85 * half, belt),
         (face - 0.1, 0.8 * half, height - 0.2), (face - 0.1, -0.8 * half, height - 0.2)], GLASS
    )  # fmt: skip
    _mirrors(builder, face - 0.2, half, belt + 0.3, 0.22)


def _axles(builder: Builder, places, half: float, radius: float) -> None:
    for place in places:
        for side in (-half + 0.17, half - 0.17):
            wheel(builder, place, side, radius, 0.3)


def _load(builder: Builder, rear: float, front: float, half: float, floor: float, rng: Rng, tall: float):
    """A box, a tank, an open bed, or a skip on a chassis between two places."""
    builder.box((rear, -0.45, floor - 0.3), (front, 0.45, floor), RUBBER)
    kind = rng.choice(["box", "tank", "bed", "tarpaulin"], p=[0.5, 0.12, 0.18, 0.2])
    if kind == "tank":
        radius = min(half, (tall - floor) / 2)
        builder.cylinder((rear, 0, floor + radius), (front, 0, floor + radius), radius, BODY, sides=16)
        return
    if kind == "bed":
        top = floor + rng.uniform(0.5, 1.2)
        builder.box((rear, -half, floor), (front, half, floor + 0.1), BODY)
        for side in (-half, half - 0.06):
            builder.box((rear, side, floor), (front, side + 0.06, top), BODY)
        for end in (rear, front - 0.06):
            builder.box((end, -half, floor), (end + 0.06, half, top), BODY)
        if rng.random() < 0.6:
            load = floor + rng.uniform(0.3, 1.6)
            builder.box((rear + 0.3, -0.8 * half, floor), (front - 0.5, 0.8 * half, load), BODY)
        return
    builder.box((rear, -half, floor), (front, half, tall), BODY)


def lorry(rng: Rng) -> Mesh:
    """A rigid lorry."""
    length, half = rng.uniform(5.8, 10.5), rng.uniform(1.1, 1.28)
    height, hood = rng.uniform(2.4, 3.2), rng.choice([0.0, rng.uniform(0.6, 1.3)], p=[0.75, 0.25])
    depth, floor = rng.uniform(1.5, 2.2), rng.uniform(0.95, 1.2)
    front, builder = length / 2, Builder()
    _cab(builder, front, half * 0.97, height, depth, hood)
    start = front - hood - depth - rng.uniform(0.1, 0.4)
    _load(builder, -front, start, half, floor, rng, rng.uniform(height, 3.8))
    radius = rng.uniform(0.42, 0.52)
    rear = [-front + rng.uniform(1.0, 0.25 * length)]
    _axles(builder, [front - hood / 2 - 1.2, *rear, *([rear[0] + 1.3] if length > 8 else [])], half, radius)
    return builder.mesh()


def articulated(rng: Rng) -> Mesh:
    """A tractor with a trailer."""
    length, half = rng.uniform(12.5, 17.0), rng.uniform(1.2, 1.3)
    height, hood = rng.uniform(3.0, 3.8), rng.choice([0.0, rng.uniform(0.8, 1.6)], p=[0.7, 0.3])
    front, builder = length / 2, Builder()
    _cab(builder, front, half * 0.98, height, rng.uniform(1.7, 2.4), hood)
    start = front - hood - rng.uniform(2.6, 3.2)
    builder.box((start - 2.5, -0.4, 0.6), (front - hood - 1.5, 0.4, 1.0), RUBBER)
    _load(builder, -front, start, half, rng.uniform(1.1, 1.3), rng, rng.uniform(3.6, 4.05))
    _axles(builder, [front - hood - 1.2, start - 1.3, start - 2.5], half, 0.5)
    _axles(builder, [-front + 1.6 + 1.3 * axle for axle in range(3)], half, 0.48)
    return builder.mesh()


def bus(rng: Rng) -> Mesh:
    """A city bus, a coach or a small bus."""
    length, half, height = rng.uniform(7.0, 13.5), rng.uniform(1.18, 1.29), rng.uniform(2.8, 3.7)
    front, low = length / 2, rng.uniform(0.25, 0.4)
    belt, slant = height * rng.uniform(0.36, 0.46), rng.uniform(0.05, 0.5)
    roof = height * rng.uniform(0.84, 0.92)
    rows = [
        (front, 0.92 * half, slant), (front - 0.25, half, 0.6 * slant), (front - 1.2, half, 0.0),
        (0.3 - front, half, 0.0), (-front, 0.97 * half, -0.1),
    ]  # fmt: skip
    rings = np.array(
        [
            [
                (at, -w, low), (at, -w, belt),
                (at - lean * 0.9, -0.97 * w, roof), (at - lean, -0.85 * w, height),
                (at - lean, 0.85 * w, height), (at - lean * 0.9, 0.97 * w, roof),
                (at, w, belt), (at, w, low),
            ]
            for at, w, lean in rows
        ]
    )  # fmt: skip
    builder = Builder()
    loft(builder, rings, [BODY, GLASS, BODY, BODY, BODY, GLASS, BODY, BODY])
    builder.quad(rings[0][[1, 6, 5, 2]] + (0.02, 0, 0), GLASS)
    _axles(builder, [front - rng.uniform(1.8, 2.7), rng.uniform(2.2, 3.4) - front], half, 0.48)
    if rng.random() < 0.4:
        builder.box((-0.25 * length, -0.6, height), (0.1 * length, 0.6, height + 0.25), BODY)
    _mirrors(builder, front - 0.1, half, height * 0.6, 0.25)
    return builder.mesh()


def truck(rng: Rng) -> Mesh:
    """Any of the large ones."""
    build = (van, lorry, articulated, bus)[rng.choice(4, p=[0.3, 0.3, 0.17, 0.23])]
    return build(rng)
