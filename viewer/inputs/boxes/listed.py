"""What a file lists of boxes, and what they are in the cloud's own metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.viewer.inputs.cloud import CloudInput, headed

MOST = 20_000
"""Boxes of one scan that are read."""
COLUMNS = ("x", "y", "z", "length", "width", "height", "yaw")
"""What the seven numbers of a box are called."""


class NoBoxes(ValueError):
    """A file that should hold boxes does not; its text is a clause that says why."""


@dataclass(frozen=True, eq=False)
class Listed:
    """boxes: float64 (n, 7), COLUMNS in the file's coordinates. names: n classes. scores: float64 (n,), or
    None of truth. velocities: float64 (n, 2), or None. said: what else is to be told of them.
    """

    boxes: np.ndarray
    names: tuple[str, ...]
    scores: np.ndarray | None = None
    velocities: np.ndarray | None = None
    said: tuple[str, ...] = ()

    def sound(self) -> tuple[Listed, int]:
        """(the same without boxes that are no numbers or have no size, how many those were). NoBoxes."""
        if len(self.boxes) > MOST:
            raise NoBoxes(f"it lists {len(self.boxes):,} boxes, and up to {MOST:,} are read")
        with np.errstate(invalid="ignore"):
            fits = np.isfinite(self.boxes).all(axis=1) & (np.abs(self.boxes) < 1e12).all(axis=1)
            fits &= (self.boxes[:, 3:6] > 0).all(axis=1)
        kept = replace(
            self,
            boxes=self.boxes[fits],
            names=tuple(name for name, fine in zip(self.names, fits, strict=True) if fine),
            scores=None if self.scores is None else self.scores[fits],
            velocities=None if self.velocities is None else self.velocities[fits],
        )
        return kept, int((~fits).sum())


def in_cloud(found: Listed, cloud: CloudInput) -> Boxes:
    """The boxes in the cloud's metres, its classes in the order in which the file first has them."""
    classes = tuple(dict.fromkeys(found.names))
    metres = cloud.frame.metres_per_unit
    local = found.boxes.astype(np.float64)
    local[:, :3] = cloud.frame.turned(local[:, :3] - cloud.origin) * metres
    local[:, 3:6] *= metres
    scores = np.ones(len(local)) if found.scores is None else found.scores
    return Boxes(
        headed(local, cloud.frame.turned).astype(np.float32),
        scores.astype(np.float32),
        np.array([classes.index(name) for name in found.names], np.int16),
        classes,
        None if found.velocities is None else (found.velocities * metres).astype(np.float32),
    )


def counted(boxes: Boxes) -> str:
    """ "3 car, 1 truck" """
    return ", ".join(f"{n:,} {name}" for name, n in zip(boxes.classes, boxes.counts, strict=True) if n)


_ALIKE = (
    ("car", "vehicle", "sedan", "suv"),
    ("van", "truck", "car"),
    ("bus", "truck"),
    ("tram", "bus", "truck"),
    ("trailer", "truck"),
    ("construction_vehicle", "truck"),
    ("person", "pedestrian"),
    ("person_sitting", "pedestrian"),
    ("people", "pedestrian"),
    ("cyclist", "cycle", "bicycle"),
    ("bicycle", "cycle", "cyclist"),
    ("motorcycle", "cycle"),
    ("motorbike", "motorcycle", "cycle"),
    ("cone", "traffic_cone"),
)
"""A class and what stands for it where a list does not have it, the nearest first."""


def place_of(name: str, classes: Sequence[str]) -> int | None:
    """Which of a model's classes a file's class is; None where it has none."""
    plain = [_plain(one) for one in classes]
    wanted = _plain(name)
    row = next((words for words in _ALIKE if words[0] == wanted), (wanted,))
    return next((plain.index(word) for word in row if word in plain), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
