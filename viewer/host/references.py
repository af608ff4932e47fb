"""What both ends of a wire speak of without sending it again: traces, which never leave their engine, and
inputs, which are sent once.

The engine keeps what the window has. The window says how often it was handed each thing that it let go; what
was handed out as often as it came back is let go by the engine too, so that messages that cross each other
lose nothing.
"""

from __future__ import annotations

import io
import itertools
import pickle
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from headlight.viewer.host.failure import Gone

IN_BAND = 1 << 16
"""Bytes below which an array travels within its message."""


class _Whole:
    """Something that is sent as it is, although the other end will know it by its key from then on."""

    def __init__(self, value: Any) -> None:
        self.value = value


class References:
    """One end's part.

    stays: what never leaves this end; `summary` of it is sent, and `within` are the known things in that.
    summaries: what is had here of such. known: what is known to both ends once it was sent. holds: this end
    keeps what it was sent or asked for until it is let go, an engine's part.

    A window speaks by its key of all that it has, since an engine lets go of nothing before it is told. An
    engine does so only of what the window is sure to have still: what the call that it answers speaks of.
    """

    def __init__(
        self,
        *,
        stays: tuple[type, ...] = (),
        summary: Callable[[Any], Any] = lambda value: value,
        within: Callable[[Any], Iterable[Any]] = lambda value: (),
        summaries: tuple[type, ...] = (),
        known: tuple[type, ...] = (),
        holds: bool,
        let_go: Callable[[int, int], None] = lambda key, count: None,
    ) -> None:
        """let_go: called on any thread with the key and count of what nobody here has any more."""
        self._stays, self._summary, self._within, self._summaries = stays, summary, within, summaries
        self._known, self._holds, self._let_go = known, holds, let_go
        self._numbers = itertools.count(1, 2) if holds else itertools.count(2, 2)
        self._lock = threading.RLock()
        self._keys: dict[int, int] = {}
        """By the identity of what lives here."""
        self._here: dict[int, Any] = {}
        """By its key; weak references where this end does not hold."""
        self._counts: Counter[int] = Counter()

    def dumps(self, value: Any, had: frozenset[int] = frozenset()) -> tuple[bytes, list[pickle.PickleBuffer]]:
        """(a message, the larger arrays in it). Gone where it speaks of what another engine had.

        had: keys of what the other end is sure to have, see `asked`.
        """
        stream, buffers = io.BytesIO(), []

        def in_band(buffer: pickle.PickleBuffer) -> bool:
            if buffer.raw().nbytes < IN_BAND:
                return True
            buffers.append(buffer)
            return False

        with self._lock:
            _Pickler(self, stream, in_band, had).dump(value)
        return stream.getvalue(), buffers

    def loads(self, data: bytes, buffers: Iterable[Any] = ()) -> Any:
        with self._lock:
            return _Unpickler(self, io.BytesIO(data), buffers).load()

    def asked(self, data: bytes, buffers: Iterable[Any] = ()) -> tuple[Any, frozenset[int]]:
        """The same of a call, and the keys of what whoever asks has until it is over."""
        with self._lock:
            unpickler = _Unpickler(self, io.BytesIO(data), buffers)
            value = unpickler.load()
            inside = (
                one
                for whole in unpickler.spoken_of
                if type(whole) in self._stays
                for one in self._within(whole)
            )
            had = (self._keys.get(id(one)) for one in (*unpickler.spoken_of, *inside))
            return value, frozenset(key for key in had if key is not None)

    def dropped(self, key: int, count: int) -> None:
        """The other end has let go of what it was handed so often."""
        with self._lock:
            self._counts[key] -= count
            if self._counts[key] <= 0:
                del self._counts[key]
                self._keys.pop(id(self._here.pop(key, None)), None)

    def __len__(self) -> int:
        return len(self._here)

    # -- within a message --------------------------------------------------------------------------------

    def named(self, one: Any, had: frozenset[int]) -> Any:
        """What is sent in place of it; None where it is sent as it is."""
        stays = type(one) in self._stays  # its summary may be of a subclass
        if stays or isinstance(one, self._known):
            before = self._keys.get(id(one))
            key = self._key(one)
            if key == before and (key in had or not self._holds):
                return key, None
            return key, self._summary(one) if stays else _Whole(one)
        if isinstance(one, self._summaries) and not self._holds:
            if id(one) not in self._keys:
                raise Gone
            return self._keys[id(one)], None
        return None

    def found(self, key: int, sent: Any) -> Any:
        """What is here of what was sent so."""
        there = self._here.get(key)
        there = there if self._holds or there is None else there()
        if there is None:
            if sent is None:
                raise Gone
            there = sent.value if isinstance(sent, _Whole) else sent
            self._put(key, there)
        if not self._holds:
            self._counts[key] += 1
        return there

    def _key(self, one: Any) -> int:
        key = self._keys.get(id(one))
        if key is None:
            key = next(self._numbers)
            self._put(key, one)
        if self._holds:
            self._counts[key] += 1
        return key

    def _put(self, key: int, one: Any) -> None:
        self._keys[id(one)] = key
        if self._holds:
            self._here[key] = one
            return
        self._here[key] = weakref.ref(one)
        weakref.finalize(one, self._lost, key, id(one)).atexit = False

    def _lost(self, key: int, identity: int) -> None:
        with self._lock:
            self._here.pop(key, None)
            self._keys.pop(identity, None)
            count = self._counts.pop(key, 0)
        self._let_go(key, count)


class _Pickler(pickle.Pickler):
    def __init__(
        self, references: References, stream: io.BytesIO, in_band: Callable[..., bool], had: frozenset[int]
    ) -> None:
        super().__init__(stream, 5, buffer_callback=in_band)
        self._references, self._had = references, had
        self._whole: set[int] = set()
        """What is just being sent as it is."""

    def persistent_id(self, one: Any) -> Any:
        if id(one) in self._whole:
            self._whole.remove(id(one))
            return None
        name = self._references.named(one, self._had)
        if name is not None:
            self._had |= {name[0]}  # the next time in this message
            if isinstance(name[1], _Whole):
                self._whole.add(id(one))
        return name


class _Unpickler(pickle.Unpickler):
    def __init__(self, references: References, stream: io.BytesIO, buffers: Iterable[Any]) -> None:
        super().__init__(stream, buffers=buffers)
        self._references = references
        self.spoken_of: list[Any] = []

    def persistent_load(self, name: tuple[int, Any]) -> Any:
        found = self._references.found(*name)
        self.spoken_of.append(found)
        return found
