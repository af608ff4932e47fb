"""Looking into a room from outside: the walls (and the ceiling) that stand between are left out.

The box of the room is the upright one of least floor area around its points; a face is cut away while the
camera stands outside of it. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.widgets.cloud.camera import Camera

NOTHING = np.tile(np.array([0, 0, 0, 1], np.float32), (3, 1))
"""Planes that cut nothing away."""

_SHARE, _THICK = 0.03, (0.06, 0.25)  # of the room's extent that a wall takes, held within these metres
_STRAY = 0.5  # per cent of the points that may lie outside at each side: what is seen through windows


@dataclass(frozen=True, eq=False)
class Box:
    """axes: float64 (3, 3), rows are unit vectors, the last one z; low, high (3,): inner faces of the walls
    along them."""

    axes: np.ndarray
    low: np.ndarray
    high: np.ndarray


def room_box(points: np.ndarray) -> Box:
    """The box of a room (n, 3), n ≥ 1."""
    sample = np.asarray(points[:: max(1, len(points) // 4000)], np.float64)
    percent = [_STRAY, 100 - _STRAY]

    def turned(degrees: float) -> np.ndarray:
        angle = np.radians(degrees)
        return np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    def area(degrees: float) -> float:
        low, high = np.percentile(sample @ turned(degrees)[:2].T, percent, axis=0)
        return float(np.prod(high - low))

    coarse = min(range(0, 90, 3), key=area)
    axes = turned(min(np.arange(coarse - 2.5, coarse + 2.6, 0.5), key=lambda a: (area(a), abs(a))))
    low, high = np.percentile(sample @ axes.T, percent, axis=0)
    thick = np.clip(_SHARE * (high - low), *_THICK)
    thick = np.minimum(thick, (high - low) / 4)
    return Box(axes, low + thick, high - thick)


def cuts(box: Box, camera: Camera) -> np.ndarray:
    """float32 (3, 4): what lies at normal · point > offset of any row (normal, offset) is left out."""
    planes = NOTHING.copy()
    eye, back = box.axes @ camera.eye(), box.axes @ camera.axes()[2]
    outside = np.array([eye > box.high, eye < box.low])
    if camera.pose.projection == "orthographic":
        outside = np.array([back > 0.05, back < -0.05])
    for axis in range(3):
        if outside[0, axis]:
            planes[axis] = *box.axes[axis], box.high[axis]
        elif outside[1, axis]:
            planes[axis] = *-box.axes[axis], -box.low[axis]
    return planes


def kept(points: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """bool (n,): the points that no plane cuts away."""
    inside = np.ones(len(points), bool)
    for *normal, offset in planes:
        if any(normal):
            inside &= points @ np.array(normal, np.float32) <= offset
    return inside
