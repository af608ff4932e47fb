"""Whether a relevance is faithful: what the score of a target does as what is relevant goes, or comes.

Deletion hides the most relevant tokens first, insertion shows them first (Petsiuk et al. 2018, “RISE”,
section 4.1; Samek et al. 2017). Hidden is a token as by `Run.scores`: of the mean colour before pixels are
normalised, left out by the mask, taken out of the cloud. The area is the mean height of the curve from the
first to the last fraction, by the trapezoid rule, and is not divided by the first score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, PointTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace

FRACTIONS = np.arange(10, dtype=np.float32) / 10
ORDERS = 5
"""Random orders."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Of one order or of several. fractions: float32 (f,). deletion, insertion: float32 (…, f), the score
    where the share of the first tokens is hidden, and where it alone is shown."""

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def areas(self) -> tuple[np.ndarray, np.ndarray]:
        """float32 (…): of deletion, the lower the better, and of insertion, the higher the better."""
        return area(self.fractions, self.deletion), area(self.fractions, self.insertion)

    def beaten(self, orders: Curves) -> tuple[int, int]:
        """How many of these orders one order beats: in deletion, in insertion."""
        (less, more), (deletions, insertions) = self.areas, orders.areas
        return int((less < deletions).sum()), int((more > insertions).sum())


def area(fractions: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """float32 (…): the mean heights of curves, (…, f)."""
    span = fractions[-1] - fractions[0]
    return (np.trapezoid(scores, fractions, axis=-1) / span).astype(np.float32)


def faithfulness(trace: Trace, target: Target, relevance: Relevance, task: Task = SILENT) -> Curves:
    """Of the tokens that have a place in the order of a relevance, the most relevant first; the others always
    stay. Where less than the model reads would be left, so much is: the last to go, the first to come."""
    placed = np.flatnonzero(~trace.tokens.special)
    order = placed[np.argsort(-relevance.values[placed], kind="stable")]
    found = _curves(trace, target, [order], [order], task)
    return Curves(FRACTIONS, found.deletion[0], found.insertion[0])


def at_random(
    trace: Trace, target: Target, orders: int = ORDERS, seed: int = 0, task: Task = SILENT
) -> Curves:
    """Of so many random orders, (orders, f) each. What comes in an order is what goes in its reverse, so that
    one pass serves both."""
    draw, placed = np.random.default_rng(seed), np.flatnonzero(~trace.tokens.special)
    drawn = [draw.permutation(placed) for _ in range(orders)]
    return _curves(trace, target, drawn, [one[::-1] for one in drawn], task)


def _curves(
    trace: Trace, target: Target, going: Sequence[np.ndarray], coming: Sequence[np.ndarray], task: Task
) -> Curves:
    count, special = len(trace.tokens), trace.tokens.special
    gone = np.concatenate([hidden(count, one, FRACTIONS) for one in going])
    shown = np.concatenate([~hidden(count, one, FRACTIONS) & ~special for one in coming])
    for which, orders in ((gone, [one[::-1] for one in going]), (shown, coming)):
        _leave(which, np.repeat(orders, len(FRACTIONS), 0), trace.run.least)
    scores = _scores(trace, target, np.concatenate([gone, shown]), task)
    return Curves(FRACTIONS, *scores.reshape(2, len(going), len(FRACTIONS)))


def _leave(which: np.ndarray, orders: np.ndarray, least: int) -> None:
    """Hide less of variants, bool (v, n), of which fewer are seen: the first of orders (v, m) are."""
    for row, order in zip(which, orders, strict=True):
        if np.count_nonzero(~row) < least:
            row[order[:least]] = False


def _scores(trace: Trace, target: Target, which: np.ndarray, task: Task) -> np.ndarray:
    """float32 (v,), as of `Run.scores`; what is hidden twice is asked once."""
    packed, back = np.unique(np.packbits(which, 1), axis=0, return_inverse=True)
    single = np.unpackbits(packed, axis=1, count=which.shape[1]).astype(bool)
    return trace.run.scores(single, target, task)[back.ravel()]


def hidden(count: int, order: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """bool (f, count): the first tokens of an order, in these shares of it."""
    found = np.zeros((len(fractions), count), bool)
    for row, fraction in zip(found, fractions, strict=True):
        row[order[: round(float(fraction) * len(order))]] = True
    return found


def convention(tokens: Tokens) -> str:
    """What the areas are of such an input, in a sentence."""
    if isinstance(tokens, PatchTokens):
        parts, how = "patches", "the mean colour before pixels are normalised"
    elif isinstance(tokens, PointTokens):
        parts, how = "points", "taken out of the cloud"
    elif isinstance(tokens, MixedTokens) and tokens.on_picture.all():
        parts, how = "frames of the sound", "silent"
    else:
        parts, how = "tokens", "left out by the mask"
    return (
        f"Area by the trapezoid rule from 0 to {FRACTIONS[-1]:.1f} of the {parts}, not divided by the first "
        f"score; what is hidden is {how}."
    )


# -- over many inputs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Tally:
    """Areas of methods over many inputs. deletion, insertion: float (inputs, m). random_deletion,
    random_insertion: float (inputs, orders)."""

    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """float (m + 1,) each: over inputs, of the methods and of the mean random order."""
        return tuple(one.mean(0) for one in self._both())

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """float (m + 1,) each: the standard errors of these means, NaN of one input."""
        count = len(self.deletion)
        if count < 2:
            return tuple(np.full(one.shape[1], np.nan) for one in self._both())
        return tuple(one.std(0, ddof=1) / np.sqrt(count) for one in self._both())

    def gains(self) -> tuple[np.ndarray, np.ndarray]:
        """float (m, 2): mean and standard error over inputs of how far the deletion of each method lies below
        that of the mean random order of the same input; and how far its insertion lies above."""
        less, more = self._both()
        found = []
        for gain in (less[:, -1:] - less[:, :-1], more[:, :-1] - more[:, -1:]):
            spread = np.full(gain.shape[1], np.nan)
            if len(gain) > 1:
                spread = gain.std(0, ddof=1) / np.sqrt(len(gain))
            found.append(np.stack([gain.mean(0), spread], 1))
        return found[0], found[1]

    def wins(self) -> tuple[np.ndarray, np.ndarray]:
        """int (m,) each: on how many inputs a method is the best of all, in deletion and in insertion; where
        several are, all of them."""
        least, most = self.deletion.min(1, keepdims=True), self.insertion.max(1, keepdims=True)
        return (self.deletion == least).sum(0), (self.insertion == most).sum(0)

    def beats(self) -> tuple[np.ndarray, np.ndarray]:
        """int (m,) each: on how many inputs a method is better than every random order."""
        least = self.random_deletion.min(1, keepdims=True)
        most = self.random_insertion.max(1, keepdims=True)
        return (self.deletion < least).sum(0), (self.insertion > most).sum(0)

    def _both(self) -> tuple[np.ndarray, np.ndarray]:
        """float (inputs, m + 1) each, the mean random order last."""
        pairs = ((self.deletion, self.random_deletion), (self.insertion, self.random_insertion))
        return tuple(np.column_stack([one, orders.mean(1)]).astype(np.float64) for one, orders in pairs)


def tallied(found: Sequence[tuple[Sequence[Curves], Curves]]) -> Tally:
    """Of (the curves of each method, those of random orders) of each input."""

    def areas(which: int, orders: bool) -> np.ndarray:
        rows = ([at.areas[which]] if orders else [one.areas[which] for one in every] for every, at in found)
        return np.stack([np.ravel(row) for row in rows])

    return Tally(areas(0, False), areas(1, False), areas(0, True), areas(1, True))
