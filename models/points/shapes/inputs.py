"""A cloud of one object made into what a network of shapes sees. Training and use share it."""

from __future__ import annotations

import numpy as np

from headlight.models.points.neighbours import farthest
from headlight.models.points.representations.views import Ring, views

POINTS = 1024
DRAWN = 8
"""So many times the points that a network sees are drawn, of which the furthest of each other are kept."""
SPLATTED = 8192
"""Points that views are made of at most."""
_SEED = 16


def sample(points: np.ndarray, count: int) -> np.ndarray:
    """int64 (min(count, n),), sorted: points spread evenly, the same for the same cloud."""
    drawn = subset(len(points), DRAWN * count)
    return np.sort(drawn[farthest(points[drawn], count)])


def subset(total: int, most: int) -> np.ndarray:
    """int64, sorted: `most` of `total` points, the same each time; all where there are no more."""
    if total <= most:
        return np.arange(total)
    return np.sort(np.random.default_rng(_SEED).choice(total, most, replace=False))


def unit(points: np.ndarray) -> np.ndarray:
    """float32 (n, 3): around their mean, the furthest of them 1 away (as for ModelNet40)."""
    centred = points.astype(np.float64) - points.mean(0, dtype=np.float64)
    furthest = np.sqrt((centred**2).sum(1).max(initial=0.0))
    return (centred / max(furthest, 1e-12)).astype(np.float32)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """(n, 3) turned about the vertical by radians."""
    c, s = np.cos(angle), np.sin(angle)
    return (points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])).astype(points.dtype)


def pictures(points: np.ndarray, ring: Ring) -> np.ndarray:
    """float32 (views, side, side), as the multi-view network sees points: the nearer the brighter."""
    return views(points, ring).arrays["views"]
