"""A cloud's classes in figures and words: counts, scores, a cell's points, a point's read-out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Scores, scores
from headlight.models.core.cache import derived
from headlight.models.core.classes.palettes import GROUPS
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Place
from headlight.viewer.session.view import ColourBy
from headlight.viewer.slices.clouds.colours import Scene


@dataclass(frozen=True, eq=False)
class ClassTable:
    """counts: int64 (classes,) of the prediction, or of the truth before there is one. matrix: int64 (truth,
    predicted), and its scores, where the file has labels.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    matrix: np.ndarray | None = None
    scores: Scores | None = None


def class_table(scene: Scene, task: Task = SILENT) -> ClassTable:
    """What the legend and the confusion matrix show."""
    answer, names = scene.answer, scene.classes
    if answer is None:
        labels = scene.labelled if names else np.empty(0, np.int16)
        return ClassTable(names, np.bincount(labels[labels >= 0], minlength=len(names)))
    return derived(scene.read, "class table", lambda: _counted(scene))


def _counted(scene: Scene) -> ClassTable:
    answer = scene.said
    matrix = answer.confusion()
    if matrix is None or not matrix.any():
        return ClassTable(answer.classes, answer.counts)
    return ClassTable(answer.classes, answer.counts, matrix, scores(matrix))


def groups(scene: Scene, by: ColourBy) -> np.ndarray | None:
    """uint8 (n,): what is lit with a class: 1 + its number, the truth's in a view of it; 0 for none.

    None where no class is known yet.
    """
    truth = by == "truth" or scene.answer is None

    def found() -> np.ndarray | None:
        labels = scene.truth if truth else scene.said.labels
        return None if labels is None else np.where(labels < GROUPS - 1, labels + 1, 0).astype(np.uint8)

    return found() if scene.trace is None else derived(scene.trace, ("groups", truth), found)


def places_of_cell(scene: Scene, truth: int, predicted: int, task: Task = SILENT) -> tuple[Place, ...]:
    """Of the tokens that answered for the points of class `truth` that were taken for `predicted`."""
    answer = scene.said
    inside = (scene.labelled == truth) & (answer.labels == predicted)
    return scene.read.tokens.places(np.unique(answer.nearest[inside]))


def reading(scene: Scene, point: int) -> str:
    """The tip of a point of the file: its class and confidence; all else stands among the numbers."""
    answer = scene.answer
    if answer is None:
        return f"point\t{original(scene, point):,}"
    return f"{answer.classes[int(answer.labels[point])]}\t{answer.confidence[point]:.2f}"


def coordinates(scene: Scene, position: np.ndarray) -> tuple[str, str, str]:
    """A local position as the file writes it: x, y and z."""
    x, y, z = scene.cloud.file_coordinates(position)[0]
    # Millimetres, whatever the unit.
    decimals = max(0, round(3 + np.log10(scene.cloud.frame.metres_per_unit)))
    return f"{x:,.{decimals}f}", f"{y:,.{decimals}f}", f"{z:,.{decimals}f}"


def named(scene: Scene, tokens: np.ndarray) -> str:
    """The selected tokens in a title: "chair, point 48,211"; "214 points"."""
    answer = scene.answer
    if len(tokens) != 1:
        return f"{len(tokens):,} points"
    token = int(tokens[0])
    if answer is None:
        return f"point {original(scene, token):,}"
    label = answer.classes[int(answer.probabilities[token].argmax())]
    return f"{label}, point {original(scene, int(answer.sample[token])):,}"


def original(scene: Scene, point: int) -> int:
    """A point's number in the file, where points without coordinates were left out of the cloud."""
    return int(scene.cloud.kept[point]) if scene.cloud.kept is not None else point


def numbers(table: ClassTable) -> list[tuple[str, str]]:
    """The rows under the legend: (what, figure)."""
    if table.scores is None:
        return []
    found = table.scores
    return [("mIoU", f"{found.miou:.3f}"), ("Overall accuracy", f"{found.oa:.3f}")]
