"""Integrated gradients (Sundararajan et al. 2017, section 3): Σ x · ∫ ∂y(αx)/∂x dα over each token's numbers.

The way goes from zero (no embedding, the mean colour, features of 0), and what all numbers have sums to
y(x) − y(0), the axiom of completeness. Each stretch of the way tells its own error by it: those are halved
that miss the most, until all miss less than TOLERANCE of the whole difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace

TOLERANCE = 1e-3
"""Most that the sum may miss of the difference."""
NODES = 4
"""Of Gauss and Legendre's rule in one stretch, which is exact for polynomials of degree 7."""
MOST = 64
"""Stretches at most: where y jumps none is short enough."""


@dataclass(frozen=True, eq=False)
class _Stretch:
    """From one share of x to another: the means of gradients times its length, and what it misses."""

    start: float
    stop: float
    summed: np.ndarray
    missed: float


def integrated(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """Of each token what it adds to the logit of the target, beside an input of zero."""
    at = trace.run.gradients(target, Part(task)).at
    gained, missed = along(trace, target, at, task)
    said = f"{gained.sum(dtype=np.float64):.3g} in all, {abs(missed):.1g} off the change of the logit"
    return Relevance(values=trace.run.pooled(gained), tokens=trace.tokens, said=said)


def along(trace: Trace, target: Target, at: np.ndarray, task: Task = SILENT) -> tuple[np.ndarray, float]:
    """(float32 as `at`: what each number adds, what their sum misses of y(at) − y(0))."""
    known: dict[float, float] = {}

    def logit(share: float) -> float:
        if share not in known:
            known[share] = float(trace.run.slopes(target, (at * np.float32(share))[None], task)[0][0])
        return known[share]

    def stretch(start: float, stop: float) -> _Stretch:
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        shares = (start + (stop - start) * (nodes + 1) / 2).astype(np.float32)
        slopes = trace.run.slopes(target, np.multiply.outer(shares, at), Part(task))[1]
        summed = np.tensordot(weights * (stop - start) / 2, slopes, 1)
        gained = float((summed * at).sum(dtype=np.float64))
        return _Stretch(start, stop, summed, logit(stop) - logit(start) - gained)

    parts = [stretch(0.0, 1.0)]
    limit = TOLERANCE * max(abs(logit(1.0) - logit(0.0)), TOLERANCE)
    while sum(abs(one.missed) for one in parts) > limit and len(parts) < MOST:
        task.progress(len(parts) / MOST, f"Gradients along the way: {len(parts):,} stretches")
        worst = max(parts, key=lambda one: abs(one.missed))
        parts.remove(worst)
        middle = (worst.start + worst.stop) / 2
        parts += [stretch(worst.start, middle), stretch(middle, worst.stop)]
    summed = np.sum([one.summed for one in parts], axis=0)
    return (summed * at).astype(np.float32), sum(one.missed for one in parts)
