"""Which boxes are shown: as they were found, suppressed, set by hand, and above a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from headlight.models.core.answers import BoxEdit, BoxEdits, Boxes
from headlight.models.core.cache import derived
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid
from headlight.models.core.trace import Trace
from headlight.models.points.detection.metrics.matching import Confusion, Scene, confusion
from headlight.models.points.detection.suppression import suppressed
from headlight.viewer.host.summary import SentOnce
from headlight.viewer.inputs.boxes.listed import place_of
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.document import Document
from headlight.viewer.session.view import BoxSettings

CLOSE = 1e-4
"""Metres and radians by which a box may differ from what it is called, in numbers of 32 bits."""
NONE = BoxEdits()


class Read(NamedTuple):
    """A cloud, and what a model made of it, None before one has read it."""

    cloud: CloudInput
    trace: Trace | None

    @property
    def answer(self) -> Boxes | None:
        return None if self.trace is None else self.trace.answer(Boxes)


def read_of(document: Document) -> Read:
    return Read(known(document.input, CloudInput), document.trace)


def no_boxes(document: Document) -> str:
    """Why there are no boxes to be shown of a document, or ""."""
    read = read_of(document)
    if read.cloud.boxes is not None or read.answer is not None or read.trace is None:
        return ""
    return f"{read.trace.model.title} finds no boxes: choose a model that does."


@dataclass(frozen=True, eq=False)
class Shown(SentOnce):
    """boxes: those above the score, the likeliest first; their classes are the model's. points: int64 (n,),
    of the cloud in each. by_hand: bool (n,). truth: true boxes, by classes that the model has; None where the
    file has none. truth_points: int64 (m,). unknown: true boxes of classes that the model has not. confusion:
    who was taken for whom, None without truth. below: boxes that the score leaves out. why: there are no
    boxes at all, and why; "" otherwise.
    """

    boxes: Boxes
    points: np.ndarray
    by_hand: np.ndarray
    truth: Boxes | None
    truth_points: np.ndarray
    unknown: tuple[str, ...]
    confusion: Confusion | None
    below: int
    why: str

    def find(self, place: object) -> tuple[bool, int] | None:
        """(whether it is a true one, its number) of the box at a place."""
        for true, boxes in ((False, self.boxes), (True, self.truth)):
            if boxes is not None and (index := found_at(boxes.boxes, place)) is not None:
                return true, index
        return None

    @property
    def places(self) -> tuple[Cuboid, ...]:
        return tuple(self.boxes.place(index) for index in range(len(self.boxes)))


def found_at(boxes: np.ndarray, place: object) -> int | None:
    """The number of the box (n, 7) that a place is, whose numbers may have been rounded."""
    if not isinstance(place, Cuboid) or not len(boxes):
        return None
    apart = np.abs(boxes - np.array(place.numbers)).max(axis=1)
    index = int(apart.argmin())
    return index if apart[index] < CLOSE else None


def shown(read: Read, settings: BoxSettings, edits: BoxEdits = NONE, task: Task = SILENT) -> Shown:
    """What all panes of the page show."""
    if read.trace is None:
        return _shown(read, settings, edits)
    key = ("boxes", read.cloud, replace(settings, heat=None, truth=True), edits)
    return derived(read.trace, key, lambda: _shown(read, settings, edits))


def _shown(read: Read, settings: BoxSettings, edits: BoxEdits) -> Shown:
    answer, cloud = read.answer, read.cloud
    truth, unknown = of_classes(cloud.boxes, None if answer is None else answer.classes)
    found = chosen(read, settings, edits)
    kept = found.boxes.scores >= np.float32(settings.score)
    kept |= found.by_hand  # what was set by hand stays in sight
    boxes, points = found.boxes.only(kept), found.points[kept]
    seen = truth if answer is not None else None
    return Shown(
        boxes,
        points,
        found.by_hand[kept],
        truth,
        np.empty(0, np.int64) if truth is None else counted(truth, cloud),
        unknown,
        None if seen is None else confusion(scene_of(boxes, seen), len(boxes.classes), settings.metres),
        int((~kept).sum()),
        "" if len(found.boxes) else why_none(read),
    )


class Chosen(NamedTuple):
    """Boxes before any is left out for its score. points: int64 (n,). by_hand: bool (n,)."""

    boxes: Boxes
    points: np.ndarray
    by_hand: np.ndarray


def chosen(read: Read, settings: BoxSettings, edits: BoxEdits = NONE) -> Chosen:
    """After suppression and edits, the likeliest first; those without a model's answer are none."""
    answer, cloud = read.answer, read.cloud
    if answer is None:
        classes = cloud.boxes.classes if cloud.boxes is not None else ()
        return Chosen(_of([], [], [], classes), np.empty(0, np.int64), np.empty(0, bool))
    key = ("suppressed boxes", cloud, settings.suppress, settings.overlap, settings.radius)
    found, points = derived(read.trace, key, lambda: _suppressed(answer, cloud, settings))
    if not edits.made:
        return Chosen(found, points, np.zeros(len(found), bool))
    boxes, by_hand = edited(found, edits.made)
    return Chosen(boxes, counted(boxes, cloud), by_hand)


