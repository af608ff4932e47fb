"""A rectangle of cells in colours: which are selected, which is pointed at, outlines on top, and a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font
from headlight.widgets.base.painted import say_instead
from headlight.widgets.plane.plane_view import HALO, POINTED, SELECTED, PlaneView, cosmetic

FRAMED = 64
"""Up to so many selected cells have a frame each; more are seen by their colour."""
_SMALLEST = 7.0
"""Pixels of a frame's side at least: cells may be smaller than a pixel."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A line over the cells. points: float (k, 2), columns from the left and rows from the border of the
    first one, in parts of a cell too; what is not finite breaks the line. closed: its end is joined to its
    beginning. label: written at its first point.
    """

    points: np.ndarray
    colour: str
    closed: bool = True
    width: float = 1.5
    label: str = ""
    dashed: bool = False


class CellsView(PlaneView):
    """The plane is the cells: column c and row r fill [c, c+1) × [r, r+1), rows downward or, with `below`,
    upward from the first.

    hovered: (row, column) under the cursor, or None. clicked: row, column, add. boxed: the first row and
    column and those after the last, add.
    """

    clicked = Signal(int, int, bool)
    boxed = Signal(int, int, int, int, bool)

    def __init__(self, below: bool = False, square: bool = True, parent: QWidget | None = None) -> None:
        """below: the first row is the lowest. square: one scale for both directions."""
        super().__init__(parent)
        self._below, self._square_cells = below, square
        self._cells, self._chosen = self.add_raster(), self.add_raster()
        amber = np.zeros((256, 4), np.uint8)
        amber[128:] = (SELECTED.red(), SELECTED.green(), SELECTED.blue(), 200)
        self._chosen.set_colours(amber)
        self._levels = np.zeros((0, 0), np.uint8)
        self._shape = (0, 0)
        self._selected = np.empty((0, 2), np.int64)
        self._hovered = np.empty((0, 2), np.int64)
        self._outlines: tuple[Outline, ...] = ()
        self._notes: tuple[tuple[float, str], ...] = ()
        self._said = self._message = ""

    # What panes call.

    def set_cells(self, levels: np.ndarray | None, lut: np.ndarray) -> None:
        """levels: uint8 (rows, columns) of the colours lut, uint8 (256, 4); None for no cells."""
        self._message = ""
        self._levels = np.zeros((0, 0), np.uint8) if levels is None else levels
        self._shape = self._levels.shape
        rows, columns = self._shape
        self._cells.set_colours(lut)
        up = levels[::-1] if levels is not None and self._below else levels
        self._cells.set_array(up, QRectF(0, 0, columns, rows))
        if levels is None:
            self.set_selected(np.empty(0, np.int64))
            self.set_outlines(())
            self.set_hovered(np.empty(0, np.int64))
        self.setAccessibleDescription(f"{rows:,} × {columns:,} cells")
        self.set_content(columns, rows, self._square_cells)
        self.refresh()

    def set_selected(self, cells: np.ndarray) -> None:
        """int (k,): cells by their number, row · columns + column, in amber."""
        rows, columns = self._shape
        cells = cells[(cells >= 0) & (cells < rows * columns)]
        self._selected = np.stack(np.divmod(cells, max(columns, 1)), axis=1)
        mask = None
        if len(cells):
            mask = np.zeros(rows * columns, np.uint8)
            mask[cells] = 255
            mask = mask.reshape(rows, columns)
            mask = mask[::-1] if self._below else mask
        self._chosen.set_array(mask, QRectF(0, 0, columns, rows))
        self.update()

    def set_hovered(self, cells: np.ndarray) -> None:
        """int (k,): cells that are pointed at, here or elsewhere, framed in blue."""
        rows, columns = self._shape
        cells = cells[(cells >= 0) & (cells < rows * columns)][:FRAMED]
        if len(cells) or len(self._hovered):
            self._hovered = np.stack(np.divmod(cells, max(columns, 1)), axis=1)
            self.update()

    def set_outlines(self, outlines: Sequence[Outline]) -> None:
        """Lines on top, such as boxes, in place of those before; the next cells leave them as they are."""
        self._outlines = tuple(outlines)
        self.update()

    def set_notes(self, notes: Sequence[tuple[float, str]]) -> None:
        """Words at columns, each with a tick at the upper edge."""
        self._notes = tuple(notes)
        self.update()

    def set_said(self, sentence: str) -> None:
        """What is said of what is pointed at where no cell has it; "" for nothing."""
        if sentence != self._said:
            self._said = sentence
            self.update()

    def said(self) -> str:
        return self._said

    def say_instead(self, sentence: str) -> None:
        """No cells, and why."""
        self.set_cells(None, np.zeros((256, 4), np.uint8))
        self._message = sentence
        self.setAccessibleDescription(sentence)
        self.update()

    def message(self) -> str:
        return self._message

    # What the base asks.

    def target(self, point: QPointF) -> tuple[int, int] | None:
        rows, columns = self._shape
        across, down = self._camera.m11(), self._camera.m22()
        # A dot shows what lies under its middle; of cells larger than dots that makes no difference.
        x, y = (at + 0.5 / scale * (scale < 1) for at, scale in ((point.x(), across), (point.y(), down)))
        y = rows - y if self._below else y
        row, column = int(np.floor(y)), int(np.floor(x))
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return self._painted_one(row, column)

    def _painted_one(self, row: int, column: int) -> tuple[int, int]:
        """Where one dot of the screen stands for several cells, the one whose colour it has."""
        down, across = self._cells.pooled()
        if (down, across) == (1, 1):
            return row, column
        rows = self._shape[0]
        first = rows - 1 - row if self._below else row  # blocks begin at the upper edge
        first, left = first // down * down, column // across * across
        up = self._levels[::-1] if self._below else self._levels
        block = up[first : first + down, left : left + across]
        at, beside = np.unravel_index(int(block.argmax()), block.shape)
        found = first + int(at)
        return (rows - 1 - found if self._below else found), left + int(beside)

    def click(self, target: tuple[int, int], add: bool) -> None:
        self.clicked.emit(*target, add)

    def box(self, rect: QRectF, add: bool) -> None:
        rows = self._shape[0]
        top, bottom = (
            (rows - rect.bottom(), rows - rect.top()) if self._below else (rect.top(), rect.bottom())
        )
        first = int(np.floor(top)), int(np.floor(rect.left()))
        self.boxed.emit(*first, int(np.ceil(bottom)), int(np.ceil(rect.right())), add)

    def paint_over(self, painter: QPainter) -> None:
        if self._message:
            say_instead(painter, self.rect(), self._message)
            return
        if self._content.isEmpty():
            return
        painter.setClipRect(self.area())
        self._paint_outlines(painter)
        self._paint_notes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if len(self._selected) <= FRAMED:
            self._paint_frames(painter, self._selected, SELECTED)
        self._paint_frames(painter, self._hovered, POINTED)
        self._paint_said(painter)
        painter.setClipping(False)

    # Painting.

    def where(self, points: np.ndarray) -> np.ndarray:
        """float (k, 2) columns and rows, in parts of a cell too → float64 (k, 2) pixels of the widget."""
        x, y = np.asarray(points, np.float64).T
        y = self._shape[0] - y if self._below else y
        camera = self._camera
        return np.stack([x * camera.m11() + camera.dx(), y * camera.m22() + camera.dy()], axis=1)

    def _paint_frames(self, painter: QPainter, cells: np.ndarray, colour: QColor) -> None:
        if not len(cells):
            return
        middles = self.where(cells[:, ::-1] + 0.5)
        width = max(self._camera.m11() + 3, _SMALLEST)
        height = max(self._camera.m22() + 3, _SMALLEST)
        frames = [QRectF(x - width / 2, y - height / 2, width, height).toRect() for x, y in middles]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (cosmetic(HALO, 4), cosmetic(colour, 2)):
            painter.setPen(pen)
            painter.drawRects(frames)

    def _paint_outlines(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(label_font())
        for outline in self._outlines:
            points = outline.points
            if outline.closed and len(points):
                points = np.concatenate([points, points[:1]])
            pixels = self.where(points)
            style = Qt.PenStyle.DashLine if outline.dashed else Qt.PenStyle.SolidLine
            for pen in (cosmetic(HALO, outline.width + 2), cosmetic(outline.colour, outline.width, style)):
                painter.setPen(pen)
                for piece in _pieces(pixels):
                    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in piece]))
            if outline.label and len(pixels) and np.isfinite(pixels[0]).all():
                self._write(painter, QPointF(*pixels[0]), outline.label, QColor(outline.colour))

    def _paint_notes(self, painter: QPainter) -> None:
        painter.setFont(label_font())
        metrics, content = QFontMetricsF(label_font()), self.region_to_widget(self._whole())
        for column, word in self._notes:
            x = float(self.where(np.array([[column, 0.0]]))[0, 0])
            half = metrics.horizontalAdvance(word) / 2
            left = min(max(x - half, content.left() + 2), content.right() - 2 * half - 2)
            for pen in (cosmetic(HALO, 3), cosmetic(QColor(255, 255, 255, 200), 1)):
                painter.setPen(pen)
                painter.drawLine(QPointF(x, content.top()), QPointF(x, content.top() + theme.em(0.4)))
            self._write(painter, QPointF(left, content.top() + metrics.ascent() + 3), word, QColor(Qt.white))

    def _write(self, painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
        """In a dark box, so that it is read on any ground."""
        metrics = QFontMetricsF(label_font())
        box = QRectF(at.x() - 2, at.y() - metrics.ascent(), 0, metrics.height())
        box.setWidth(metrics.horizontalAdvance(text) + 4)
        painter.fillRect(box, HALO)
        painter.setPen(colour)
        painter.drawText(at, text)

    def _paint_said(self, painter: QPainter) -> None:
        if self._said:
            painter.setFont(label_font())
            metrics = QFontMetricsF(label_font())
            at = QPointF(self.area().left() + theme.em(0.5), self.area().bottom() - metrics.descent() - 4)
            self._write(painter, at, self._said, POINTED)

    def _whole(self) -> QRectF:
        return QRectF(0, 0, self._content.width(), self._content.height())


def _pieces(points: np.ndarray) -> list[np.ndarray]:
    """The stretches of a line (k, 2) between points that are not finite."""
    finite = np.isfinite(points).all(axis=1)
    breaks = np.flatnonzero(np.diff(finite.astype(np.int8))) + 1
    return [part for part in np.split(points, breaks) if np.isfinite(part).all() and len(part) > 1]
