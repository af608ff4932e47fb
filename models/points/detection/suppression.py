"""Of boxes that lie over each other the likeliest alone. numpy only."""

from __future__ import annotations

import numpy as np

from headlight.models.points.detection.config import How
from headlight.models.points.detection.metrics.overlap import bird_overlap


def suppressed(
    boxes: np.ndarray, scores: np.ndarray, how: How, limit: float, most: int | None = None
) -> np.ndarray:
    """int (m,): which of the boxes (n, 7) with scores (n,) stay, the likeliest first, `most` at most.

    "rotated": those go that share more than `limit` of their union on the ground with a likelier one that
    stays. "circle" (Yin et al. 2021): those whose middle is as near to it, the *squared* distance on the
    ground compared with `limit`, as published. "none": all stay.
    """
    order = np.argsort(-scores, kind="stable")
    if how == "none" or not len(order):
        return order[:most]
    ordered = np.asarray(boxes, np.float64)[order]
    gone = np.zeros(len(order), bool)
    kept = []
    for number in range(len(order)):
        if gone[number]:
            continue
        kept.append(number)
        if most is not None and len(kept) == most:
            break
        # Most of what is left lies about the few that stay: only these are measured.
        left = np.flatnonzero(~gone[number + 1 :]) + number + 1
        gone[left[_near(ordered[number], ordered[left], how, limit)]] = True
    return order[kept]


def _near(one: np.ndarray, others: np.ndarray, how: How, limit: float) -> np.ndarray:
    """bool (n,): which boxes (n, 7) are so near to one (7,) that they go."""
    if how == "circle":
        apart = others[:, :2] - one[:2]
        return np.einsum("ij,ij->i", apart, apart) <= limit
    return bird_overlap(one[None], others)[0] > limit
