"""A slider with two handles for a range of whole numbers; both may stand on the same number."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
}
_PAGES = {Qt.Key.Key_PageDown: -1, Qt.Key.Key_PageUp: 1}


class RangeSlider(KeepsArrows, QWidget):
    """Drag a handle, or the bar between both. Tab goes from handle to handle, arrow and page keys
    move one."""

    changed = Signal(int, int)
    """First and last number, both included, set by the user."""

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits = (low, high)
        self._values = [low, high]
        self._active = 0
        self._grip: tuple[int | None, int, tuple[int, int]] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> tuple[int, int]:
        return self._values[0], self._values[1]

    def limits(self) -> tuple[int, int]:
        return self._limits

    def set_limits(self, low: int, high: int) -> None:
        """New limits, the whole of them chosen; no signal."""
        self._limits = (low, high)
        self._values = [low, high]
        self.update()

    def set_value(self, first: int, last: int) -> None:
        """Choose without a signal; held within the limits."""
        low, high = self._limits
        first = min(max(first, low), high)
        self._values = [first, min(max(last, first), high)]
        self.update()

    def choose(self, first: int, last: int) -> None:
        """Choose as the user does: with a signal if it changes anything."""
        before = self.value()
        self.set_value(first, last)
        if self.value() != before:
            self.changed.emit(*self.value())

    def step(self, by: int) -> None:
        """Move the handle that the keyboard moves, as the user does."""
        self._move(self._active, self._values[self._active] + by)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(10), self._handle() + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(5), self.sizeHint().height())

    def x_of(self, value: int) -> float:
        """Where the middle of a handle at `value` stands, in pixels from the left."""
        low, high = self._limits
        half = self._handle() / 2 + 1
        return half + (value - low) / max(1, high - low) * (self.width() - 2 * half)

    def _value_at(self, x: float) -> int:
        low, high = self._limits
        half = self._handle() / 2 + 1
        share = (x - half) / max(1.0, self.width() - 2 * half)
        return round(low + min(max(share, 0.0), 1.0) * (high - low))

    def _handle(self) -> int:
        return theme.em(0.86)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, at = event.position().x(), self._value_at(event.position().x())
        gaps = [abs(x - self.x_of(value)) for value in self._values]
        nearest = int(gaps[1] < gaps[0] or (gaps[1] == gaps[0] and x > self.x_of(self._values[1])))
        between = self.x_of(self._values[0]) < x < self.x_of(self._values[1])
        if between and min(gaps) > self._handle() and self.value() != self._limits:
            self._grip = (None, at, self.value())
        else:
            self._active = nearest
            self._grip = (nearest, at, self.value())
            if min(gaps) > self._handle() / 2:
                self._move(nearest, at)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        which, start, (first, last) = self._grip
        at = self._value_at(event.position().x())
        if which is not None:
            self._move(which, at)
        else:
            low, high = self._limits
            shift = min(max(at - start, low - first), high - last)
            self.choose(first + shift, last + shift)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.choose(*self._limits)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS:
            self.step(_STEPS[event.key()])
        elif event.key() in _PAGES:
            self.step(_PAGES[event.key()] * max(1, (self._limits[1] - self._limits[0]) // 10))
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._move(self._active, self._limits[event.key() == Qt.Key.Key_End])
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self._active == (0 if forward else 1):
            self._active = 1 if forward else 0
            self.update()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._active = 0
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._active = 1
        super().focusInEvent(event)

    def _move(self, which: int, value: int) -> None:
        """A handle stops at the other one instead of pushing it."""
        first, last = self._values
        if which == 0:
            self.choose(min(value, last), last)
        else:
            self.choose(first, max(value, first))

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            height = theme.em(0.3)
            y = self.height() / 2
            first, last = (self.x_of(value) for value in self._values)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(QRectF(0, y - height / 2, self.width(), height), height / 2, height / 2)
            painter.setBrush(QColor(colours.amber if self.isEnabled() else colours.faint))
            painter.drawRect(QRectF(first, y - height / 2, last - first, height))
            for index, x in enumerate((first, last)):
                focused = self.hasFocus() and index == self._active
                painter.setPen(QPen(QColor(colours.blue), 2) if focused else Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.text if self.isEnabled() else colours.faint))
                radius = self._handle() / 2 - (1 if focused else 0)
                painter.drawEllipse(QPointF(x, y), radius, radius)
