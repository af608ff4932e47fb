"""Where work is done in this very process: lanes, each a thread. Also the inside of an engine's process.

Within a lane calls run in order, one after the other. What a call says is heard on its lane's thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from headlight.models.core.task import Cancelled, Task
from headlight.viewer.host.failure import Failure

Lane = Literal["run", "look", "disk", "ask", "fetch"]
"""What may take seconds; what must answer a gesture at once; looking what lies on the disk; asking the hub;
downloading from it."""
Word = Literal["progress", "partial", "done", "failed"]
WARM = 0
"""The number of what is done while nobody waits: whatever else is asked for ends it."""
Call = Callable[[Task], Any]
Hear = Callable[[Word, Any], None]
"""Called on any thread: progress with (share, sentence), failed with a Failure, the others with a value.

After done and failed comes nothing more; a cancelled call may say nothing at all.
"""


def own_memory() -> int:
    """Bytes that this process holds."""
    import psutil

    return psutil.Process().memory_info().rss


class Host(Protocol):
    """Where calls are carried out: in this process, in one beside it, on another machine.

    where: what leads to the machine whose disk it reads; "" for this one.
    """

    where: str

    def listen(self, ended: Callable[[Failure], None], told: Callable[[int], None]) -> None:
        """ended: called with why calls that were under way are lost, and all that was held for others. told:
        with the bytes that the process holds where calls are carried out. Both on any thread.
        """
        ...

    def start(self, number: int, lane: Lane, call: Call, hear: Hear) -> None:
        """Carry out a call once all before it in its lane are done. It returns at once."""
        ...

    def cancel(self, number: int, *, firmly: bool = False) -> None:
        """Nobody waits for this call any more; firmly: nor for its process, if it does not heed."""
        ...

    def close(self) -> None:
        """Cancel everything, and leave nothing behind."""
        ...


@dataclass(eq=False)
class _Work(Task):
    """One call, as it sees itself."""

    number: int
    call: Call
    hear: Hear
    cancelled: threading.Event = field(default_factory=threading.Event)
    begun: bool = False

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled

    def progress(self, share: float, sentence: str) -> None:
        self.check()
        self.hear("progress", (share, sentence))

    def partial(self, value: Any) -> None:
        self.check()
        self.hear("partial", value)


class Lanes:
    """A Host in this process."""

    where = ""

    def __init__(self, ended: Callable[[int], None] = lambda number: None) -> None:
        """ended: called with the number of each call that is over, whatever came of it."""
        self._ended = ended
        self._queues: dict[str, queue.SimpleQueue[_Work | None]] = {}
        self._threads: list[threading.Thread] = []
        self._live: dict[int, _Work] = {}
        self._lock = threading.Lock()

    def listen(self, ended: Callable[[Failure], None], told: Callable[[int], None]) -> None:
        """It never ends, and holds what this process does."""

    def start(self, number: int, lane: Lane, call: Call, hear: Hear) -> None:
        work = self._live[number] = _Work(number, call, hear)
        self._lane(lane).put(work)

    def cancel(self, number: int, *, firmly: bool = False) -> None:
        with self._lock:
            work = self._live.get(number)
            if work is None:
                return
            work.cancelled.set()
            if work.begun:
                return
            del self._live[number]
        self._ended(number)  # it need not wait for its turn

    def close(self) -> None:
        """Cancel everything and wait for the threads to end."""
        for number in list(self._live):
            self.cancel(number)
        for waiting in self._queues.values():
            waiting.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _lane(self, lane: str) -> queue.SimpleQueue[_Work | None]:
        if lane not in self._queues:
            waiting = self._queues[lane] = queue.SimpleQueue()
            thread = threading.Thread(target=self._serve, args=(waiting,), name=f"headlight-{lane}")
            self._threads.append(thread)
            thread.start()
        return self._queues[lane]

    def _serve(self, waiting: queue.SimpleQueue[_Work | None]) -> None:
        """A lane's thread: one call after the other until None comes.

        It outlives whatever a call raises. Not all of that is an Exception: a panic of a library in Rust is
        none, and neither is an exit that some library asks for.
        """
        while (work := waiting.get()) is not None:
            with self._lock:
                work.begun = not work.cancelled.is_set()
            if not work.begun:
                continue
            try:
                result = work.call(work)
                work.check()
            except Cancelled:
                pass
            except BaseException as error:
                if not work.cancelled.is_set():
                    work.hear("failed", Failure.of(error))
            else:
                work.hear("done", result)
            finally:
                with self._lock:
                    del self._live[work.number]
                self._ended(work.number)
                work = result = None  # a waiting lane holds no trace alive
