"""Parametric clutter: boxes, bins, cabinets, lamps, pictures, curtains, radiators and things on tables."""

from __future__ import annotations

import itertools

import numpy as np

from script.training.mesh import Builder, Mesh
from script.training.parametric import Rng, colour


def small(rng: Rng) -> Mesh:
    """Something on a table: a box, a cup, a screen, a pile of paper."""
    build, kind = Builder(), rng.choice(["box", "cup", "screen", "paper", "ball"])
    if kind == "box":
        x, y, z = rng.uniform(0.04, 0.18, 3)
        build.box((-x, -y, 0), (x, y, z * 2), colour(rng))
    elif kind == "cup":
        radius = rng.uniform(0.03, 0.1)
        build.cylinder(
            (0, 0, 0), (0, 0, rng.uniform(0.06, 0.35)), radius, colour(rng), radius * rng.uniform(0.6, 1.3)
        )
    elif kind == "screen":
        x, z, metal = rng.uniform(0.2, 0.33), rng.uniform(0.28, 0.4), colour(rng, "metal")
        build.box((-x, -0.02, 0.12), (x, 0.02, 0.12 + z), (0.06, 0.06, 0.07))
        build.box((-0.03, 0.0, 0), (0.03, 0.05, 0.2), metal)
        build.box((-0.12, -0.08, 0), (0.12, 0.1, 0.015), metal)
    elif kind == "paper":
        build.box((-0.105, -0.15, 0), (0.105, 0.15, rng.uniform(0.01, 0.12)), colour(rng, "white"))
    else:
        radius, shade = rng.uniform(0.05, 0.14), colour(rng)
        steps = np.linspace(-1, 1, 6)
        for low, high in itertools.pairwise(steps):
            a, b = (radius * np.sqrt(max(0.0, 1 - s * s)) + 1e-3 for s in (low, high))
            build.cylinder((0, 0, radius * (1 + low)), (0, 0, radius * (1 + high)), a, shade, b, sides=14)
    return build.mesh()


def floor_piece(rng: Rng) -> Mesh:
    """Something on the floor: a box or a pile of them, a bin, a standing lamp, a plant in a pot."""
    build, kind = Builder(), rng.choice(["box", "boxes", "bin", "lamp", "plant"])
    if kind in ("box", "boxes"):
        top = 0.0
        for _ in range(1 if kind == "box" else rng.integers(2, 5)):
            x, y, z = rng.uniform(0.1, 0.32, 3)
            build.box((-x, -y, top), (x, y, top + 2 * z), colour(rng))
            top += 2 * z
            if top > 1.3:
                break
    elif kind == "bin":
        radius = rng.uniform(0.1, 0.25)
        build.cylinder(
            (0, 0, 0), (0, 0, rng.uniform(0.25, 0.8)), radius, colour(rng), radius * rng.uniform(1, 1.2)
        )
    elif kind == "lamp":
        high, metal = rng.uniform(1.1, 1.8), colour(rng, "metal")
        build.cylinder((0, 0, 0), (0, 0, 0.03), 0.15, metal)
        build.cylinder((0, 0, 0), (0, 0, high), 0.012, metal, sides=6)
        build.cylinder((0, 0, high - 0.25), (0, 0, high), rng.uniform(0.15, 0.25), colour(rng), 0.1)
    else:
        pot, green = rng.uniform(0.12, 0.22), np.array([0.2, 0.4, 0.15]) * rng.uniform(0.6, 1.5)
        build.cylinder((0, 0, 0), (0, 0, pot * 1.6), pot * 0.8, colour(rng), pot)
        for _ in range(rng.integers(10, 40)):
            angle, reach, high = rng.uniform(0, 6.3), rng.uniform(0.1, 0.45), rng.uniform(0.3, 1.4)
            tip = np.array([reach * np.cos(angle), reach * np.sin(angle), pot * 1.6 + high])
            side = 0.05 * np.array([-np.sin(angle), np.cos(angle), 0])
            root = np.array([0, 0, pot * 1.5])
            middle = tip * 0.6 + root * 0.4
            build.quad([root, middle + side, tip, middle - side], green)
    return build.mesh()


