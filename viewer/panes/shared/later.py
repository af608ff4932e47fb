"""A costly change of one document, carried out when its control has been left alone for a moment."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from headlight.viewer.session.session import Document


class Later(QObject):
    """Keeps the latest change asked for. It is bound to its document, whichever is shown when it runs."""

    def __init__(self, milliseconds: int, parent: QObject) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._change: Callable[[], None] | None = None
        self._timer = QTimer(self, singleShot=True, interval=milliseconds)
        self._timer.timeout.connect(self.now)

    def ask(self, document: Document, change: Callable[[], None]) -> None:
        """Carry out `change` of `document` soon; what waits for another document is carried out first."""
        if self._document is not document:
            self.now()
        self._document, self._change = document, change
        self._timer.start()

    def waits_for(self, document: Document) -> bool:
        return self._document is document

    def now(self) -> None:
        """Carry out what waits, if anything does."""
        self._timer.stop()
        change, self._document, self._change = self._change, None, None
        if change is not None:
            change()


RESIZE_PAUSE = 500
"""Milliseconds without a move of the size slider after which the picture runs again."""
