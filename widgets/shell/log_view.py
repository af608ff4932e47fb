"""The log: what happened when, to read and to copy."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from headlight.widgets.base import theme

MOST_LINES = 2000
_LINE_SEPARATOR = "\u2028"


class LogView(QWidget):
    """The last 2,000 messages; it follows new ones while it stands at the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: deque[tuple[datetime, str, str]] = deque(maxlen=MOST_LINES)
        self._text = QPlainTextEdit()
        self._text.setProperty("role", "bare")
        self._text.setReadOnly(True)
        self._text.setMaximumBlockCount(MOST_LINES)
        self._text.setUndoRedoEnabled(False)
        self._text.setPlaceholderText("Nothing has happened yet.")
        self._text.setAccessibleName("Log")
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.em(0.92))
        self._text.setFont(font)
        self._count = QLabel()
        self._count.setProperty("role", "dim")
        copy, clear = QPushButton("Copy all"), QPushButton("Clear")
        copy.clicked.connect(self.copy)
        clear.clicked.connect(self.clear)
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(copy)
        row.addWidget(clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._text, 1)
        self._say_count()

    def add(self, time: datetime, level: str, message: str) -> None:
        """Add one message; level as `logging` names it (INFO, WARNING, ERROR)."""
        self._entries.append((time, level, message))
        self._write(time, level, message)
        self._say_count()

    def lines(self) -> list[str]:
        """Every message as it is copied, oldest first."""
        return [f"{time:%H:%M:%S}  {level.lower():<7}  {message}" for time, level, message in self._entries]

    def copy(self) -> None:
        """Put the whole log on the clipboard."""
        QGuiApplication.clipboard().setText("\n".join(self.lines()))

    def clear(self) -> None:
        self._entries.clear()
        self._text.clear()
        self._say_count()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_text"):
            self._text.clear()
            for entry in self._entries:
                self._write(*entry)

    def _write(self, time: datetime, level: str, message: str) -> None:
        colours = theme.current()
        bar = self._text.verticalScrollBar()
        following = bar.value() >= bar.maximum() - 1
        inks = {"WARNING": colours.amber_text, "ERROR": colours.red, "CRITICAL": colours.red}
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._text.document().isEmpty():
            cursor.insertBlock()
        # One message is one block, so that the limit counts messages.
        body = message.replace("\n", _LINE_SEPARATOR)
        cursor.insertText(f"{time:%H:%M:%S}  ", _ink(colours.dim))
        cursor.insertText(f"{level.lower():<7}  ", _ink(inks.get(level, colours.dim)))
        cursor.insertText(body, _ink(colours.text))
        if following:
            bar.setValue(bar.maximum())

    def _say_count(self) -> None:
        count = len(self._entries)
        self._count.setText(f"{count:,} message{'' if count == 1 else 's'}")


def _ink(colour: str) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(QColor(colour))
    return style
