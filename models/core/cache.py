"""The one cache of what was computed."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict, deque

import numpy as np


class ArrayCache:
    """The last arrays that were computed, up to `limit` bytes; safe between threads.

    Keys begin with a number from `owner`, which is forgotten when its object is.
    """

    nbytes = 0
    """Of whoever refers to it: it is shared, and bounded by itself."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._arrays: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        # The collector may run a finalizer while this thread holds the lock: it only leaves a note.
        self._gone: deque[int] = deque()

    def owner(self, thing: object) -> int:
        """A number for the keys of what `thing` computes."""
        number = next(self._numbers)
        weakref.finalize(thing, self._gone.append, number)
        return number

    def get(self, key: tuple) -> np.ndarray | None:
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: tuple, array: np.ndarray) -> np.ndarray:
        """Keep `array` if it fits at all; it becomes read-only, since many will hold it."""
        array.setflags(write=False)
        with self._lock:
            self._drop({key} | self._orphans())
            if array.nbytes <= self.limit:
                self._arrays[key] = array
                self.size += array.nbytes
            while self.size > self.limit:
                self._drop({next(iter(self._arrays))})
        return array

    def _orphans(self) -> set[tuple]:
        gone = {self._gone.popleft() for _ in range(len(self._gone))}
        return {key for key in self._arrays if key[0] in gone} if gone else set()

    def _drop(self, keys: set[tuple]) -> None:
        for key in keys:
            if (array := self._arrays.pop(key, None)) is not None:
                self.size -= array.nbytes


CACHE = ArrayCache(128 * 2**20)
