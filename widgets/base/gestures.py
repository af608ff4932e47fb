"""How the mouse and the keyboard are read, alike in every view."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent

_ADD = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
BY_KEYS = (
    *(Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason),
    Qt.FocusReason.ShortcutFocusReason,
)
"""How the focus comes by the keyboard."""


def adds(event: QMouseEvent) -> bool:
    """Whether this click or drag adds to what is selected: Shift, Ctrl or Cmd is held."""
    return bool(event.modifiers() & _ADD)


def by_keyboard(event: QFocusEvent) -> bool:
    """Whether the focus came by the keyboard, so that it must be seen where it is."""
    return event.reason() in BY_KEYS
