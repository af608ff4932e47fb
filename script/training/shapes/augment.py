"""What a network sees of an object in training: another part, shape and side of it each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.points.neighbours import farthest
from headlight.models.points.shapes.inputs import turned, unit
from script.training.shapes.pools import Pool

LEAST = 256
"""Points that must be seen for a scan to count."""
REAL = 0.6
"""Share of a class's objects that are models, not made up."""


@dataclass(frozen=True)
class Change:
    """How much. whole, outside: chances of the whole surface and of what can be seen at all; else what one to
    three standpoints see."""

    whole: float = 0.65
    outside: float = 0.2
    stretch: float = 0.2
    taper: float = 0.12
    lean: float = 0.06
    tilt: float = 0.08
    noise: float = 0.012
    hole: float = 0.1


def draw(pool: Pool, rng: np.random.Generator) -> int:
    """An object: each class is as likely, and in it a model more than a design."""
    label = rng.integers(pool.labels.max() + 1)
    own = np.flatnonzero(pool.labels == label)
    real = np.array(["#" in pool.names[i] for i in own])
    part = own[real] if rng.random() < REAL or real.all() else own[~real]
    return int(rng.choice(part))


def changed(
    points: np.ndarray, sides: np.ndarray, count: int, change: Change, rng: np.random.Generator
) -> np.ndarray:
    """float32 (count, 3) in the unit ball, of an object's points (n, 3)."""
    kept = _side(sides, change, rng)
    if rng.random() < change.hole:
        middle = points[rng.choice(kept)]
        far = ((points[kept] - middle) ** 2).sum(1) > rng.uniform(0.1, 0.45) ** 2
        kept = kept[far] if far.sum() >= LEAST else kept
    spread = rng.random() < 0.6
    chosen = rng.choice(kept, 3 * count if spread else count, replace=len(kept) < 3 * count)
    found = _shape(points[chosen].astype(np.float64), change, rng)
    if spread:
        found = found[farthest(found.astype(np.float32), count)]
    found = unit(found)
    return found + (rng.normal(0, rng.uniform(0, change.noise), found.shape)).astype(np.float32).clip(
        -0.05, 0.05
    )


def _side(sides: np.ndarray, change: Change, rng: np.random.Generator) -> np.ndarray:
    chance, all_ = rng.random(), np.arange(len(sides))
    if chance < change.whole:
        return all_
    mask = 0xFFFF
    if chance > change.whole + change.outside:
        mask = sum(1 << int(d) for d in rng.choice(15, rng.integers(1, 4), replace=False))
    kept = np.flatnonzero(sides & np.uint16(mask))
    return kept if len(kept) >= LEAST else all_


def _shape(points: np.ndarray, change: Change, rng: np.random.Generator) -> np.ndarray:
    """Mirrored, stretched, tapered, leaning, turned about the vertical by any angle and a little tilted."""
    if rng.random() < 0.5:
        points = points * (-1, 1, 1)
    points = points * np.exp(rng.uniform(-change.stretch, change.stretch, 3))
    low, high = points[:, 2].min(), points[:, 2].max()
    up = ((points[:, 2] - low) / max(high - low, 1e-6))[:, None]
    points[:, :2] *= 1 + (up - 0.5) * rng.uniform(-change.taper, change.taper, 2)
    points[:, :2] += up**2 * rng.uniform(-change.lean, change.lean, 2) * (high - low)
    points = turned(points, rng.uniform(0, 2 * np.pi))
    angle, axis = rng.normal(0, change.tilt / 2), rng.integers(2)
    c, s = np.cos(angle), np.sin(angle)
    return points @ (
        np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) if axis else np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    )
