"""People on foot, bicycles and motorbikes with and without riders, drawn from ranges; all face +x."""

from __future__ import annotations

import numpy as np

from script.training.mesh import Builder, Mesh
from script.training.streets.solids import BODY, CLOTH, RUBBER, ball, bar, loft, moved, tyre

Rng = np.random.Generator


def _limb(builder: Builder, start, length: float, angles, radius: float, spread: float = 0.0) -> np.ndarray:
    """Two joined segments hanging down, swung forward by two angles; returns the end."""
    middle = np.asarray(start) + 0.5 * length * np.array([np.sin(angles[0]), spread, -np.cos(angles[0])])
    end = middle + 0.5 * length * np.array([np.sin(angles[1]), 0.3 * spread, -np.cos(angles[1])])
    builder.cylinder(start, middle, radius, CLOTH, 0.8 * radius, sides=7)
    builder.cylinder(middle, end, 0.8 * radius, CLOTH, 0.65 * radius, sides=7)
    return end


def _trunk(builder: Builder, hip, shoulder, wide: float, deep: float) -> None:
    """From hips to shoulders, elliptical."""
    hip, shoulder = np.asarray(hip, float), np.asarray(shoulder, float)
    around = np.arange(10) * 2 * np.pi / 10
    rings = []
    for share, grow in ((0.0, 0.9), (0.35, 0.85), (0.8, 1.05), (1.0, 0.75), (1.08, 0.35)):
        middle = hip + share * (shoulder - hip)
        rings.append(
            middle + np.stack([deep * grow * np.cos(around), wide * grow * np.sin(around), 0 * around], 1)
        )
    loft(builder, np.array(rings), [CLOTH] * 10)


def _head(builder: Builder, shoulder, tall: float, rng: Rng, forward: float = 0.0) -> None:
    neck = moved(shoulder, forward, 0, 0.06 * tall)
    ball(builder, moved(neck, 0.0, 0, 0.06 * tall), (0.06 * tall, 0.047 * tall, 0.068 * tall))
    builder.cylinder(shoulder, neck, 0.03 * tall, CLOTH, sides=6)
    if rng.random() < 0.25:  # hair or a hat
        ball(builder, moved(neck, -0.015, 0, 0.075 * tall), (0.065 * tall, 0.06 * tall, 0.06 * tall))


def walker(rng: Rng) -> Mesh:
    """Somebody standing or walking, perhaps with a bag, a coat or a skirt."""
    tall = rng.uniform(1.5, 1.95) if rng.random() < 0.85 else rng.uniform(1.05, 1.5)
    stout = rng.uniform(0.85, 1.3)
    wide, deep = 0.105 * tall * stout, 0.068 * tall * stout
    hip, shoulder = 0.5 * tall, 0.81 * tall
    stride = 0.0 if rng.random() < 0.35 else rng.uniform(0.1, 0.55)
    builder, lean = Builder(), rng.normal(0.02, 0.03)
    for side, swing in ((-1, stride), (1, -stride)):
        start = np.array([0.0, side * 0.05 * tall * stout, hip])
        bend = swing - (rng.uniform(0, 0.5) * (stride > 0) if swing < 0 else 0.0)
        foot = _limb(builder, start, 0.48 * tall, (swing, bend), 0.048 * tall * stout)
        builder.box(moved(foot, -0.06, -0.04, -0.03), moved(foot, 0.17, 0.04, 0.03), RUBBER)
        arm = np.array([lean * tall, side * (wide + 0.02), shoulder - 0.02])
        if rng.random() < 0.2:  # a telephone, folded arms, hands in pockets
            angles = rng.uniform(0.0, 0.5), rng.uniform(0.8, 2.4)
        else:
            angles = -0.7 * swing, -0.7 * swing + rng.uniform(0, 0.5)
        hand = _limb(builder, arm, 0.4 * tall, angles, 0.027 * tall * stout, side * rng.uniform(0, 0.2))
        if rng.random() < 0.12:
            builder.box(moved(hand, -0.18, -0.06, -0.4), moved(hand, 0.18, 0.06, 0), CLOTH)
    top = (lean * tall, 0.0, shoulder)
    _trunk(builder, (0, 0, hip - 0.03), top, wide, deep)
    if rng.random() < 0.3:
        low = rng.uniform(0.15, 0.4) * tall
        builder.cylinder((0, 0, low), (0, 0, hip + 0.05), wide * rng.uniform(1.0, 1.5), CLOTH, wide, sides=10)
    if rng.random() < 0.2:
        builder.box((-deep - 0.2, -0.15, hip + 0.1), (-deep + 0.05, 0.15, shoulder), CLOTH)
    _head(builder, top, tall, rng, rng.uniform(0, 0.03))
    return _standing(builder.mesh())


