"""Things in a picture, as a detector's tokens find them: each a box and how likely every class is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers.target import Target
from headlight.models.core.tokens import Box, Place


@dataclass(frozen=True, eq=False)
class Things:
    """What each of n tokens found; most of them nothing, which is what is missing of its probabilities to 1.

    classes: their names in the order of the probabilities, float32 (n, classes). boxes: float32 (n, 4), x0 y0
    x1 y1 in pixels of the shown picture. places: of the tokens.
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    boxes: np.ndarray
    places: tuple[Place, ...]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def labels(self) -> np.ndarray:
        """int (n,): the likeliest class of each."""
        return self.probabilities.argmax(1)

    @property
    def scores(self) -> np.ndarray:
        """float32 (n,): how likely that is."""
        return self.probabilities.max(1)

    @property
    def names(self) -> tuple[str, ...]:
        """“cat 93%”, of each token what it found."""
        pairs = zip(self.labels, self.scores, strict=True)
        return tuple(f"{self.classes[label]} {score:.0%}" for label, score in pairs)

    def targets(self) -> tuple[Target, ...]:
        """What each token found, the surest first."""
        labels, scores = self.labels, self.scores
        order = np.argsort(-scores, kind="stable")
        return tuple(
            Target(self.classes[labels[i]], float(scores[i]), int(labels[i]), self.places[i]) for i in order
        )

    def of(self, number: int) -> tuple[Target, ...]:
        """Every class of one token, the likeliest first."""
        likely, place = self.probabilities[number], self.places[number]
        order = np.argsort(-likely, kind="stable")
        return tuple(Target(self.classes[i], float(likely[i]), int(i), place) for i in order)

    def find(self, place: Place | None) -> int | None:
        """The number of the token at this place."""
        return self.places.index(place) if place in self.places else None

    def box(self, number: int) -> Box:
        return Box(*(float(edge) for edge in self.boxes[number]))