def _suppressed(answer: Boxes, cloud: CloudInput, settings: BoxSettings) -> tuple[Boxes, np.ndarray]:
    light = replace(answer, heat=None, candidates=None)
    if settings.suppress != "model":
        every = replace(
            answer if answer.candidates is None else answer.candidates, heat=None, candidates=None
        )
        limit = settings.radius**2 if settings.suppress == "circle" else settings.overlap
        kept = []
        for label in np.unique(every.labels):
            inside = np.flatnonzero(every.labels == label)
            part = suppressed(every.boxes[inside], every.scores[inside], settings.suppress, limit)
            kept.append(inside[part])
        which = np.concatenate([np.empty(0, int), *kept])
        light = every.only(which[np.argsort(-every.scores[which], kind="stable")])
    return light, counted(light, cloud)


def counted(boxes: Boxes, cloud: CloudInput) -> np.ndarray:
    """int64 (n,): points of the cloud in each box."""
    return np.array([len(held) for held in boxes.inside(cloud.points)], np.int64)


def edited(found: Boxes, edits: Sequence[BoxEdit]) -> tuple[Boxes, np.ndarray]:
    """(the boxes as they were set by hand, bool (n,) which those are). What is added has the score 1."""
    rows = found.boxes.astype(np.float64)
    scores, labels = found.scores.tolist(), found.labels.tolist()
    kept, by_hand = [True] * len(rows), [False] * len(rows)
    places = [tuple(row) for row in rows.tolist()]
    for edit in edits:
        index = None if edit.of is None else found_at(rows, edit.of)
        if edit.of is not None and index is None:
            continue  # it is not there: another suppression took it away
        if index is None:
            if edit.now is not None:
                places.append(edit.now.numbers)
                scores.append(1.0)
                labels.append(edit.label or 0)
                kept.append(True)
                by_hand.append(True)
        elif edit.now is None:
            kept[index] = False
        else:
            places[index], by_hand[index] = edit.now.numbers, True
            labels[index] = labels[index] if edit.label is None else edit.label
    order = [i for i in np.argsort([-score for score in scores], kind="stable").tolist() if kept[i]]
    boxes = _of(
        [places[i] for i in order], [scores[i] for i in order], [labels[i] for i in order], found.classes
    )
    return replace(boxes, directed=found.directed), np.array([by_hand[i] for i in order], bool)


def set_by_hand(
    edits: BoxEdits, place: Cuboid | None, now: Cuboid | None, label: int | None = None
) -> BoxEdits:
    """The edits with one more. place: the box as it is shown, None of one that is added; now: as it is to be,
    None to take it away. One that was set by hand before is set again."""
    made = list(edits.made)
    before = None
    if place is not None:
        before = next((one for one in made if one.now is not None and same(one.now, place)), None)
    if before is None:
        return BoxEdits((*made, BoxEdit(place, now, label)))
    label = before.label if label is None else label
    again = [] if before.of is None and now is None else [BoxEdit(before.of, now, label)]
    at = made.index(before)
    return BoxEdits((*made[:at], *again, *made[at + 1 :]))


