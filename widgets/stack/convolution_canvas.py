"""The two planes of a convolution: the input below, the output above, the window joined with its unit."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import ARROWS, KeepsArrows
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.painted import say_instead
from headlight.widgets.plots.axes import CENTRE, tick_font

_SHEAR, _FLAT = 0.42, 0.5  # how far rows lean, and how flat the planes lie
_MOST_JOINED = 49
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}

Unit = tuple[int, int]
"""(row, column)"""


class ConvolutionCanvas(KeepsArrows, QWidget):
    """The two planes. A cell (row, column) of a plane fills [column, column + 1) × [row, row + 1) of it."""

    chosen = Signal(object)
    """A unit of the output, by the mouse or the arrow keys."""
    play = Signal()
    """Play, or pause: the space bar."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.side_in = self.side_out = 0
        self.unit: Unit = (0, 0)
        self._taps = np.zeros((0, 0), int)
        self._padding = (0, 0)
        self._heat: tuple[QImage, np.ndarray] | None = None
        self._under: tuple[str, Unit] | None = None
        self._tip = CursorTip(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_layer(self, side_in: int, side_out: int, taps: np.ndarray, padding: tuple[int, int]) -> None:
        if side_in != self.side_in:
            self._heat = None
        self.side_in, self.side_out, self._taps, self._padding = side_in, side_out, taps, padding
        row, column = self.unit
        self.unit = (row, column) if max(row, column) < side_out else (0, 0)
        self._under = None
        self._tip.hide()
        self.update()

    def set_heat(self, levels: np.ndarray | None, lut: np.ndarray | None) -> None:
        self._heat = None
        if levels is not None:
            if levels.shape != (self.side_in, self.side_in) or lut is None:
                raise ValueError(f"heat {levels.shape} for an input of {self.side_in} × {self.side_in}")
            pixels = np.ascontiguousarray(lut[levels])
            height, width = levels.shape
            image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
            self._heat = image, pixels  # the image does not own its pixels
        self.update()

    def set_unit(self, unit: Unit) -> None:
        if not all(0 <= place < self.side_out for place in unit):
            raise IndexError(f"no unit {unit} among {self.side_out} × {self.side_out}")
        if unit != self.unit:
            self.unit = unit
            self.update()

    def said(self) -> str:
        if not self.side_out:
            return "no layer"
        rows, columns = self._window(self.unit)
        return (
            f"output {self.unit} of {self.side_out} × {self.side_out} reads rows {', '.join(map(str, rows))} "
            f"and columns {', '.join(map(str, columns))} of an input of {self.side_in} × {self.side_in}"
        )

    def _window(self, unit: Unit) -> tuple[list[int], list[int]]:
        """Rows and columns of the input that a unit of the output is made of."""
        return self._taps[unit[0]].tolist(), self._taps[unit[1]].tolist()

    # Geometry.

    def planes(self) -> tuple[QTransform, QTransform]:
        """Cells of the input and of the output → pixels of the canvas."""
        before, after = self._padding
        below, above = self.side_in + before + after, self.side_out
        text = QFontMetricsF(tick_font()).height() + theme.em(0.5)
        apart = max(1.5, 0.16 * (below + above))
        room_x, room_y = self.width() - theme.em(1), self.height() - theme.em(0.6) - 2 * text
        widest = max(below, above) * (1 + _SHEAR)
        scale = max(0.1, min(room_x / widest, room_y / ((below + above) * _FLAT + apart)))
        used = scale * ((below + above) * _FLAT + apart)
        top = (self.height() - used) / 2
        middle = self.width() / 2
        lean = QTransform(scale, 0, -_SHEAR * scale, _FLAT * scale, 0, 0)

        def plane(side: float, first: float, y: float) -> QTransform:
            """Its middle over `middle`, its back edge at y; `first`: the cell in its corner."""
            x = middle - (side / 2) * scale + (side / 2) * _SHEAR * scale
            return QTransform.fromTranslate(-first, -first) * lean * QTransform.fromTranslate(x, y)

        return (
            plane(below, -before, top + scale * (above * _FLAT + apart)),
            plane(above, 0, top),
        )

    def place(self, plane: str, unit: Unit) -> QPointF:
        """The middle of a cell of the "input" or the "output", in pixels of the canvas."""
        transform = self.planes()[plane == "output"]
        return transform.map(QPointF(unit[1] + 0.5, unit[0] + 0.5))

    def _at(self, point: QPointF) -> tuple[str, Unit] | None:
        if not self.side_out:
            return None
        before, after = self._padding
        below, above = self.planes()
        for name, transform, first, last in (
            ("output", above, 0, self.side_out),
            ("input", below, -before, self.side_in + after),
        ):
            there = transform.inverted()[0].map(point)
            row, column = math.floor(there.y()), math.floor(there.x())
            if first <= row < last and first <= column < last:
                return name, (row, column)
        return None

    def sizeHint(self) -> QSize:
        return QSize(theme.em(36), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(14), theme.em(12))

    # Pointing.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()), event.position())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._point(self._at(event.position()), event.position())
            self._choose()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None, QPointF())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS and self.side_out:
            down, right = _STEPS[event.key()]
            last = self.side_out - 1
            row, column = self.unit[0] + down, self.unit[1] + right
            self.chosen.emit((min(max(row, 0), last), min(max(column, 0), last)))
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.play.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _choose(self) -> None:
        if self._under is not None and self._under[0] == "output":
            self.chosen.emit(self._under[1])

    def _point(self, under: tuple[str, Unit] | None, cursor: QPointF) -> None:
        if under != self._under:
            self._under = under
            self.update()
        self._tip.show_at(cursor, "" if under is None else self.tip_text(*under))

    def tip_text(self, plane: str, unit: Unit) -> str:
        """What the read-out says of a cell."""
        if plane == "output":
            rows, columns = self._window(unit)
            inside = [sum(0 <= place < self.side_in for place in places) for places in (rows, columns)]
            padded = len(rows) * len(columns) - inside[0] * inside[1]
            said = f"output {unit}\nmade of\t{len(rows)} × {len(columns)} units"
            return said + (f"\nof them padding\t{padded}" if padded else "")
        readers = [int((self._taps == place).any(1).sum()) for place in unit]
        inside = all(0 <= place < self.side_in for place in unit)
        count = readers[0] * readers[1]
        return f"{'input' if inside else 'padding'} {unit}\nread by\t{count} of {self.side_out**2} units"

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self.side_out:
                say_instead(painter, self.rect(), "No layer to show")
                return
            below, above = self.planes()
            self._paint_input(painter, below)
            self._paint_taps(painter, below)
            self._paint_output(painter, above)
            self._paint_joins(painter, below, above)
            self._paint_texts(painter, below, above)
            if self.hasFocus():
                painter.resetTransform()
                painter.setPen(QPen(QColor(theme.current().blue), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_input(self, painter: QPainter, plane: QTransform) -> None:
        colours, side = theme.current(), self.side_in
        before, after = self._padding
        painter.setTransform(plane)
        if before or after:
            outer = QRectF(-before, -before, side + before + after, side + before + after)
            self._paint_grid(painter, plane, outer, QColor(colours.faint), Qt.PenStyle.DotLine)
        inner = QRectF(0, 0, side, side)
        painter.fillRect(inner, QColor(colours.hover))
        if self._heat is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(inner, self._heat[0])
        lines = QColor(colours.faint)
        if self._heat is not None:
            lines.setAlphaF(0.35)
        self._paint_grid(painter, plane, inner, lines)
        if self._under is not None and self._under[0] == "input":
            self._paint_cell(painter, self._under[1], None, QColor(colours.blue))

    def _paint_taps(self, painter: QPainter, plane: QTransform) -> None:
        """Lit: amber where the input is read, hatched where it is padding, which is zero."""
        hot = self._heat is not None
        amber = QColor(theme.DARK.amber if hot else theme.current().amber)  # heat is dark in both themes
        painter.setTransform(plane)
        fill = QColor(amber)
        fill.setAlphaF(0.3 if hot else 0.62)
        rows, columns = self._window(self.unit)
        for row in rows:
            for column in columns:
                inside = 0 <= row < self.side_in and 0 <= column < self.side_in
                self._paint_cell(painter, (row, column), fill if inside else None, amber)
                if not inside:
                    painter.setPen(_pen(amber, 1))
                    painter.drawLine(QLineF(column + 0.2, row + 0.8, column + 0.8, row + 0.2))

    def _paint_output(self, painter: QPainter, plane: QTransform) -> None:
        colours, side = theme.current(), self.side_out
        painter.setTransform(plane)
        whole = QRectF(0, 0, side, side)
        painter.fillRect(whole, QColor(colours.raised))
        # What has been stepped over already is filled.
        row, column = self.unit
        painter.fillRect(QRectF(0, 0, side, row), QColor(colours.hover))
        painter.fillRect(QRectF(0, row, column, 1), QColor(colours.hover))
        if self._under is not None and self._under[0] == "input":
            self._paint_readers(painter, self._under[1])
        self._paint_grid(painter, plane, whole, QColor(colours.faint))
        self._paint_cell(painter, self.unit, QColor(colours.amber), QColor(colours.amber))
        if self._under is not None and self._under[0] == "output":
            self._paint_cell(painter, self._under[1], None, QColor(colours.blue))

    def _paint_readers(self, painter: QPainter, unit: Unit) -> None:
        """The units of the output that are made of a unit of the input."""
        fill = QColor(theme.current().blue)
        fill.setAlphaF(0.4)
        down, across = (np.flatnonzero((self._taps == place).any(1)).tolist() for place in unit)
        for row in down:
            for column in across:
                painter.fillRect(QRectF(column, row, 1, 1), fill)

    def _paint_joins(self, painter: QPainter, below: QTransform, above: QTransform) -> None:
        """From every tap, or from the corners of their window, to the unit that they become."""
        painter.resetTransform()
        colour = QColor(theme.current().amber)
        row, column = self.unit
        rows, columns = self._window(self.unit)
        middle = above.map(QPointF(column + 0.5, row + 0.5))
        if len(rows) * len(columns) <= _MOST_JOINED:
            colour.setAlphaF(0.55)
            painter.setPen(_pen(colour, 1))
            lines = [QLineF(below.map(QPointF(c + 0.5, r + 0.5)), middle) for r in rows for c in columns]
        else:
            painter.setPen(_pen(colour, 1))
            corners = [(r, c) for r in (min(rows), max(rows) + 1) for c in (min(columns), max(columns) + 1)]
            lines = [QLineF(below.map(QPointF(c, r)), middle) for r, c in corners]
        painter.drawLines(lines)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().amber))
        if len(lines) <= _MOST_JOINED and len(lines) > 4:
            for line in lines:
                painter.drawEllipse(line.p1(), 2, 2)

    def _paint_texts(self, painter: QPainter, below: QTransform, above: QTransform) -> None:
        """What the planes are, beside them."""
        colours, metrics = theme.current(), QFontMetricsF(tick_font())
        painter.setFont(tick_font())
        painter.setPen(QColor(colours.dim))
        before, after = self._padding
        inside = f"input {self.side_in} × {self.side_in}"
        if before or after:
            inside += f" + padding {before}" if before == after else f" + padding {before} and {after}"
        outside = f"output {self.side_out} × {self.side_out}"
        far = self.side_in + after
        foot = below.map(QPointF((self.side_in + after - before) / 2, far))
        head = above.map(QPointF(self.side_out / 2, 0))
        for text, at, y in (
            (inside, foot, foot.y() + theme.em(0.3)),
            (outside, head, head.y() - metrics.height() - theme.em(0.3)),
        ):
            width = metrics.horizontalAdvance(text)
            x = min(max(at.x() - width / 2, 2.0), self.width() - width - 2)
            painter.drawText(QRectF(x, y, width, metrics.height()), CENTRE, text)

    def _paint_cell(self, painter: QPainter, unit: Unit, fill: QColor | None, edge: QColor) -> None:
        painter.setPen(_pen(edge, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else fill)
        painter.drawRect(QRectF(unit[1], unit[0], 1, 1))

    def _paint_grid(
        self,
        painter: QPainter,
        plane: QTransform,
        rect: QRectF,
        colour: QColor,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        """Lines between cells, where they have room; the frame always."""
        pen = _pen(colour, 1)
        pen.setStyle(style)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        if plane.m11() * _FLAT < 3:
            return
        left, top, right, bottom = rect.getCoords()
        lines = [QLineF(left, y, right, y) for y in np.arange(top + 1, bottom)]
        lines += [QLineF(x, top, x, bottom) for x in np.arange(left + 1, right)]
        painter.drawLines(lines)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen
