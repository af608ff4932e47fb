"""What widgets that paint themselves do alike: say that there is nothing, arrange themselves, show focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.gestures import by_keyboard

_LOOKS = (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


def say_instead(painter: QPainter, room: QRect, text: str) -> None:
    """What stands in the middle where there is nothing to paint."""
    painter.setFont(theme.text_font())
    painter.setPen(QColor(theme.current().dim))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


class Arranged:
    """Mix in before a QWidget that has a layout of its own making."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self._restyled()

    def _resized(self) -> None:
        """It has another size."""

    def _restyled(self) -> None:
        """It has another font, or other colours."""
        self._resized()


class Framed:
    """Mix in before a QWidget that paints a frame while the keyboard has brought the focus to it."""

    _focus_frame = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus_frame = by_keyboard(event)
        self._surface().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus_frame = False
        self._surface().update()

    def _surface(self) -> QWidget:
        return self.viewport() if isinstance(self, QAbstractScrollArea) else self
