"""Made-up objects of the classes that have few models, each a design drawn from a random generator.

As in parametric.py: metres, on z = 0, facing -y. They are for training alone.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from script.training import openings, parametric
from script.training.mesh import Builder, Mesh
from script.training.parametric import Rng

GREY = (0.6, 0.6, 0.6)


def revolved(build: Builder, profile, at=(0.0, 0.0, 0.0), squash=(1.0, 1.0), sides: int = 24) -> None:
    """A surface of revolution: profile (radius, height) (k, 2), around the vertical through `at`."""
    profile = np.asarray(profile, float)
    angles = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([np.cos(angles) * squash[0], np.sin(angles) * squash[1]], 1)
    vertices = np.concatenate([np.column_stack([ring * r, np.full(sides, z)]) for r, z in profile])
    here = np.arange(sides)
    then = (here + 1) % sides
    triangles = []
    for level in range(len(profile) - 1):
        low, high = level * sides, (level + 1) * sides
        triangles += [np.stack([here + low, then + low, then + high], 1)]
        triangles += [np.stack([here + low, then + high, here + high], 1)]
    build.add(vertices + np.asarray(at), np.concatenate(triangles), GREY)


def limb(build: Builder, start, end, radius: float, upper: float | None = None) -> None:
    build.cylinder(start, end, radius, GREY, upper, sides=10)


def ball(build: Builder, at, radii) -> None:
    angles = np.linspace(-np.pi / 2, np.pi / 2, 9)
    x, y, z = radii
    revolved(build, np.column_stack([np.cos(angles), np.sin(angles) * z]), at, (x, y), 14)


def bed(rng: Rng) -> Mesh:
    """Frame, mattress, pillows; headboard and often a footboard; now and then a rail, a bunk or a canopy."""
    width, length = rng.uniform(0.7, 2.0), rng.uniform(1.5, 2.2)
    low, thick, x, y = rng.uniform(0.08, 0.4), rng.uniform(0.12, 0.32), width / 2, length / 2
    build, leg = Builder(), rng.uniform(0.02, 0.06)
    decks = [low] if rng.random() < 0.85 else [low, low + rng.uniform(1.0, 1.3)]
    top = decks[-1] + thick
    head, foot = top + rng.uniform(0.1, 0.7), top + rng.uniform(-0.1, 0.4)
    for deck in decks:
        build.box((-x, -y, deck - 0.06 if deck > 0.1 else 0.0), (x, y, deck), GREY)
        build.box((-x + 0.02, -y + 0.02, deck), (x - 0.02, y - 0.02, deck + thick), GREY)
        for at in (-x / 2, x / 2) if width > 1.1 else (0.0,):
            half = min(0.3, x * 0.8 if width <= 1.1 else x * 0.42)
            ball(build, (at, y - 0.28, deck + thick + 0.03), (half, 0.2, rng.uniform(0.05, 0.1)))
        if rng.random() < 0.6:  # a blanket that hangs over
            hang = rng.uniform(0.05, 0.9) * (deck - 0.02)
            reach = rng.uniform(0.2, 0.55) * length
            build.box(
                (-x - 0.02, -y - 0.02, deck + thick - hang), (x + 0.02, reach - y, deck + thick + 0.03), GREY
            )
    style = rng.integers(3)
    for end, high, there in ((1, head, rng.random() < 0.9), (-1, foot, rng.random() < 0.5 or len(decks) > 1)):
        side = end * y
        if there and style == 0:
            build.box((-x, side - 0.03, 0), (x, side + 0.03, high), GREY)
        elif there:
            for at in np.linspace(-x, x, 2 if style == 1 else rng.integers(4, 12)):
                limb(build, (at, side, low), (at, side, high), 0.012 if style == 2 else 0.03)
            for level in np.linspace(top, high, 2 if style == 2 else rng.integers(2, 5)):
                limb(build, (-x, side, level), (x, side, level), 0.02)
        for sx in (-1, 1):
            build.box((sx * x - leg, side - leg, 0), (sx * x + leg, side + leg, high if there else low), GREY)
    if rng.random() < 0.12:
        for sx in (-1, 1):
            for at in np.linspace(-y, y, 12):
                limb(build, (sx * x, at, low), (sx * x, at, top + 0.4), 0.008)
            limb(build, (sx * x, -y, top + 0.4), (sx * x, y, top + 0.4), 0.015)
    return build.mesh()


def cabinet(rng: Rng) -> Mesh:
    """A box with doors and drawers, handles and feet; open in places."""
    width, depth, height = rng.uniform(0.35, 2.2), rng.uniform(0.3, 0.65), rng.uniform(0.4, 2.3)
    x, y, build, feet = width / 2, depth / 2, Builder(), rng.uniform(0, 0.2)
    feet = feet if rng.random() < 0.5 else 0.0
    for sx in (-1, 1):
        build.box((sx * x - 0.02 * (sx > 0), -y, feet), (sx * x + 0.02 * (sx < 0), y, height), GREY)
    for level in (feet, height - 0.02):
        build.box((-x - 0.01, -y - 0.01, level), (x + 0.01, y, level + 0.02), GREY)
    build.box((-x, y - 0.01, feet), (x, y, height), GREY)
    if feet:
        for sx in (-1, 1):
            for sy in (-1, 1):
                limb(
                    build,
                    (sx * (x - 0.05), sy * (y - 0.05), 0),
                    (sx * (x - 0.05), sy * (y - 0.05), feet),
                    0.025,
                )
    edges = np.linspace(-x, x, max(1, round(width / rng.uniform(0.35, 0.7))) + 1)
    for left, right in pairwise(edges):
        levels = np.linspace(feet, height, rng.integers(1, 5) + 1)
        for low, high in pairwise(levels):
            if rng.random() < 0.12:
                build.box((left, -y, low), (right, y, low + 0.02), GREY)
                continue
            build.box((left + 0.004, -y - 0.02, low + 0.004), (right - 0.004, -y, high - 0.004), GREY)
            middle, up = (left + right) / 2, (low + high) / 2
            if rng.random() < 0.7:
                build.box((middle - 0.05, -y - 0.05, up - 0.01), (middle + 0.05, -y - 0.02, up + 0.01), GREY)
    return build.mesh()


def vessel(rng: Rng) -> Mesh:
    """Bottle, glass, bowl, vase, jug or cup: a profile turned around, hollow; a handle or a stem at times."""
    kind, build = rng.choice(["bottle", "glass", "bowl", "vase", "cup", "stem"]), Builder()
    radius = rng.uniform(0.03, 0.06)
    high = radius * rng.uniform(2.0, 4.0)
    t = np.linspace(0, 1, 14)
    if kind == "bottle":
        neck, shoulder = rng.uniform(0.25, 0.45), rng.uniform(0.45, 0.75)
        r = np.where(t < shoulder, 1.0, neck + (1 - neck) * np.clip(1 - (t - shoulder) / 0.15, 0, 1) ** 2)
        high *= 1.6
    elif kind == "bowl":
        r, high = np.sqrt(np.clip(t, 0.02, 1)) ** rng.uniform(0.7, 1.4), radius * rng.uniform(0.5, 1.2)
        r = np.maximum(r, 0.4 * rng.random())
    elif kind == "vase":
        r = 0.65 + 0.3 * np.sin(rng.uniform(2, 6) * t + rng.uniform(0, 6)) + rng.uniform(-0.3, 0.3) * t
    else:
        r = 1 + rng.uniform(-0.35, 0.2) * (1 - t)
    profile = np.column_stack([np.maximum(r, 0.12) * radius, t * high])
    if kind == "stem":
        profile = np.column_stack(
            [np.sin(np.pi * (0.15 + rng.uniform(0.4, 0.6) * t)) * radius, (0.5 + t) * high]
        )
        revolved(
            build,
            [(0.001, 0), (radius * 0.9, 0.004), (0.006, 0.01), (0.005, high / 2), (profile[0, 0], high / 2)],
        )
    else:
        revolved(build, [(0.0005, 0.0), tuple(profile[0])])
    revolved(build, profile)
    if rng.random() < 0.7:
        inner = profile * (0.92, 1.0)
        revolved(build, inner[max(1, int(rng.uniform(0, 10))) :])
    if kind == "bottle" and rng.random() < 0.6:
        limb(build, (0, 0, high), (0, 0, high * 1.06), profile[-1, 0] * 1.15)
    if kind == "cup" or (kind in ("vase", "glass") and rng.random() < 0.2):
        angles = np.linspace(-1.4, 1.4, 8)
        out, size = profile[7, 0] * 0.95, high * rng.uniform(0.22, 0.36)
        arc = np.column_stack([out + np.cos(angles) * size, np.zeros(8), high * 0.5 + np.sin(angles) * size])
        for a, b in pairwise(arc):
            limb(build, a, b, radius * rng.uniform(0.08, 0.14))
    return build.mesh()


def lamp(rng: Rng) -> Mesh:
    """On a table, on the floor, hanging, at a wall, in a street: a shade or a globe, and what holds it."""
    kind, build = rng.choice(["table", "floor", "hanging", "arm", "street", "wall"]), Builder()
    shade, wide = rng.uniform(0.1, 0.22), rng.uniform(0.1, 0.22)

    def head(at) -> None:
        at = np.asarray(at, float)
        if rng.random() < 0.7:
            revolved(build, [(wide, 0), (wide * rng.uniform(0.3, 1.0), shade)], at)
        else:
            ball(build, at + np.array([0, 0, wide / 2]), (wide / 2, wide / 2, wide / 2))

    if kind in ("table", "floor", "street"):
        high = {"table": 0.3, "floor": 1.3, "street": 2.6}[kind] * rng.uniform(0.8, 1.4)
        base = rng.uniform(0.06, 0.16)
        if kind == "table" and rng.random() < 0.5:
            t = np.linspace(0, 1, 10)
            r = 0.03 + base * 0.6 * np.abs(np.sin(rng.uniform(2, 5) * t + rng.uniform(0, 3)))
            revolved(build, np.column_stack([r, t * high]))
        limb(build, (0, 0, 0), (0, 0, 0.03), base, base * rng.uniform(0.4, 1))
        limb(build, (0, 0, 0), (0, 0, high), rng.uniform(0.008, 0.02) * (1 + (kind == "street")))
        arms = 1 if kind != "street" else int(rng.integers(1, 4))
        if arms == 1 and rng.random() < 0.7:
            head((0, 0, high - shade / 2))
        else:
            for angle in np.arange(arms) * 2 * np.pi / arms:
                end = np.array([np.cos(angle) * 0.35, np.sin(angle) * 0.35, high + rng.uniform(-0.05, 0.1)])
                limb(build, (0, 0, high), end, 0.012)
                head(end - (0, 0, shade))
    elif kind == "hanging":
        drop = rng.uniform(0.2, 1.0)
        limb(build, (0, 0, drop + shade), (0, 0, drop + shade + 0.02), 0.05)
        arms = int(rng.choice([1, 1, 3, 5, 6]))
        limb(build, (0, 0, shade), (0, 0, drop + shade), 0.006)
        for angle in np.arange(arms) * 2 * np.pi / arms:
            end = np.array([np.cos(angle), np.sin(angle), 0]) * (0.0 if arms == 1 else 0.3)
            if arms > 1:
                limb(build, (0, 0, shade), end + np.array([0, 0, shade]), 0.01)
            head(end)
    elif kind == "arm":
        elbow, end = np.array([0, 0.12, rng.uniform(0.2, 0.4)]), np.array([0, -0.15, rng.uniform(0.35, 0.55)])
        limb(build, (0, 0, 0), (0, 0, 0.025), rng.uniform(0.07, 0.12))
        limb(build, (0, 0, 0.02), elbow, 0.008)
        limb(build, elbow, end, 0.008)
        limb(build, end, end + np.array([0, -0.1, -0.09]), 0.02, rng.uniform(0.05, 0.09))
    else:
        build.box((-0.05, -0.01, -0.08), (0.05, 0.01, 0.08), GREY)
        limb(build, (0, 0, 0), (0, -0.15, 0.05), 0.01)
        head((0, -0.15, 0.04))
    return build.mesh()


def sanitary(rng: Rng) -> Mesh:
    """Toilet, bidet, washbasin, urinal or bath: basins with a rim."""
    kind, build = rng.choice(["toilet", "basin", "bath", "urinal", "bidet"]), Builder()
    wide, long = rng.uniform(0.17, 0.23), rng.uniform(0.24, 0.32)

    def bowl(at, x, y, deep, inner=0.8) -> None:
        t = np.linspace(0, np.pi / 2, 8)
        outside = np.column_stack([np.sin(t), -np.cos(t) * deep])
        revolved(build, outside, at, (x, y))
        revolved(build, outside * (inner, inner), at, (x, y))
        revolved(build, [(inner, 0), (1, 0), (1, 0.02), (inner, 0.02)], at, (x, y))

    if kind in ("toilet", "bidet"):
        high = rng.uniform(0.36, 0.44)
        bowl((0, 0, high), wide, long, high * rng.uniform(0.4, 0.8))
        limb(build, (0, 0.05, 0), (0, 0.05, high * 0.7), wide * rng.uniform(0.5, 0.9), wide * 0.8)
        if kind == "toilet":
            tank = rng.uniform(0.25, 0.45)
            build.box(
                (-wide * 1.05, long * 0.8, high - 0.05), (wide * 1.05, long * 0.8 + 0.18, high + tank), GREY
            )
            if rng.random() < 0.5:  # the lid, closed or up
                revolved(build, [(0.001, 0.03), (1, 0.03), (1, 0.05)], (0, 0, high), (wide, long))
            else:
                build.box((-wide, long * 0.7, high), (wide, long * 0.78, high + 0.42), GREY)
    elif kind == "basin":
        high, x, y = rng.uniform(0.78, 0.9), rng.uniform(0.22, 0.45), rng.uniform(0.18, 0.28)
        bowl((0, 0, high), x, y, rng.uniform(0.12, 0.2))
        if rng.random() < 0.4:
            build.box((-x * 1.1, -y, high - 0.02), (x * 1.1, y * 1.3, high), GREY)
        if rng.random() < 0.6:
            limb(build, (0, 0.05, 0), (0, 0.05, high - 0.1), rng.uniform(0.06, 0.12), rng.uniform(0.06, 0.12))
        limb(build, (0, y * 0.95, high), (0, y * 0.95, high + 0.12), 0.015)
        limb(build, (0, y * 0.95, high + 0.1), (0, y * 0.4, high + 0.1), 0.012)
    elif kind == "bath":
        x, y, high = rng.uniform(0.35, 0.5), rng.uniform(0.7, 0.95), rng.uniform(0.45, 0.6)
        if rng.random() < 0.6:
            for a, b in (((-x, -y), (-x, y)), ((x, -y), (x, y)), ((-x, -y), (x, -y)), ((-x, y), (x, y))):
                build.quad([(*a, 0), (*b, 0), (*b, high), (*a, high)], GREY)
            for side in (-1, 1):
                build.box((side * x - 0.06, -y, high - 0.02), (side * x + 0.06, y, high), GREY)
                build.box((-x, side * y - 0.06, high - 0.02), (x, side * y + 0.06, high), GREY)
        bowl((0, 0, high), x, y, high * 0.85, 0.9)
    else:
        bowl((0, 0, 0.25), wide * 0.9, wide, 0.25)
        build.box((-wide, wide * 0.7, 0), (wide, wide, rng.uniform(0.55, 0.85)), GREY)
        for sx in (-1, 1):
            build.box((sx * wide - 0.02, -wide * 0.2, 0.2), (sx * wide + 0.02, wide, 0.7), GREY)
    return build.mesh()


def vehicle(rng: Rng) -> Mesh:
    """A side view drawn out across the width, narrower above, on wheels: car, van, bus or truck."""
    kind, build = rng.choice(["saloon", "hatch", "suv", "van", "bus", "truck"]), Builder()
    long, wide, high = {
        "saloon": (4.6, 1.8, 1.45), "hatch": (3.9, 1.7, 1.5), "suv": (4.5, 1.85, 1.75),
        "van": (5.2, 2.0, 2.3), "bus": (11.0, 2.5, 3.1), "truck": (8.0, 2.5, 3.2),
    }[kind] * rng.uniform(0.88, 1.12, 3)  # fmt: skip
    hood, belt, floor = rng.uniform(0.5, 0.64), rng.uniform(0.55, 0.66), rng.uniform(0.1, 0.17)
    front, rear = rng.uniform(0.2, 0.3), rng.uniform(0.75, 0.85)
    side = {
        "saloon": [
            (0, hood - 0.1),
            (front, belt),
            (front + 0.14, 1),
            (rear - 0.15, 1),
            (rear, belt),
            (1, belt),
        ],
        "hatch": [(0, hood - 0.08), (front, belt), (front + 0.13, 1), (0.9, 0.96), (1, belt)],
        "suv": [(0, hood), (front, belt + 0.05), (front + 0.1, 1), (0.95, 0.97), (1, belt)],
        "van": [(0, 0.35), (0.1, 0.5), (0.24, 0.97), (0.3, 1), (1, 1)],
        "bus": [(0, 0.3), (0.01, 0.9), (0.03, 1), (1, 1)],
        "truck": [(0, 0.3), (0.02, 0.6), (0.05, 0.8), (0.22, 0.8), (0.22, 0.3), (1, 0.3)],
    }[kind]
    profile = np.array([(0, floor), *side, (1, floor)]) * (long, high) - (long / 2, 0)
    narrow = (
        1
        - (0.25 if kind in ("saloon", "hatch", "suv") else 0.06)
        * np.clip(profile[:, 1] / high - belt, 0, 1)
        / 0.4
    )
    edges = [np.column_stack([profile[:, 0], s * narrow * wide / 2, profile[:, 1]]) for s in (-1, 1)]
    count = len(profile)
    here = np.arange(count)
    then = (here + 1) % count
    strip = np.concatenate(
        [np.stack([here, then, then + count], 1), np.stack([here, then + count, here + count], 1)]
    )
    build.add(np.concatenate(edges), strip, GREY)
    for edge in edges:  # the sides, as fans around a low middle
        middle = np.array([[0, edge[0, 1], floor * high * 1.5]])
        build.add(np.concatenate([edge, middle]), np.stack([here, then, np.full(count, count)], 1), GREY)
    if kind == "truck" and rng.random() < 0.8:
        build.box(
            (-0.25 * long, -wide / 2, 0.32 * high), (long / 2, wide / 2, high * rng.uniform(0.6, 1.1)), GREY
        )
    radius = rng.uniform(0.28, 0.36) * (1.4 if kind in ("bus", "truck") else 1)
    axles = [-0.32, 0.31] if kind != "truck" else [-0.38, 0.2, 0.38]
    for at in axles:
        for s in (-1, 1):
            y = s * wide / 2
            build.cylinder(
                (at * long, y - s * 0.2, radius), (at * long, y + s * 0.02, radius), radius, GREY, sides=18
            )
    if rng.random() < 0.6 and kind in ("saloon", "hatch", "suv"):
        for s in (-1, 1):
            ball(build, ((front + 0.06 - 0.5) * long, s * (wide / 2 + 0.08), belt * high), (0.05, 0.1, 0.07))
        for at in (0.42, 0.62):  # seats
            for s in (-1, 1):
                x = (at - 0.5) * long
                build.box((x, s * 0.4 - 0.25, 0.3), (x + 0.5, s * 0.4 + 0.25, 0.5), GREY)
                build.box((x + 0.42, s * 0.4 - 0.25, 0.5), (x + 0.55, s * 0.4 + 0.25, 1.1), GREY)
    return build.mesh().placed(turn=np.pi / 2)


def plug(rng: Rng) -> Mesh:
    """A plate at a wall with a rim, a round or square inset, a rocker or pins' holes; one, two or three."""
    side, thick, build = rng.uniform(0.07, 0.09), rng.uniform(0.006, 0.014), Builder()
    count = int(rng.choice([1, 1, 1, 2, 3]))
    x, y = side * count / 2, side / 2
    build.box((-x, -thick, -y), (x, 0, y), GREY)
    if rng.random() < 0.5:
        build.box((-x * 0.9, -thick - 0.003, -y * 0.9), (x * 0.9, -thick, y * 0.9), GREY)
    if rng.random() < 0.5:
        build.box((-x + 0.01, 0, -y + 0.01), (x - 0.01, rng.uniform(0.01, 0.04), y - 0.01), GREY)
    kind = rng.choice(["round", "rocker", "slot", "dial"])
    for index in range(count):
        at = -x + side * (index + 0.5)
        if kind in ("round", "dial"):
            out = 0.002 if kind == "round" else rng.uniform(0.008, 0.02)
            build.cylinder(
                (at, -thick, 0), (at, -thick - out, 0), side * rng.uniform(0.2, 0.32), GREY, sides=20
            )
        elif kind == "rocker":
            half = side * rng.uniform(0.2, 0.36)
            build.box((at - half, -thick - 0.008, -half), (at + half, -thick, half), GREY, lean=0.004)
        for hole in (-0.01, 0.01) if kind in ("round", "slot") else ():
            build.cylinder(
                (at + hole, -thick - 0.003, 0), (at + hole, -thick * 0.3, 0), 0.0025, GREY, sides=8
            )
    return build.mesh()