def cabinet(rng: Rng) -> Mesh:
    """A closed cupboard, wardrobe, sideboard or chest of drawers."""
    width, depth, height = rng.uniform(0.4, 2.0), rng.uniform(0.35, 0.65), rng.uniform(0.5, 2.2)
    shade, x, y = colour(rng), width / 2, depth / 2
    front = shade if rng.random() < 0.6 else colour(rng)
    metal, build = colour(rng, "metal"), Builder()
    build.box((-x, -y, 0), (x, y, height), shade)
    columns, rows = (
        max(1, round(width / rng.uniform(0.4, 0.7))),
        int(rng.integers(1, 5)) if height < 1.3 else 1,
    )
    wide, high = width / columns, (height - 0.08) / rows
    for column in range(columns):
        for row in range(rows):
            left, low = -x + column * wide, 0.06 + row * high
            build.box((left + 0.008, -y - 0.018, low), (left + wide - 0.008, -y, low + high - 0.012), front)
            x_grip, z_grip = left + wide / 2, low + high * 0.6
            build.box((x_grip - 0.06, -y - 0.04, z_grip), (x_grip + 0.06, -y - 0.018, z_grip + 0.02), metal)
    return build.mesh()


def picture(rng: Rng) -> Mesh:
    """A framed picture; y = 0 at the wall."""
    x, z, border = rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.7), rng.uniform(0.01, 0.05)
    build, frame = Builder(), colour(rng)
    build.box((-x, -0.025, 0), (x, 0, z), frame)
    left, right, low, high = -x + border, x - border, border, z - border
    corners = [(left, low), (right, low), (right, high), (left, high)]
    build.quad([(across, -0.027, up) for across, up in corners], colour(rng, "fabric"))
    return build.mesh()


def curtain(rng: Rng, width: float, height: float) -> Mesh:
    """Folds hanging from a rail; y = 0 at the wall."""
    build, shade = Builder(), colour(rng, "fabric")
    folds = np.linspace(-width / 2, width / 2, max(5, int(width / 0.05)))
    depth = -0.09 + 0.035 * np.sin(np.arange(len(folds)) * rng.uniform(1.2, 2.0))
    for left, right, a, b in zip(folds[:-1], folds[1:], depth[:-1], depth[1:], strict=True):
        build.quad([(left, a, 0), (right, b, 0), (right, b, height), (left, a, height)], shade)
    build.cylinder(
        (-width / 2 - 0.1, -0.09, height), (width / 2 + 0.1, -0.09, height), 0.015, colour(rng), sides=6
    )
    return build.mesh()


def radiator(rng: Rng) -> Mesh:
    """Ribs or a plate, under a window; y = 0 at the wall, hanging a hand above the floor."""
    x, height, shade = rng.uniform(0.25, 0.9), rng.uniform(0.35, 0.65), colour(rng, "white")
    build = Builder()
    if rng.random() < 0.5:
        build.box((-x, -0.11, 0.1), (x, -0.04, 0.1 + height), shade)
    else:
        for at in np.arange(-x, x, 0.06):
            build.box((at, -0.14, 0.1), (at + 0.035, -0.04, 0.1 + height), shade)
    build.cylinder((x, -0.07, 0.15), (x + 0.06, -0.07, 0.15), 0.015, shade, sides=6)
    return build.mesh()


def hanging_lamp(rng: Rng) -> Mesh:
    """A lamp on rods or a cable; its top is at z = 0, where the ceiling is."""
    build, metal, drop = Builder(), colour(rng, "metal"), rng.uniform(0.06, 0.9)
    if rng.random() < 0.6:
        x, y = rng.uniform(0.4, 0.8), rng.uniform(0.05, 0.2)
        build.box((-x, -y, -drop - 0.07), (x, y, -drop), colour(rng, "white"))
        for at in (-x * 0.7, x * 0.7):
            build.cylinder((at, 0, -drop), (at, 0, 0), 0.006, metal, sides=5)
    else:
        build.cylinder((0, 0, -drop), (0, 0, 0), 0.008, metal, sides=5)
        build.cylinder(
            (0, 0, -drop - 0.2), (0, 0, -drop), rng.uniform(0.12, 0.3), colour(rng), 0.06, sides=16
        )
    return build.mesh()
