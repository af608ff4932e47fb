"""Whose the arrow keys are: they walk through heads and layers, unless the keyboard was brought to a control.

A control takes the arrow keys when Tab reaches it, and gives them back at a click: after a click, or when the
program moved the focus, the arrows are the window's. Where text is typed they stay with the text.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from headlight.widgets.base.gestures import BY_KEYS

ARROWS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}
_COMES_BACK = {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}
_PRESSES = {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick}


class KeepsArrows:
    """Mix in before a QWidget: while Tab has brought the focus to it, no shortcut of the window on an arrow
    key fires.
    """

    _reached = Qt.FocusReason.NoFocusReason
    """How the focus came, or a click since."""

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.FocusIn and event.reason() not in _COMES_BACK:
            self._reached = event.reason()
        elif kind in _PRESSES:
            self._reached = Qt.FocusReason.MouseFocusReason
        elif kind == QEvent.Type.ShortcutOverride and event.key() in ARROWS and self.keeps_arrows():
            event.accept()
            return True
        return super().event(event)

    def keeps_arrows(self) -> bool:
        return self._reached in BY_KEYS

    def was_clicked(self) -> bool:
        """Whether the focus is here by a click."""
        return self.hasFocus() and self._reached == Qt.FocusReason.MouseFocusReason


class ByTab(KeepsArrows):
    """Mix in before a control without text, which takes the focus by Tab alone.

    A click on it ends what is being typed elsewhere, as a click on a control that takes the focus would.
    """

    def event(self, event: QEvent) -> bool:
        if event.type() in _PRESSES and (focused := QApplication.focusWidget()) is not None:
            focused.clearFocus()
        return super().event(event)
