"""Grey pictures of one object from several sides, each with a line below and a bar of its share."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.painted import Arranged, say_instead

Pixel = tuple[int, int, int]
"""(view, row, column)"""
_GAP = 0.4
_BAR = 0.25
"""In em: between views, and the height of a bar."""


class ViewGrid(Arranged, QWidget):
    """hovered: the pixel under the cursor, or None. clicked: a pixel."""

    hovered = Signal(object)
    clicked = Signal(int, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._side = 1
        self._labels: list[str] = []
        self._shares = np.zeros(0)
        self._tips: list[str] = []
        self._marks: Sequence[np.ndarray] = ()
        self._under: Pixel | None = None
        self._instead = ""
        self._tip = CursorTip(self)
        self.setMouseTracking(True)
        self.setAccessibleName("Views")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_views(
        self, pictures: np.ndarray, labels: Sequence[str], shares: np.ndarray, tips: Sequence[str]
    ) -> None:
        """pictures: uint8 (v, side, side). labels: below each. shares: 0 to 1, as bars. tips: of each."""
        if not len(pictures) == len(labels) == len(shares) == len(tips):
            raise ValueError(f"{len(pictures)} views, {len(labels)} labels, {len(shares)} shares")
        kind = QImage.Format.Format_Grayscale8
        self._images = [
            QImage(np.ascontiguousarray(one).tobytes(), *one.shape[::-1], one.shape[1], kind).copy()
            for one in pictures
        ]
        self._side = pictures.shape[1] if len(pictures) else 1
        self._labels, self._shares, self._tips = list(labels), np.asarray(shares, float), list(tips)
        self._marks, self._instead = (), ""
        self.setAccessibleDescription("; ".join(tips))
        self.update()

    def say_instead(self, text: str) -> None:
        """There are no views."""
        self._images, self._instead, self._under = [], text, None
        self._tip.hide()
        self.update()

    def set_marks(self, marks: Sequence[np.ndarray]) -> None:
        """int (k, 2) for each view: rows and columns that are selected."""
        self._marks = marks
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(12), theme.em(8))

    # Where they stand.

    def frame(self, view: int) -> QRectF:
        """The square of a view, in pixels."""
        columns, cell, gap, line = self._layout()
        row, column = divmod(view, columns)
        left = (self.width() - columns * cell - (columns - 1) * gap) / 2
        return QRectF(left + column * (cell + gap), row * (cell + line + gap), cell, cell)

    def _layout(self) -> tuple[int, float, float, float]:
        """(columns, side of a cell, gap, height of what is below it), with the largest cells."""
        gap, line = theme.em(_GAP), self.fontMetrics().height() + theme.em(_BAR)
        count, best = max(len(self._images), 1), (1, 8.0)
        for columns in range(1, count + 1):
            rows = ceil(count / columns)
            wide = (self.width() - (columns - 1) * gap) / columns
            high = (self.height() - (rows - 1) * gap) / rows - line
            if (cell := min(wide, high)) > best[1]:
                best = columns, cell
        return *best, gap, line

    def pixel_at(self, point: QPointF) -> Pixel | None:
        for view in range(len(self._images)):
            frame = self.frame(view)
            if frame.contains(point):
                at = (point - frame.topLeft()) * (self._side / frame.width())
                last = self._side - 1
                return view, min(int(at.y()), last), min(int(at.x()), last)
        return None

    # Pointing.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.pixel_at(event.position()), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pixel = self.pixel_at(event.position())
        if pixel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(*pixel)

    def leaveEvent(self, event: object) -> None:
        self._point(None, QPointF())

    def _point(self, pixel: Pixel | None, cursor: QPointF) -> None:
        if pixel != self._under:
            self._under = pixel
            self.hovered.emit(pixel)
            self.update()
        self._tip.show_at(cursor, "" if pixel is None else self._tips[pixel[0]])

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if not self._images:
                say_instead(painter, self.rect(), self._instead)
                return
            for view in range(len(self._images)):
                self._paint_view(painter, view)

    def _paint_view(self, painter: QPainter, view: int) -> None:
        colours, frame = theme.current(), self.frame(view)
        painter.drawImage(frame, self._images[view])
        one = frame.width() / self._side
        if view < len(self._marks):
            for row, column in self._marks[view].tolist():
                at = frame.topLeft() + QPointF(column * one, row * one)
                painter.fillRect(QRectF(at, at + QPointF(max(one, 3), max(one, 3))), QColor(colours.amber))
        under = self._under is not None and self._under[0] == view
        painter.setPen(QPen(QColor(colours.blue if under else colours.line), 1))
        painter.drawRect(frame)
        bar = QRectF(frame.left(), frame.bottom() + 1, frame.width() * self._shares[view], theme.em(_BAR))
        painter.fillRect(bar, QColor(colours.dim))
        painter.setPen(QColor(colours.dim))
        metrics = self.fontMetrics()
        below = QRect(int(frame.left()), int(bar.bottom()), int(frame.width()), metrics.height())
        said = metrics.elidedText(self._labels[view], Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, said)
