"""Work off the GUI thread: requests in order, progress, partial results, cancel, stale results dropped.

A host carries it out, in lanes: "run" for what may take seconds (loading, a pass, rollout), "look" for
what must answer a gesture at once, "disk" for looking what lies on it, "ask" and "fetch" for the hub. Within
a lane requests run in order; a newer request of the same kind supersedes the older, of which nothing is
delivered any more.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from psygnal import Signal

from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Host, Lane, Lanes, Word

log = logging.getLogger(__name__)
YOUNG = 0.15
"""Seconds for which what answers a gesture may still be under way when the next one comes."""


@dataclass(eq=False)
class Job:
    """One request, as the GUI thread sees it.

    document: the number of the document that it is for, None where it is for none. share: how much of the
    present part of the work is done, from 0 to below 1.
    """

    number: int
    kind: str
    lane: Lane
    host: Host
    done: Callable[[Any], None]
    on_partial: Callable[[Any], None] | None
    on_failed: Callable[[Failure], None] | None
    on_cancelled: Callable[[Job], None] | None
    document: int | None
    since: float = field(default_factory=time.monotonic)
    superseded: bool = False
    """A newer one of its kind is under way: its result is shown for the moment, and nothing else of it."""
    share: float = 0.0
    sentence: str = ""
    _latest: tuple[float, str] | None = None
    """What the worker said last, while the GUI thread has not taken it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def percent(self) -> str:
        """“40 %” of the present part, never all of it; "" where nothing is known yet."""
        return f"{min(round(self.share * 100), 99)} %" if self.share > 0 else ""

    def said(self, progress: tuple[float, str]) -> bool:
        """What the worker says now; whether all it said before is taken. Any thread."""
        with self._lock:
            told, self._latest = self._latest is not None, progress
        return not told

    def take_progress(self) -> None:
        """What was said last counts. GUI thread."""
        with self._lock:
            told, self._latest = self._latest, None
        if told is not None:
            share, self.sentence = told
            # The end of a part, as of the loading of a model: as long as it runs, all of it is not done.
            self.share = share if share < 1 else 0.0


class Turn:
    """A call on the GUI thread that may be asked for many times and is carried out once, after what was
    posted before."""

    def __init__(self, post: Callable[[Callable[[], None]], None], call: Callable[[], object]) -> None:
        self._post, self._call = post, call
        self.is_due = False

    def ask(self, *_: object) -> None:
        if not self.is_due:
            self.is_due = True
            self._post(self._take)

    def drop(self) -> None:
        """It need not be carried out any more."""
        self.is_due = False

    def _take(self) -> None:
        if self.is_due:
            self.is_due = False
            self._call()


