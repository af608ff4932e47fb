"""Furniture and room parts made of boxes and cylinders, each a design drawn from a random generator.

Every function returns a mesh that stands on z = 0, centred in x, facing -y (see mesh.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from script.training.mesh import Builder, Mesh

Rng = np.random.Generator


def colour(rng: Rng, kind: str = "") -> tuple[float, float, float]:
    """A plausible colour: of wood, metal, fabric, paint, or any."""
    kind = kind or str(rng.choice(["wood", "metal", "fabric", "paint", "white"]))
    if kind == "wood":
        value = np.array([0.62, 0.43, 0.26]) * rng.uniform(0.35, 1.45) + rng.normal(0, 0.03, 3)
    elif kind == "metal":
        value = np.full(3, rng.uniform(0.1, 0.8)) + rng.normal(0, 0.02, 3)
    elif kind == "white":
        value = np.full(3, rng.uniform(0.75, 0.97)) + rng.normal(0, 0.02, 3)
    elif kind == "paint":
        value = np.clip(rng.uniform(0.6, 0.95) + rng.normal(0, 0.07, 3), 0, 1)
    else:
        hue = rng.uniform(0, 1, 3)
        value = hue.mean() + (hue - hue.mean()) * rng.uniform(0.1, 1.0)
    return tuple(float(part) for part in np.clip(value, 0.03, 0.98))


def table(rng: Rng, role: str = "dining") -> Mesh:
    """Four legs, panels, a pedestal or trestles under a square, round or long top."""
    if role == "coffee":
        width, depth, height = rng.uniform(0.6, 1.3), rng.uniform(0.4, 0.75), rng.uniform(0.32, 0.5)
    elif role == "desk":
        width, depth, height = rng.uniform(1.0, 1.9), rng.uniform(0.55, 0.9), rng.uniform(0.68, 0.78)
    else:
        width, depth, height = rng.uniform(0.7, 2.4), rng.uniform(0.65, 1.2), rng.uniform(0.68, 0.8)
        if rng.random() < 0.15:
            width, depth, height = rng.uniform(0.6, 0.9), rng.uniform(0.6, 0.9), rng.uniform(0.95, 1.1)
    thick, top, frame = rng.uniform(0.015, 0.06), colour(rng), colour(rng)
    frame = top if rng.random() < 0.4 else frame
    build = Builder()
    x, y = width / 2, depth / 2
    under = height - thick
    if role != "desk" and rng.random() < 0.25:
        radius = min(x, y) if rng.random() < 0.8 else x
        x = y = radius
        build.cylinder((0, 0, under), (0, 0, height), radius, top, sides=28)
    else:
        build.box((-x, -y, under), (x, y, height), top)
    kind = rng.choice(["legs", "panels", "pedestal", "trestle"], p=[0.55, 0.2, 0.15, 0.1])
    inset, leg = rng.uniform(0.02, 0.12), rng.uniform(0.02, 0.045)
    if x == y and kind in ("panels", "trestle"):
        kind = "pedestal"
    if x == y and kind == "legs":
        inset += 0.25 * x
    if kind == "legs":
        for sx in (-1, 1):
            for sy in (-1, 1):
                cx, cy = sx * (x - inset - leg), sy * (y - inset - leg)
                if rng.random() < 0.5:
                    build.cylinder((cx, cy, 0), (cx, cy, under), leg, frame)
                else:
                    build.box((cx - leg, cy - leg, 0), (cx + leg, cy + leg, under), frame)
        if rng.random() < 0.5:
            low = under - rng.uniform(0.05, 0.12)
            for side in (-1, 1):
                at = side * (y - inset)
                build.box((-x + inset, at - 0.012, low), (x - inset, at + 0.012, under), frame)
    elif kind == "panels":
        for side in (-1, 1):
            edge = side * (x - inset)
            build.box((edge - 0.02, -y + 0.04, 0), (edge + 0.02, y - 0.04, under), frame)
        low = max(0.05, under - rng.uniform(0.2, 0.55))
        build.box((-x + inset, y - 0.12, low), (x - inset, y - 0.1, under), frame)
    elif kind == "pedestal":
        for cx in (0,) if width < 1.4 or x == y else (-x / 2, x / 2):
            build.cylinder((cx, 0, 0), (cx, 0, under), rng.uniform(0.03, 0.08), frame)
            build.cylinder((cx, 0, 0), (cx, 0, 0.03), min(x, y) * 0.7, frame, sides=16)
    else:
        for side in (-1, 1):
            cx = side * (x - 0.2)
            for lean in (-1, 1):
                foot = (cx, lean * (y - 0.08), leg / 2)
                build.cylinder(foot, (cx, lean * 0.12, under), leg, frame, sides=6)
            build.box((cx - leg, -y + 0.1, under - 0.06), (cx + leg, y - 0.1, under), frame)
    if role == "desk" and rng.random() < 0.6:
        side, deep = rng.choice([-1, 1]), rng.uniform(0.36, 0.46)
        low, high = sorted((side * x, side * (x - deep)))
        build.box((low + 0.01, -y + 0.04, 0.03), (high - 0.01, y - 0.04, under), frame)
        for level in np.linspace(0.05, under, rng.integers(3, 5))[:-1]:
            build.box((low + 0.03, -y + 0.025, level), (high - 0.03, -y + 0.04, level + 0.15), top)
    if role == "coffee" and kind == "legs" and rng.random() < 0.4 and x != y:
        build.box((-x + 0.08, -y + 0.08, 0.12), (x - 0.08, y - 0.08, 0.14), top)
    return build.mesh()


def chair(rng: Rng, role: str = "chair") -> Mesh:
    """Four-legged or swivel chair, with or without arms; a stool or a bench."""
    width, depth, seat = rng.uniform(0.38, 0.56), rng.uniform(0.38, 0.54), rng.uniform(0.41, 0.5)
    if role == "bench":
        width, depth = rng.uniform(0.9, 1.8), rng.uniform(0.3, 0.45)
    if role == "stool":
        width = depth = rng.uniform(0.3, 0.42)
        seat = rng.uniform(0.42, 0.8)
    cushion, frame, thick = colour(rng), colour(rng), rng.uniform(0.02, 0.09)
    build = Builder()
    x, y = width / 2, depth / 2
    if role == "stool" and rng.random() < 0.6:
        build.cylinder((0, 0, seat - thick), (0, 0, seat), x, cushion, sides=16)
    else:
        build.box((-x, -y, seat - thick), (x, y, seat), cushion)
    swivel = role != "bench" and rng.random() < (0.4 if role == "chair" else 0.25)
    leg = rng.uniform(0.01, 0.025)
    if swivel:
        build.cylinder((0, 0, 0.1), (0, 0, seat - thick), 0.025, frame)
        for angle in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 1):
            foot = 0.3 * np.array([np.cos(angle), np.sin(angle), 0])
            build.cylinder((0, 0, 0.1), foot + np.array([0, 0, 0.07]), 0.02, frame, sides=6)
            build.cylinder(foot, foot + np.array([0, 0, 0.06]), 0.025, (0.1, 0.1, 0.1), sides=8)
    elif role == "chair" and rng.random() < 0.15:  # a cantilever of tubes
        for side in (-1, 1):
            cx = side * (x - leg)
            build.cylinder((cx, -y, 0.02), (cx, y, 0.02), leg, frame, sides=8)
            build.cylinder((cx, -y, 0.02), (cx, -y + 0.03, seat - thick), leg, frame, sides=8)
    else:
        splay = rng.uniform(0, 0.05)
        for sx in (-1, 1):
            for sy in (-1, 1):
                foot = (sx * (x - leg + splay), sy * (y - leg + splay), 0)
                build.cylinder(foot, (sx * (x - leg), sy * (y - leg), seat - thick), leg, frame, sides=8)
    if role in ("stool", "bench") and (role == "stool" or rng.random() < 0.6):
        return build.mesh()
    high, lean = seat + rng.uniform(0.32, 0.6), rng.uniform(0.0, 0.12)
    kind = rng.choice(["panel", "slats", "bars"])
    if kind == "panel":
        low = seat + rng.choice([0.0, 0.02, 0.15])
        build.box((-x + 0.01, y - 0.05, low), (x - 0.01, y - rng.uniform(0.0, 0.03), high), cushion, lean)
    elif kind == "slats":
        for level in np.linspace(seat + 0.12, high, rng.integers(2, 5)):
            at = lean * (level - seat) / (high - seat)
            build.box((-x, y - 0.03 + at, level - 0.05), (x, y - 0.01 + at, level), frame)
    else:
        for at in np.linspace(-x + 0.05, x - 0.05, rng.integers(3, 7)):
            build.cylinder((at, y - 0.02, seat), (at, y - 0.02 + lean, high), 0.01, frame, sides=6)
        build.box((-x, y - 0.03 + lean, high - 0.06), (x, y - 0.01 + lean, high), frame)
    if swivel and rng.random() < 0.5:
        build.box((-0.03, y - 0.02, seat - 0.02), (0.03, y + 0.01, seat + 0.25), frame)
    for side in (-1, 1) if kind != "panel" else ():
        at, behind = side * (x - 0.015), y - 0.02
        build.cylinder((at, behind, seat - thick), (at, behind + lean, high), 0.015, frame, sides=8)
    if rng.random() < 0.4:
        for side in (-1, 1):
            cx, arm = side * (x + 0.01), seat + rng.uniform(0.17, 0.24)
            build.box((cx - 0.025, -y * 0.6, arm - 0.03), (cx + 0.025, y, arm), frame)
            build.cylinder((cx, -y * 0.5, seat - thick), (cx, -y * 0.5, arm), 0.015, frame, sides=8)
    return build.mesh()


def sofa(rng: Rng, role: str = "sofa") -> Mesh:
    """One to four seats between arms, straight or with a corner."""
    seats = 1 if role == "armchair" else rng.integers(2, 5)
    each, depth, seat = rng.uniform(0.52, 0.75), rng.uniform(0.7, 1.0), rng.uniform(0.36, 0.48)
    arm, back, high = rng.uniform(0.08, 0.25), rng.uniform(0.12, 0.25), rng.uniform(0.62, 0.98)
    armless, legs = rng.random() < 0.1, rng.uniform(0.02, 0.15)
    fabric = colour(rng, "fabric")
    cushions = fabric if rng.random() < 0.6 else colour(rng, "fabric")
    build = Builder()
    x, y = each * seats / 2, depth / 2
    arm = 0.0 if armless else arm
    base = rng.uniform(0.55, 0.75) * seat
    build.box((-x - arm, -y, legs), (x + arm, y, base), fabric)
    build.box((-x - arm, y - back, base), (x + arm, y, high), fabric, rng.uniform(0, 0.06))
    for index in range(seats):
        left = -x + index * each
        build.box((left + 0.008, -y - 0.01, base), (left + each - 0.008, y - back, seat), cushions)
        if rng.random() < 0.7:
            top = high + rng.uniform(-0.08, 0.06)
            build.box(
                (left + 0.01, y - back - 0.14, seat),
                (left + each - 0.01, y - back + 0.03, top),
                cushions,
                0.05,
            )
    if not armless:
        top = rng.uniform(seat + 0.08, min(high, seat + 0.3))
        for side in (-1, 1):
            low, far = sorted((side * x, side * (x + arm)))
            build.box((low, -y, legs), (far, y, top), fabric)
            if rng.random() < 0.4:
                build.cylinder(((low + far) / 2, -y, top), ((low + far) / 2, y, top), arm / 2, fabric)
    for sx in (-1, 1):
        for sy in (-1, 1):
            cx, cy = sx * (x + arm - 0.06), sy * (y - 0.06)
            build.cylinder((cx, cy, 0), (cx, cy, legs), 0.025, (0.2, 0.15, 0.1), sides=8)
    if seats > 2 and rng.random() < 0.3:
        side, far = rng.choice([-1, 1]), rng.uniform(0.5, 1.0)
        low, high_x = sorted((side * (x + arm), side * (x + arm - each - arm)))
        build.box((low, -y - far, legs), (high_x, -y, base), fabric)
        build.box((low, -y - far, base), (high_x, -y, seat), cushions)
        mesh = build.mesh()
        return mesh.placed(at=(0, far / 2, 0))
    return build.mesh()


def bookcase(rng: Rng, role: str = "bookcase") -> Mesh:
    """Shelves in an open or a closed frame, filled with books, files, boxes and gaps."""
    width, depth = rng.uniform(0.6, 2.8), rng.uniform(0.22, 0.45)
    height = rng.uniform(1.0, 2.5) if rng.random() < 0.85 else rng.uniform(0.7, 1.0)
    board, wood, full = rng.uniform(0.015, 0.035), colour(rng), rng.uniform(0, 1) ** 0.5
    build = Builder()
    x, y = width / 2, depth / 2
    columns = max(1, round(width / rng.uniform(0.55, 1.1)))
    rows = max(2, round(height / rng.uniform(0.27, 0.45)))
    edges, levels = (
        np.linspace(-x, x, columns + 1),
        np.linspace(rng.uniform(0, 0.1), height - board, rows + 1),
    )
    rack = rng.random() < 0.2
    for index, edge in enumerate(edges):
        left = edge if index == 0 else edge - board if index == columns else edge - board / 2
        if rack:
            for end in (-y, y - 0.03):
                build.box((left, end, 0), (left + 0.03, end + 0.03, height), wood)
        else:
            build.box((left, -y, 0), (left + board, y, height), wood)
    if not rack and rng.random() < 0.85:
        build.box((-x, y - 0.008, 0), (x, y, height), wood if rng.random() < 0.7 else colour(rng))
    for level in levels:
        build.box((-x, -y, level), (x, y, level + board), wood)
    books = [colour(rng, "fabric") for _ in range(12)]
    closed = levels[1] if rng.random() < 0.2 and not rack else 0.0
    for low, high in itertools.pairwise(levels):
        for left, right in itertools.pairwise(edges):
            left, right, room = left + board, right - board, high - low - board
            if low < closed:
                build.box((left, -y - 0.01, low + board), (right, -y + 0.01, high), wood)
            elif rng.random() < full:
                fill_compartment(build, rng, (left, right), low + board, room, y, books)
    return build.mesh()


def fill_compartment(build: Builder, rng: Rng, span, level: float, room: float, y: float, books) -> None:
    """One compartment: a row of books, a pile, a box or a few boxes."""
    left, right = span
    kind = rng.choice(["books", "pile", "box"], p=[0.75, 0.1, 0.15])
    if kind == "box":
        wide = min(right - left, rng.uniform(0.2, 0.5))
        at = rng.uniform(left, max(left, right - wide))
        build.box(
            (at, -y + 0.02, level), (at + wide, y - 0.03, level + room * rng.uniform(0.4, 0.9)), books[0]
        )
        return
    if kind == "pile":
        at, top = rng.uniform(left, max(left + 0.01, right - 0.3)), level
        while top < level + 0.6 * room:
            thick = rng.uniform(0.02, 0.06)
            build.box(
                (at, -y + 0.03, top), (min(at + 0.25, right), y - 0.05, top + thick), books[rng.integers(12)]
            )
            top += thick
        return
    at, usual, front = left, room * rng.uniform(0.6, 0.92), rng.uniform(0.0, 0.08)
    end = left + (right - left) * (1.0 if rng.random() < 0.6 else rng.uniform(0.3, 1.0))
    while at < end - 0.03:
        thick = rng.uniform(0.02, 0.07)
        tall = min(room * 0.98, usual * rng.uniform(0.85, 1.1))
        at_y = -y + front + rng.uniform(0, 0.03)
        build.box(
            (at, at_y, level), (min(at + thick, right), y - 0.02, level + tall), books[rng.integers(12)]
        )
        at += thick + (0.0 if rng.random() < 0.95 else 0.04)


def board(rng: Rng, role: str = "board") -> Mesh:
    """Whiteboard, blackboard or pin board, y = 0 at the wall's side of it. Stands on its lower edge."""
    width, height = rng.uniform(0.8, 4.0), rng.uniform(0.7, 1.5)
    kind = rng.choice(["white", "black", "pin"], p=[0.55, 0.25, 0.2])
    surface = {"white": colour(rng, "white"), "black": (0.05, 0.12, 0.09), "pin": colour(rng, "fabric")}[kind]
    if kind == "black" and rng.random() < 0.5:
        surface = (0.1, 0.1, 0.11)
    rim = colour(rng, "metal" if rng.random() < 0.6 else "wood")
    thick, border = rng.uniform(0.015, 0.05), rng.uniform(0.01, 0.05)
    build = Builder()
    x = width / 2
    panels = 1 if width < 2.2 or rng.random() < 0.5 else int(rng.integers(2, 4))
    for edge in np.linspace(-x, x, panels + 1)[:-1]:
        build.box((edge + 0.003, -thick, 0), (edge + width / panels - 0.003, 0, height), surface)
    for low in (0, height - border):
        build.box((-x, -thick - 0.008, low), (x, -thick, low + border), rim)
    for left in (-x, x - border):
        build.box((left, -thick - 0.008, 0), (left + border, -thick, height), rim)
    if kind != "pin" and rng.random() < 0.7:
        reach = width * rng.uniform(0.2, 0.5)
        build.box((-reach, -thick - rng.uniform(0.05, 0.1), -0.015), (reach, -0.003, 0.005), rim)
    if kind == "pin":
        for _ in range(rng.integers(2, 14)):
            at_x, at_z = rng.uniform(-x + 0.02, x - 0.3), rng.uniform(0.05, height - 0.32)
            build.box((at_x, -thick - 0.004, at_z), (at_x + 0.21, -thick, at_z + 0.29), colour(rng, "white"))
    return build.mesh()


MAKERS: dict[str, Callable[..., Mesh]] = {
    "table": table,
    "chair": chair,
    "sofa": sofa,
    "bookcase": bookcase,
    "board": board,
}
