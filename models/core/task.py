"""How long work tells how far it is, hands out partial results and learns that it was cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Cancelled(Exception):
    """Raised inside a computation when nobody waits for its result any more."""


class Task:
    """One run of a computation, as the computation sees it. This base runs to the end and tells nobody.

    Computations call these between layers and between chunks; a subclass connects them to a window.
    """

    def check(self) -> None:
        """Raise `Cancelled` if the work is no longer wanted."""

    def progress(self, share: float, sentence: str) -> None:
        """Say that `share` (0 to 1) of the work is done and what is being done now. Checks for cancel too."""
        self.check()

    def partial(self, value: Any) -> None:
        """Hand out a result that is not final yet. Checks for cancel too."""
        self.check()


class Part(Task):
    """Work that is one stretch of a longer task, from the share `start` to the share `stop`.

    draw: what becomes of its partial results before the whole task hands them out; None: they stay here.
    """

    def __init__(
        self, whole: Task, start: float = 0.0, stop: float = 1.0, draw: Callable[[Any], Any] | None = None
    ) -> None:
        self._whole, self._start, self._stop, self._draw = whole, start, stop, draw

    def check(self) -> None:
        self._whole.check()

    def progress(self, share: float, sentence: str) -> None:
        self._whole.progress(self._start + share * (self._stop - self._start), sentence)

    def partial(self, value: Any) -> None:
        if self._draw is None:
            self.check()
        else:
            self._whole.partial(self._draw(value))


SILENT = Task()
