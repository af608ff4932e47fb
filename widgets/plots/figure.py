"""What a bar chart and a confusion matrix share: parts that the mouse or the keyboard points at."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.abstract import AbstractWidget
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.painted import Arranged, Framed

_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Figure(KeepsArrows, Arranged, Framed, QWidget, metaclass=AbstractWidget):
    """Painted by itself; the part that is pointed at is `_hovered`, None where there is none."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hovered: Any = None
        self._tip = CursorTip(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)

    # What a subclass says.

    @abstractmethod
    def _at(self, point: QPointF) -> Any:
        """The part at a pixel, or None."""

    @abstractmethod
    def _point(self, part: Any, cursor: QPointF | None = None) -> None:
        """A part is pointed at: mark it, say so, show the read-out at `cursor`."""

    @abstractmethod
    def _choose(self, part: Any) -> bool:
        """A part was clicked, or Enter or Space pressed on it. False: it cannot be chosen."""

    @abstractmethod
    def _start(self) -> None:
        """The keyboard is here: point at where it starts, unless something is pointed at."""

    @abstractmethod
    def _walk(self, right: int, down: int) -> bool:
        """Point at the part beside. False: these arrows mean nothing here."""

    @abstractmethod
    def _paint(self, painter: QPainter) -> None:
        """Everything but the frame of the focus."""

    # What panes call.

    def set_hovered(self, part: Any) -> None:
        """Mark a part, as when it is pointed at elsewhere; no signal."""
        if part != self._hovered:
            self._hovered = part
            self.update()

    # Pointing.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()), event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and part is not None:
            self._choose(part)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS and self._walk(*_STEPS[event.key()]):
            return
        if event.key() in _CHOOSE and self._hovered is not None and self._choose(self._hovered):
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._focus_frame:
            self._start()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(None)

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint(painter)
            if self._focus_frame:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.current().blue), 1))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
