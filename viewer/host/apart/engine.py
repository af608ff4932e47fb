"""The inside of an engine's process: what calls come on its standard input it carries out in lanes.

`headlight engine`. It ends with its input: when the window closes, and also when that is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from headlight.viewer.host.apart.priority import give_way
from headlight.viewer.host.apart.segments import Segments
from headlight.viewer.host.apart.wire import Closed, Message, Wire
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import WARM, Lanes, Word, own_memory
from headlight.viewer.host.summary import of_engine

OFTEN = 0.02
"""Seconds between two words on how far a call is."""


def version() -> str:
    """Headlight's own, "" in a checkout that is not installed."""
    try:
        return metadata.version("headlight-viewer")
    except metadata.PackageNotFoundError:
        return ""


def serve(folder: str | None = None) -> int:
    """Carry out what comes until the input ends. folder: of the segments, on the machine of the window."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the window
    # What any library prints must not get among the messages, nor may it read them.
    read, write = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    segments = None if folder is None else Segments(Path(folder))
    wire = Wire(read, write, segments)
    wire.greet(version())
    give_way(True)
    with contextlib.suppress(Closed):
        _Engine(wire).work()
    if segments is not None:
        segments.close()
    sys.stderr.flush()
    os._exit(0)  # a thread deep in a library would keep the process alive for nobody


class _Engine:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._references = of_engine()
        self._lanes = Lanes(ended=self._over)
        self._said: dict[int, float] = {}
        self._asked = False
        """Whether anybody has waited for anything yet."""

    def work(self) -> None:
        while True:
            message = self._wire.receive()
            if message.kind == "start":
                self._start(message)
            elif message.kind == "stop":
                self._lanes.cancel(message.number)
            elif message.kind == "drop":
                self._references.dropped(*message.value(self._references))

    def _start(self, message: Message) -> None:
        if message.number != WARM and not self._asked:
            self._asked = True
            give_way(False)
        if message.number != WARM:
            self._lanes.cancel(WARM)
        try:
            (lane, call), had = self._references.asked(message.body, message.arrays)
        except Exception as error:  # it names what is not here, or what is gone
            self._hear(message.number, frozenset(), "failed", Failure.of(error))
            self._over(message.number)
        else:
            self._lanes.start(message.number, lane, call, partial(self._hear, message.number, had))

    def _hear(self, number: int, had: frozenset[int], word: Word, value: Any) -> None:
        if word == "progress":
            now = time.monotonic()
            if now - self._said.get(number, 0.0) < OFTEN:
                return
            self._said[number] = now
        with contextlib.suppress(Closed):  # nobody is there to hear it
            try:
                self._wire.send(word, number, value, self._references, had)
            except Closed:
                raise
            except Exception as error:  # a result that cannot be sent is a failure, and heard as one
                self._wire.send("failed", number, Failure.of(error))

    def _over(self, number: int) -> None:
        self._said.pop(number, None)
        with contextlib.suppress(Closed):
            self._wire.send("over", number, own_memory())
