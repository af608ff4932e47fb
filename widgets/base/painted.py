"""What widgets that paint themselves do alike: lay themselves out again, and show where the keyboard is."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from headlight.widgets.base.gestures import by_keyboard

_LOOKS = (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


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