USUAL = {
    "car": (4.5, 1.9, 1.6),
    "truck": (8.0, 2.5, 3.2),
    "bus": (11.0, 2.9, 3.4),
    "pedestrian": (0.7, 0.7, 1.75),
    "cycle": (1.8, 0.7, 1.6),
}
"""Metres of a box that is added, where none of its class was found."""


def new_box(now: Shown, label: int, x: float, y: float) -> tuple[float, ...]:
    """A box of a class at a place: as large and as high as those that were found of it mostly are."""
    alike = now.boxes.boxes[now.boxes.labels == label]
    name = now.boxes.classes[label].lower() if label < len(now.boxes.classes) else ""
    length, width, height = USUAL.get(name, (2.0, 1.0, 1.7))
    z = float(np.median(now.boxes.boxes[:, 2])) if len(now.boxes) else 0.0
    if len(alike):
        z, length, width, height = (float(value) for value in np.median(alike[:, 2:6], axis=0))
    return x, y, z, length, width, height, 0.0


def same(one: Cuboid, other: Cuboid) -> bool:
    """Whether two places are one box, as numbers of 32 bits tell."""
    return found_at(np.array([one.numbers]), other) is not None


def of_classes(truth: Boxes | None, classes: Sequence[str] | None) -> tuple[Boxes | None, tuple[str, ...]]:
    """(true boxes by these classes, or their own of None; a name for each one that has none of them)."""
    if truth is None or classes is None:
        return truth, ()
    places = [place_of(name, classes) for name in truth.classes]
    table = np.array([*(-1 if place is None else place for place in places), -1], np.int16)
    labels = table[truth.labels]
    unknown = tuple(truth.classes[label] for label in truth.labels[labels < 0])
    known = replace(truth, labels=labels, classes=tuple(classes)).only(labels >= 0)
    return known, unknown


def scene_of(found: Boxes, truth: Boxes, points: np.ndarray | None = None) -> Scene:
    return Scene(
        found.boxes.astype(np.float64),
        found.scores.astype(np.float64),
        found.labels.astype(np.int64),
        truth.boxes.astype(np.float64),
        truth.labels.astype(np.int64),
        points,
        found.velocities,
        truth.velocities,
    )


def why_none(read: Read) -> str:
    """Why a model has found nothing at all, as far as the cloud tells; a sentence or two."""
    if read.trace is None:
        return "No model has read this cloud."
    answer, points = read.answer, read.cloud.points
    if answer is None:
        return f"{read.trace.model.title} finds no boxes: choose a model that does."
    if len(answer):
        return "All boxes were taken away by hand."
    if read.trace.notices:
        return read.trace.notices[-1]  # its engine has looked into why
    said = f"{read.trace.model.title} finds nothing here."
    if answer.extent is not None:
        x0, y0, x1, y1 = answer.extent
        x, y = points[:, 0], points[:, 1]
        inside = int(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).sum())
        if not inside:
            return (
                f"{said} No point lies where it looks, {x0:g} to {x1:g} m along x and {y0:g} to {y1:g} m "
                "along y: it wants a scan in the sensor’s own coordinates."
            )
    ground = float(np.percentile(points[:: max(1, len(points) // 100_000), 2], 5))
    bright = read.cloud.intensity
    shines = "has no intensity" if bright is None else f"has intensities up to {float(bright.max()):.3g}"
    return (
        f"{said} It was trained in a frame of its own: the ground of this cloud lies at z = {ground:.1f} m, "
        f"and it {shines}. Sensors of cars stand 1.6 to 1.9 m above the ground, and look along x or y."
    )


def _of(
    boxes: Sequence[Sequence[float]], scores: Sequence[float], labels: Sequence[int], classes: Sequence[str]
) -> Boxes:
    return Boxes(
        np.array(boxes, np.float32).reshape(-1, 7),
        np.array(scores, np.float32),
        np.array(labels, np.int16),
        tuple(classes),
    )
