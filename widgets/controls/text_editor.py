"""A place for some lines of text, which Escape leaves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class TextEditor(QPlainTextEdit):
    """Undo is its own while it is open. Tab goes on to the next control."""

    left = Signal()
    """Escape was pressed; the text stays as it is."""

    def __init__(self, name: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setAcceptDrops(False)  # a dropped file is opened by the window, not typed in as its path
        self.setTabChangesFocus(True)

    def enter(self) -> None:
        """Put the keyboard here, behind the text."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def show_text(self, text: str) -> None:
        """Set without a signal."""
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
            event.accept()  # or it would clear the selection
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
