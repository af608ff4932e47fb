"""Controls that keep the arrow keys for themselves while they have the focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt

ARROWS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}


class KeepsArrows:
    """Mix in before a QWidget: while it has the focus, no shortcut of the window on an arrow key fires."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in ARROWS:
            event.accept()
            return True
        return super().event(event)
