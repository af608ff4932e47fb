"""Answers of classes: one for the whole input, one a place of a text, one a pixel, one a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from headlight.models.core.answers.agreement import confusion
from headlight.models.core.answers.target import Target
from headlight.models.core.tokens import Box, Place, Tokens


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
class TextClasses(Classes):
    """How well each of some texts, which stand for classes, fits a picture.

    cosines: float32 (classes,), of the vectors of picture and texts. scale, bias: a logit is scale · cosine +
    bias; the probabilities are the softmax of the logits where they exclude each other (CLIP), else each
    logit's sigmoid (SigLIP). prompts: what each text was put into, "{}" in it; its vector is the mean over
    them.
    """

    cosines: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    scale: float = 1.0
    bias: float = 0.0
    prompts: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """How a probability comes of a cosine."""
        bias = f" {'−' if self.bias < 0 else '+'} {abs(self.bias):.3g}" if self.bias else ""
        return f"{'softmax' if self.exclusive else 'sigmoid'}, {self.scale:.3g} · cos{bias}"


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

    @cached_property
    def counts(self) -> np.ndarray:
        """int64 (classes,): file points that have each label."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def targets(self) -> tuple[Target, ...]:
        """The classes that any point has, the most frequent first."""
        return _by_share(self.classes, self.counts)

    def confusion(self) -> np.ndarray | None:
        """int64 (truth, predicted) over the labelled file points; None without truth."""
        return None if self.truth is None else confusion(self.truth, self.labels, len(self.classes))


def _by_share(names: Sequence[str], counts: np.ndarray) -> tuple[Target, ...]:
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return tuple(Target(names[i], float(counts[i] / counts.sum()), i) for i in order)
