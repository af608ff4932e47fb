"""Small pictures of one size side by side, and one of them large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font
from headlight.widgets.base.painted import say_instead
from headlight.widgets.plane.plane_view import HALO, POINTED, SELECTED, PlaneView, cosmetic

WIDE = 3.1
"""Times its height that a view is wide from which on the small pictures stand in two rows, not in three."""
_GAP = 0.05
"""Of a small picture's side, between them."""
_MARK = 3.5
"""Pixels of a marked pixel's half side at least."""
Pixel = tuple[int, int, int]
"""picture, row, column"""


class ViewsView(PlaneView):
    """The plane is in pixels of a small picture: the large one, and right of it the small ones in rows.

    hovered: a Pixel under the cursor and whether it is of the large one, or None. clicked: picture, row,
    column, add. picked: a small picture was clicked, which is to be the large one. boxed: picture, first row
    and column, those after the last, add.
    """

    clicked = Signal(int, int, int, bool)
    picked = Signal(int)
    boxed = Signal(int, int, int, int, int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rasters_of: list = []
        self._large = self.add_raster()
        self._levels = np.empty((0, 1, 1), np.uint8)
        self._labels: tuple[str, ...] = ()
        self._lut = np.zeros((256, 4), np.uint8)
        self._shown, self._rows = 0, 3
        self._selected = self._hovered = np.empty((0, 3), np.int64)
        self._message = self._said = ""
        self.setAccessibleName("Views")

    # What panes call.

    def set_views(self, levels: np.ndarray | None, lut: np.ndarray, labels: tuple[str, ...] = ()) -> None:
        """levels: uint8 (count, side, side) of the colours lut, uint8 (256, 4); None for no views."""
        self._message = ""
        self._levels = np.empty((0, 1, 1), np.uint8) if levels is None else levels
        self._labels, self._lut = labels, lut
        while len(self._rasters_of) < len(self._levels):
            self._rasters_of.append(self.add_raster())
        self._arrange()
        self.refresh()

    def _arrange(self) -> None:
        """Give each picture its place."""
        self._rows = 2 if self.width() > WIDE * self.height() else 3
        lut = self._lut
        for number, raster in enumerate(self._rasters_of):
            there = number < len(self._levels)
            raster.set_colours(lut)
            raster.set_array(
                self._levels[number] if there else None, self._small(number) if there else QRectF()
            )
        if not len(self._levels):
            self._selected = self._hovered = np.empty((0, 3), np.int64)
            self.set_content(0, 0)
            self._large.set_array(None, QRectF())
        else:
            across = self._small(self._columns() - 1).right()
            self.set_content(int(np.ceil(across)), int(np.ceil(self._big().bottom())))
            self.set_large(self._shown)

    def set_large(self, number: int) -> None:
        """Which picture is the large one."""
        self._shown = min(max(number, 0), max(len(self._levels) - 1, 0))
        if len(self._levels):
            self._large.set_colours(self._lut)
            self._large.set_array(self._levels[self._shown], self._big())
        self.refresh()

    def set_selected(self, pixels: np.ndarray) -> None:
        """int (k, 3): picture, row and column of each, in amber."""
        self._selected = pixels
        self.update()

    def set_hovered(self, pixels: np.ndarray) -> None:
        """int (k, 3), in blue."""
        if len(pixels) or len(self._hovered):
            self._hovered = pixels
            self.update()

    def set_said(self, sentence: str) -> None:
        """What is said of what is pointed at where no view shows it; "" for nothing."""
        if sentence != self._said:
            self._said = sentence
            self.update()

    def said(self) -> str:
        return self._said

    def say_instead(self, sentence: str) -> None:
        """No views, and why."""
        self.set_views(None, self._lut)
        self._message = sentence
        self.update()

    # Places.

    @property
    def _side(self) -> int:
        return self._levels.shape[1]

    def _columns(self) -> int:
        return -(-len(self._levels) // self._rows)

    def _big(self) -> QRectF:
        side = self._side * (self._rows + (self._rows - 1) * _GAP)
        return QRectF(0, 0, side, side)

    def _small(self, number: int) -> QRectF:
        row, column = divmod(number, self._columns())
        step = self._side * (1 + _GAP)
        left = self._big().right() + self._side * 2 * _GAP
        return QRectF(left + column * step, row * step, self._side, self._side)

    # What the base asks.

    def relayout(self) -> None:
        if len(self._levels) and (self.width() > WIDE * self.height()) != (self._rows == 2):
            self._arrange()
        super().relayout()

    def margin(self) -> float:
        return float(theme.em(0.4))

    def target(self, point: QPointF) -> tuple[Pixel, bool] | None:
        """A pixel, and whether of the large picture."""
        for rect, number, large in self._pictures():
            if rect.contains(point):
                scale = self._side / rect.width()
                row, column = ((point - rect.topLeft()) * scale).y(), ((point - rect.topLeft()) * scale).x()
                last = self._side - 1
                return (number, min(int(row), last), min(int(column), last)), large
        return None

    def tip_text(self, target: tuple[Pixel, bool] | None, point: QPointF) -> str:
        return self._tip_function(*target[0]) if self._tip_function and target is not None else ""

    def click(self, target: tuple[Pixel, bool], add: bool) -> None:
        pixel, large = target
        if large:
            self.clicked.emit(*pixel, add)
        else:
            self.picked.emit(pixel[0])

    def box(self, rect: QRectF, add: bool) -> None:
        for place, number, _ in self._pictures():
            part = rect.intersected(place)
            if part.width() > 0 and part.height() > 0:
                scale = self._side / place.width()
                part.translate(-place.topLeft())
                ends = (part.top(), part.left(), part.bottom(), part.right())
                first, last = np.floor(np.multiply(ends[:2], scale)), np.ceil(np.multiply(ends[2:], scale))
                self.boxed.emit(number, *map(int, (*first, *last)), add)
                return

    def _pictures(self) -> list[tuple[QRectF, int, bool]]:
        if not len(self._levels):
            return []
        small = [(self._small(number), number, False) for number in range(len(self._levels))]
        return [(self._big(), self._shown, True), *small]

    # Painting.

    def paint_over(self, painter: QPainter) -> None:
        if self._message:
            say_instead(painter, self.rect(), self._message)
            return
        if not len(self._levels):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(label_font())
        metrics, colours = QFontMetricsF(label_font()), theme.current()
        pictures = [(self.region_to_widget(rect), number) for rect, number, _ in self._pictures()]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(cosmetic(colours.line, 1))
        painter.drawRects([frame.toRect() for frame, _ in pictures])
        painter.setPen(cosmetic(colours.amber, 2))
        painter.drawRect(pictures[1 + self._shown][0].toRect())
        painter.setPen(QColor(colours.dim))
        down, longest = metrics.ascent() + 2, max(map(metrics.horizontalAdvance, self._labels), default=0)
        for frame, number in pictures:
            if number < len(self._labels) and frame.width() > longest + 6:
                painter.drawText(QPointF(frame.left() + 4, frame.top() + down), self._labels[number])
        for pixels, colour in ((self._selected, SELECTED), (self._hovered, POINTED)):
            marked = set(pixels[:, 0].tolist())
            for frame, number in pictures:
                if number in marked:
                    self._paint_marks_of(painter, pixels[pixels[:, 0] == number], frame, colour)
        if self._said:
            at = QPointF(theme.em(0.5), self.height() - metrics.descent() - 4)
            box = QRectF(at.x() - 2, at.y() - metrics.ascent(), 0, metrics.height())
            box.setWidth(metrics.horizontalAdvance(self._said) + 4)
            painter.fillRect(box, HALO)
            painter.setPen(POINTED)
            painter.drawText(at, self._said)

    def _paint_marks_of(self, painter: QPainter, pixels: np.ndarray, frame: QRectF, colour: QColor) -> None:
        scale = frame.width() / self._side
        x = frame.left() + (pixels[:, 2] + 0.5) * scale
        y = frame.top() + (pixels[:, 1] + 0.5) * scale
        few = len(pixels) <= 16
        half = max(scale / 2 + 1, _MARK) if few else max(scale / 2, 1.0)
        squares = [QRectF(a - half, b - half, 2 * half, 2 * half) for a, b in zip(x, y, strict=True)]
        if few:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (cosmetic(HALO, 4), cosmetic(colour, 2)):
                painter.setPen(pen)
                painter.drawRects([square.toRect() for square in squares])
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRects(squares)
