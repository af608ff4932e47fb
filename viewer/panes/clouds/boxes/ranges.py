"""The range image with the outlines of the boxes."""

from __future__ import annotations

from functools import partial

import numpy as np

from headlight.viewer.panes.clouds.boxes.base import Chooses, ShownBoxes, asked_of
from headlight.viewer.panes.clouds.represented.pictures import RangePane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import BoxSettings, View
from headlight.viewer.slices.clouds.boxes.outlines import broken, edges_of, frame_of
from headlight.viewer.slices.clouds.boxes.shown import Shown, read_of, shown
from headlight.viewer.slices.clouds.represented.pictures import RangePicture
from headlight.widgets.plane.cells_view import Outline
from headlight.widgets.plane.plane_view import POINTED, SELECTED


class BoxesInRangePane(Chooses, RangePane):
    """A box is pointed at and clicked within the rectangle that its outline spans; elsewhere pixels are."""

    frames: np.ndarray = np.empty((0, 4))
    """float (n, 4): first and last column and row of each box, NaN of one across the seam."""

    def mark(self, view: View, hover: Hover) -> None:
        super().mark(view, hover)
        document = self.session.current
        read, asked = read_of(document), asked_of(view)
        self.ask("boxes", (read, asked), partial(shown, read, *asked), self._take_boxes)
        self._outline()

    def show_picture(self, result: RangePicture) -> None:
        super().show_picture(result)
        self._edges = []
        self._outline()

    def _take_boxes(self, now: Shown) -> None:
        self.all = ShownBoxes(now, self.session.view[BoxSettings].truth)
        self._edges = []
        self._outline()

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        if self.all is not None:
            self._take_boxes(self.all.now)

    def _outline(self) -> None:
        if self.all is None or not isinstance(self.result, RangePicture):
            self.view.set_outlines(())
            return
        picture, columns = self.result, self.result.levels.shape[1]
        if not self._edges:
            lines = [edges_of(box) - picture.zero for box in self.all.boxes]
            self._edges = [broken(picture.places(line), columns) for line in lines]
            self.frames = np.array([frame_of(line, columns) for line in self._edges]).reshape(-1, 4)
        chosen, pointed = self.chosen(self.session.view), self.pointed(self.session.hover)
        order = sorted(range(len(self._edges)), key=lambda number: (number in chosen, number == pointed))
        outlines = []
        for number in order:
            colour = "#{:02x}{:02x}{:02x}".format(*self.all.colours[number].tolist())
            if number == pointed or number in chosen:
                colour = (POINTED if number == pointed else SELECTED).name()
            width = 2.0 if number == pointed or number in chosen else 1.2
            outlines.append(
                Outline(
                    self._edges[number],
                    colour,
                    closed=False,
                    width=width,
                    dashed=bool(self.all.dashed[number]),
                )
            )
        self.view.set_outlines(outlines)

    def _box_at(self, row: int, column: int) -> int | None:
        if self.all is None or not len(self.frames):
            return None
        left, right, top, bottom = self.frames.T
        with np.errstate(invalid="ignore"):
            inside = (left <= column + 1) & (column <= right) & (top <= row + 1) & (row <= bottom)
        size = np.where(inside, (right - left) * (bottom - top) + 1e9 * self.all.dashed, np.inf)
        return int(size.argmin()) if inside.any() else None

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        number = None if cell is None else self._box_at(*cell)
        if number is None:
            super()._hovered(cell)
        else:
            Chooses.point_at(self, number)

    def _clicked(self, row: int, column: int, add: bool) -> None:
        number = self._box_at(row, column)
        if number is None:
            super()._clicked(row, column, add)
        else:
            Chooses.choose(self, number, add)
