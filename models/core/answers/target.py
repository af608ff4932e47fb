"""What can be asked “why this?” of."""

from __future__ import annotations

from dataclasses import dataclass

from headlight.models.core.tokens import Place

EVERY = -1
"""The index of a target that is all classes alike."""
SALIENCY = -2
"""What the model's own decoder predicts to draw the eye: at a place, or in the mean of the picture, which
no method is asked of by itself (`explain.targets.placed`)."""
SIMILARITY = -3
"""The cosine of the last vectors of two tokens."""


@dataclass(frozen=True)
class Target:
    """One thing an answer says. index: of the class, or the token's number in the vocabulary.

    score: its probability, or the share of the pixels or points that have the class. place: where it is said,
    None of the whole input. beside: the other one of two places.
    """

    name: str
    score: float
    index: int
    place: Place | None = None
    beside: Place | None = None