def plant(rng: Rng) -> Mesh:
    """Leaves on stems from a pot, or a crown on a trunk."""
    build, tree = Builder(), rng.random() < 0.5
    if tree:
        high, crown = rng.uniform(1, 4), rng.uniform(0.4, 1.4)
        limb(build, (0, 0, 0), (0, 0, high), rng.uniform(0.04, 0.15), 0.03)
        cone = rng.random() < 0.35
        for _ in range(rng.integers(150, 400)):
            up = rng.random()
            reach = (
                crown
                * ((1 - up) if cone else np.sqrt(max(0.02, 1 - (2 * up - 1) ** 2)))
                * np.sqrt(rng.random())
            )
            angle = rng.uniform(0, 2 * np.pi)
            at = np.array(
                [
                    np.cos(angle) * reach,
                    np.sin(angle) * reach,
                    high * (0.4 if cone else 0.7) + up * 1.6 * crown,
                ]
            )
            leaf = rng.normal(0, 0.09, (2, 3))
            build.quad([at, at + leaf[0], at + leaf[0] + leaf[1], at + leaf[1]], GREY)
    else:
        radius, pot = rng.uniform(0.08, 0.2), rng.uniform(0.1, 0.35)
        revolved(build, [(0.001, 0), (radius * rng.uniform(0.6, 1), 0), (radius, pot), (0.001, pot * 0.95)])
        bend, tall, broad = rng.uniform(0.1, 1.2), rng.uniform(0.3, 1.3), rng.uniform(0.01, 0.05)
        for _ in range(rng.integers(12, 60)):
            angle, size = rng.uniform(0, 2 * np.pi), tall * rng.uniform(0.5, 1)
            t = np.linspace(0, 1, 6)
            out = bend * size * t**1.5 * rng.uniform(0.3, 1)
            way = np.array([np.cos(angle), np.sin(angle), 0])
            spine = out[:, None] * way + np.column_stack(
                [0 * t, 0 * t, pot * 0.9 + size * np.sin(t * rng.uniform(1, 2.4))]
            )
            across = np.array([-way[1], way[0], 0]) * broad
            half = (np.sin(np.pi * np.clip(t, 0.08, 0.97)) * rng.uniform(0.6, 1.5))[:, None] * across
            for a in range(5):
                build.quad(
                    [
                        spine[a] - half[a],
                        spine[a] + half[a],
                        spine[a + 1] + half[a + 1],
                        spine[a + 1] - half[a + 1],
                    ],
                    GREY,
                )
    return build.mesh()


