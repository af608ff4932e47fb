"""A Host without a process: calls and what they give go through the same references as over a wire.

So the command line and the tests have what a window has, summaries and named calls, and nothing that works
here fails there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Hear, Lane, Lanes, Word, own_memory
from headlight.viewer.host.references import References
from headlight.viewer.host.summary import of_engine, of_window


class InPlace:
    """Both ends in one."""

    where = ""

    def __init__(self) -> None:
        self._kept: dict[int, Call] = {}
        """Calls that are not over: what they were given may be spoken of until then."""
        self._lanes = Lanes(ended=self._over)
        self._told: Callable[[int], None] = lambda memory: None
        self._engine = of_engine()
        self._window = of_window(self._engine.dropped)

    def listen(self, ended: Callable[[Failure], None], told: Callable[[int], None]) -> None:
        self._told = told

    def start(self, number: int, lane: Lane, call: Call, hear: Hear) -> None:
        try:
            data, buffers = self._window.dumps(call)
            there, had = self._engine.asked(data, [buffer.raw() for buffer in buffers])
        except Exception as error:  # it cannot be sent, or speaks of what is gone
            hear("failed", Failure.of(error))
            return
        self._kept[number] = call

        def heard(word: Word, value: Any) -> None:
            try:
                value = _carried(self._engine, self._window, value, had)
            except Exception as error:
                word, value = "failed", Failure.of(error)
            hear(word, value)

        self._lanes.start(number, lane, there, heard)

    def cancel(self, number: int, *, firmly: bool = False) -> None:
        self._lanes.cancel(number)

    def close(self) -> None:
        self._lanes.close()

    def _over(self, number: int) -> None:
        self._kept.pop(number, None)
        self._told(own_memory())

    def there(self, value: Any) -> Any:
        """What the engine has of what a window has."""
        return _carried(self._window, self._engine, value)

    def here(self, value: Any) -> Any:
        """What a window has of what the engine has."""
        return _carried(self._engine, self._window, value)


def _carried(sender: References, receiver: References, value: Any, had: frozenset[int] = frozenset()) -> Any:
    data, buffers = sender.dumps(value, had)
    return receiver.loads(data, [buffer.raw() for buffer in buffers])
