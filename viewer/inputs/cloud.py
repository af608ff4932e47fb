"""A point cloud as Headlight holds it: metres, z up, near zero; its frame guessed, shown and changeable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import BoxEdits, Boxes
from headlight.viewer.inputs.told.columns import Table
from headlight.viewer.inputs.told.frame import Frame


@dataclass(frozen=True, eq=False)
class CloudInput:
    """One point cloud. All arrays are of the same n points, in the order of the file."""

    title: str
    points: np.ndarray
    """float32 (n, 3): metres, z up, local."""
    origin: np.ndarray
    """float64 (3,): the local frame's zero in file coordinates."""
    frame: Frame
    """How the file's coordinates are read now."""
    guessed: Frame
    """How Headlight guessed that they are to be read."""
    guess_reason: str = ""
    """A sentence that says why."""
    colours: np.ndarray | None = None
    """uint8 (n, 3)"""
    normals: np.ndarray | None = None
    """float32 (n, 3), z up as the points, as long as the file has them."""
    labels: np.ndarray | None = None
    """int16 (n,): indices into `classes`, -1 where a point has none."""
    classes: tuple[str, ...] | None = None
    """What the labels mean: Headlight's classes in their order where the names are known."""
    numbers: np.ndarray | None = None
    """The labels as the file holds them (n,), whether they are used or not."""
    names: tuple[str, ...] | None = None
    """The classes that the file itself names."""
    listed: str = "none"
    """The list that the labels are read by, a word of clouds.labels.TITLES."""
    label_notices: tuple[str, ...] = ()
    """Those of `notices` that are of the labels."""
    kept: np.ndarray | None = None
    """int64 (n,): which points of the file these are, where some were dropped; None if all are here."""
    others: np.ndarray | None = None
    """float64 (total - n, 3): file coordinates of the points that were dropped, in the order of the file."""
    total: int = -1
    """Points in the file; of a mesh, the points sampled."""
    notices: tuple[str, ...] = ()
    intensity: np.ndarray | None = None
    """float32 (n,), of any range, as the file has it"""
    ring: np.ndarray | None = None
    """int16 (n,): the beam of a turning sensor that measured each point, from the lowest on"""
    path: str = ""
    """The file or folder that it was read from, "" for none."""
    boxes: Boxes | None = None
    """True boxes around things, in local metres, where a file beside this one has them."""
    edits: BoxEdits | None = None
    """Boxes that a model found and that were set by hand since, of what is exported."""
    table: Table | None = None
    """The first rows of its file and what their columns are read as, where that is a table."""

    def __post_init__(self) -> None:
        if self.total < 0:
            object.__setattr__(self, "total", len(self.points))

    @property
    def zero(self) -> np.ndarray:
        """float64 (3,): where the zero of the file's own coordinates lies among the points, in metres."""
        return self.frame.turned(-np.asarray(self.origin, np.float64)[None] * self.frame.metres_per_unit)[0]

    def reframed(self, frame: Frame) -> CloudInput:
        """The same cloud, its file coordinates read in another way."""
        scale = frame.metres_per_unit / self.frame.metres_per_unit
        points = frame.turned(self.frame.turned_back(self.points))
        if scale != 1.0:
            points = (points.astype(np.float64) * scale).astype(np.float32)
        normals = self.normals
        if normals is not None:
            normals = np.ascontiguousarray(frame.turned(self.frame.turned_back(normals)))
        boxes = self.boxes
        if boxes is not None:
            there = boxes.boxes.astype(np.float64)
            there[:, :3] = frame.turned(self.frame.turned_back(there[:, :3])) * scale
            there[:, 3:6] *= scale
            there = headed(there, lambda vectors: frame.turned(self.frame.turned_back(vectors)))
            boxes = replace(boxes, boxes=there.astype(np.float32))
        return replace(self, points=np.ascontiguousarray(points), normals=normals, frame=frame, boxes=boxes)

    def all_coordinates(self) -> np.ndarray:
        """float64 (total, 3): every point of the file, also what was dropped, as the file would write it."""
        where = self.file_coordinates(self.points)
        if self.kept is None:
            return where
        whole = np.full((self.total, 3), np.nan)
        dropped = np.ones(self.total, bool)
        dropped[self.kept] = False
        whole[self.kept] = where
        if self.others is not None:
            whole[dropped] = self.others
        return whole

    def file_coordinates(self, points: np.ndarray) -> np.ndarray:
        """float64 (m, 3): local points as the file would write them."""
        local = np.asarray(points, np.float64).reshape(-1, 3)
        return self.frame.turned_back(local) / self.frame.metres_per_unit + self.origin

    def file_boxes(self, boxes: np.ndarray) -> np.ndarray:
        """float64 (m, 7): boxes in local metres as the file would write them."""
        there = np.array(boxes, np.float64).reshape(-1, 7)
        there[:, :3] = self.file_coordinates(there[:, :3])
        there[:, 3:6] /= self.frame.metres_per_unit
        return headed(there, self.frame.turned_back)


def headed(boxes: np.ndarray, turned: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Boxes (n, 7) with the yaw of their turned heading. What would lie on its side keeps its own: a box has
    no other."""
    yaw = boxes[:, 6]
    heading = turned(np.stack([np.cos(yaw), np.sin(yaw), np.zeros(len(yaw))], axis=1))
    flat = np.abs(heading[:, 2]) < 0.5
    boxes[:, 6] = np.where(flat, np.arctan2(heading[:, 1], heading[:, 0]), yaw)
    return boxes


def to_local(points: np.ndarray, origin: np.ndarray, frame: Frame) -> np.ndarray:
    """float32 (n, 3) of file coordinates of any precision, without a float64 copy of the whole."""
    plain = not origin.any() and frame == Frame()
    if plain and points.dtype == np.float32 and points.flags.c_contiguous:
        return points
    local = np.empty((len(points), 3), np.float32)
    for start in range(0, len(points), 1 << 14):  # rows that stay in the processor's cache
        part = points[start : start + (1 << 14)].astype(np.float64)
        local[start : start + len(part)] = frame.turned((part - origin) * frame.metres_per_unit)
    return local