def person(rng: Rng) -> Mesh:
    """A body of limbs, standing or sitting, arms anywhere."""
    build, tall = Builder(), rng.uniform(1.1, 1.9)
    u, fat = tall / 1.75, rng.uniform(0.8, 1.3)
    sits = rng.random() < 0.3
    hip = 0.45 * u if sits else 0.9 * u
    chest = hip + 0.48 * u
    limb(build, (0, 0, hip - 0.08 * u), (0, 0, chest), 0.15 * u * fat, 0.17 * u * fat)
    limb(build, (0, 0, chest), (0, 0, chest + 0.1 * u), 0.055 * u)
    ball(build, (0, -0.01, chest + 0.22 * u), (0.08 * u, 0.1 * u, 0.12 * u))
    for s in (-1, 1):
        top = np.array([s * 0.09 * u, 0, hip])
        step = rng.uniform(-0.35, 0.35) if not sits else -1.5
        knee = top + 0.43 * u * np.array([s * rng.uniform(0, 0.15), np.sin(step), -np.cos(step)])
        foot = knee + 0.43 * u * np.array([0, np.sin(step * 0.2 + 0.1 * (not sits)), -1])
        limb(build, top, knee, 0.08 * u * fat, 0.055 * u)
        limb(build, knee, foot, 0.055 * u, 0.04 * u)
        low, high = np.array([-0.04 * u, -0.18 * u, -0.03]), np.array([0.04 * u, 0.06 * u, 0.05])
        build.box(foot + low, foot + high, GREY)
        shoulder = np.array([s * 0.19 * u * fat, 0, chest - 0.03])
        out, ahead = rng.uniform(0.05, 0.5), rng.uniform(-0.4, 1.2)
        way = np.array([s * out, -np.sin(ahead), -np.cos(ahead)])
        elbow = shoulder + 0.29 * u * way / np.linalg.norm(way)
        bend = ahead + rng.uniform(0, 1.4)
        hand = elbow + 0.27 * u * np.array([s * out * rng.uniform(-1, 1) * 0.5, -np.sin(bend), -np.cos(bend)])
        limb(build, shoulder, elbow, 0.05 * u * fat, 0.04 * u)
        limb(build, elbow, hand, 0.04 * u, 0.03 * u)
        ball(build, hand, (0.04 * u, 0.04 * u, 0.07 * u))
    if rng.random() < 0.25:  # a skirt
        revolved(build, [(0.15 * u * fat, hip + 0.1), (0.27 * u, hip - 0.4 * u)])
    return build.mesh()


