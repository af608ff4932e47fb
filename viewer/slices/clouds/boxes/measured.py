"""How the boxes of one scan agree with its truth: figures by nuScenes and KITTI, precision over recall, and
the cells of a confusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import BoxEdits
from headlight.models.core.cache import derived
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid
from headlight.models.points.detection.metrics import kitti
from headlight.models.points.detection.metrics.matching import Scene
from headlight.models.points.detection.metrics.nuscenes import (
    DISTANCES,
    HALF_TURN,
    RECALLS,
    Figures,
    curve,
    figures,
)
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
class Curve:
    """Of the class with this name and number: recall, precision and score, float64 (n,) each, up to the
    recall that was reached."""

    name: str
    label: int
    recall: np.ndarray
    precision: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """precision, recall: at the score that is chosen, NaN without boxes. right, found, true: how many of
    each. rows: the mean, then a line a class with truth: its name and figures by COLUMNS, "–" for none.
    said: what is left out. kitti, curves: where they are asked for, the former as `rows`, by KITTI.
    """

    precision: float
    recall: float
    right: int
    found: int
    true: int
    rows: tuple[tuple[str, ...], ...]
    said: str
    kitti: tuple[tuple[str, ...], ...] = ()
    curves: tuple[Curve, ...] = ()

    def figures(self) -> dict[str, str]:
        """By FIGURES."""
        shares = map(_figure, (self.precision, self.recall))
        mean = self.rows[0][COLUMNS.index("AP")] if self.rows else "–"
        counts = f"{self.right:,} of {self.found:,} found, {self.true:,} true"
        return dict(zip(FIGURES, (counts, *shares, mean), strict=True))


FIGURES = ("Right", "Precision", "Recall", "mAP")


_ERRORS = ("ATE", "ASE", "AOE", HALF_TURN)
KITTI = ("class", "overlap", "3D AP", "above AP", "3D AP11", "truth")
"""Columns of KITTI's table: 40 recalls, and the 11 of before 2019."""
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

    def scene() -> Scene:
        every = chosen(read, settings, edits).boxes
        return scene_of(every, truth, counted(truth, read.cloud))

    def compute() -> Figures:
        return figures([scene()], answer.classes)

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
        tuple(_by_kitti(scene(), answer.classes)) if settings.agreement == "kitti" else (),
        tuple(_curves(scene(), answer.classes, settings)) if settings.agreement == "curves" else (),
    )


def _by_kitti(scene: Scene, classes: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every true box is asked for: a file without pictures says nothing of how hard it is to see."""
    space, above = (kitti.of_few([scene], classes, bird) for bird in (False, True))
    some = [name for name in classes if space[name].truth]
    values = [(space[name].r40, above[name].r40, space[name].r11) for name in some]
    rows = []
    for name, each in zip(some, values, strict=True):
        least = kitti.LEAST.get(name.lower(), kitti.OTHERS)
        rows.append((name, f"{least:g}", *map(_figure, each), f"{space[name].truth:,}"))
    if not rows:
        return []
    means = map(_figure, np.mean(values, axis=0).tolist())
    return [("all", "", *means, f"{sum(space[name].truth for name in some):,}"), *rows]


def _curves(scene: Scene, classes: tuple[str, ...], settings: BoxSettings) -> list[Curve]:
    """Of the classes with truth that were found at all."""
    found = []
    for label, name in enumerate(classes):
        one = curve([scene], classes, label, settings.metres)
        reached = np.flatnonzero(one.scores)
        if len(reached):
            to = slice(0, int(reached[-1]) + 1)
            found.append(Curve(name, label, RECALLS[to], one.precision[to], one.scores[to]))
    return found


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
