"""The newest message in short, for some seconds, beside a bell that counts what nobody has seen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import SENTENCES, ElidedLabel
from headlight.widgets.shell.message_signs import bell, ink
from headlight.widgets.shell.messages import Message, Messages

SECONDS = 8


class MessageBell(QWidget):
    """Stands in the status bar. What only informs is said here and fades; the bell opens the list."""

    clicked = Signal()
    spoke = Signal()
    """Something else is said now, or nothing any more, or there is too little room for it."""

    def __init__(self, messages: Messages) -> None:
        super().__init__()
        self.messages = messages
        self._line = ElidedLabel(parts=SENTENCES)
        self._line.setProperty("role", "dim")
        self._line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QToolButton()
        self.button.setProperty("role", "flat")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(0.6))
        row.addWidget(self._line, 1)
        row.addWidget(self.button)
        self._message: Message | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.fade)
        messages.said.connect(self._said)
        messages.changed.connect(self._count)
        self._count()

    def speaks(self) -> Message | None:
        """Of what something is said now."""
        return self._message if self.line() else None

    def line(self) -> str:
        """What is said now."""
        return self._line.text()

    def fade(self) -> None:
        """Say nothing any more."""
        self._timer.stop()
        self._say("")

    def lacks_room(self) -> bool:
        """Whether what is said now is cut."""
        return self._line.shown() != self._line.text()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.fade()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Its neighbours say more now, and what it says is cut: they may give way."""
        super().resizeEvent(event)
        if (row := self.layout()) is not None:
            row.activate()
        if self.line() and self.lacks_room():
            self.spoke.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "button"):
            self._count()

    def _said(self, message: Message) -> None:
        if message.urgent:  # the strip says it
            self.fade()
            return
        self._message = message
        self._say(message.text)
        self._timer.start(round(SECONDS * 1000))

    def _say(self, text: str) -> None:
        if text != self._line.text():
            self._line.setText(text)
            self.spoke.emit()

    def _count(self) -> None:
        unread = self.messages.unread()
        worst = "error" if any(message.kind == "error" for message in unread) else "warning"
        side = QSize(theme.em(1.2), theme.em(1.2))
        colour = ink(worst) if unread else theme.current().dim
        self.button.setIconSize(side)
        self.button.setIcon(bell(colour, side, self.devicePixelRatioF()))
        self.button.setText(f" {len(unread)}" if unread else "")
        said = f"Messages: {len(self.messages.all())}, {len(unread)} of them unread" if unread else "Messages"
        self.button.setToolTip(f"{said} (F8)")
        self.button.setAccessibleName(said)
        if not self.messages.all():
            self.fade()
