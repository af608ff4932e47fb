"""How long work will still take, from how far it is and how long that took."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from headlight.viewer.session.jobs import Job, Jobs

ENOUGH_SECONDS, ENOUGH_SHARE, ENOUGH_STEPS = 2.0, 0.05, 3
"""An estimate means nothing before so much time, so much of the work, and so many steps of it."""
TICK = 1000
"""Milliseconds between two looks at the clock while the work says nothing."""


class Pace:
    """Of one job. Its share begins again with each part of the work; then so does the estimate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = (clock(), 0.0)
        self._now = self._began
        self._steps = 0

    def reach(self, share: float) -> None:
        """So much (0 to 1) is done now."""
        if share > self._now[1]:
            self._steps += 1
        again = share < self._now[1] or share == 0
        self._now = self._clock(), share
        if again:
            self._began, self._steps = self._now, 0

    def left(self) -> float | None:
        """Seconds to go at the pace so far; None while nothing can be said, or when it took longer."""
        seconds, share = self._now[0] - self._began[0], self._now[1] - self._began[1]
        enough = seconds >= ENOUGH_SECONDS and self._now[1] >= ENOUGH_SHARE and self._steps >= ENOUGH_STEPS
        if not enough:
            return None
        left = seconds * (1 - self._now[1]) / share - (self._clock() - self._now[0])
        return left if left > 0 else None


class Paces(QObject):
    """Of all jobs that have told how far they are; it ticks while any job runs."""

    ticked = Signal()
    """Time went by: `said` may say something else."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._paces: dict[int, Pace] = {}
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self.ticked)
        jobs.progressed.connect(self._progressed)
        jobs.changed.connect(self._changed)

    def said(self, job: Job) -> str:
        """40 %, about 3 s left; "" where nothing is known yet."""
        pace = self._paces.get(job.number)
        if pace is None or not job.percent:
            return ""
        left = pace.left()
        return job.percent if left is None else f"{job.percent}, {duration(left)} left"

    def _progressed(self, job: Job) -> None:
        self._paces.setdefault(job.number, Pace()).reach(job.share)

    def _changed(self) -> None:
        live = {job.number for job in self._jobs.running()}
        self._paces = {number: pace for number, pace in self._paces.items() if number in live}
        if not live:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()


def duration(seconds: float) -> str:
    """about 3 s; about 2 min."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"
