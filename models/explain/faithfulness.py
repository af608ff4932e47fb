"""Whether a relevance is faithful: what the score of a target does as what is relevant goes, or comes.

Deletion hides the most relevant tokens first, insertion shows them first (Petsiuk et al. 2018, “RISE”,
section 4.1; Samek et al. 2017). Hidden is a token as by `Run.scores`: of the mean colour before pixels are
normalised, left out by the mask, taken out of the cloud. The area is the mean height of the curve from the
first to the last fraction, by the trapezoid rule, and is not divided by the first score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace

FRACTIONS = np.arange(10, dtype=np.float32) / 10
ORDERS = 5
"""Random orders."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """fractions: float32 (f,). deletion, insertion: float32 (f,), the score where the share of the most
    relevant tokens is hidden, and where it alone is shown. random: float32 (orders, f), deletion in random
    orders.
    """

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random: np.ndarray

    @property
    def areas(self) -> np.ndarray:
        """float32 (3,): of deletion, which is the lower the better; of insertion, the higher the better; of
        deletion at random, the mean."""
        mean = self.random.mean(0)
        return np.array(
            [area(self.fractions, one) for one in (self.deletion, self.insertion, mean)], np.float32
        )

    @property
    def beats(self) -> bool:
        """Whether deletion lies below that of every random order."""
        at_random = [area(self.fractions, one) for one in self.random]
        return bool(self.areas[0] < min(at_random))


def area(fractions: np.ndarray, scores: np.ndarray) -> float:
    """The mean height of a curve."""
    return float(np.trapezoid(scores, fractions) / (fractions[-1] - fractions[0]))


def faithfulness(
    trace: Trace,
    target: Target,
    relevance: Relevance,
    orders: int = ORDERS,
    seed: int = 0,
    task: Task = SILENT,
) -> Faithfulness:
    """Of tokens that have a place; the others always stay. Where nothing else would be left, one does."""
    placed = np.flatnonzero(~trace.tokens.special)
    order = placed[np.argsort(-relevance.values[placed], kind="stable")]
    draw = np.random.default_rng(seed)
    randoms = [draw.permutation(placed) for _ in range(orders)]
    gone = [hidden(len(trace.tokens), one, FRACTIONS) for one in (order, *randoms)]
    shown = ~hidden(len(trace.tokens), order, FRACTIONS) & ~trace.tokens.special
    if len(placed) == len(trace.tokens):
        shown[:, order[0]] = False
    scores = trace.run.scores(np.concatenate([*gone, shown]), target, task)
    curves = scores.reshape(-1, len(FRACTIONS))
    return Faithfulness(FRACTIONS, curves[0], curves[-1], curves[1:-1])


def hidden(count: int, order: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """bool (f, count): the first tokens of an order, in these shares of it."""
    found = np.zeros((len(fractions), count), bool)
    for row, fraction in zip(found, fractions, strict=True):
        row[order[: round(float(fraction) * len(order))]] = True
    return found
