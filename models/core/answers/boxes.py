"""Boxes around things in a cloud, each with a class, and where the model would put more."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from headlight.models.core.answers.target import Target
from headlight.models.core.tokens import Cuboid

_SIGNS = np.array([(x, y, z) for z in (-1, 1) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))], float)
"""Corners of a box: below, then above, counter-clockwise from the left of its front."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes in the cloud's own coordinates (metres, z up), the likeliest first.

    boxes: float32 (n, 7), x y z of the middle, length along the heading, width, height, and yaw, in radians
    counter-clockwise from +x. scores: float32 (n,). labels: int16 (n,), places in `classes`. velocities:
    float32 (n, 2), metres a second along x and y, where the model says any. heat: float32 (classes, rows,
    columns), how sure the model is that the middle of such a thing lies there; rows are y, the first the
    smallest. extent: x0 y0 x1 y1 in metres that `heat` covers. candidates: what there was before boxes that
    overlap were suppressed. directed: yaw tells the front from the back; if not, it is one of both.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    velocities: np.ndarray | None = None
    heat: np.ndarray | None = None
    extent: tuple[float, float, float, float] | None = None
    candidates: Boxes | None = None
    directed: bool = True

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes,): boxes of each class."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def targets(self) -> tuple[Target, ...]:
        """Every box, the likeliest first."""
        order = np.argsort(-self.scores, kind="stable")
        return tuple(
            Target(self.classes[self.labels[i]], float(self.scores[i]), int(self.labels[i]), self.place(i))
            for i in order
        )

    def place(self, index: int) -> Cuboid:
        return Cuboid(*(float(value) for value in self.boxes[index]))

    def find(self, place: object) -> int | None:
        """The number of the box that is at this place."""
        if not isinstance(place, Cuboid):
            return None
        same = np.flatnonzero((self.boxes == np.array(place.numbers, self.boxes.dtype)).all(axis=1))
        return int(same[0]) if len(same) else None

    def corners(self) -> np.ndarray:
        """float64 (n, 8, 3): the lower four counter-clockwise from the left of the front, then the upper."""
        return corners(self.boxes)

    def inside(self, points: np.ndarray) -> list[np.ndarray]:
        """n times int64 (m,): which of the points (N, 3) lie in each box, its faces included."""
        order = np.argsort(points[:, 0], kind="stable")
        along = points[order, 0]
        found = []
        for number in range(len(self)):
            place = self.place(number)
            first, last = np.searchsorted(along, (place.x - place.reach, place.x + place.reach))
            near = order[first:last]
            found.append(np.sort(near[place.holds(points[near])]))
        return found

    def only(self, kept: np.ndarray) -> Boxes:
        """bool or int: these boxes alone, with the same heat and candidates."""
        each = ("boxes", "scores", "labels", "velocities")
        held = {one.name: getattr(self, one.name) for one in fields(self) if one.name in each}
        return replace(self, **{name: None if value is None else value[kept] for name, value in held.items()})


@dataclass(frozen=True)
class BoxEdit:
    """A box that was set by hand. of: as it was found, None of one that was added. now: as it is, None of one
    that was taken away. label: its class then, None for the one it has.
    """

    of: Cuboid | None
    now: Cuboid | None
    label: int | None = None


@dataclass(frozen=True)
class BoxEdits:
    """All that were set by hand in a cloud, in the order in which they were first."""

    made: tuple[BoxEdit, ...] = ()


def corners(boxes: np.ndarray) -> np.ndarray:
    """float (n, 7) → float64 (n, 8, 3), as `Boxes.corners` has them."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 7)
    offsets = _SIGNS * boxes[:, None, 3:6] / 2
    c, s = np.cos(boxes[:, 6, None]), np.sin(boxes[:, 6, None])
    x, y, z = np.moveaxis(offsets, 2, 0)
    return boxes[:, None, :3] + np.stack([c * x - s * y, s * x + c * y, z], axis=2)
