"""From the threads that work to the one that paints."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer, Signal

SLICE = 0.006
"""Seconds after which what is left waits for the next turn of the event loop."""


class Bridge(QObject):
    """Carries out on its own thread, in order, what any thread posts: a slice of it at a time, since events
    that lie ready follow each other in Qt without a look at the mouse.
    """

    emptied = Signal()
    """All that was posted has been carried out."""
    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._left: deque[Callable[[], None]] = deque()
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._carry_out)
        self._posted.connect(self._come, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        self._left.append(call)
        self._posted.emit()

    def is_empty(self) -> bool:
        return not self._left

    def _come(self) -> None:
        if not self._next.isActive():
            self._carry_out()

    def _carry_out(self) -> None:
        began = perf_counter()
        while self._left and perf_counter() - began < SLICE:
            call = self._left.popleft()
            if self._left:
                self._next.start()  # before: it may open an event loop of its own, or fail
            call()
            if not self._left:
                self.emptied.emit()
