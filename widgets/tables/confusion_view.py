"""The confusion matrix: classes of the truth down, predicted ones across, their IoU, recall and precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.widgets.base import theme
from headlight.widgets.base.painted import say_instead
from headlight.widgets.plots.figure import Figure
from headlight.widgets.tables.confusion import Confusion
from headlight.widgets.tables.confusion_layout import Places, arrange, least
from headlight.widgets.tables.confusion_painter import ConfusionPainter

Cell = tuple[int, int | None]
"""(truth, predicted); predicted None for the truth's class as a whole."""


class ConfusionView(Figure):
    """A cell's colour is its share of its row, the truth's class; classes without a point are left out."""

    clicked = Signal(int, int)
    """truth, predicted"""
    hovered = Signal(object)
    """(truth, predicted) under the cursor or the keyboard's, or None"""

    def __init__(self, parent: QWidget | None = None, things: str = "points") -> None:
        """things: what is counted."""
        super().__init__("Confusion matrix", parent)
        self._things = things
        self._table = Confusion(np.zeros((0, 0), np.int64), (), things)
        self._shown: list[int] = []
        self._given_lut: np.ndarray | None = None
        self._colours: np.ndarray | None = None
        self._selected: tuple[int, int] | None = None
        self._places = Places()
        self._picture: QPixmap | None = None

    # What panes call.

    def set_matrix(self, matrix: np.ndarray, names: Sequence[str], colours: np.ndarray | None = None) -> None:
        """matrix: int (C, C), points of the truth's class (row) predicted as a class (column).

        colours: uint8 (C, 3), as the legend of the classes has them.
        """
        self._table, self._colours = Confusion(matrix, names, self._things), colours
        self._hovered = self._selected = None
        self._show()

    def share_right(self) -> float:
        """The share of all points that lie on the diagonal, 0 to 1."""
        return self._table.share_right()

    def set_lut(self, lut: np.ndarray) -> None:
        """The colours of the levels, uint8 (256, 4), in place of the theme's."""
        self._given_lut = lut
        self._picture = None
        self.update()

    def set_selected(self, cell: tuple[int, int] | None) -> None:
        """Frame (truth, predicted) in amber; None for no frame."""
        self._selected = cell
        self.update()

    def shown(self) -> list[int]:
        """The classes that have a row and a column."""
        return list(self._shown)

    def cell_rect(self, truth: int, predicted: int) -> QRect:
        """Where a cell stands, in pixels. LookupError for a class that is left out."""
        if truth not in self._shown or predicted not in self._shown:
            raise LookupError(f"class {truth} or {predicted} is not shown")
        return self._places.rect(self._shown.index(truth), self._shown.index(predicted))

    def figure_rect(self, truth: int, column: str = "IoU") -> QRect:
        """Where a figure of a class stands, in pixels."""
        return self._places.figure(self._shown.index(truth), self._places.columns.index(column))

    def _show(self) -> None:
        self._shown = self._table.used()
        self.setAccessibleDescription(f"{len(self._shown)} classes, {self._table.right_said()}")
        self._tip.hide()
        self.updateGeometry()
        self._arrange()

    def lut(self) -> np.ndarray:
        """uint8 (256, 4): the colours of the levels; the most stands out from the theme's ground, the least
        does not.
        """
        if self._given_lut is not None:
            return self._given_lut
        ends = (40, 255) if theme.current().dark else (245, 20)
        return colour_table()[np.linspace(*ends, 256).round().astype(int)]

    # Geometry.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(32), theme.em(29))

    def minimumSizeHint(self) -> QSize:
        return least([self._table.names[index] for index in self._shown])

    def _resized(self) -> None:
        self._arrange()

    def _restyled(self) -> None:
        self.updateGeometry()
        self._arrange()

    def _arrange(self) -> None:
        self._places = arrange([self._table.names[index] for index in self._shown], self.size())
        self._picture = None
        self.update()

    # Pointing.

    def _at(self, point: QPointF) -> Cell | None:
        at = self._places.at(point, len(self._shown))
        if at is None:
            return None
        return self._shown[at[0]], None if at[1] is None else self._shown[at[1]]

    def _choose(self, cell: Cell) -> bool:
        if _whole(cell):
            self.clicked.emit(*cell)
        return _whole(cell)

    def _start(self) -> None:
        if self._shown and not _whole(self._hovered):
            known = self._selected is not None and set(self._selected) <= set(self._shown)
            self._point_at(*(self._selected if known else (self._shown[0], self._shown[0])))

    def _walk(self, right: int, down: int) -> bool:
        if not _whole(self._hovered):
            self._start()
        else:
            row, column = (self._shown.index(index) for index in self._hovered)
            last = len(self._shown) - 1
            row, column = min(max(row + down, 0), last), min(max(column + right, 0), last)
            self._point_at(self._shown[row], self._shown[column])
        return bool(self._shown)

    def _point_at(self, truth: int, predicted: int) -> None:
        self._point((truth, predicted), QRectF(self.cell_rect(truth, predicted)).center())

    def _point(self, cell: Cell | None, cursor: QPointF | None = None) -> None:
        before = self._hovered if _whole(self._hovered) else None
        now = cell if _whole(cell) else None
        self.set_hovered(cell)
        if before != now:
            self.hovered.emit(now)
        self._tip.show_at(cursor or QPointF(), "" if cell is None else self._table.said(*cell))

    # Painting.

    def _paint(self, painter: QPainter) -> None:
        if not self._shown:
            say_instead(painter, self.rect(), f"No labelled {self._things}")
            return
        paint = ConfusionPainter(
            self._table, self._shown, self._places, self.lut(), self._colours, self._hovered, self._selected
        )
        if self._picture is None:
            self._picture = self._cells(paint)
        painter.drawPixmap(0, 0, self._picture)
        paint.marks(painter)
        paint.names(painter)
        paint.figures(painter)
        paint.scale(painter, self.width())

    def _cells(self, paint: ConfusionPainter) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint.cells(painter)
        return picture


def _whole(cell: Cell | None) -> bool:
    return cell is not None and cell[1] is not None
