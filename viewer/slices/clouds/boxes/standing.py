"""What a box stands on: methods of points that ask about the box in which the selected ones lie. No Qt."""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import Boxes, Target
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid, PointTokens
from headlight.models.core.trace import Trace
from headlight.models.points.detection.asked.standing import left_out, of_points, parts_near
from headlight.viewer.session.document import Document


def no_box(document: Document) -> str:
    """ "" where the model finds boxes, else the reason."""
    trace = document.trace
    if trace is None or trace.answer(Boxes) is not None:
        return ""
    return f"{trace.model.title} finds no boxes."


def box_of(trace: Trace, tokens: np.ndarray) -> Target:
    """The box that holds most of these points, the likeliest of several. HeadlightError where none does."""
    answer, positions = known(trace.answer(Boxes), Boxes), known(trace.tokens, PointTokens).positions
    held = [len(inside) for inside in answer.inside(positions[tokens])]
    if not held or not max(held):
        raise HeadlightError("No box holds what is selected.", "Select a point in a box.")
    index = max(range(len(held)), key=lambda at: (held[at], float(answer.scores[at])))
    label = int(answer.labels[index])
    return Target(answer.classes[label], float(answer.scores[index]), label, answer.place(index))


def gradient(trace: Trace, tokens: np.ndarray, task: Task = SILENT) -> Relevance:
    """Each point's share of the gradient of the logit of the box's class."""
    target = box_of(trace, tokens)
    found = trace.run.gradients(target, task).inputs
    return Relevance(values=np.abs(found).sum(1), tokens=trace.tokens, said=_said(target))


def occlusion(trace: Trace, tokens: np.ndarray, task: Task = SILENT) -> Relevance:
    """By how much the score of the box changes when the pillar or voxel of each point is left out."""
    target, points = box_of(trace, tokens), known(trace.tokens, PointTokens).positions
    cell = trace.inputs["cell"]
    parts = parts_near(points, cell, known(target.place, Cuboid))
    falls = left_out(target.score, cell, parts, lambda hidden: trace.run.scores(hidden, target, task))
    seen = np.isin(cell, parts)
    largest = float(np.abs(falls).max(initial=0))
    said = f"{_said(target)} · {len(parts):,} left out in turn, {largest:.2f} at most"
    return Relevance(values=of_points(np.abs(falls), cell, parts), tokens=trace.tokens, seen=seen, said=said)


def _said(target: Target) -> str:
    return f"{target.name} {target.score:.2f}"