def window(rng: Rng) -> Mesh:
    return openings.window(rng, rng.uniform(0.08, 0.3), rng.uniform(0.5, 2.6), rng.uniform(0.5, 2.2))


def door(rng: Rng) -> Mesh:
    return openings.door(rng, rng.uniform(0.08, 0.3))[0]


def _one_of(maker: Callable[..., Mesh], *roles: str) -> Callable[[Rng], Mesh]:
    return lambda rng: maker(rng, str(rng.choice(roles)))


MAKERS: dict[str, Callable[[Rng], Mesh]] = {
    "bed": bed,
    "cabinet": lambda rng: parametric.bookcase(rng) if rng.random() < 0.25 else cabinet(rng),
    "chair": _one_of(parametric.chair, "chair", "chair", "stool", "bench"),
    "door": door,
    "lamp": lamp,
    "person": person,
    "plant": plant,
    "plug": plug,
    "sanitary": sanitary,
    "sofa": _one_of(parametric.sofa, "sofa", "armchair"),
    "table": _one_of(parametric.table, "dining", "desk", "coffee"),
    "vehicle": vehicle,
    "vessel": vessel,
    "window": window,
}


def made(klass: str, number: int) -> Mesh:
    """The design of this number, always the same."""
    return MAKERS[klass](np.random.default_rng([number, *klass.encode()]))
