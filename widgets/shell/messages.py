"""Messages: what went wrong, what is odd and what was done, kept until they are cleared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from PySide6.QtCore import QObject, Signal

Kind = Literal["info", "warning", "error"]
KEPT = 200
"""The oldest goes when one more comes."""
_FIGURE = re.compile(r"\d+")


@dataclass(frozen=True, eq=False)
class Message:
    """cause: what happened; next_step: what to do; source: the title of the document that it is about, or "";
    details: a traceback or the like; about: the number of that document, which two of one title differ in;
    offers: what a button beside it says, and what that does; when: local time.
    """

    kind: Kind
    cause: str
    next_step: str = ""
    source: str = ""
    details: str | None = None
    about: int | None = None
    offers: tuple[str, Callable[[], object]] | None = None
    when: datetime = field(default_factory=datetime.now)

    @property
    def text(self) -> str:
        """Cause and next step in one."""
        return f"{self.cause} {self.next_step}".strip()

    @property
    def whole(self) -> str:
        """All of it, as it is copied."""
        where = f"{self.source}: " if self.source else ""
        more = f"\n\n{self.details}" if self.details else ""
        return f"{self.when:%H:%M:%S} {self.kind}: {where}{self.text}{more}"

    @property
    def urgent(self) -> bool:
        """Whether it asks for something; what only informs does not."""
        return self.kind != "info"

    @property
    def notice(self) -> bool:
        """Whether it only informs of a document."""
        return self.about is not None and not self.urgent

    def repeats(self, other: Message) -> bool:
        """The same about the same document; other figures are no news of a document."""
        if (self.kind, self.source, self.about) != (other.kind, other.source, other.about):
            return False
        if self.notice:
            return _FIGURE.sub("0", self.text) == _FIGURE.sub("0", other.text)
        return self.text == other.text


class Messages(QObject):
    """All messages of one window, oldest first, and which warnings and errors the user has not seen."""

    said = Signal(object)
    """A Message that is news."""
    changed = Signal()
    """The list, or what is unread of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: list[Message] = []
        self._unread: set[Message] = set()

    def tell(self, message: Message) -> bool:
        """Keep a message in the place of those that it repeats. Returns whether it is news: a notice of a
        document is said once.
        """
        same = [old for old in self._messages if message.repeats(old)]
        news = not (same and message.notice)
        rest = [old for old in self._messages if old not in same]
        self._messages = [*rest[1 - KEPT :], message]
        self._unread = (self._unread & set(self._messages)) | ({message} if message.urgent else set())
        self.changed.emit()
        if news:
            self.said.emit(message)
        return news

    def all(self) -> list[Message]:
        return list(self._messages)

    def texts(self) -> list[str]:
        """Cause and next step of every message, oldest first."""
        return [message.text for message in self._messages]

    def unread(self) -> list[Message]:
        """The warnings and errors that the user has not seen, oldest first."""
        return [message for message in self._messages if message in self._unread]

    def read(self, *messages: Message) -> None:
        """The user has seen these; all without arguments."""
        seen = self._unread & set(messages or self._messages)
        if seen:
            self._unread -= seen
            self.changed.emit()

    def settled(self, about: int) -> None:
        """A document is well again: what went wrong with it asks for nothing any more."""
        if wrong := [one for one in self._unread if one.about == about and one.kind == "error"]:
            self.read(*wrong)

    def clear(self) -> None:
        """Forget all."""
        if self._messages:
            self._messages, self._unread = [], set()
            self.changed.emit()
