"""How long work tells how far it is, hands out partial results and learns that it was cancelled."""

from __future__ import annotations

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


SILENT = Task()
