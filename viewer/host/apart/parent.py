"""One engine in a process of its own, from its start to its end, as the process beside it sees it."""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import headlight
from headlight.models.core.errors import HeadlightError, first_line
from headlight.viewer.host.apart.endings import cause_of_end, other_version
from headlight.viewer.host.apart.segments import Segments
from headlight.viewer.host.apart.wire import MAGIC, VERSION, Closed, Message, Wire
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import WARM, Call, Hear, Lane
from headlight.viewer.host.summary import of_window

DEAF = 3.0
"""Seconds after which a call that does not heed is ended with its process."""
PATIENCE = 0.5
"""Seconds that an engine has to end by itself."""
LOCAL = (sys.executable, "-m", "headlight", "engine")
HEARD = ("progress", "partial", "done", "failed")


@dataclass(eq=False)
class Pending:
    """A call that is not over. What it was given is kept alive: the engine may speak of it by its key."""

    call: Call
    hear: Hear
    lane: Lane
    deaf: threading.Timer | None = None
    """Ends its process, once it was told firmly to stop."""
    heard: bool = False
    """Whether it is done or failed."""
    said: str = ""
    """What it said last of how far it is."""


class Parent:
    """One process, from its start to its end."""

    def __init__(
        self,
        command: Sequence[str],
        ended: Callable[[Failure], None],
        told: Callable[[int], None],
    ) -> None:
        self._where, self._ended, self._told = shlex.join(command), ended, told
        self._segments = None if command else Segments.made()
        self._command = [*command, "headlight", "engine"] if command else [*LOCAL, str(self._segments.folder)]
        self._references = of_window(self._let_go)
        self._pending: dict[int, Pending] = {}
        self._lock = threading.RLock()
        self._out: queue.SimpleQueue[Callable[[Wire], None] | None] = queue.SimpleQueue()
        self._process: subprocess.Popen | None = None
        self._failure: Failure | None = None
        """Why it has ended."""
        self._closing = False
        self._deaf = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._threads = [threading.Thread(target=self._live, name="headlight-engine")]
        self._threads[0].start()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def is_alive(self) -> bool:
        return self._failure is None and not self._closing

    def start(self, number: int, pending: Pending) -> None:
        with self._lock:
            if self._failure is not None:
                pending.hear("failed", self._failure)
                return
            self._pending[number] = pending
        self._out.put(partial(self._send_start, number, pending))

    def cancel(self, number: int, firmly: bool) -> None:
        pending = self._pending.get(number)
        if pending is None:
            return
        if firmly and pending.deaf is None:
            pending.deaf = threading.Timer(DEAF, self._is_deaf)
            pending.deaf.start()
        self._out.put(lambda wire: wire.send("stop", number))

    def close(self) -> None:
        """End it. Blocks for a few PATIENCEs at most, whatever it does."""
        self._closing = True
        self._out.put(None)
        for thread in self._threads:
            thread.join(3 * PATIENCE)
            if thread.is_alive():  # it writes to a process that does not read
                self._kill()
                thread.join()

    # -- the thread that starts it, writes to it, and watches who is deaf -----------------------------------

    def _live(self) -> None:
        try:
            self._run()
        finally:
            self._errors.close()
            if self._segments is not None:
                self._segments.close()

    def _run(self) -> None:
        try:
            self._process = subprocess.Popen(
                *(self._command,),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(_paths())},
            )
        except OSError as error:
            self._end(Failure.of(_not_started(self._command[0], error)))
            return
        wire = Wire(self._process.stdout, self._process.stdin, self._segments)
        reader = threading.Thread(target=self._read, args=(wire,), name="headlight-engine-hears")
        reader.start()
        self._write(wire)
        with contextlib.suppress(OSError):  # what was not flushed goes nowhere
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE if self._closing else DEAF)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        reader.join()
        self._process.stdout.close()

    def _write(self, wire: Wire) -> None:
        """Send what is to be sent until there is an end."""
        while (send := self._out.get()) is not None:
            try:
                send(wire)
            except Closed:
                return

    def _is_deaf(self) -> None:
        """A call goes on that was told to stop: nothing but its process's end will end it."""
        self._deaf = True
        self._kill()

    def _kill(self) -> None:
        """End the process, and what a shell in between has started."""
        import psutil

        if self._process is None:
            return
        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    one.kill()
        self._process.kill()

    def _send_start(self, number: int, pending: Pending, wire: Wire) -> None:
        try:
            wire.send("start", number, (pending.lane, pending.call), self._references)
        except Closed:
            raise
        except Exception as error:  # it cannot be sent, or speaks of what is gone
            with self._lock:
                self._pending.pop(number, None)
            pending.hear("failed", Failure.of(error))

    def _let_go(self, key: int, count: int) -> None:
        self._out.put(lambda wire: wire.send("drop", 0, (key, count)))

    # -- the thread that listens --------------------------------------------------------------------------

    def _read(self, wire: Wire) -> None:
        lines = []
        try:
            for line in wire.greeted():
                lines.append(line.decode(errors="replace").strip())
            said = lines[-1].removeprefix(MAGIC.decode()).split()
            if said[:1] != [str(VERSION)]:
                self._kill()
                self._end(Failure.of(other_version(self._where, said)))
                return
            while True:
                self._take(wire.receive())
        except Closed:
            pass
        except Exception as error:  # what it says is no message of ours
            if not (self._deaf or self._closing):  # else a shell says something on its way down
                self._kill()
                self._end(Failure.of(error))
                return
        self._end(self._why(lines))

    def _take(self, message: Message) -> None:
        if message.kind == "over":
            with self._lock:
                over = self._pending.pop(message.number, None)
            if over is not None and over.deaf is not None:
                over.deaf.cancel()
            self._told(message.value(self._references))
            return
        pending = self._pending.get(message.number)
        if pending is None or message.kind not in HEARD:
            return
        try:
            word, value = message.kind, message.value(self._references)
        except Exception as error:
            word, value = "failed", Failure.of(error)
        pending.heard = pending.heard or word in ("done", "failed")
        if word == "progress":
            pending.said = value[1]
        pending.hear(word, value)

    def _why(self, lines: list[str]) -> Failure | None:
        """What to say of its end; None where it was ended on purpose."""
        if self._closing:
            return None
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._kill()
            status = self._process.wait()
        self._errors.seek(0)
        errors = self._errors.read()[-20_000:].decode(errors="replace")
        work = [one for number, one in self._pending.items() if not one.heard and number != WARM]
        return cause_of_end(
            *(status, errors),
            where=self._where,
            lines=lines,
            busy=bool(work),
            at=next((one.said for one in work if one.said), ""),
            deaf=self._deaf,
        )

    def _end(self, failure: Failure | None) -> None:
        """It has ended: whoever waits is told."""
        failure = None if failure is None else replace(failure, ended=True)
        with self._lock:
            self._failure = failure or Failure("The engine was closed.", "", "", True, ended=True)
            waiting, self._pending = list(self._pending.values()), {}
        self._out.put(None)
        for one in waiting:
            if one.deaf is not None:
                one.deaf.cancel()
        if failure is None:
            return
        for one in waiting:
            if not one.heard:
                one.hear("failed", failure)
        self._ended(failure)


def _paths() -> Iterator[str]:
    """Where an interpreter beside this one finds Headlight, from a checkout too."""
    yield str(Path(headlight.__file__).parents[1])
    if given := os.environ.get("PYTHONPATH"):
        yield given


def _not_started(name: str, error: OSError) -> HeadlightError:
    return HeadlightError(
        f"The engine could not be started: {name}: {error.strerror or first_line(error)}.",
        "Check the command after --engine, or leave it out to compute on this machine.",
    )
