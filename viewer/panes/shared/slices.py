"""What a pane has asked the workers for, and whether what it shows of it is all there is. No Qt.

The law: nothing stands on the screen as complete that a job made which was cancelled, superseded or failed.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

from headlight.viewer.session.jobs import Job

Stage = Literal["running", "whole", "cancelled", "failed"]
NOTHING = object()
"""The key of what is shown where nothing is."""
UNNOTICED = 0.4
"""Seconds for which an empty pane needs no word."""


@dataclass(eq=False)
class Slice:
    """One request of a pane.

    key: what it depends on. job: what computes it, while it runs. painted: the key of what is shown;
    partial: that is not all of it. document: whose it is, None for nobody's. shown: something of this kind
    is on the screen, be it of other settings. since: when it was asked for, in seconds.
    """

    key: Hashable
    document: int | None
    painted: Hashable = NOTHING
    partial: bool = False
    stage: Stage = "running"
    job: Job | None = None
    said: str = ""
    shown: bool = False
    since: float = field(default_factory=time.monotonic)

    def arrived(self, partial: bool) -> None:
        """Its result, or a part of it, is about to be painted."""
        self.painted, self.partial, self.shown = self.key, partial, True
        if partial:
            self._note()
        else:
            self.stage, self.job = "whole", None

    def ended(self, stage: Literal["cancelled", "failed"]) -> None:
        """There will be no more of it."""
        self.said = ""  # how far its predecessor was says nothing of it
        self._note()
        self.stage, self.job = stage, None

    def drop(self) -> None:
        """What is painted stays; it is of nothing that will be asked for again."""
        self.key, self.painted = object(), NOTHING

    def is_stale(self) -> bool:
        """What is shown is of other settings, and what belongs in its place will not come."""
        return self.stage in ("cancelled", "failed") and self.painted != self.key

    def is_awaited(self) -> bool:
        """Nothing is on the screen, and it has been computed for longer than passes unnoticed."""
        return self.stage == "running" and not self.shown and time.monotonic() - self.since > UNNOTICED

    def is_stopped(self) -> bool:
        return self.stage in ("cancelled", "failed")

    def sentence(self) -> str:
        """What is missing, in a few words; nothing where all is there or nothing was handed out yet."""
        if self.stage == "cancelled":
            return f"cancelled{self.said}"
        if self.stage == "failed":
            return "not computed"
        return f"so far{self.said}" if self.partial else ""

    def _note(self) -> None:
        if self.job is not None and self.job.percent:
            self.said = f" · {self.job.percent}"  # a part of its own: a narrow title leaves it out
