"""Messages over a pair of streams: pickled, arrays beside them, those of a megabyte and more in segments.

Before its first message an engine says a line, so that whatever a shell printed before it is passed over and
two ends of different versions notice.
"""

from __future__ import annotations

import pickle
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from headlight.models.core.errors import HeadlightError
from headlight.viewer.host.apart.segments import Segments
from headlight.viewer.host.references import References

VERSION = 1
"""Of the messages. Any change of what is sent is another one."""
MAGIC = b"headlight engine "
LARGE = 1 << 20
"""Bytes from which an array goes through memory that both ends share."""
_LONGEST_GREETING = 1 << 16
_LONGEST_HEAD = 1 << 20
"""Bytes; of a message with thousands of arrays."""

Kind = Literal[
    *("start", "stop", "drop"),  # to the engine
    *("progress", "partial", "done", "failed", "over"),  # to the window
]
Parts = tuple[int | str, ...]
"""Of a message's body and its arrays: how many bytes follow, or in which segment they lie."""


class Closed(Exception):
    """The other end is not there any more."""


@dataclass(frozen=True)
class Message:
    """number: of the call that it is about, 0 for none."""

    kind: Kind
    number: int
    body: bytes
    arrays: tuple[Any, ...]

    def value(self, references: References) -> Any:
        return references.loads(self.body, self.arrays)


class Wire:
    """One end. Any thread may send; one receives."""

    def __init__(self, read: BinaryIO, write: BinaryIO, segments: Segments | None = None) -> None:
        self._read, self._write, self._segments = read, write, segments
        self._lock = threading.Lock()

    def send(
        self,
        kind: Kind,
        number: int = 0,
        value: Any = None,
        references: References | None = None,
        had: frozenset[int] = frozenset(),
    ) -> None:
        """Raises what pickling raises, before anything was sent, and Closed. had: as References has it."""
        if references is None:
            body, buffers = pickle.dumps(value, 5), []
        else:
            body, buffers = references.dumps(value, had)
        views = [memoryview(body), *(buffer.raw() for buffer in buffers)]
        parts = tuple(self._put(view) for view in views)
        head = pickle.dumps((kind, number, parts), 5)
        with self._lock:
            try:
                self._write.write(struct.pack("<I", len(head)) + head)
                for part, view in zip(parts, views, strict=True):
                    if isinstance(part, int):
                        self._write.write(view)
                self._write.flush()
            except (OSError, ValueError) as error:  # ValueError: closed by this end
                raise Closed from error

    def receive(self) -> Message:
        """The next message. Closed where there will be none."""
        length = struct.unpack("<I", self._exactly(4))[0]
        if length > _LONGEST_HEAD:
            raise HeadlightError("What the engine says is no message.", "Run it again.")
        head = self._exactly(length)
        kind, number, parts = pickle.loads(head)
        body, *arrays = [self._take(part) for part in parts]
        return Message(kind, number, bytes(body), tuple(arrays))

    def greet(self, version: str) -> None:
        """An engine's first words."""
        self._write.write(MAGIC + f"{VERSION} {version}\n".encode())
        self._write.flush()

    def greeted(self) -> Iterator[bytes]:
        """The lines before an engine's first words, and these last. Closed where they never come."""
        seen = 0
        while seen < _LONGEST_GREETING:
            line = self._read.readline(_LONGEST_GREETING)
            if not line:
                break
            seen += len(line)
            yield line
            if line.startswith(MAGIC):
                return
        raise Closed

    def _put(self, view: memoryview) -> int | str:
        large = self._segments is not None and view.nbytes >= LARGE
        name = self._segments.put(view.cast("B")) if large else None
        return view.nbytes if name is None else name

    def _take(self, part: int | str) -> Any:
        if isinstance(part, int):
            return self._exactly(part)
        assert self._segments is not None
        return self._segments.take(part)

    def _exactly(self, count: int) -> bytearray:
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            try:
                got = self._read.readinto(view[done:])
            except (OSError, ValueError) as error:
                raise Closed from error
            if not got:
                raise Closed
            done += got
        return data
