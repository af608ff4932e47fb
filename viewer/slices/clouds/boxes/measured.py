"""How the boxes of one scan agree with its truth: nuScenes' figures, and the cells of a confusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import BoxEdits
from headlight.models.core.cache import derived
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid
from headlight.models.points.detection.metrics.nuscenes import DISTANCES, HALF_TURN, Figures, figures
from headlight.viewer.session.view import BoxSettings
from headlight.viewer.slices.clouds.boxes.shown import (
    NONE,
    Read,
    chosen,
    counted,
    of_classes,
    scene_of,
    shown,
)


@dataclass(frozen=True, eq=False)
class Measured:
    """precision, recall: at the score that is chosen, NaN without boxes. right, found, true: how many of
    each. rows: the mean, then a line a class with truth: its name and figures by COLUMNS, "–" for none.
    said: what is left out.
    """

    precision: float
    recall: float
    right: int
    found: int
    true: int
    rows: tuple[tuple[str, ...], ...]
    said: str

    def figures(self) -> dict[str, str]:
        """By FIGURES."""
        shares = map(_figure, (self.precision, self.recall))
        mean = self.rows[0][COLUMNS.index("AP")] if self.rows else "–"
        counts = f"{self.right:,} of {self.found:,} found, {self.true:,} true"
        return dict(zip(FIGURES, (counts, *shares, mean), strict=True))


FIGURES = ("Right", "Precision", "Recall", "mAP")


_ERRORS = ("ATE", "ASE", "AOE", HALF_TURN)
COLUMNS = ("class", *(f"{metres:g} m" for metres in DISTANCES), "AP", *_ERRORS, "truth")


def measured(
    read: Read, settings: BoxSettings, edits: BoxEdits = NONE, task: Task = SILENT
) -> Measured | None:
    """Of one scan; None without truth, or without a model's answer."""
    answer = read.answer
    truth, unknown = of_classes(read.cloud.boxes, None if answer is None else answer.classes)
    if answer is None or truth is None:
        return None
    now = shown(read, settings, edits, task)
    seen = now.confusion
    assert seen is not None
    key = ("figures", read.cloud, settings.suppress, settings.overlap, settings.radius, edits)

    def compute() -> Figures:
        every = chosen(read, settings, edits).boxes
        scene = scene_of(every, truth, counted(truth, read.cloud))
        return figures([scene], answer.classes)

    said = [f"{len(unknown):,} of classes that the model has not" if unknown else ""]
    found = derived(read.trace, key, compute)
    asked = int(found.truth.sum())
    beyond = len(truth) - asked
    said.append(f"{beyond:,} without points or beyond their class’s range in AP and errors" if beyond else "")
    return Measured(
        seen.precision,
        seen.recall,
        seen.right,
        len(now.boxes),
        len(truth),
        tuple(_rows(found)),
        " · ".join(filter(None, said)),
    )


def why_not(read: Read) -> str:
    """Why nothing is measured of a cloud."""
    if read.cloud.boxes is None:
        return "No true boxes lie beside this cloud."
    return "True boxes lie beside this cloud, and no model has looked for any in it: choose a detector."


def measured_or_why(
    read: Read, settings: BoxSettings, edits: BoxEdits = NONE, task: Task = SILENT
) -> Measured | str:
    """As `measured`, or why there is nothing."""
    return measured(read, settings, edits, task) or why_not(read)


def _rows(found: Figures) -> list[tuple[str, ...]]:
    rows = []
    for index, name in enumerate(found.classes):
        if not found.truth[index]:
            continue
        errors = [float(found.errors[error][index]) for error in _ERRORS]
        precise = [*found.ap[index].tolist(), float(found.ap[index].mean())]
        rows.append((name, *map(_figure, precise), *map(_figure, errors), f"{found.truth[index]:,}"))
    if not rows:
        return []
    each = [float(np.nanmean(found.ap[:, at])) for at in range(len(DISTANCES))]
    errors = [found.mean_error(error) for error in _ERRORS]
    total = f"{int(found.truth.sum()):,}"
    return [("all", *map(_figure, (*each, found.mean_ap)), *map(_figure, errors), total), *rows]


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def boxes_of_cell(
    read: Read, settings: BoxSettings, edits: BoxEdits, truth: int, found: int, task: Task = SILENT
) -> tuple[Cuboid, ...]:
    """The boxes that a cell of the confusion counts: those found so, and their true ones; the number behind
    the last class is nothing's."""
    now = shown(read, settings, edits, task)
    seen, true = now.confusion, now.truth
    if seen is None or true is None:
        return ()
    mine = np.flatnonzero((seen.found == truth) & (now.boxes.labels == found))
    theirs = np.flatnonzero((seen.truth == found) & (true.labels == truth))
    places = [now.boxes.place(index) for index in mine.tolist()]
    return tuple(dict.fromkeys((*places, *(true.place(index) for index in theirs.tolist()))))