class Jobs:
    """What is asked of a host. Call everything from the GUI thread; callbacks come back on it.

    post: has a call carried out on the GUI thread, in order, whichever thread it is handed over by. host: who
    carries the requests out, this process unless it is said.
    """

    progressed = Signal(Job)
    """The Job whose share and sentence moved."""
    changed = Signal()
    """A job began or ended."""
    runs_changed = Signal()
    """One of the lane "run" did: of the others there are several at every move of the mouse."""
    failed = Signal(Failure)
    """Failure of a job that has no handler of its own."""
    ended = Signal(Failure)
    """Why the host lost all that it held and was about to do; the jobs have failed by then."""
    told = Signal(int)
    """Bytes that the process holds in which jobs are carried out."""

    def __init__(self, post: Callable[[Callable[[], None]], None], host: Host | None = None) -> None:
        self._post, self.host, self._here = post, host or Lanes(), Lanes()
        self.host.listen(
            lambda failure: post(partial(self._tell, self.ended, failure)),
            lambda memory: post(partial(self._tell, self.told, memory)),
        )
        self._numbers = itertools.count(1)
        self._live: dict[int, Job] = {}
        self._closed = False

    def submit(
        self,
        kind: str,
        work: Call,
        done: Callable[[Any], None],
        *,
        lane: Lane = "look",
        partial: Callable[[Any], None] | None = None,
        failed: Callable[[Failure], None] | None = None,
        cancelled: Callable[[Job], None] | None = None,
        document: int | None = None,
        here: bool = False,
        steady: bool = False,
    ) -> Job | None:
        """Run `work(task)` on a lane, hand its result to `done`; older requests of `kind` are superseded.

        cancelled: called where the request is cancelled rather than superseded; done and failed are not then.
        here: it concerns this process, and is of no use elsewhere. steady: what was asked for just before it
        is still delivered, if it comes first: else nothing would be for as long as a mouse moves.
        """
        if self._closed:
            return None
        host = self._here if here else self.host
        older = [job for job in self._live.values() if job.kind == kind]
        if steady and older and time.monotonic() - older[0].since < YOUNG:
            older.pop(0).superseded = True
        self._drop(older)
        job = Job(next(self._numbers), kind, lane, host, done, partial, failed, cancelled, document)
        self._live[job.number] = job
        host.start(job.number, lane, work, lambda word, value: self._heard(job, word, value))
        self._tell_changed(lane == "run")
        return job

    def turn(self, call: Callable[[], object]) -> Turn:
        """What is asked of it has a turn of its own among what hosts say."""
        return Turn(self._post, call)

    def cancel(
        self,
        kind: str | None = None,
        *,
        document: int | None = None,
        lane: Lane | None = None,
        firmly: bool = False,
    ) -> int:
        """Cancel all jobs, or those of one kind, document or lane, and say how many there were.

        firmly: a person wants it to end, if need be with the process in which it does not heed.
        """
        stale = [
            job
            for job in self._live.values()
            if kind in (None, job.kind) and document in (None, job.document) and lane in (None, job.lane)
        ]
        self._drop(stale, firmly)
        for job in stale:
            if job.on_cancelled is not None and not self._closed:
                job.on_cancelled(job)
        return len(stale)

    def _drop(self, stale: list[Job], firmly: bool = False) -> None:
        for job in stale:
            job.host.cancel(job.number, firmly=firmly)
            del self._live[job.number]
        if stale:
            self._tell_changed(any(job.lane == "run" for job in stale))

    def _tell_changed(self, run: bool) -> None:
        self.changed.emit()
        if run:
            self.runs_changed.emit()

    def of(self, document: int) -> list[Job]:
        """What runs or waits for a document, oldest first: its pass, and what its panes asked for."""
        return [job for job in self._live.values() if job.document == document]

    def running(self, lane: Lane | None = None) -> list[Job]:
        """What runs or waits, oldest first."""
        return [job for job in self._live.values() if lane in (None, job.lane)]

    def close(self) -> None:
        """Cancel everything and end the host. Nothing is delivered afterwards."""
        self._closed = True
        self.cancel()
        self.host.close()
        self._here.close()

    def _tell(self, signal: Any, value: Any) -> None:
        if not self._closed:
            signal.emit(value)

    def _heard(self, job: Job, word: Word, value: Any) -> None:
        """What a host says of a job, on any thread."""
        if word == "partial" and job.on_partial is None:
            return
        # One message at a time of how far it is: a worker may say more than a window can paint.
        if word != "progress" or job.said(value):
            self._post(partial(self._receive, job, word, value))

    def _receive(self, job: Job, what: Word, value: Any) -> None:
        if self._live.get(job.number) is not job:
            return  # superseded or cancelled while the message was on its way
        if what == "progress":
            job.take_progress()
            self.progressed.emit(job)
            return
        if what == "partial":
            if job.on_partial is not None and not job.superseded:
                job.on_partial(value)
            return
        del self._live[job.number]
        self._tell_changed(job.lane == "run")
        if job.superseded and what != "done":
            return
        if what == "done":
            job.done(value)
        elif what == "failed":
            log.error(
                "%s: %s %s", job.kind, value.cause, value.next_step if value.foreseen else value.details
            )
            (job.on_failed or self.failed.emit)(value)
