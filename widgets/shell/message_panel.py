"""The list of all messages, opened from the bell of the status bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QHideEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import ARROWS
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.shell.message_signs import Sign
from headlight.widgets.shell.messages import Message, Messages

COPIED = 1500
"""Milliseconds for which a button says that it has copied."""
_OWN = ARROWS | {Qt.Key.Key_Escape}
"""Keys of the list itself, whatever commands they stand for elsewhere."""


class MessagePanel(QFrame):
    """All messages, newest first. A popup: Escape or a click beside it closes it, and then all are read.

    The keyboard is a popup's alone: the keys of those commands still act which it was given as its actions.
    """

    closed = Signal()

    def __init__(self, messages: Messages, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "popup")
        self.setAccessibleName("Messages")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay)  # a click on the bell closes it, and no more
        self.messages = messages
        self._clear = QPushButton("Clear")
        self._clear.setToolTip("Forget all messages")
        self._clear.clicked.connect(messages.clear)
        title = QLabel("Messages")
        title.setProperty("role", "title")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._clear)
        self._list = QScrollArea()
        self._list.setWidgetResizable(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        edge = theme.em(0.8)
        column.setContentsMargins(edge, edge, edge, edge)
        column.setSpacing(theme.em(0.6))
        column.addLayout(head)
        column.addWidget(self._list, 1)
        self._room = QRect()
        messages.changed.connect(self._changed)

    def open_in(self, room: QRect) -> None:
        """Open at the lower right corner of `room` (pixels of the screen), no larger than it."""
        self._room = room
        self._fill()
        self.show()
        self._list.setFocus(Qt.FocusReason.PopupFocusReason)

    def entries(self) -> list[Message]:
        """What is listed, from above."""
        return [entry.message for entry in self._list.widget().findChildren(_Entry)]

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _OWN:
            event.accept()
            return True
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            focus.clearFocus()  # nobody in the window had the keyboard before, who could take it back
        self.messages.read()
        self.closed.emit()

    def _changed(self) -> None:
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        content = QWidget(objectName="content")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, theme.em(0.3), 0)
        column.setSpacing(theme.em(0.6))
        newest_first = self.messages.all()[::-1]
        for message in newest_first:
            entry = _Entry(message)
            entry.resized.connect(self._place)
            column.addWidget(entry)
        if not newest_first:
            nothing = QLabel("There are no messages.")
            nothing.setProperty("role", "dim")
            column.addWidget(nothing)
        column.addStretch(1)
        self._list.setWidget(content)
        self._clear.setEnabled(bool(newest_first))
        self._place()

    def _place(self) -> None:
        width = min(theme.em(38), self._room.width())
        content = self._list.widget()
        content.ensurePolished()
        inner = width - 2 * theme.em(0.8) - theme.em(1)
        content.layout().activate()
        needed = content.layout().totalHeightForWidth(inner) + self._clear.sizeHint().height() + theme.em(2.6)
        height = min(max(needed, theme.em(8)), self._room.height())
        corner = self._room.bottomRight() - QPoint(width - 1, height - 1)
        self.setGeometry(QRect(corner, QSize(width, height)))


class _Entry(QFrame):
    """One message: its kind, when, about what, the cause, what to do, and details to unfold."""

    resized = Signal()

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(f"{message.kind}: {message.text}")
        self.message = message
        grid = QGridLayout(self)
        edge = theme.em(0.7)
        grid.setContentsMargins(edge, edge, edge, edge)
        grid.setHorizontalSpacing(theme.em(0.7))
        grid.setVerticalSpacing(theme.em(0.25))
        grid.setColumnStretch(1, 1)
        where = ElidedLabel(f"{message.when:%H:%M:%S}{' · ' if message.source else ''}{message.source}")
        where.setProperty("role", "dim")
        self._copy = QPushButton("Copy")
        self._copy.clicked.connect(self._copied)
        self._copied_timer = QTimer(self, singleShot=True, interval=COPIED)
        self._copied_timer.timeout.connect(lambda: self._copy.setText("Copy"))
        grid.addWidget(Sign(message.kind), 0, 0)
        grid.addWidget(where, 0, 1)
        grid.addWidget(self._copy, 0, 2)
        grid.addWidget(_text(message.cause, "title"), 1, 1, 1, 2)
        if message.next_step:
            grid.addWidget(_text(message.next_step, ""), 2, 1, 1, 2)
        if message.offers:
            offer = QPushButton(message.offers[0])
            offer.clicked.connect(self._taken)
            grid.addWidget(offer, 3, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        if message.details:
            details = _Details(message.details)
            unfold = QPushButton("Details", checkable=True)
            unfold.toggled.connect(details.setVisible)
            unfold.toggled.connect(self.resized)
            grid.addWidget(unfold, 3, 1, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(details, 4, 0, 1, 3)

    def _taken(self) -> None:
        """The list gives way to what is offered."""
        assert self.message.offers is not None
        self.window().close()
        QTimer.singleShot(0, self.message.offers[1])

    def _copied(self) -> None:
        QGuiApplication.clipboard().setText(self.message.whole)
        self._copy.setText("Copied")
        self._copied_timer.start()


class _Details(QPlainTextEdit):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setVisible(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.em(0.9))
        self.setFont(font)
        self.setFixedHeight(min(self.blockCount(), 12) * self.fontMetrics().lineSpacing() + theme.em(2.2))


def _text(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label
