"""The strip in which warnings and errors announce themselves: it takes room of its own and covers nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QEnterEvent,
    QHideEvent,
    QIcon,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QToolButton

from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.shell.message_signs import Sign
from headlight.widgets.shell.messages import Message, Messages

SECONDS = 30
"""So long it stays while nobody points at it; what is unread is then still counted by the bell."""


class MessageStrip(QFrame):
    """One unread warning or error in two lines, the newest first, and a step to the next; else hidden."""

    all_asked = Signal()
    """The list of all messages is to be opened."""

    def __init__(self, messages: Messages) -> None:
        super().__init__()
        self.setProperty("role", "message-strip")
        self.messages = messages
        self.shown: Message | None = None
        self._sign, self._cause, self._next = Sign(), ElidedLabel(), ElidedLabel()
        self._cause.setProperty("role", "title")
        self._next.setProperty("role", "dim")
        for label in (self._cause, self._next):
            # What is too long for a line stands whole in the list.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._offer, self._step, self._all = QPushButton(), QPushButton(), QPushButton("All messages")
        self._offer.clicked.connect(self._take)
        self._step.setToolTip("The next message that you have not seen")
        self._step.clicked.connect(self._go_on)
        self._all.clicked.connect(self.all_asked)
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.setIconSize(QSize(theme.em(1), theme.em(1)))
        self._close.setAccessibleName("Close this message")
        self._close.setToolTip("Close this message; it stays in the list")
        self._close.clicked.connect(self._dismiss)
        for button in (self._offer, self._step, self._all, self._close):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.em(0.9), theme.em(0.4), theme.em(0.7), theme.em(0.4))
        grid.setHorizontalSpacing(theme.em(0.7))
        grid.setVerticalSpacing(theme.em(0.1))
        grid.addWidget(self._sign, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._cause, 0, 1)
        grid.addWidget(self._next, 1, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.em(0.5))
        for button in (self._offer, self._step, self._all, self._close):
            buttons.addWidget(button)
        grid.addLayout(buttons, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.fold)
        messages.said.connect(self._said)
        messages.changed.connect(self._changed)
        self._draw_icon()
        self.hide()

    def fold(self) -> None:
        """Give the room back; nothing counts as read by that."""
        self._timer.stop()
        self.shown = None
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._wait()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()  # nothing goes while it is being read
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._wait()
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_close"):
            self._draw_icon()

    def _said(self, message: Message) -> None:
        if message.urgent:
            self._show(message)
        if QAccessible.isActive():
            where = f"{message.source}: " if message.source else ""
            event = QAccessibleAnnouncementEvent(self.window(), f"{message.kind}: {where}{message.text}")
            QAccessible.updateAccessibility(event)

    def _changed(self) -> None:
        """What is shown was read or cleared elsewhere, or the count is another one."""
        if self.shown is None:
            return
        unread = self.messages.unread()
        if self.shown in unread:
            self._count(unread)
        elif unread:
            self._show(unread[-1])
        else:
            self.fold()

    def _show(self, message: Message) -> None:
        self.shown = message
        self._sign.set_kind(message.kind)
        self._cause.setText(f"{message.source} · {message.cause}" if message.source else message.cause)
        self._next.setText(message.next_step)
        self._next.setVisible(bool(message.next_step))
        self._offer.setText(message.offers[0] if message.offers else "")
        self._offer.setVisible(message.offers is not None)
        self.setAccessibleName(f"{message.kind}: {message.text}")
        self._count(self.messages.unread())
        self.show()
        self._wait()

    def _wait(self) -> None:
        if self.shown is not None and not self.underMouse():
            self._timer.start(round(SECONDS * 1000))

    def _count(self, unread: list[Message]) -> None:
        place = unread[::-1].index(self.shown) + 1
        self._step.setText(f"{place} of {len(unread)} ›")
        self._step.setAccessibleName(f"Message {place} of {len(unread)}: show the next")
        self._step.setVisible(len(unread) > 1)

    def _go_on(self) -> None:
        newest_first = self.messages.unread()[::-1]
        if self.shown in newest_first:
            self._show(newest_first[(newest_first.index(self.shown) + 1) % len(newest_first)])

    def _take(self) -> None:
        """What is offered is done, and the message was seen."""
        message = self.shown
        if message is not None and message.offers is not None:
            self.messages.read(message)
            message.offers[1]()

    def _dismiss(self) -> None:
        if self.shown is not None:
            self.messages.read(self.shown)

    def _draw_icon(self) -> None:
        self._close.setIcon(QIcon(str(theme.current().icon("close"))))
