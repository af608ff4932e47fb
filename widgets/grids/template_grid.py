"""A small matrix to paint on: what is to be looked for in the matrices of all heads."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows

Cell = tuple[int, int]
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class TemplateGrid(KeepsArrows, QWidget):
    """Queries down, keys across. A drag that begins on an empty cell paints, on a painted one it wipes; so
    does Space under the keyboard's cell."""

    changed = Signal(object)
    """The painted cells, sorted tuples of (row, column)."""

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = count
        self._painted: set[Cell] = set()
        self._wipes: bool | None = None
        self._at: Cell | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Template: queries down, keys across")

    def value(self) -> tuple[Cell, ...]:
        return tuple(sorted(self._painted))

    def set_value(self, cells: tuple[Cell, ...]) -> None:
        """Show painted cells; no signal."""
        if set(cells) != self._painted:
            self._painted = set(cells)
            self.update()

    def cell_rect(self, cell: Cell) -> QRectF:
        side = self._side()
        return QRectF(1 + cell[1] * side, 1 + cell[0] * side, side, side)

    def sizeHint(self) -> QSize:
        side = self._side() * self._count + 2
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _side(self) -> int:
        return theme.em(0.95)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        with QPainter(self) as painter:
            painter.setPen(QPen(QColor(colours.line), 1))
            for row in range(self._count):
                for column in range(self._count):
                    is_on = (row, column) in self._painted
                    ground = colours.amber if is_on else colours.raised if row == column else colours.panel
                    painter.setBrush(QColor(ground))
                    painter.drawRect(self.cell_rect((row, column)))
            if self._at is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.blue), 2))
                painter.drawRect(self.cell_rect(self._at))

    def _cell(self, point: QPointF) -> Cell | None:
        row, column = (int((value - 1) // self._side()) for value in (point.y(), point.x()))
        return (row, column) if 0 <= row < self._count and 0 <= column < self._count else None

    def _paint(self, cell: Cell) -> None:
        before = set(self._painted)
        (self._painted.discard if self._wipes else self._painted.add)(cell)
        if before != self._painted:
            self.update()
            self.changed.emit(self.value())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._wipes = cell in self._painted
            self._paint(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._cell(event.position())
        if self._wipes is not None and cell is not None:
            self._paint(cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wipes = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key())
        if step is not None:
            row, column = self._at or (0, 0)
            last = self._count - 1
            self._at = min(max(row + step[0], 0), last), min(max(column + step[1], 0), last)
            self.update()
        elif event.key() == Qt.Key.Key_Space and self._at is not None:
            self._wipes = self._at in self._painted
            self._paint(self._at)
            self._wipes = None
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._at = self._at or (0, 0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._at = None
        self.update()
