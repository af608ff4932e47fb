"""What a model says of its input (classes, the token that belongs at a place, a class a pixel or a point),
and how well that agrees with the truth.

Each kind of answer is a type of its own. A target is what can be asked “why this?” of. What it writes behind
a text is told apart, since that becomes a part of what is read. numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT, Box, Place, Tokens

EVERY = -1
"""The index of a target that is all classes alike."""


@dataclass(frozen=True)
class Target:
    """One thing an answer says. index: of the class, or the token's number in the vocabulary.

    score: its probability, or the share of the pixels or points that have the class. place: where it is said,
    None of the whole input.
    """

    name: str
    score: float
    index: int
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Classes:
    """One answer for the whole input. probabilities: float32 (classes,).

    exclusive: they sum to 1; if not, each class is judged by itself (a multi-label model).
    """

    names: tuple[str, ...]
    probabilities: np.ndarray
    exclusive: bool = True

    def targets(self) -> tuple[Target, ...]:
        """Every class, the likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return tuple(Target(self.names[i], float(self.probabilities[i]), int(i)) for i in order)


@dataclass(frozen=True, eq=False)
class NextTokens:
    """Which tokens of the vocabulary a language model expects at m places.

    places: of a masked model the masked tokens, or all where none is masked; of a causal one the tokens after
    which the expected one comes. follows: it is causal. ids: int64 (m, k), the likeliest first.
    probabilities: float32 (m, k). names: what they are called, m × k. given: float32 (m,), the probability of
    the token that does stand there, NaN behind the last and under a mask.
    """

    places: tuple[Place, ...]
    follows: bool
    ids: np.ndarray
    probabilities: np.ndarray
    names: tuple[tuple[str, ...], ...]
    given: np.ndarray

    def targets(self) -> tuple[Target, ...]:
        """The k of every place, place after place."""
        return tuple(
            Target(name, float(score), int(index), place)
            for place, *row in zip(self.places, self.names, self.probabilities, self.ids, strict=True)
            for name, score, index in zip(*row, strict=True)
        )

    def among(self, tokens: Tokens) -> np.ndarray:
        """int (m,): which of the tokens of their stream the places are. Several tokens of one character have
        one place: each is its own, in order."""
        numbers = {tokens.place(index): index for index in reversed(range(len(tokens)))}
        found = np.array([numbers[place] for place in self.places], int)
        for at in range(1, len(found)):
            if self.places[at] == self.places[at - 1]:
                found[at] = found[at - 1] + 1
        return found


@dataclass(frozen=True, eq=False)
class PixelLabels:
    """A class for every cell of a picture.

    classes: their names in the order of the labels. labels: int16 (rows, columns). confidence: float32 (rows,
    columns), the probability of the label. region: the part of the shown picture that the cells cover, in its
    pixels.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    confidence: np.ndarray
    region: Box

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes,): cells that have each label."""
        return np.bincount(self.labels.ravel(), minlength=len(self.classes))

    def targets(self) -> tuple[Target, ...]:
        """The classes that any cell has, the most frequent first."""
        return _by_share(self.classes, self.counts)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, column) at a pixel of the shown picture, None outside of the region."""
        (rows, columns), box = self.labels.shape, self.region
        column = int(np.floor((x - box.x0) / (box.x1 - box.x0) * columns))
        row = int(np.floor((y - box.y0) / (box.y1 - box.y0) * rows))
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None


@dataclass(frozen=True, eq=False)
class PointLabels:
    """A class for every point of the file, though the model saw a sample of them.

    A point has the answer of the nearest point of the sample: nothing is interpolated, so that every
    probability shown is one that the model gave.

    classes: their names in the order of the labels. labels: int16 (n,). confidence: float32 (n,), the
    probability of the label. entropy: float32 (n,) of all probabilities, in nats. sample: int64 (m,), the
    file point that each token is. nearest: int32 (n,), the token whose answer each file point has.
    probabilities: float32 (m, classes). truth: int16 (n,), UNLABELLED where there is none; None where the
    file has no labels.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    confidence: np.ndarray
    entropy: np.ndarray
    sample: np.ndarray
    nearest: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray | None = None

    @classmethod
    def spread(
        cls,
        classes: tuple[str, ...],
        probabilities: np.ndarray,
        sample: np.ndarray,
        nearest: np.ndarray,
        truth: np.ndarray | None = None,
    ) -> PointLabels:
        """The sample's probabilities, float32 (m, classes), as the answer for all n points."""
        best = probabilities.argmax(axis=1)
        confidence = np.take_along_axis(probabilities, best[:, None], axis=1)[:, 0]
        logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
        entropy = -np.einsum("nc,nc->n", probabilities, logarithms)
        return cls(
            classes=classes,
            labels=best.astype(np.int16)[nearest],
            confidence=confidence.astype(np.float32)[nearest],
            entropy=np.maximum(entropy, 0).astype(np.float32)[nearest],
            sample=sample.astype(np.int64),
            nearest=nearest.astype(np.int32),
            probabilities=probabilities,
            truth=truth,
        )

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes,): file points that have each label."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def targets(self) -> tuple[Target, ...]:
        """The classes that any point has, the most frequent first."""
        return _by_share(self.classes, self.counts)

    def confusion(self) -> np.ndarray | None:
        """int64 (truth, predicted) over the labelled file points; None without truth."""
        return None if self.truth is None else confusion(self.truth, self.labels, len(self.classes))


