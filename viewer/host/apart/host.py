"""A Host whose engine is a process of its own, beside this one or, over ssh, on another machine."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Hear, Lane

if TYPE_CHECKING:
    from headlight.viewer.host.apart.parent import Parent


class ProcessHost:
    """Starts an engine with its first call, and another one where that has ended.

    A call in an engine that ends fails with what ended it; `ended` is told once. What the window had of that
    engine's traces is spoken of in vain from then on: `Gone`.
    """

    def __init__(self, command: Sequence[str] = ()) -> None:
        """command: what runs `headlight engine` elsewhere; none for a process beside this one."""
        self._command = tuple(command)
        self.where = shlex.join(command)
        self._ended: Callable[[Failure], None] = lambda failure: None
        self._told: Callable[[int], None] = lambda memory: None
        self._lock = threading.Lock()
        self._engine: Parent | None = None

    def listen(self, ended: Callable[[Failure], None], told: Callable[[int], None]) -> None:
        self._ended, self._told = ended, told

    @property
    def pid(self) -> int | None:
        """Of the engine's process, or of what leads to it; None where there is none now."""
        engine = self._engine
        return engine.pid if engine is not None and engine.is_alive() else None

    def start(self, number: int, lane: Lane, call: Call, hear: Hear) -> None:
        from headlight.viewer.host.apart.parent import Parent, Pending  # no window waits for it

        with self._lock:
            if self._engine is None or not self._engine.is_alive():
                # One that starts before a window listens tells it all the same.
                self._engine = Parent(
                    self._command, lambda failure: self._ended(failure), lambda memory: self._told(memory)
                )
            self._engine.start(number, Pending(call, hear, lane))

    def cancel(self, number: int, *, firmly: bool = False) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.cancel(number, firmly)

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
