"""What a box stands on: methods of points that ask about the box in which the selected ones lie. No Qt."""

from __future__ import annotations

from typing import Literal

import numpy as np

from headlight.models.core.answers import Boxes, Target
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid, PointTokens
from headlight.models.core.trace import Trace
from headlight.models.points.detection.asked.standing import left_out, of_points, parts_near
from headlight.models.points.representations.cells import Grid
from headlight.viewer.session.document import Document

By = Literal["gradient", "occlusion"]


def no_box(document: Document) -> str:
    """ "" where the model finds boxes, else the reason."""
    trace = document.trace
    if trace is None or trace.answer(Boxes) is not None:
        return ""
    return f"{trace.model.title} finds no boxes."


def box_of(trace: Trace, tokens: np.ndarray) -> Target:
    """The box that holds most of these points, the likeliest of several. HeadlightError where none does."""
    answer = known(trace.answer(Boxes), Boxes)
    held = [len(inside) for inside in answer.inside(_positions(trace)[tokens])]
    if not held or not max(held):
        raise HeadlightError("No box holds what is selected.", "Select a point in a box.")
    return target_of(answer, max(range(len(held)), key=lambda at: (held[at], float(answer.scores[at]))))


def target_of(answer: Boxes, index: int) -> Target:
    """A box as what is asked about."""
    label = int(answer.labels[index])
    return Target(answer.classes[label], float(answer.scores[index]), label, answer.place(index))


def grid_of(trace: Trace) -> Grid:
    """What the model sees of a cloud, seen from above: one cell is as high as all of it."""
    low, high, edge = trace.outputs["range"].tolist()
    return Grid(tuple(low), tuple(high), (*edge[:2], high[2] - low[2]))


def columns_of(trace: Trace) -> np.ndarray:
    """int64 (n,): the pillar of every point, row · columns + column of the bird's-eye view, −1 out of range;
    of voxels those that stand on each other."""
    return grid_of(trace).numbers(trace.inputs["points"][:, :3])


def slopes(trace: Trace, target: Target, task: Task = SILENT) -> np.ndarray:
    """float32 (n,): how the logit of the box's class changes with each point's numbers, added up."""
    return np.abs(trace.run.gradients(target, task).inputs).sum(1)


def losses(
    trace: Trace, target: Target, cell: np.ndarray, task: Task = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """(int64 (k,), those near the box of the cells that `cell` int (n,) has of points; float32 (k,), by how
    much its score falls when all points of one are left out, below zero where it rises)"""
    parts = parts_near(_positions(trace), cell, known(target.place, Cuboid))
    falls = left_out(target.score, cell, parts, lambda hidden: trace.run.scores(hidden, target, task))
    return parts, falls


def gradient(trace: Trace, at: np.ndarray | Target, task: Task = SILENT) -> Relevance:
    """Each point's share of the gradient of the logit of the box's class. at: the box, or points that stand
    for that in which they lie."""
    target = at if isinstance(at, Target) else box_of(trace, at)
    return Relevance(values=slopes(trace, target, task), tokens=trace.tokens, said=_said(target))


def occlusion(trace: Trace, at: np.ndarray | Target, task: Task = SILENT) -> Relevance:
    """By how much the score of the box changes when the pillar of each point is left out. at: as of
    `gradient`."""
    target, cell = at if isinstance(at, Target) else box_of(trace, at), columns_of(trace)
    parts, falls = losses(trace, target, cell, task)
    changes = np.abs(falls)
    said = f"{_said(target)} · {len(parts):,} left out in turn, {changes.max(initial=0):.2f} at most"
    return Relevance(
        values=of_points(changes, cell, parts),
        tokens=trace.tokens,
        seen=np.isin(cell, parts),
        said=said,
    )


def _positions(trace: Trace) -> np.ndarray:
    return known(trace.tokens, PointTokens).positions


def _said(target: Target) -> str:
    return f"{target.name} {target.score:.2f}"
