"""The one cache of what was computed from traces, layers, networks and stacks, and what that holds."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace


OVERHEAD = 1024
"""Bytes that an entry counts for at least."""
_NOTHING = object()


class Cache:
    """What was computed last, up to `limit` bytes; one thing takes a quarter of them at most.

    Each is kept of something, which the cache does not keep alive and with which it goes. Safe between
    threads.
    """

    nbytes = 0
    """Of whoever refers to it: it is shared, and bounded by itself."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: OrderedDict[tuple[int, Hashable], tuple[Any, int]] = OrderedDict()
        self._owners: dict[int, tuple[weakref.ref, int]] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        # The collector may run a callback while this thread holds the lock: it only leaves a note.
        self._gone: deque[tuple[int, int]] = deque()

    def kept(self, of: object, key: Hashable, compute: Callable[[], Any]) -> Any:
        """compute(), or what it gave for this key of `of` (None: of nothing that goes) before."""
        found = self.get(of, key, _NOTHING)
        return self.put(of, key, compute()) if found is _NOTHING else found

    def get(self, of: object, key: Hashable, otherwise: Any = None) -> Any:
        with self._lock:
            self._forget()
            place = self._number(of), key
            if place not in self._kept:
                return otherwise
            self._kept.move_to_end(place)
            return self._kept[place][0]

    def put(self, of: object, key: Hashable, value: Any) -> Any:
        """Keep `value` if it is not too large, and give it back."""
        size = OVERHEAD + extent(value)
        with self._lock:
            place = self._number(of), key
            self._drop(place)
            self._forget()
            if size <= self.limit // 4:
                self._kept[place] = value, size
                self.size += size
            while self.size > self.limit:
                self._drop(next(iter(self._kept)))
        return value

    def _number(self, of: object) -> int:
        """What stands for `of` in keys. An id is used again once its object is gone."""
        if of is None:
            return 0
        known = self._owners.get(id(of))
        if known is None or known[0]() is not of:
            number, name = next(self._numbers), id(of)
            known = weakref.ref(of, lambda _: self._leave(name, number)), number
            self._owners[name] = known
        return known[1]

    def _leave(self, name: int, number: int) -> None:
        """It is gone, and all that is of it: at once, unless somebody is at the cache, who sees the note."""
        self._gone.append((name, number))
        while self._gone and self._lock.acquire(blocking=False):
            try:
                self._forget()
            finally:
                self._lock.release()

    def _forget(self) -> None:
        """Drop what is of things that are gone."""
        gone = {number: name for name, number in (self._gone.popleft() for _ in range(len(self._gone)))}
        if not gone:
            return
        for place in [place for place in self._kept if place[0] in gone]:
            self._drop(place)
        for number, name in gone.items():
            if name in self._owners and self._owners[name][1] == number:
                del self._owners[name]

    def _drop(self, place: tuple[int, Hashable]) -> None:
        if place in self._kept:
            self.size -= self._kept.pop(place)[1]


CACHE = Cache(512 * 2**20)
derived = CACHE.kept


def held(trace: Trace) -> int:
    """Bytes of all arrays and tensors that can be reached from a trace, each counted once."""
    return _bytes([trace.layers, dict(trace.streams), trace.inputs, trace.outputs, trace.answers])


def extent(value: Any) -> int:
    """The same of anything else; a trace in it counts nothing, since it is held elsewhere."""
    return _bytes([value])


def _bytes(waiting: list[Any]) -> int:
    from headlight.models.core.trace import Trace

    seen: set[int] = set()
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, Trace | str | int | float):
            continue
        seen.add(id(one))
        if isinstance(size := getattr(one, "nbytes", None), int):
            total += size
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, (tuple, list)):
            waiting.extend(one)
        elif type(one).__module__.startswith("headlight."):  # no network of a library, which is shared
            waiting.extend(_attributes(one))
    return total


def _attributes(one: Any) -> list[Any]:
    names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in names)]