def rider(builder: Builder, seat, bars, pedals, tall: float, rng: Rng) -> None:
    """Somebody who sits on `seat`, holds `bars` and has the feet near `pedals` (x, z each)."""
    stout = rng.uniform(0.85, 1.25)
    wide, deep = 0.105 * tall * stout, 0.07 * tall * stout
    upright = rng.uniform(0.0, 1.0)
    hip = np.array([seat[0], 0.0, seat[1] + 0.05])
    reach = 0.32 * tall
    lean = rng.uniform(0.15, 0.8) * (1 - upright) + 0.1
    shoulder = hip + reach * np.array([np.sin(lean), 0, np.cos(lean)])
    _trunk(builder, hip, shoulder, wide, deep)
    _head(builder, shoulder, tall, rng, 0.05)
    turn = rng.uniform(0, 2 * np.pi)
    for side in (-1, 1):
        foot = np.array(
            [pedals[0] + 0.15 * np.sin(turn * side), side * 0.11, pedals[1] - 0.1 * np.cos(turn * side)]
        )
        knee = moved((hip + foot) / 2, 0.198 * tall, side * 0.06, 0.06)
        bar(builder, [moved(hip, 0, side * 0.08, 0), knee], 0.05 * tall * stout, CLOTH, 0.04 * tall)
        bar(builder, [knee, foot], 0.038 * tall * stout, CLOTH, 0.028 * tall)
        builder.box(moved(foot, -0.08, -0.04, -0.05), moved(foot, 0.16, 0.04, 0.02), RUBBER)
        hand = np.array([bars[0], side * 0.24, bars[1]])
        elbow = moved((shoulder + hand) / 2, -0.04, side * 0.1, -0.08)
        arm = moved(shoulder, 0, side * wide, -0.03)
        bar(builder, [arm, elbow, hand], 0.027 * tall * stout, CLOTH)


def bicycle(rng: Rng) -> Mesh:
    """A bicycle, ridden or leaning on nothing."""
    radius, base = rng.uniform(0.26, 0.36), rng.uniform(0.98, 1.14)
    front, rear, builder = base / 2, -base / 2, Builder()
    width, thick = rng.uniform(0.03, 0.06), rng.uniform(0.012, 0.022)
    for place in (front, rear):
        tyre(builder, place, radius, width, int(rng.integers(6, 15)))
    crank, saddle = np.array([rear + 0.42, 0, 0.29]), np.array([rear + 0.24, 0, rng.uniform(0.85, 1.02)])
    head, handles = np.array([front - 0.14, 0, 0.72]), rng.uniform(0.92, 1.12)
    bottom = np.array([front - 0.1, 0, 0.62])
    seat = saddle * 0.75 + crank * 0.25
    top = seat if rng.random() < 0.7 else crank * 0.45 + seat * 0.55
    bar(builder, [crank, saddle], thick)
    bar(builder, [head, top], thick)
    bar(builder, [bottom, crank], 1.2 * thick)
    for side in (-0.05, 0.05):
        hub = np.array([rear, side, radius])
        bar(builder, [seat, hub, crank], 0.7 * thick)
        bar(builder, [bottom, (front, side, radius)], 0.8 * thick)
    stem = np.array([front - 0.2, 0, handles])
    bar(builder, [bottom, head, stem], thick)
    grip = rng.uniform(0.2, 0.33)
    bar(builder, [moved(stem, -0.12, -grip, 0), stem, moved(stem, -0.12, grip, 0)], thick)
    builder.box(moved(saddle, -0.15, -0.07, 0), moved(saddle, 0.13, 0.07, 0.05), RUBBER)
    builder.cylinder(moved(crank, 0, -0.02, 0), moved(crank, 0, 0.02, 0), 0.09, BODY, sides=10)
    bar(builder, [moved(crank, 0.1, -0.1, 0.12), moved(crank, -0.1, 0.1, -0.12)], 0.015)
    if rng.random() < 0.35:
        builder.box((rear - 0.2, -0.07, radius * 2 + 0.04), (rear + 0.2, 0.07, radius * 2 + 0.07), BODY)
    if rng.random() < 0.2:
        builder.box((front - 0.05, -0.18, 0.75), (front + 0.28, 0.18, 1.0), BODY)
    if rng.random() < 0.55:
        tall = rng.uniform(1.5, 1.92)
        rider(builder, saddle[[0, 2]], (front - 0.26, handles), crank[[0, 2]], tall, rng)
    return _standing(builder.mesh())


