"""Doors and windows made of boxes, to be set into a hole of the wall.

y = 0 is the wall's inner face, +y goes into the wall; x is centred; z = 0 is the hole's lower edge.
"""

from __future__ import annotations

import numpy as np

from script.training.mesh import Builder, Mesh, join
from script.training.parametric import Rng, colour


def door(rng: Rng, thickness: float) -> tuple[Mesh, float, float]:
    """A door's mesh, and the width and height of its hole. Closed or open, glazed or not, one leaf or two."""
    leaves = 2 if rng.random() < 0.25 else 1
    width, height = leaves * rng.uniform(0.72, 1.02), rng.uniform(1.95, 2.3)
    frame_colour, leaf_colour = colour(rng), colour(rng)
    if rng.random() < 0.4:
        leaf_colour = frame_colour
    jamb, trim = rng.uniform(0.03, 0.06), rng.uniform(0.0, 0.09)
    frame = Builder()
    deep, out = min(thickness, rng.uniform(0.08, 0.25)), -rng.uniform(0.0, 0.02)
    x = width / 2
    for left in (-x, x - jamb):
        frame.box((left, out, 0), (left + jamb, deep, height), frame_colour)
    frame.box((-x, out, height - jamb), (x, deep, height), frame_colour)
    if trim > 0.03:
        for left in (-x - trim, x):
            frame.box((left, -0.018, 0), (left + trim, 0.0, height + trim), frame_colour)
        frame.box((-x, -0.018, height), (x, 0.0, height + trim), frame_colour)
    clear, pieces = width - 2 * jamb, [frame.mesh()]
    glazed, recess = (
        rng.choice(["no", "light", "full"], p=[0.6, 0.25, 0.15]),
        rng.uniform(0, max(0, deep - 0.05)),
    )
    style = int(rng.integers(3))
    for index in range(leaves):
        leaf = _leaf(rng, clear / leaves, height - jamb, leaf_colour, glazed, style)
        swing = 0.0 if rng.random() < 0.72 else rng.uniform(0.3, 1.6)
        hinge = -1 if (index == 0 and leaves == 2) or (leaves == 1 and rng.random() < 0.5) else 1
        # The leaf spans x from 0 to its width, from the hinge on; opened it swings into the room (-y).
        pieces.append(
            leaf.placed((-hinge, 1, 1), swing * hinge, (hinge * clear / 2, recess if swing == 0 else 0, 0))
        )
    return join(pieces), width, height


def _leaf(rng: Rng, width: float, height: float, leaf, glazed: str, style: int) -> Mesh:
    build = Builder()
    thick = 0.04
    if glazed == "no":
        build.box((0, 0, 0.005), (width, thick, height), leaf)
        if style:
            rows, columns = (2, 2) if style == 1 else (3, 1)
            for row in range(rows):
                for column in range(columns):
                    w, h = width / columns, height / rows
                    build.box(
                        (column * w + 0.1, -0.008, row * h + 0.12),
                        (column * w + w - 0.1, 0, row * h + h - 0.08),
                        leaf,
                    )
    else:
        rim = 0.1 if glazed == "full" else rng.uniform(0.12, 0.2)
        low = 0.12 if glazed == "full" else rng.uniform(0.6, 1.2)
        build.box((0, 0, 0.005), (width, thick, low), leaf)
        build.box((0, 0, height - rim), (width, thick, height), leaf)
        build.box((0, 0, low), (rim, thick, height - rim), leaf)
        build.box((width - rim, 0, low), (width, thick, height - rim), leaf)
        build.box((rim, 0.015, low), (width - rim, 0.022, height - rim), (0.7, 0.8, 0.82, 0.2))
    metal = colour(rng, "metal")
    for y in (-0.05, thick + 0.04):
        build.box((width - 0.16, y, 1.0), (width - 0.04, y + 0.015, 1.025), metal)
    build.cylinder((width - 0.05, -0.04, 1.01), (width - 0.05, thick + 0.04, 1.01), 0.012, metal, sides=6)
    return build.mesh()


def window(rng: Rng, thickness: float, width: float, height: float) -> Mesh:
    """Frame, panes and sill for a hole of this size."""
    frame = colour(rng, str(rng.choice(["white", "wood", "metal"])))
    bar, deep = rng.uniform(0.035, 0.08), rng.uniform(0.05, 0.1)
    front = rng.uniform(0.0, max(0.01, thickness - deep))
    build = Builder()
    x = width / 2
    panes = max(1, round(width / rng.uniform(0.5, 1.3)))
    edges = np.linspace(-x, x, panes + 1)
    for left in (-x, x - bar):
        build.box((left, front, 0), (left + bar, front + deep, height), frame)
    for edge in edges[1:-1]:
        build.box((edge - bar * 0.7, front, 0), (edge + bar * 0.7, front + deep, height), frame)
    for low in (0, height - bar):
        build.box((-x, front, low), (x, front + deep, low + bar), frame)
    if rng.random() < 0.4:
        at = height * rng.choice([0.33, 0.5, 0.7])
        build.box((-x, front + 0.01, at - bar / 2), (x, front + deep - 0.01, at + bar / 2), frame)
    middle = front + deep / 2
    build.box((-x + bar, middle, bar), (x - bar, middle + 0.006, height - bar), (*_glass(rng), 0.15))
    if rng.random() < 0.25:  # a roller blind in the frame, partly drawn
        low = height * rng.uniform(0.05, 0.8)
        build.box(
            (-x + bar / 2, front - 0.02, low), (x - bar / 2, front - 0.01, height), colour(rng, "paint")
        )
    if rng.random() < 0.7:
        sill = rng.uniform(0.02, 0.15)
        build.box((-x - 0.04, -sill, -0.03), (x + 0.04, 0, 0), colour(rng, "white"))
    if front > 0.02:
        build.box((-x, 0, 0.0), (x, front, 0.004), frame)
    return build.mesh()


def _glass(rng: Rng):
    sky = rng.uniform(0.1, 0.95)
    return tuple(np.clip([sky * 0.92, sky, sky * 1.05], 0, 1))
