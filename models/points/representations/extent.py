"""What a cloud may be of, by its size: one object, a room, a street, or one scan of a turning sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.range_image import fitted

Sort = Literal["object", "room", "street", "scan"]
FEW = 20
"""Points below which nothing can be told."""
LOOKED_AT = 200_000
BULK = (2.0, 98.0)
"""Percentiles along each axis between which a cloud's size is measured: a few stray points do not count."""
SMALL = 2.2
"""Metres that the longest side of furniture or of a person has."""
LOW = 1.8
"""Metres below which nothing is a room, but cars are."""
HIGH = 12.0
WIDE = 8.0
"""Metres from which on what has neither floor nor ceiling is no tree."""
FLOOR, GROUND = 3.0, 400.0
"""Square metres of the smallest room, and from which on it would be a hall."""
FAR = 12.0
"""Metres that a scan of a street is wide at least."""
THICK, SHARE = 0.15, 0.15
"""Metres of a floor or a ceiling; the share of the height in which uneven ground lies."""
ABOVE = (0.5, 8.0)
"""Metres that a sensor stands above the ground."""
COVERED = 0.5
"""Share of the plan over which a floor or a ceiling lies."""
CELLS = 12
"""Along each side of the plan, where there are points enough."""


@dataclass(frozen=True)
class Extent:
    """size: metres of the bulk along x, y, z. beams: of the turning sensor that measured it, 0 of none."""

    sort: Sort
    size: tuple[float, float, float]
    beams: int = 0


def extent(points: np.ndarray, zero: np.ndarray | None = None, ring: np.ndarray | None = None) -> Extent:
    """points: float (n, 3), metres, z up. zero: (3,), where a sensor would have been. ring: int (n,), the
    beam of each point.

    A guess, made of how large it is, whether it has a floor and a ceiling, and whether it shows the beams of
    a sensor: what is small is an object, what has floor and ceiling a room, what is wide and has beams a
    scan.
    """
    if len(points) < FEW:
        return Extent("room", (0.0, 0.0, 0.0))
    part = points[:: max(1, len(points) // LOOKED_AT)].astype(np.float64)
    low, high = np.percentile(part, BULK, axis=0)
    size = high - low
    floor, ceiling = _covered(part, low, high, THICK)
    longest, area, tall = size.max(), size[0] * size[1], size[2]
    beams = 0
    is_room = LOW <= tall <= HIGH and area >= FLOOR and min(floor, ceiling) >= COVERED
    if longest > FAR and not is_room:
        beams = _beams(part, low, high, np.zeros(3) if zero is None else zero, ring)
    if longest <= SMALL:
        sort: Sort = "object"
    elif beams:
        sort = "scan"
    elif is_room:
        sort = "room"
    elif area > GROUND:
        ground, _ = _covered(part, low, high, SHARE * tall)
        sort = "street" if ground >= COVERED / 2 else "object"
    elif tall < LOW and longest < FAR:
        sort = "object"
    else:
        is_flat = area >= FLOOR and (floor >= COVERED / 2 or ceiling >= COVERED)
        sort = "room" if is_flat or longest > WIDE else "object"
    x, y, z = size.tolist()
    return Extent(sort, (x, y, z), beams)


def _covered(points: np.ndarray, low: np.ndarray, high: np.ndarray, thick: float) -> tuple[float, float]:
    """Shares of the plan's cells with points in the lowest and in the highest `thick` metres."""
    many = int(np.clip(np.sqrt(len(points) / 8), 2, CELLS))
    cells = np.floor((points[:, :2] - low[:2]) / np.maximum(high - low, 1e-9)[:2] * many)
    inside = ((cells >= 0) & (cells < many)).all(1)
    number, up = (cells[:, 0] * many + cells[:, 1])[inside], points[inside, 2]
    lower, upper = (len(np.unique(number[end])) for end in (up <= low[2] + thick, up >= high[2] - thick))
    return lower / many**2, upper / many**2


def _beams(
    points: np.ndarray, low: np.ndarray, high: np.ndarray, zero: np.ndarray, ring: np.ndarray | None
) -> int:
    """Of the sensor at zero that measured the points; 0 where it would stand elsewhere than over their
    ground."""
    if ring is not None:
        return len(np.unique(ring))
    is_over = (zero > low)[:2].all() and (zero < high)[:2].all()
    if not is_over or not ABOVE[0] <= zero[2] - low[2] <= ABOVE[1]:
        return 0
    try:
        return fitted(points - zero).rows
    except HeadlightError:
        return 0
