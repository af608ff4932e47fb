"""One head's attention as a matrix: queries down, keys across, every cell a weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTransform
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.token_axis import Tick, TokenAxis, runs, shown
from headlight.widgets.plane.plane_view import HALO, POINTED, SELECTED, PlaneView, cosmetic

_STRETCH = 4.0
"""With one axis this many times longer than the other, cells are no longer square but fill the view."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ABOVE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
_CORNER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
_OPEN = 6.0
"""From this size in pixels a marked cell is framed; below, lines run through its middle."""


class MatrixView(PlaneView):
    """Cell (q, k) fills [k, k+1) × [q, q+1) of the plane, row 0 at the top.

    Cells smaller than a pixel of the screen are pooled by their largest level, or the farthest from zero (see
    `Raster`), so that a single bright cell stays in sight at any zoom; the numbers in the read-out are always
    the cell's own.

    hovered: (q, k) under the cursor, or None. clicked: q, k, add. boxed: q0, q1, k0, k1 (half-open), add.
    """

    pooled_changed = Signal()
    """`pooled` may say something else now."""
    clicked = Signal(int, int, bool)
    boxed = Signal(int, int, int, int, bool)

    largest_scale = 96.0
    at_top = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queries, self._keys = TokenAxis(), TokenAxis()
        self._values: np.ndarray | None = None
        self._shape: tuple[int, int] | None = None
        self._message, self._corner = "", "key →\nquery ↓"
        self._selected = (np.empty(0, int), np.empty(0, int))
        self._hover: tuple[int | None, int | None] = (None, None)
        self._margins = (0.0, 0.0)
        self._fonts: dict[tuple[bool, bool], QFont] = {}
        self._elided: dict[tuple[str, bool, bool, float], str] = {}
        self._measured: dict[tuple[TokenAxis, str], float] = {}
        self._widths = (0.0, 0.0)
        self._image = self.add_raster()
        self._pooled = self.pooled()
        self._image.set_colours(colour_table())
        self.setAccessibleName("Attention matrix")

    # What panes call.

    def set_tokens(
        self,
        query_labels: Sequence[str],
        key_labels: Sequence[str],
        query_special: np.ndarray | None = None,
        key_special: np.ndarray | None = None,
        query_columns: int = 0,
        key_columns: int = 0,
    ) -> None:
        """Labels of both axes. special: bool, drawn dim and in italics.

        columns: width of the patch grid in which an axis ends; where its labels do not fit, rows of the grid
        are named instead. 0 for tokens without a grid.
        """
        self._measured.clear()
        self._queries = _axis(query_labels, query_special, query_columns)
        self._keys = _axis(key_labels, key_special, key_columns)
        self.setAccessibleDescription(f"{len(query_labels)} queries down, {len(key_labels)} keys across")
        self._selected, self._hover = (np.empty(0, int), np.empty(0, int)), (None, None)
        self.relayout()

    def set_corner(self, text: str) -> None:
        """What stands across and down, in two lines, where it is not keys and queries."""
        self._corner = text
        self.relayout()

    def set_matrix(
        self, levels: np.ndarray | None, values: np.ndarray | None = None, middle: int = 0
    ) -> None:
        """levels: uint8 (queries, keys), what is painted. values: float32 of that shape, what is read out.

        middle: the level of zero where values have a sign.
        """
        if values is not None and (levels is None or values.shape != levels.shape):
            raise ValueError(f"values {values.shape} do not belong to these levels")
        self._message = ""
        self._values = values
        self._shape = None if levels is None else levels.shape
        rows, columns = levels.shape if levels is not None else (0, 0)
        self._image.set_array(levels, QRectF(0, 0, columns, rows), middle=middle)
        longer, shorter = max(rows, columns), max(1, min(rows, columns))
        self.set_content(columns, rows, square=longer <= _STRETCH * shorter)
        self.relayout()
        self.refresh()

    def pooled(self) -> tuple[int, int]:
        """(queries, keys) of which a painted dot shows the largest; (1, 1) where every cell is seen."""
        return self._image.pooled()

    def set_lut(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level."""
        self._image.set_colours(lut)

    def set_selected(self, queries: np.ndarray, keys: np.ndarray) -> None:
        """int (m,) each: rows and columns framed in amber."""
        chosen = np.asarray(queries, int), np.asarray(keys, int)
        if not all(map(np.array_equal, chosen, self._selected)):
            self._selected = chosen
            self.update()

    def set_hovered(self, cell: tuple[int | None, int | None] | None) -> None:
        """A thin blue cross through (query, key), or one line where the other is None."""
        cell = cell or (None, None)
        if cell != self._hover:
            self._hover = cell
            self.update()

    def set_message(self, text: str) -> None:
        """A sentence in place of the matrix, until the next `set_matrix`."""
        self.set_matrix(None)
        self._message = text

    def cell_rect(self, query: int, key: int) -> QRect:
        """The pixels of the widget whose centres lie in a cell (empty where cells are too small)."""
        return self.pixels(QRectF(key, query, 1, 1))

    # What the base asks.

    def _set_camera(self, camera: QTransform) -> None:
        super()._set_camera(camera)
        if self._pooled != self.pooled():
            self._pooled = self.pooled()
            self.pooled_changed.emit()

    def area(self) -> QRectF:
        left, top = self._margins
        edge = theme.em(0.6)
        return QRectF(self.rect()).adjusted(left, top, -edge, -edge)

    def target(self, point: QPointF) -> tuple[int, int] | None:
        if self._shape is None:
            return None
        query, key = int(np.floor(point.y())), int(np.floor(point.x()))
        return (query, key) if 0 <= query < self._shape[0] and 0 <= key < self._shape[1] else None

    def keep_off(self, target: tuple[int, int] | None) -> list[QRectF]:
        """The cell with those around it, its row and its column, where weights are compared, all labels."""
        if target is None:
            return []
        cell, away = QRectF(self.cell_rect(*target)), theme.em(2.0)
        across, down = max(2 * cell.width(), away), max(2 * cell.height(), away)
        near = cell.adjusted(-across, -down, across, down)
        row, column = QRectF(self.rect()), QRectF(self.rect())
        row.setTop(near.top())
        row.setBottom(near.bottom())
        column.setLeft(near.left())
        column.setRight(near.right())
        left, top = self._margins  # where the labels stand
        rows, columns = QRectF(0, 0, left, self.height()), QRectF(0, 0, self.width(), top)
        return [near, row, column, rows, columns]

    def tip_text(self, target: Any, point: QPointF) -> str:
        if target is None or self._tip_function is not None:
            return super().tip_text(target, point)
        query, key = target
        names = f"{_name(self._queries, query)} → {_name(self._keys, key)}"
        return names if self._values is None else f"{names}\t{read_out(float(self._values[query, key]))}"

    def click(self, target: Any, add: bool) -> None:
        self.clicked.emit(*target, add)

    def box(self, rect: QRectF, add: bool) -> None:
        k0, q0, k1, q1 = rect.getCoords()
        self.boxed.emit(int(np.floor(q0)), int(np.ceil(q1)), int(np.floor(k0)), int(np.ceil(k1)), add)

    # Labels.

    def relayout(self) -> None:
        self._fonts.clear()
        self._elided.clear()
        self._widths = tuple(self._widest(axis) for axis in (self._queries, self._keys))
        self._margins = self._measure()
        super().relayout()

    def _measure(self) -> tuple[float, float]:
        """(left, top) pixels for the labels with the whole matrix in view; zooming does not move them."""
        if self._shape is None:
            return 0.0, 0.0
        metrics = QFontMetricsF(self._font())
        room = self.rect()
        gap = theme.em(0.5)
        left = min(self._widths[0], theme.em(9), room.width() * 0.3)
        left = max(left, *map(metrics.horizontalAdvance, self._corner.split("\n")))
        cell = (room.width() - left - 3 * gap) / max(self._shape[1], 1)
        widest = self._widths[1]
        upright = widest + gap > cell
        top = min(widest, theme.em(7), room.height() * 0.3) if upright else 0.0
        return round(left + 2 * gap), round(max(top, 2 * metrics.height()) + 2 * gap)

    def _widest(self, axis: TokenAxis) -> float:
        """Pixels of the widest label that may be seen when the whole matrix is in view."""
        metrics = QFontMetricsF(self._font())
        if axis.columns and len(axis.labels) > 100:
            return metrics.horizontalAdvance("row 000")
        key = (axis, self._font().key())
        if key not in self._measured:  # a thousand labels take longer to measure than their matrix to paint
            widths = (metrics.horizontalAdvance(label) for label in axis.labels)
            self._measured[key] = max(widths, default=0.0)
        return self._measured[key]

    def _font(self, special: bool = False, marked: bool = False) -> QFont:
        if (special, marked) not in self._fonts:
            font = theme.text_font(0.88, QFont.Weight.DemiBold if marked else QFont.Weight.Normal)
            font.setItalic(special)
            self._fonts[special, marked] = font
        return self._fonts[special, marked]

    def _ticks(self, axis: TokenAxis, horizontal: bool) -> list[Tick]:
        area = self.area()
        corner, far = self.to_plane(area.topLeft()), self.to_plane(area.bottomRight())
        cell = self._camera.m11() if horizontal else self._camera.m22()
        first, last = (corner.x(), far.x()) if horizontal else (corner.y(), far.y())
        least = QFontMetricsF(self._font()).height() * 0.95
        if horizontal and not self._upright():
            least = min(cell, self._widths[1])
        side = 1 if horizontal else 0
        hover = () if self._hover[side] is None else (self._hover[side],)
        return axis.ticks(first, last, cell, least, (*hover, *self._selected[side].tolist()))

    def _upright(self) -> bool:
        return self._widths[1] + theme.em(0.5) > self._camera.m11()

    def paint_over(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self._shape is None:
            self._paint_message(painter)
            return
        self._paint_hover(painter)
        self._paint_selected(painter)  # stays in sight under the cursor
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = self.region_to_widget(QRectF(0, 0, self._shape[1], self._shape[0])).intersected(self.area())
        if not seen.isEmpty():
            self._paint_labels(painter, seen)

    def _paint_message(self, painter: QPainter) -> None:
        painter.setFont(theme.text_font())
        painter.setPen(QColor(theme.current().dim))
        edge = theme.em(0.8)
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message)

    def _paint_labels(self, painter: QPainter, seen: QRectF) -> None:
        """seen: the part of the matrix in view; labels stand close to its left and upper edge."""
        gap, height = theme.em(0.5), QFontMetricsF(self._font()).height()
        left, top = self._margins
        for tick in self._ticks(self._queries, horizontal=False):
            y = _within(self.to_widget(0, tick.place).y(), seen.top(), seen.bottom(), height)
            text = self._style(painter, self._queries, tick, 0, left - 1.5 * gap)
            box = QRectF(seen.left() - left, y - height / 2, left - gap, height)
            painter.drawText(box, _RIGHT, text)
        upright = self._upright()
        for tick in self._ticks(self._keys, horizontal=True):
            x = self.to_widget(tick.place, 0).x()
            if upright:
                x = _within(x, seen.left(), seen.right(), height)
            text = self._style(painter, self._keys, tick, 1, top - 1.5 * gap if upright else 1e6)
            painter.save()
            painter.translate(x, seen.top() - gap)
            if upright:
                painter.rotate(-90)
                box = QRectF(0, -height / 2, top - gap, height)
                painter.drawText(box, _LEFT, text)
            else:
                box = QRectF(-500, -height, 1000, height)
                painter.drawText(box, _ABOVE, text)
            painter.restore()
        painter.setFont(self._font())
        painter.setPen(QColor(theme.current().dim))
        corner = QRectF(seen.left() - left, seen.top() - top, left - gap, top - gap / 2)
        painter.drawText(corner, _CORNER, self._corner)

    def _style(self, painter: QPainter, axis: TokenAxis, tick: Tick, side: int, room: float) -> str:
        """Set font and colour for a label; the text that fits in `room`."""
        colours = theme.current()
        hovered = tick.index is not None and tick.index == self._hover[side]
        selected = tick.index is not None and tick.index in self._selected[side]
        special = tick.index is not None and bool(axis.special[tick.index])
        font = self._font(special, hovered or selected)
        painter.setFont(font)
        colour = colours.dim if special or tick.index is None else colours.text
        painter.setPen(QColor(colours.blue if hovered else colours.amber_text if selected else colour))
        key = (tick.text, special, hovered or selected, room)
        if key not in self._elided:
            self._elided[key] = QFontMetricsF(font).elidedText(tick.text, Qt.TextElideMode.ElideRight, room)
        return self._elided[key]

    # Marks.

    def _paint_selected(self, painter: QPainter) -> None:
        lines: list[QLineF] = []
        rows, columns = self._shape
        for start, stop in runs(self._selected[0]):
            lines += [QLineF(0, y, columns, y) for y in _edges(start, stop, self._camera.m22())]
        for start, stop in runs(self._selected[1]):
            lines += [QLineF(x, 0, x, rows) for x in _edges(start, stop, self._camera.m11())]
        lines = [self._camera.map(line) for line in lines]
        painter.setClipRect(self.area())
        for pen in (cosmetic(HALO, 4), cosmetic(SELECTED, 2)):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLines(lines)
        painter.setClipping(False)

    def _paint_hover(self, painter: QPainter) -> None:
        query, key = self._hover
        rows, columns = self._shape
        across, down = self._camera.m11(), self._camera.m22()
        lines: list[QLineF] = []
        if query is not None:
            for y in _edges(query, query + 1, down):
                lines += _broken(0, columns, key, across, lambda a, b, y=y: QLineF(a, y, b, y))
        if key is not None:
            for x in _edges(key, key + 1, across):
                lines += _broken(0, rows, query, down, lambda a, b, x=x: QLineF(x, a, x, b))
        lines = [self._camera.map(line) for line in lines]
        painter.setClipRect(self.area())
        for pen in (cosmetic(HALO, 3), cosmetic(POINTED, 1)):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLines(lines)
        painter.setClipping(False)


def _within(middle: float, low: float, high: float, height: float) -> float:
    """The middle of a label that is moved no further than it takes to stay beside the matrix."""
    slack = height / 2 - 2
    return min(max(middle, low + slack), max(high - slack, low + slack))


def _edges(start: int, stop: int, scale: float) -> tuple[float, ...]:
    """Where lines mark [start, stop): along both edges, or through the middle of what is too thin."""
    return (start, stop) if (stop - start) * scale >= _OPEN else ((start + stop) / 2,)


def _broken(
    first: float, last: float, at: int | None, scale: float, line: Callable[[float, float], QLineF]
) -> list[QLineF]:
    """A line from `first` to `last` that leaves the cell `at` free where it would hide it."""
    if at is None or scale >= _OPEN:
        return [line(first, last)]
    around = 4 / scale
    parts = [(first, at + 0.5 - around), (at + 0.5 + around, last)]
    return [line(a, b) for a, b in parts if b > a]


def _axis(labels: Sequence[str], special: np.ndarray | None, columns: int) -> TokenAxis:
    flags = np.zeros(len(labels), bool) if special is None else np.asarray(special, bool)
    if len(flags) != len(labels):
        raise ValueError(f"{len(labels)} labels, but {len(flags)} special flags")
    return TokenAxis(tuple(shown(label) for label in labels), flags, columns)


def _name(axis: TokenAxis, index: int) -> str:
    return axis.labels[index] if index < len(axis.labels) else str(index)