Answer = Classes | NextTokens | PixelLabels | PointLabels


def listed(answers: Sequence[Answer]) -> Answer | None:
    """The first that is told by a list of its targets; classes of points are told by their cloud."""
    return next((answer for answer in answers if not isinstance(answer, PointLabels)), None)


def _by_share(names: Sequence[str], counts: np.ndarray) -> tuple[Target, ...]:
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return tuple(Target(names[i], float(counts[i] / counts.sum()), i) for i in order)


UNLABELLED = -1
"""The truth of a point that nobody labelled."""


def confusion(truth: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """int (n,), int (n,) → int64 (truth, predicted): how many points of each class got each label.

    Points without truth or without a label (negative) are left out. ValueError for a class above the last.
    """
    kept = (truth >= 0) & (labels >= 0)
    truth, labels = truth[kept].astype(np.int64), labels[kept].astype(np.int64)
    if len(truth) and max(truth.max(), labels.max()) >= classes:
        raise ValueError(f"class {max(truth.max(), labels.max())} of {classes}")
    return np.bincount(truth * classes + labels, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True, eq=False)
class Scores:
    """Figures of a confusion matrix, each from 0 to 1.

    iou: float64 (classes,), NaN for a class that is neither in the truth nor predicted. accuracy_per_class:
    float64 (classes,), the share of a class's points that were found, NaN where it has none. miou, macc:
    their means over the classes that have a figure. oa: the share of all points that are right. All are NaN
    without points.
    """

    iou: np.ndarray
    accuracy_per_class: np.ndarray
    miou: float
    macc: float
    oa: float


def scores(matrix: np.ndarray) -> Scores:
    """The usual scores of semantic segmentation, of an int (truth, predicted) confusion matrix."""
    right = np.diagonal(matrix).astype(np.float64)
    true, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    iou = _ratio(right, true + predicted - right)
    accuracy = _ratio(right, true)
    return Scores(iou, accuracy, _mean(iou), _mean(accuracy), float(_ratio(right.sum(), matrix.sum())))


def _ratio(share: np.ndarray, of: np.ndarray) -> np.ndarray:
    share = np.asarray(share, np.float64)
    return np.divide(share, of, out=np.full(share.shape, np.nan), where=np.asarray(of) > 0)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


Ended = Literal["end", "length", "room", "given"]
"""The model said that the text ends; as many tokens were written as were asked for, or as it reads at once;
they were all given."""
MOST_BEAMS = 256
"""Hypotheses of which each keeps the keys and values of a whole text."""
_SAMPLED = ("temperature", "top_k", "top_p", "seed")


@dataclass(frozen=True)
class Writing:
    """What is asked of a model that goes on with a text.

    new: how many tokens at most; 0 where all are given. beams: hypotheses that are kept at each step; 1 takes
    the likeliest token each time. temperature, top_k, top_p, seed: as far as any is given, tokens are drawn,
    by the logits over the temperature, of the k likeliest, of the fewest that hold the share p (Holtzman et
    al. 2020). target: a text that is written whatever the model would say. ids: tokens that are, first.
    """

    new: int | None = None
    beams: int = 1
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    target: str | None = None
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.new is not None and self.new < 0:
            raise HeadlightError(f"{self.new:,} tokens cannot be written.", "Choose 1 or more.")
        if self.new == 0 and not self.ids and self.target is None:
            raise HeadlightError("Nothing is to be written.", "Choose 1 token or more.")
        if self.beams < 1:
            raise HeadlightError(f"A search with {self.beams} beams finds nothing.", "Choose 1 or more.")
        if self.beams > MOST_BEAMS:
            raise HeadlightError(
                f"A search does not keep {self.beams:,} beams.", f"Choose {MOST_BEAMS} or fewer."
            )
        if self.seed is not None and not 0 <= self.seed < 1 << 64:
            raise HeadlightError(f"{self.seed} is no seed.", "Choose a number from 0 on, below 2⁶⁴.")
        if self.temperature is not None and not 0 < self.temperature < float("inf"):
            raise HeadlightError(
                f"Logits cannot be divided by a temperature of {self.temperature:g}.",
                "Choose a number above 0, or no temperature for the likeliest token each time.",
            )
        if self.top_k is not None and self.top_k < 1:
            raise HeadlightError(f"No token is among the {self.top_k} likeliest.", "Choose 1 or more.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise HeadlightError(
                f"No tokens hold the share {self.top_p:g}.", "Choose a number above 0, and 1 at most."
            )
        if self.target is not None and not self.target.strip():
            raise HeadlightError("The target is empty or holds only spaces.", "Give it some words.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Writing | None:
        """By the names of its fields; None where none of them is given."""
        names = (one.name for one in fields(cls))
        asked = {name: given[name] for name in names if given.get(name) not in (None, ())}
        return cls(**asked) if asked else None

    @property
    def draws(self) -> bool:
        """Whether tokens are drawn, not the likeliest taken."""
        return any(getattr(self, name) is not None for name in _SAMPLED)

    def branched(self, ids: tuple[int, ...], new: int) -> Writing:
        """The same way on from other tokens that are given."""
        return replace(self, ids=ids, new=new, target=None)

    def anew(self) -> Writing:
        """As many tokens, of which none is given but those of a target."""
        new = None if self.new is None else self.new + len(self.ids)
        return replace(self, ids=(), new=new) if self.ids else self

    def count(self, usual: int) -> int:
        """How many tokens are written at most, beside those that are given."""
        if self.new is not None:
            return self.new
        return 0 if self.ids or self.target is not None else usual


@dataclass(frozen=True, eq=False)
class Written:
    """What a model wrote, as a part of its trace.

    stream, start: which of the trace's tokens is the first. ids: m numbers of the vocabulary; the end of what
    an encoder–decoder writes is among them, and no token of its stream. text: what they say. probabilities:
    float32 (m,), the model's own of each, before any temperature; NaN where it says none. ended: why there
    are no more. how: what was asked for. labels: what they are called. drawn: float32 (m,), the probability
    of each where tokens are drawn as it says. shares: float32 (m + 1, k), the same of those that the
    NextTokens of the trace list before each of the m, and behind the last; m of them where that is an end.
    None where none are drawn.
    """

    start: int
    ids: tuple[int, ...]
    text: str
    probabilities: np.ndarray
    ended: Ended
    how: Writing
    labels: tuple[str, ...]
    drawn: np.ndarray | None = None
    shares: np.ndarray | None = None
    stream: str = INPUT


@dataclass(frozen=True)
class SoFar:
    """What is written while more is: by the numbers of its tokens, and in words."""

    ids: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class Line:
    """What a model wrote of one of many texts. log_probability: the sum over all tokens, in nats; its end is
    one. ids, text, ended: as of what is written."""

    ids: tuple[int, ...]
    text: str
    log_probability: float
    ended: Ended