def motorbike(rng: Rng) -> Mesh:
    """A motorbike or a scooter, ridden or parked."""
    scooter = rng.random() < 0.45
    radius = rng.uniform(0.2, 0.26) if scooter else rng.uniform(0.28, 0.34)
    base = rng.uniform(1.15, 1.3) if scooter else rng.uniform(1.3, 1.5)
    front, rear, builder = base / 2, -base / 2, Builder()
    for place in (front, rear):
        tyre(builder, place, radius, rng.uniform(0.09, 0.15), 0)
        builder.cylinder((place, -0.03, radius), (place, 0.03, radius), 0.75 * radius, BODY, sides=10)
    seat, handles = rng.uniform(0.72, 0.85), rng.uniform(0.95, 1.12)
    for side in (-0.09, 0.09):
        bar(builder, [(front, side, radius), (front - 0.28, side, handles - 0.08)], 0.025)
    grip = rng.uniform(0.3, 0.4)
    bar(
        builder,
        [(front - 0.42, -grip, handles), (front - 0.3, 0, handles), (front - 0.42, grip, handles)],
        0.02,
    )
    if scooter:
        builder.box((rear - 0.25, -0.17, 0.35), (rear + 0.5, 0.17, seat), BODY, 0.0)
        builder.box((rear + 0.4, -0.15, 0.22), (front - 0.2, 0.15, 0.3), BODY)
        foot, top = front - 0.2, front - 0.33
        high = handles - 0.1
        builder.quad([(foot, -0.2, 0.3), (foot, 0.2, 0.3), (top, 0.17, high), (top, -0.17, high)], BODY)
    else:
        ball(builder, (0.16, 0, seat + 0.08), (0.33, 0.16, 0.15), BODY)
        builder.box((-0.3, -0.15, 0.2), (0.3, 0.15, 0.6), BODY)
        ball(builder, (-0.15, 0, 0.6), (0.55, 0.15, 0.16), BODY)
        bar(builder, [(0.0, 0.17, 0.3), (rear - 0.2, 0.2, 0.42)], 0.05)
        if rng.random() < 0.5:
            ball(builder, (front - 0.25, 0, 0.75), (0.35, 0.2, 0.28), BODY)
    ball(builder, (rear + 0.35, 0, seat), (0.42, 0.14, 0.07), RUBBER)
    ball(builder, (front - 0.22, 0, handles - 0.12), (0.12, 0.11, 0.11), BODY)
    for side in (-1, 1):
        if rng.random() < 0.8:
            end = np.array([front - 0.32, side * 0.32, handles + 0.16])
            bar(builder, [(front - 0.35, side * 0.2, handles), end], 0.01)
            ball(builder, end, (0.02, 0.07, 0.045), BODY)
    if rng.random() < 0.25:
        builder.box((rear - 0.25, -0.2, seat + 0.05), (rear + 0.1, 0.2, seat + 0.38), BODY)
    if rng.random() < 0.5:
        rider(
            builder,
            (rear + 0.45, seat + 0.05),
            (front - 0.42, handles),
            (0.05, 0.35),
            rng.uniform(1.55, 1.92),
            rng,
        )
    return _standing(builder.mesh())


def cycle(rng: Rng) -> Mesh:
    """A bicycle or a motorbike."""
    return bicycle(rng) if rng.random() < 0.6 else motorbike(rng)


def _standing(mesh: Mesh) -> Mesh:
    """Its lowest point on z = 0."""
    return mesh.placed(at=(0, 0, -float(mesh.box[0, 2])))
