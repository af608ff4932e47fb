"""A formula whose symbols can be pointed at, each lit together with what it stands for elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import LEFT
from headlight.widgets.plots.figure import Figure


class Formula(Figure):
    """One line, or as many as its width takes; broken between parts alone."""

    hovered = Signal(object)
    """The symbol under the cursor or with the keyboard's focus, or None."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._parts: list[tuple[str, str]] = []
        self._lit: frozenset[str] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """(what is written, its symbol or "" of none) each."""
        if list(parts) != self._parts:
            self._parts = list(parts)
            self.setAccessibleDescription("".join(text for text, _ in parts))
            self._point(None)
            self._resized()
            self.update()

    def set_lit(self, symbols: frozenset[str]) -> None:
        """Light these symbols; no signal."""
        if symbols != self._lit:
            self._lit = symbols
            self.update()

    def boxes(self) -> list[QRectF]:
        """Where each part stands, in pixels."""
        metrics, high = QFontMetricsF(_font(QFont.Weight.DemiBold)), self._line()
        x, y, found = theme.em(0.2), 0.0, []
        for text, _ in self._parts:
            wide = metrics.horizontalAdvance(text)
            if x + wide > self.width() and x > theme.em(0.2):
                x, y = theme.em(1.5), y + high
            found.append(QRectF(x, y, wide, high))
            x += wide
        return found

    def sizeHint(self) -> QSize:
        return QSize(theme.em(30), self._high())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(10), self._high())

    def _high(self) -> int:
        return round(max((box.bottom() for box in self.boxes()), default=self._line()))

    def _line(self) -> float:
        return theme.em(1.9)

    def _resized(self) -> None:
        self.setFixedHeight(self._high())

    def _symbol(self, index: int | None) -> str | None:
        return (self._parts[index][1] or None) if index is not None else None

    # Pointing.

    def _at(self, point: QPointF) -> int | None:
        found = (index for index, box in enumerate(self.boxes()) if box.contains(point))
        return next((index for index in found if self._parts[index][1]), None)

    def _point(self, index: int | None, cursor: QPointF | None = None) -> None:
        if index != self._hovered:
            self.set_hovered(index)
            self.hovered.emit(self._symbol(index))

    def _choose(self, index: int) -> bool:
        return False

    def _start(self) -> None:
        if self._hovered is None:
            self._walk(1, 0)

    def _walk(self, right: int, down: int) -> bool:
        named = [index for index, (_, symbol) in enumerate(self._parts) if symbol]
        if not right or not named:
            return False
        before = named.index(self._hovered) if self._hovered in named else -right
        self._point(named[min(max(before + right, 0), len(named) - 1)])
        return True

    # Painting.

    def _paint(self, painter: QPainter) -> None:
        colours, pointed = theme.current(), self._symbol(self._hovered)
        for (text, symbol), box in zip(self._parts, self.boxes(), strict=True):
            lit = bool(symbol) and (symbol in self._lit or symbol == pointed)
            if lit:
                painter.fillRect(box, QColor(colours.hover))
            painter.setFont(_font(QFont.Weight.DemiBold if lit else QFont.Weight.Normal))
            painter.setPen(QColor(colours.blue if lit else colours.text))
            painter.drawText(box, LEFT, text)


def _font(weight: QFont.Weight) -> QFont:
    return theme.text_font(1.15, weight)
