"""Figures of an effective receptive field: how much of its mass lies where. numpy only.

All are taken of the raw gradient mass. The published area ratio of large-kernel networks takes a logarithm
first, and then changes when the gradient is multiplied by a number; these do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def contour_level(heat: np.ndarray, share: float) -> float:
    """The highest level whose pixels, at or above it, hold at least `share` of the mass; NaN of no mass."""
    values = np.sort(heat, axis=None)[::-1].astype(np.float64)
    held = np.cumsum(values)
    if held[-1] <= 0:
        return float("nan")
    # Sums in another order differ in the last digits: a mass that misses the share by them has reached it.
    reached = int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)))
    return float(values[min(reached, len(values) - 1)])


def area_ratio(heat: np.ndarray, share: float) -> float:
    """The part of the picture that the fewest pixels holding `share` of the mass make up: 0 to 1."""
    level = contour_level(heat, share)
    return float(np.mean(heat >= level)) if level == level else float("nan")


def square_side(heat: np.ndarray, share: float, centre: Sequence[float]) -> int:
    """The side in pixels of the smallest square (3D: cube) around `centre` that holds `share` of the mass.

    centre: pixel p covers [p, p + 1). The square is cut at the picture's edge, its side told uncut.
    """
    away = [np.abs(np.arange(n) + 0.5 - c) + 0.5 for n, c in zip(heat.shape, centre, strict=True)]
    # Half the side at which each pixel is wholly inside.
    half = away[0]
    for axis in away[1:]:
        half = np.maximum.outer(half, axis)
    order = np.argsort(half, axis=None, kind="stable")
    held = np.cumsum(heat.reshape(-1)[order], dtype=np.float64)
    reached = int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)))
    return int(np.ceil(2 * half.reshape(-1)[order][min(reached, len(order) - 1)]))


def mass_inside(heat: np.ndarray, box: Sequence[tuple[int, int]]) -> float:
    """The share of the mass within a box, per axis [first, last + 1), which may reach over the edge."""
    total = heat.sum(dtype=np.float64)
    cut = tuple(slice(max(a, 0), max(b, 0)) for a, b in box)
    return float(heat[cut].sum(dtype=np.float64) / total) if total > 0 else float("nan")


def equivalent_width(heat: np.ndarray) -> tuple[float, ...]:
    """Per axis, in pixels: how wide a field of even strength would be with the same mass and peak.

    Of the mass summed over the other axes: k for one uniform convolution k wide.
    """
    sums = [_along(heat, axis) for axis in range(heat.ndim)]
    return tuple(float(s.sum() / s.max()) if s.max() > 0 else float("nan") for s in sums)


def variance(heat: np.ndarray) -> tuple[float, ...]:
    """Per axis, in pixels²: how far the mass is spread about its own middle."""
    found = []
    for axis in range(heat.ndim):
        mass = _along(heat, axis)
        at = np.arange(len(mass))
        if mass.sum() <= 0:
            found.append(float("nan"))
            continue
        middle = (mass * at).sum() / mass.sum()
        found.append(float((mass * (at - middle) ** 2).sum() / mass.sum()))
    return tuple(found)


def _along(heat: np.ndarray, axis: int) -> np.ndarray:
    others = tuple(a for a in range(heat.ndim) if a != axis)
    return heat.sum(axis=others, dtype=np.float64)
