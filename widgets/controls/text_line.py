"""A line of text in a pane: Return takes it, Esc gives it up; undo is the window's once it is taken."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

_UNDO, _REDO = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo


class TextLine(QLineEdit):
    """entered: it has the keyboard. left: what it says, where that is another text than was shown."""

    entered = Signal()
    left = Signal(str)

    def __init__(self, name: str, hint: str = "", empty: bool = False) -> None:
        """hint: stands in it while it is empty. empty: whether nothing is a text too."""
        super().__init__()
        self._shown, self._empty = "", empty
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setAcceptDrops(False)
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Set without a signal; what is being typed stays."""
        was, self._shown = self._shown, text
        if self.text() != text and (self.text() == was or not self.hasFocus()):
            self.setText(text)

    def _finish(self) -> None:
        text = self.text().strip()
        if not text and not self._empty:
            self.setText(self._shown)
        elif text != self._shown:
            self.left.emit(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            if (event.matches(_UNDO) or event.matches(_REDO)) and self.text() == self._shown:
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape:
                event.accept()  # or it would clear the selection
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
        else:
            super().keyPressEvent(event)
