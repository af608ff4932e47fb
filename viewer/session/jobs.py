"""Work off the GUI thread: requests in order, progress, partial results, cancel, stale results dropped.

Lanes, each one thread: "run" for what may take seconds (loading, forward passes, rollout), "look" for what
must answer a gesture at once, and "disk" for looking what lies on it. Within a lane requests run in order; a
newer request of the same kind supersedes the older, of which nothing is delivered any more.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from psygnal import Signal

from headlight.models.core.errors import HeadlightError, UntrustedPickle, first_line, out_of_memory, sentence
from headlight.models.core.task import Cancelled, Task

Lane = Literal["run", "look", "disk"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """Why a job failed, in the user's words, and the traceback for who wants it.

    foreseen: the cause says it all, and a traceback would only be noise. untrusted: a pickle is in the way,
    which the user may say to trust.
    """

    cause: str
    next_step: str
    details: str
    foreseen: bool = False
    untrusted: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        details = _traceback(error)
        known = out_of_memory(error) or error
        if isinstance(known, HeadlightError):
            untrusted = isinstance(known, UntrustedPickle)
            return cls(known.cause, known.next_step, details, foreseen=True, untrusted=untrusted)
        what = sentence(first_line(error)[:200]).rstrip(".")
        return cls(f"Something went wrong: {what}.", "See Details; what was open is unchanged.", details)


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # no error may keep itself from being told
        return type(error).__name__


@dataclass(eq=False)
class Job(Task):
    """One request. The worker calls check, progress and partial; the GUI thread reads share and sentence.

    document: the number of the document that it is for, None where it is for none. share: how much of the
    present part of the work is done, from 0 to below 1.
    """

    number: int
    kind: str
    lane: Lane
    work: Callable[[Task], Any]
    done: Callable[[Any], None]
    on_partial: Callable[[Any], None] | None
    on_failed: Callable[[Failure], None] | None
    on_cancelled: Callable[[Job], None] | None
    document: int | None
    deliver: Callable[[Job, str, Any], None]
    share: float = 0.0
    sentence: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    _latest: tuple[float, str] | None = None
    """What the worker said last, while the GUI thread has not taken it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def percent(self) -> str:
        """“40 %” of the present part, never all of it; "" where nothing is known yet."""
        return f"{min(round(self.share * 100), 99)} %" if self.share > 0 else ""

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled

    def progress(self, share: float, sentence: str) -> None:
        self.check()
        with self._lock:
            told, self._latest = self._latest is not None, (share, sentence)
        if not told:  # one message at a time: a worker may say more than a window can paint
            self.deliver(self, "progress", None)

    def take_progress(self) -> None:
        """What was said last counts. GUI thread."""
        with self._lock:
            told, self._latest = self._latest, None
        if told is not None:
            share, self.sentence = told
            # The end of a part, as of the loading of a model: as long as it runs, all of it is not done.
            self.share = share if share < 1 else 0.0

    def partial(self, value: Any) -> None:
        self.check()
        if self.on_partial is not None:
            self.deliver(self, "partial", value)


class Jobs:
    """The lanes and what waits in them. Call everything from the GUI thread; callbacks come back on it.

    post: has a call carried out on the GUI thread, in order, whichever thread it is handed over by.
    """

    progressed = Signal(Job)
    """The Job whose share and sentence moved."""
    changed = Signal()
    """A job began or ended."""
    failed = Signal(Failure)
    """Failure of a job that has no handler of its own."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._numbers = itertools.count(1)
        self._live: dict[int, Job] = {}
        self._closed = False
        self._queues: dict[Lane, queue.SimpleQueue[Job | None]] = {}
        self._threads: list[threading.Thread] = []

    def submit(
        self,
        kind: str,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
        *,
        lane: Lane = "look",
        partial: Callable[[Any], None] | None = None,
        failed: Callable[[Failure], None] | None = None,
        cancelled: Callable[[Job], None] | None = None,
        document: int | None = None,
    ) -> Job | None:
        """Run `work(task)` on a lane, hand its result to `done`; older requests of `kind` are superseded.

        cancelled: called where the request is cancelled rather than superseded; done and failed are not then.
        """
        if self._closed:
            return None
        self._drop([job for job in self._live.values() if job.kind == kind])
        job = Job(
            *(next(self._numbers), kind, lane, work, done, partial, failed, cancelled, document),
            self._deliver,
        )
        self._live[job.number] = job
        self._lane(lane).put(job)
        self.changed.emit()
        return job

    def cancel(
        self, kind: str | None = None, *, document: int | None = None, lane: Lane | None = None
    ) -> int:
        """Cancel all jobs, or those of one kind, document or lane, and say how many there were."""
        stale = [
            job
            for job in self._live.values()
            if kind in (None, job.kind) and document in (None, job.document) and lane in (None, job.lane)
        ]
        self._drop(stale)
        for job in stale:
            if job.on_cancelled is not None and not self._closed:
                job.on_cancelled(job)
        return len(stale)

    def _drop(self, stale: list[Job]) -> None:
        for job in stale:
            job.cancelled.set()
            del self._live[job.number]
        if stale:
            self.changed.emit()

    def of(self, document: int) -> list[Job]:
        """What runs or waits for a document, oldest first: its pass, and what its panes asked for."""
        return [job for job in self._live.values() if job.document == document]

    def running(self, lane: Lane | None = None) -> list[Job]:
        """What runs or waits, oldest first."""
        return [job for job in self._live.values() if lane in (None, job.lane)]

    def close(self) -> None:
        """Cancel everything and wait for the workers to end. Nothing is delivered afterwards."""
        self._closed = True
        self.cancel()
        for lane in self._queues.values():
            lane.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _lane(self, lane: Lane) -> queue.SimpleQueue[Job | None]:
        if lane not in self._queues:
            waiting = self._queues[lane] = queue.SimpleQueue()
            thread = threading.Thread(target=_serve, args=(waiting,), name=f"headlight-{lane}")
            self._threads.append(thread)
            thread.start()
        return self._queues[lane]

    def _deliver(self, job: Job, what: str, value: Any) -> None:
        self._post(partial(self._receive, job, what, value))

    def _receive(self, job: Job, what: str, value: Any) -> None:
        if self._live.get(job.number) is not job:
            return  # superseded or cancelled while the message was on its way
        if what == "progress":
            job.take_progress()
            self.progressed.emit(job)
            return
        if what == "partial":
            if job.on_partial is not None:
                job.on_partial(value)
            return
        del self._live[job.number]
        self.changed.emit()
        if what == "done":
            job.done(value)
        elif what == "failed":
            log.error(
                "%s: %s %s", job.kind, value.cause, value.next_step if value.foreseen else value.details
            )
            (job.on_failed or self.failed.emit)(value)


def _serve(waiting: queue.SimpleQueue[Job | None]) -> None:
    """A lane's thread: one job after the other until None comes.

    It outlives whatever work raises. Not all of that is an Exception: a panic of a library in Rust is none,
    and neither is an exit that some library asks for.
    """
    while (job := waiting.get()) is not None:
        try:
            job.check()
            result = job.work(job)
            job.check()
        except Cancelled:
            continue
        except BaseException as error:
            if not job.cancelled.is_set():
                job.deliver(job, "failed", Failure.of(error))
        else:
            job.deliver(job, "done", result)
        finally:
            job = result = None  # a waiting lane holds no trace alive
