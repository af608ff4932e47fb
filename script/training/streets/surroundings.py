"""What stands in a street and is not looked for: ground, kerbs, buildings, walls, poles, trees, furniture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from script.training.mesh import Builder, Mesh
from script.training.streets.shapes import Shape, packaged, shaped
from script.training.streets.solids import BODY, ball, bar

Rng = np.random.Generator
GREY, WALL, LEAF = (0.4, 0.4, 0.4), (0.7, 0.6, 0.5), (0.2, 0.5, 0.2)
REACH = 90.0  # metres along the road that are built each way
PACKAGE = {
    "Scopia#acacia": (5.0, 5.5, 6.5),
    "Scopia#ficusTree": (2.8, 2.8, 5.0),
    "Scopia#poplar": (3.8, 4.0, 7.3),
    "Scopia#pine": (3.7, 3.7, 5.5),
    "Scopia#bush": (1.4, 1.5, 1.3),
    "Scopia#hedge": (1.0, 1.5, 1.1),
    "Scopia#high-hedge": (1.0, 1.5, 1.8),
    "Scopia#farola1": (0.44, 0.44, 2.9),
    "KatorLegaz#classic-lamppost": (0.35, 0.35, 3.2),
    "Scopia#candelabre": (1.5, 0.43, 7.4),
    "KatorLegaz#fire-hydrant": (0.33, 0.41, 0.76),
    "KatorLegaz#park-trashcan": (0.7, 0.7, 0.9),
    "KatorLegaz#residential-trashcan": (0.58, 0.58, 0.95),
    "BlendSwap-CC-0#mofx_mailbox": (0.46, 0.3, 1.2),
    "KatorLegaz#painted-bench": (0.52, 1.5, 0.85),
    "Scopia#wood_bank": (0.8, 1.8, 0.9),
}
"""Models of the package that stand on pavements, with their sizes; all three splits share them."""


@lru_cache
def furniture_of_streets() -> tuple[Shape, ...]:
    own = [shaped(f"tree {number}", tree(np.random.default_rng([9, number]))) for number in range(30)]
    own += [shaped(f"pole {number}", pole(np.random.default_rng([8, number]))) for number in range(30)]
    return (*own, *(packaged(key, size) for key, size in PACKAGE.items()))


def tree(rng: Rng) -> Mesh:
    """A trunk and leaves as loose triangles, or a dense bush."""
    height, builder = rng.uniform(3.0, 9.0), Builder()
    trunk = rng.uniform(0.25, 0.45) * height
    builder.cylinder((0, 0, 0), (0, 0, 0.7 * height), rng.uniform(0.06, 0.22), GREY, 0.05, sides=8)
    wide, many = rng.uniform(0.2, 0.4) * height, int(rng.integers(150, 500))
    directions = rng.normal(size=(many, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    share = rng.random(many)[:, None] ** (1 / 3)
    radii = np.array([wide, wide, (height - trunk) / 2])
    middles = directions * share * radii + np.array([0, 0, (height + trunk) / 2])
    corners = middles[:, None] + rng.normal(0, rng.uniform(0.1, 0.25), (many, 3, 3))
    corners[..., 2] = np.maximum(corners[..., 2], 0.3)
    builder.add(corners.reshape(-1, 3), np.arange(3 * many).reshape(-1, 3), LEAF)
    return builder.mesh()


def pole(rng: Rng) -> Mesh:
    """A lamp post, a sign, a traffic light, a bollard, a cabinet, an advertising column."""
    kind = rng.choice(["lamp", "sign", "light", "bollard", "cabinet", "column", "bin"])
    builder, height = Builder(), rng.uniform(2.2, 3.2)
    if kind == "lamp":
        height = rng.uniform(4.5, 9.0)
        reach = rng.uniform(0.3, 1.8)
        bar(builder, [(0, 0, 0), (0, 0, height), (reach, 0, height + 0.2)], rng.uniform(0.05, 0.1))
        builder.box((reach - 0.25, -0.12, height + 0.1), (reach + 0.25, 0.12, height + 0.25), BODY)
    elif kind in ("sign", "light"):
        bar(builder, [(0, 0, 0), (0, 0, height)], rng.uniform(0.03, 0.08))
        size = rng.uniform(0.2, 0.45) if kind == "sign" else 0.15
        builder.box((0.03, -size, height - 0.8), (0.08 if kind == "sign" else 0.3, size, height), BODY)
    elif kind == "bollard":
        bar(builder, [(0, 0, 0), (0, 0, rng.uniform(0.6, 1.1))], rng.uniform(0.05, 0.15))
    elif kind == "cabinet":
        builder.box((0, 0, 0), rng.uniform((0.3, 0.5, 0.8), (0.6, 1.4, 1.6)), BODY)
    elif kind == "column":
        builder.cylinder((0, 0, 0), (0, 0, height), rng.uniform(0.2, 0.7), BODY)
    else:
        builder.cylinder((0, 0, 0), (0, 0, 0.9), 0.22, BODY, 0.28)
        ball(builder, (0, 0, 0.95), (0.28, 0.28, 0.1), BODY)
    return builder.mesh()


def ground(width: float, pavements: tuple[float, float], kerb: float, crossing: float | None) -> Mesh:
    """Road along x between ±width / 2, beside it pavements and the land behind, both raised by the kerb.

    crossing: where along x a side road of 7 m interrupts pavements and kerbs.
    """
    builder, half, far = Builder(), width / 2, 95.0
    builder.quad([(-far, -far, 0), (far, -far, 0), (far, far, 0), (-far, far, 0)], GREY)
    gap = (crossing - 3.5, crossing + 3.5) if crossing is not None else (far, far)
    for side, pavement in zip((-1, 1), pavements, strict=True):
        low, high = sorted((side * half, side * (half + pavement + 60)))
        for start, end in ((-far, gap[0]), (gap[1], far)):
            if end > start:
                builder.box((start, low, -0.2), (end, high, kerb), GREY)
    return builder.mesh()


def buildings(width: float, pavements: tuple[float, float], crossing: float | None, rng: Rng) -> Mesh:
    """Rows of houses with doors and windows set back, garden walls and fences between them."""
    builder = Builder()
    for side, pavement in zip((-1, 1), pavements, strict=True):
        at, open_share = -REACH, rng.choice([0.1, 0.35, 0.8], p=[0.5, 0.35, 0.15])
        while at < REACH:
            long = rng.uniform(6, 22)
            clear = crossing is not None and at < crossing + 4.5 and at + long > crossing - 4.5
            line = width / 2 + pavement + rng.choice([0.0, rng.uniform(0.5, 8)])
            if not clear and rng.random() > open_share:
                _house(builder, at, long, side, line, rng)
            elif not clear and rng.random() < 0.6:
                fence = width / 2 + pavement + rng.uniform(0.1, 0.6)
                high = rng.uniform(0.6, 2.2)
                low, top = sorted((side * fence, side * (fence + 0.15)))
                builder.box((at, low, 0), (at + long, top, high), WALL)
            at += long + (rng.uniform(0.5, 5) if rng.random() < 0.3 else 0.0)
    builder.quad([(-REACH, -95, 0), (REACH, -95, 0), (REACH, -95, 5), (-REACH, -95, 5)], WALL)
    return builder.mesh()


def _house(builder: Builder, at: float, long: float, side: int, line: float, rng: Rng) -> None:
    high, deep = rng.uniform(3.5, 18), rng.uniform(8, 15)
    low, top = sorted((side * line, side * (line + deep)))
    builder.box((at, low, 0), (at + long, top, high), WALL)
    for _ in range(int(rng.integers(0, 4))):  # steps, bays, porches
        start, out = at + rng.uniform(0, long - 1.5), rng.uniform(0.15, 0.9)
        low, top = sorted((side * (line - out), side * line))
        builder.box((start, low, 0), (start + rng.uniform(0.6, 3), top, rng.uniform(0.3, high)), WALL)
