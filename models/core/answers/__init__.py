"""What a model says of its input (classes, the token that belongs at a place, a class a pixel or a point,
boxes around things, things in a picture, parts cut out of it), and how well that agrees with the truth.

Each kind of answer is a type of its own. numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence

from headlight.models.core.answers.agreement import UNLABELLED, Scores, confusion, scores
from headlight.models.core.answers.boxes import BoxEdit, BoxEdits, Boxes
from headlight.models.core.answers.masks import Masks
from headlight.models.core.answers.matches import Matches
from headlight.models.core.answers.said import Classes, NextTokens, PixelLabels, PointLabels, TextClasses
from headlight.models.core.answers.target import EVERY, SALIENCY, SIMILARITY, Target
from headlight.models.core.answers.things import Things
from headlight.models.core.answers.written import MOST_BEAMS, Ended, Line, SoFar, Writing, Written

__all__ = [
    "EVERY",
    "MOST_BEAMS",
    "SALIENCY",
    "SIMILARITY",
    "UNLABELLED",
    "Answer",
    "BoxEdit",
    "BoxEdits",
    "Boxes",
    "Classes",
    "Ended",
    "Line",
    "Masks",
    "Matches",
    "NextTokens",
    "PixelLabels",
    "PointLabels",
    "Scores",
    "SoFar",
    "Target",
    "TextClasses",
    "Things",
    "Writing",
    "Written",
    "confusion",
    "listed",
    "scores",
]

Answer = Classes | NextTokens | PixelLabels | PointLabels | Boxes | Masks | Things | Matches


def listed(answers: Sequence[Answer]) -> Answer | None:
    """The first that is told by a list of its targets; what is said of a cloud's points and of things among
    them is told by the cloud, and parts of a picture by the picture."""
    return next((answer for answer in answers if not isinstance(answer, PointLabels | Boxes | Masks)), None)
