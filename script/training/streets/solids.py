"""What parametric vehicles and people are made of. Metres, z up; everything stands on z = 0 and faces +x."""

from __future__ import annotations

import itertools

import numpy as np

from script.training.mesh import Builder

BODY, GLASS, RUBBER, CLOTH = (0.6, 0.6, 0.6), (0.3, 0.3, 0.3, 0.3), (0.1, 0.1, 0.1), (0.5, 0.5, 0.5)


def moved(point, x: float, y: float, z: float) -> np.ndarray:
    """A point, or all of them, elsewhere."""
    return np.asarray(point) + np.array([x, y, z])


def loft(builder: Builder, stations: np.ndarray, colours: list) -> None:
    """A closed body through cross-sections.

    stations: (s, r, 3), rings of as many corners each, front to back. colours: one a strip between two
    neighbouring corners of the rings, r of them.
    """
    many, corners = stations.shape[:2]
    for strip in range(corners):
        then = (strip + 1) % corners
        pair = np.concatenate([stations[:, strip], stations[:, then]])
        here = np.arange(many - 1)
        triangles = np.concatenate(
            [
                np.stack([here, here + 1, here + many], 1),
                np.stack([here + 1, here + many + 1, here + many], 1),
            ]
        )
        builder.add(pair, triangles, colours[strip])
    for ring in (stations[0], stations[-1]):
        fan = [(0, at, at + 1) for at in range(1, corners - 1)]
        builder.add(ring, fan, BODY)


def wheel(builder: Builder, x: float, y: float, radius: float, width: float) -> None:
    """A solid wheel whose middle is at (x, y), turning about y."""
    builder.cylinder((x, y - width / 2, radius), (x, y + width / 2, radius), radius, RUBBER, sides=14)


def tyre(builder: Builder, x: float, radius: float, width: float, spokes: int) -> None:
    """A thin wheel in the plane y = 0 that one can look through."""
    angles = np.arange(24) * 2 * np.pi / 24
    circle = np.stack([np.cos(angles), np.zeros(24), np.sin(angles)], 1)
    rim = max(0.03, 0.09 * radius)
    rings = np.array([[radius, -0.5], [radius, 0.5], [radius - rim, 0.5], [radius - rim, -0.5]])
    ring = circle[:, None] * rings[None, :, :1] + np.array([0, width, 0]) * rings[None, :, 1:]
    ring = np.concatenate([ring, ring[:1]]) + np.array([x, 0, radius])
    loft(builder, ring, [RUBBER] * 4)
    for spoke in range(spokes):
        angle = 2 * np.pi * spoke / max(spokes, 1)
        end = np.array([x + (radius - rim) * np.cos(angle), 0, radius + (radius - rim) * np.sin(angle)])
        builder.cylinder((x, 0, radius), end, 0.004, BODY, sides=3)


def ball(builder: Builder, middle, radii, colour=CLOTH) -> None:
    """An ellipsoid."""
    up = np.linspace(-np.pi / 2 * 0.95, np.pi / 2 * 0.95, 7)
    around = np.arange(10) * 2 * np.pi / 10
    rings = np.stack(
        [
            np.outer(np.cos(up), np.cos(around)),
            np.outer(np.cos(up), np.sin(around)),
            np.outer(np.sin(up), np.ones(10)),
        ],
        -1,
    )
    loft(builder, rings * np.asarray(radii) + np.asarray(middle), [colour] * 10)


def bar(builder: Builder, points, radius: float, colour=BODY, top: float | None = None) -> None:
    """A bent tube through points."""
    for base, end in itertools.pairwise(points):
        builder.cylinder(base, end, radius, colour, top, sides=6)
