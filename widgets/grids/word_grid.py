"""A table of coloured cells with a word in each: layers down, places across."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.labels import CENTRE, RIGHT, label_font
from headlight.widgets.base.painted import Arranged, say_instead
from headlight.widgets.base.wheel import point_after_wheel

NARROW, WIDE = 4.4, 8.0
"""In em: how narrow columns may be where nothing else is said, and how wide they grow where there is room."""
LOW, HIGH = 1.5, 2.4
BRIGHT = 140
"""From this luminance on words are dark."""

Cell = tuple[int, int]


class WordGrid(Arranged, QAbstractScrollArea):
    """Labels stay in sight while it scrolls. A word in bold is one that is marked."""

    hovered = Signal(object)
    """(row, column) under the cursor, or None."""
    clicked = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None, narrow: float = NARROW) -> None:
        """narrow: em of a column at least."""
        super().__init__(parent)
        self._narrow = narrow
        self._rows: list[str] = []
        self._columns: list[str] = []
        self._words: Sequence[Sequence[str]] = ()
        self._levels = np.zeros((0, 0), np.uint8)
        self._marked = np.zeros((0, 0), bool)
        self._lut = np.zeros((256, 4), np.uint8)
        self._chosen: tuple[int | None, int | None] = (None, None)
        self._pointed: Cell | None = None
        self._message = ""
        self._explain: Callable[[int, int], str] | None = None
        self._tip = CursorTip(self.viewport())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        point_after_wheel(self)
        self.setAccessibleName(name)

    # What panes call.

    def set_words(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        words: Sequence[Sequence[str]],
        levels: np.ndarray,
        marked: np.ndarray,
    ) -> None:
        """words: a list a row. levels: uint8 (rows, columns), the colour of each. marked: bool, alike."""
        if levels.shape != (len(rows), len(columns)) or marked.shape != levels.shape:
            raise ValueError(f"{levels.shape} levels for {len(rows)} × {len(columns)} cells")
        self._rows, self._columns, self._words = list(rows), list(columns), words
        self._levels, self._marked, self._message = levels, marked, ""
        self.setAccessibleDescription(f"{len(rows)} rows, {len(columns)} columns")
        self._resized()

    def set_message(self, text: str) -> None:
        """Nothing but a sentence."""
        self._rows, self._columns, self._message = [], [], text
        self._resized()

    def set_lut(self, lut: np.ndarray) -> None:
        """uint8 (256, 4)"""
        if lut is not self._lut:
            self._lut = lut
            self.viewport().update()

    def set_selected(self, row: int | None, column: int | None) -> None:
        """Frame a column, and the cell of a row in it; no signal."""
        if (row, column) != self._chosen:
            before, self._chosen = self._chosen, (row, column)
            if column is not None and column != before[1] and column < len(self._columns):
                self._reveal(column)
            self.viewport().update()

    def set_hovered(self, column: int | None) -> None:
        """Mark a column that is pointed at elsewhere; no signal."""
        if column is None or self._pointed is None or self._pointed[1] != column:
            self._pointed = None if column is None else (-1, column)
            self.viewport().update()

    def set_tip(self, function: Callable[[int, int], str] | None) -> None:
        self._explain = function

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell stands in the viewport, in pixels; maybe out of sight."""
        left, top = self._margins()
        width, height = self._size()
        x = left + column * width - self.horizontalScrollBar().value()
        return QRect(x, top + row * height - self.verticalScrollBar().value(), width, height)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(40), theme.em(16))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(14), theme.em(7))

    # Geometry.

    def _margins(self) -> tuple[int, int]:
        metrics = QFontMetrics(label_font(QFont.Weight.DemiBold))
        widest = max(map(metrics.horizontalAdvance, self._rows), default=0)
        return widest + theme.em(0.6), metrics.height() + theme.em(0.4)

    def _size(self) -> tuple[int, int]:
        """Of a cell, in pixels."""
        left, top = self._margins()
        wide = (self.viewport().width() - left) / max(1, len(self._columns))
        high = (self.viewport().height() - top) / max(1, len(self._rows))
        return (
            int(min(max(wide, theme.em(self._narrow)), theme.em(WIDE))),
            int(min(max(high, theme.em(LOW)), theme.em(HIGH))),
        )

    def _resized(self) -> None:
        left, top = self._margins()
        width, height = self._size()
        for bar, inside, outside, step in (
            (self.horizontalScrollBar(), self.viewport().width() - left, len(self._columns) * width, width),
            (self.verticalScrollBar(), self.viewport().height() - top, len(self._rows) * height, height),
        ):
            bar.setRange(0, max(0, outside - inside))
            bar.setPageStep(max(inside, 1))
            bar.setSingleStep(step)
        self.viewport().update()

    def _reveal(self, column: int) -> None:
        cell, bar = self.cell_rect(0, column), self.horizontalScrollBar()
        left, beyond = self._margins()[0], self.viewport().width()
        bar.setValue(bar.value() + (min(cell.left() - left, 0) or max(cell.right() + 2 - beyond, 0)))

    def _at(self, point: QPoint) -> Cell | None:
        (left, top), (width, height) = self._margins(), self._size()
        if point.x() < left or point.y() < top:
            return None
        column = (point.x() - left + self.horizontalScrollBar().value()) // width
        row = (point.y() - top + self.verticalScrollBar().value()) // height
        return (row, column) if row < len(self._rows) and column < len(self._columns) else None

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    # Pointing.

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position().toPoint()), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.clicked.emit(*cell)

    def _point(self, cell: Cell | None, cursor: QPointF | None = None) -> None:
        if cell != self._pointed:
            self._pointed = cell
            self.hovered.emit(cell)
            self.viewport().update()
        said = self._explain(*cell) if cell is not None and self._explain is not None else ""
        self._tip.show_at(cursor or QPointF(), said)

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            if self._message:
                say_instead(painter, self.viewport().rect(), self._message)
            if not self._rows or not self._columns:
                return
            left, top = self._margins()
            width, height = self._size()
            across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
            columns = range(
                across // width,
                min(len(self._columns), (across + self.viewport().width() - left) // width + 1),
            )
            rows = range(
                down // height, min(len(self._rows), (down + self.viewport().height() - top) // height + 1)
            )
            self._paint_labels(painter, rows, columns)
            painter.setClipRect(self.viewport().rect().adjusted(left, top, 0, 0))
            for row in rows:
                for column in columns:
                    self._paint_cell(painter, row, column)
            self._paint_frames(painter)

    def _paint_labels(self, painter: QPainter, rows: range, columns: range) -> None:
        colours, (left, top) = theme.current(), self._margins()
        bold, plain = label_font(QFont.Weight.DemiBold), label_font()
        for labels, shown, axis in ((self._rows, rows, 0), (self._columns, columns, 1)):
            for number in shown:
                cell = self.cell_rect(*((number, 0) if axis == 0 else (0, number)))
                room = (
                    QRect(0, cell.top(), left - theme.em(0.4), cell.height())
                    if axis == 0
                    else QRect(cell.left() + 2, 0, cell.width() - 4, top)
                )
                if axis == 1 and room.left() < left - 2:
                    room.setLeft(left)
                if axis == 0 and room.top() < top - 2:
                    continue
                chosen = number == self._chosen[axis]
                pointed = self._pointed is not None and number == self._pointed[axis]
                painter.setFont(bold if chosen else plain)
                ink = colours.amber_text if chosen else colours.blue if pointed else colours.dim
                painter.setPen(QColor(ink))
                metrics = QFontMetrics(painter.font())
                said = metrics.elidedText(labels[number], Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, RIGHT if axis == 0 else CENTRE, said)

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        box = self.cell_rect(row, column).adjusted(1, 1, -1, -1)
        red, green, blue = (int(part) for part in self._lut[self._levels[row, column], :3])
        painter.fillRect(box, QColor(red, green, blue))
        is_bright = 0.299 * red + 0.587 * green + 0.114 * blue > BRIGHT
        painter.setPen(QColor("#101216") if is_bright else QColor("#f2f3f5"))
        marked = bool(self._marked[row, column])
        painter.setFont(label_font(QFont.Weight.DemiBold if marked else QFont.Weight.Normal))
        room = box.adjusted(theme.em(0.2), 0, -theme.em(0.2), 0)
        word = QFontMetrics(painter.font()).elidedText(
            self._words[row][column], Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, CENTRE, word)

    def _paint_frames(self, painter: QPainter) -> None:
        colours, (row, column) = theme.current(), self._chosen
        painter.setBrush(Qt.BrushStyle.NoBrush)
        last = len(self._rows) - 1
        if column is not None and column < len(self._columns):
            painter.setPen(QPen(QColor(colours.amber), 2))
            whole = self.cell_rect(0, column).united(self.cell_rect(last, column))
            painter.drawRect(whole if row is None or row > last else self.cell_rect(row, column))
            if row is not None and row <= last:
                painter.setPen(QPen(QColor(colours.amber), 1))
                painter.drawRect(whole)
        if self._pointed is not None and self._pointed[1] < len(self._columns):
            at, beside = self._pointed
            painter.setPen(QPen(QColor(colours.blue), 2))
            whole = self.cell_rect(0, beside).united(self.cell_rect(last, beside))
            painter.drawRect(whole if at < 0 else self.cell_rect(at, beside).adjusted(1, 1, -1, -1))
