"""The parts of the page, each a representation whose cells are numbered as it draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.points.representations.asked import Name
from headlight.models.points.representations.represented import DROPPED, Represented
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.view import RepresentSettings
from headlight.viewer.slices.clouds.represented.kept import found, usual_of

PartName = Literal["space", "above", "range", "views"]
PARTS: tuple[PartName, ...] = ("space", "above", "range", "views")


@dataclass(frozen=True, eq=False)
class Part:
    """as_: which representation it shows. shown: that. Cells are numbered as in its `cell`, but for pillars,
    which have the number of their place seen from above, and the grid of a 3D CNN, of which the occupied
    cells are counted.
    """

    as_: Name
    shown: Represented

    def cells_of(self, points: np.ndarray) -> np.ndarray:
        """int64 (k,), of views (cameras, k): the cell of each of these points, or −1, −2."""
        if self.as_ == "views":
            return self.shown.arrays["cells"][:, points]
        cells = self.shown.cell[points]
        if self.as_ == "pillars":
            return np.where(cells >= 0, self._places[np.maximum(cells, 0)], cells)
        if self.as_ == "occupancy":
            return np.where(cells >= 0, np.searchsorted(self.occupied, cells), cells)
        return cells

    def points_of(self, cell: int) -> np.ndarray:
        """int64 (m,): the points in a cell; those of a view's pixel are the one that is seen there."""
        if self.as_ == "views":
            seen = int(self.shown.arrays["index"].reshape(-1)[cell])
            return np.empty(0, np.int64) if seen < 0 else np.array([seen])
        if self.as_ == "pillars":
            cell = int(self.shown.arrays["canvas"].reshape(-1)[cell])
        elif self.as_ == "occupancy":
            cell = int(self.occupied[cell])
        return self.shown.points_of(cell)

    @property
    def size(self) -> int:
        """Cells that there can be."""
        if self.as_ == "pillars":
            return self.shown.arrays["canvas"].size
        return len(self.occupied) if self.as_ == "occupancy" else int(np.prod(self.shown.shape))

    @property
    def held(self) -> int:
        """Cells with a point in them."""
        arrays = self.shown.arrays
        if self.as_ in ("range", "views"):
            return int((arrays["index"] >= 0).sum())
        if self.as_ == "birds-eye":
            return int(np.count_nonzero(arrays["counts"]))
        return len(self.occupied) if self.as_ == "occupancy" else len(arrays["counts"])

    @property
    def occupied(self) -> np.ndarray:
        """int64 (V,): the cells of a dense grid with a point in them, in their order."""
        return derived(self.shown, "occupied", lambda: np.flatnonzero(self.shown.arrays["counts"]))

    @property
    def _places(self) -> np.ndarray:
        """int64 (P,): the place of each pillar, seen from above."""
        _, y, x = self.shown.arrays["coordinates"].T.astype(np.int64)
        return y * self.shown.arrays["canvas"].shape[1] + x

    def said(self, points: np.ndarray) -> str:
        """Where these points are in it, in a few words."""
        cells = self.cells_of(points)
        if self.as_ == "views":
            return _said_of_views(cells)
        inside = np.unique(cells[cells >= 0])
        dropped = int((cells == DROPPED).sum())
        outside = len(points) - dropped - int((cells >= 0).sum())
        if len(points) == 1:
            if len(inside):
                return self.named(int(inside[0]))
            return self.why_dropped if dropped else self.why_outside
        parts = [f"{len(inside):,} {self.word}{'s' * (len(inside) != 1)}"]
        parts += [f"{dropped:,} {'hidden' if self.as_ == 'range' else 'dropped'}"] * bool(dropped)
        parts += [f"{outside:,} outside"] * bool(outside)
        return ", ".join(parts)

    def named(self, cell: int) -> str:
        """voxel 1,204; row 12, column 944"""
        if self.as_ in ("voxels", "occupancy"):
            return f"{self.word} {cell:,}"
        shape = self.shown.arrays["canvas"].shape if self.as_ == "pillars" else self.shown.shape
        *view, row, column = np.unravel_index(cell, shape)
        at = f"row {row:,}, column {column:,}"
        return f"view {view[0] + 1}, {at}" if view else at

    @property
    def word(self) -> str:
        return {"voxels": "voxel", "occupancy": "cell", "pillars": "pillar", "birds-eye": "cell"}.get(
            self.as_, "pixel"
        )

    @property
    def why_dropped(self) -> str:
        hides = self.as_ in ("range", "views")
        return "behind a nearer point" if hides else "dropped by hard voxelisation"

    @property
    def why_outside(self) -> str:
        return "outside of what the sensor sees" if self.as_ == "range" else "outside the range"

    def counted(self) -> str:
        """Of cells and of points: 45,852 voxels · 12 outside · 371 dropped."""
        parts = [f"{self.held:,} {self.word}s"]
        lost = {"views": "in no view", "range": "hidden"}.get(self.as_, "dropped")
        for count, where in ((self.shown.outside, "outside"), (self.shown.dropped, lost)):
            parts += [f"{count:,} {where}"] * bool(count)
        return " · ".join(parts)


def _said_of_views(cells: np.ndarray) -> str:
    """cells: int64 (cameras, k)."""
    seen = (cells >= 0).any(1).sum()
    if cells.shape[1] == 1:
        return f"seen in {seen} of {len(cells)}" if seen else "behind nearer points in all views"
    hidden = int((cells < 0).all(0).sum())
    return f"seen in {seen} of {len(cells)}" + (f", {hidden:,} hidden" if hidden else "")


def named(settings: RepresentSettings, part: PartName) -> Name:
    """The representation that a part shows."""
    shown: dict[PartName, Name] = {
        "space": settings.space,
        "above": settings.above,
        "range": "range",
        "views": "views",
    }
    return shown[part]


def part_of(cloud: CloudInput, settings: RepresentSettings, part: PartName) -> Part:
    """What a part shows of a cloud. HeadlightError where it cannot be shown."""
    as_ = named(settings, part)
    return Part(as_, found(cloud, usual_of(cloud, settings, as_)))
