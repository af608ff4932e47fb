"""What a reader is given: an open file, its name and its beginning."""

from __future__ import annotations

import errno
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.viewer.inputs.told.columns import GUESSED, Meanings

HEAD = 65_536
"""Bytes at the beginning of a file by which its format is told."""
_READING = 0.8
"""Share of the work that reading is; the rest is making a cloud of what was read."""

WHOLE_COPY = "Get a whole copy of it and try again."


def damaged(name: str, kind: str) -> HeadlightError:
    """What is said of a file that a reader stumbles over inside. kind: as messages call such a file."""
    return HeadlightError(f"{name} is a damaged or cut-off {kind}.", WHOLE_COPY)


FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where there is no room left."""


def no_room(name: str) -> HeadlightError:
    """The error of a file that is unpacked, or copied, where too little room is."""
    return HeadlightError(
        f"There is no room in {tempfile.gettempdir()} for what {name} unpacks to.",
        "Make room there, or set TMPDIR to another folder.",
    )


def ending_of(name: str) -> str:
    return Path(name).suffix.lower().removeprefix(".")


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, where that can be chosen; None for what is usual.

    frame: of several pictures in a file the one, from 1. encoding: of a text, by Python's name. classes: the
    list that the labels of a cloud are numbers of.
    """

    frame: int | None = None
    encoding: str | None = None
    classes: str | None = None


AS_USUAL = Reading()


@dataclass
class Source:
    """An open file, or bytes, that a reader reads forwards in chunks; of a folder its path alone.

    head: its first bytes. ending: of its name, without the dot, in lower case. meanings: what is known of its
    columns, if it is a table. early: takes a first look at a large cloud, before all of it is read.
    Never a memory map: a file that another program cuts off meanwhile would end the process.
    """

    name: str
    file: BinaryIO
    size: int
    path: Path | None = None
    task: Task = SILENT
    head: bytes = b""
    ending: str = ""
    meanings: Meanings = GUESSED
    reading: Reading = AS_USUAL
    early: Callable[[Any], None] | None = None

    @classmethod
    def of(cls, data: bytes, name: str) -> Source:
        return cls(name, io.BytesIO(data), len(data), head=data[:HEAD], ending=ending_of(name))

    def left(self) -> int:
        """Bytes from here to the end."""
        return self.size - self.file.tell()

    def report(self, share: float | None = None) -> None:
        """Tell how far it is, by the place in the file if no share is given. Raises Cancelled."""
        share = self.file.tell() / max(1, self.size) if share is None else share
        self.task.progress(_READING * min(1.0, share), f"Reading {self.name}")
