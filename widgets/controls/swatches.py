"""A row of numbered colours, of which some or all are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import CENTRE, label_font
from headlight.widgets.plots.figure import Figure

_SIDE, _GAP = 1.7, 0.25
_ADD = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class Swatches(Figure):
    """clicked: a number, and whether Shift or Ctrl adds it to what is chosen, or takes it out."""

    clicked = Signal(int, bool)

    def __init__(self, name: str, noun: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._noun = noun
        self._colours = np.zeros((0, 3), np.uint8)
        self._chosen: frozenset[int] = frozenset()
        self._marked: int | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_colours(self, colours: np.ndarray) -> None:
        """uint8 (n, 3)"""
        if not np.array_equal(colours, self._colours):
            self._colours = colours
            self._keep_height()
            self.update()

    def set_chosen(self, chosen: Sequence[int], marked: int | None) -> None:
        """Those that count, the others are dim; `marked` has an amber frame."""
        if (frozenset(chosen), marked) != (self._chosen, self._marked):
            self._chosen, self._marked = frozenset(chosen), marked
            self.update()

    def rect_of(self, index: int) -> QRectF:
        """Where one stands, in pixels."""
        row, column = divmod(index, self._columns())
        side, step = theme.em(_SIDE), theme.em(_SIDE + _GAP)
        return QRectF(column * step + 1, row * step + 1, side, side)

    def _columns(self) -> int:
        return max(1, (self.width() + theme.em(_GAP) - 2) // theme.em(_SIDE + _GAP))

    def _keep_height(self) -> None:
        rows = -(-len(self._colours) // self._columns())
        self.setFixedHeight(max(rows, 1) * theme.em(_SIDE + _GAP) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(8), theme.em(_SIDE) + 2)

    # What the base asks.

    def _at(self, point: QPointF) -> int | None:
        there = (index for index in range(len(self._colours)) if self.rect_of(index).contains(point))
        return next(there, None)

    def _point(self, part: int | None, cursor: QPointF | None = None) -> None:
        self.set_hovered(part)
        self._tip.show_at(cursor or QPointF(), "" if part is None else f"{self._noun} {part}")

    def _choose(self, part: int) -> bool:
        self.clicked.emit(part, bool(QApplication.keyboardModifiers() & _ADD))
        return True

    def _start(self) -> None:
        if self._hovered is None and len(self._colours):
            self._point(0, self.rect_of(0).center())

    def _walk(self, right: int, down: int) -> bool:
        if not len(self._colours):
            return False
        after = (self._hovered or 0) + right + down * self._columns()
        after = min(max(after, 0), len(self._colours) - 1)
        self._point(after, self.rect_of(after).center())
        return True

    def _paint(self, painter: QPainter) -> None:
        colours = theme.current()
        for index, colour in enumerate(self._colours.tolist()):
            rect, on = self.rect_of(index), index in self._chosen
            painter.setOpacity(1.0 if on else 0.25)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(rect, 4, 4)
            painter.setOpacity(1.0)
            light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 128
            painter.setPen(QColor("#000000" if light else "#ffffff") if on else QColor(colours.text))
            painter.setFont(label_font(QFont.Weight.DemiBold if on else QFont.Weight.Normal))
            painter.drawText(rect, CENTRE, str(index))
            frame = (
                colours.blue if index == self._hovered else colours.amber if index == self._marked else None
            )
            if frame is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(frame), 2))
                painter.drawRoundedRect(rect, 4, 4)
