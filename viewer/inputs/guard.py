"""Readers that are native code, in a process of their own: whatever a file does to them, Headlight lives on.

The child reads the file, leaves its arrays in a folder, which lies in memory where the system has one there,
and says so; the parent maps them. It is killed when the task is cancelled and when it shows no progress for
long; where the system allows, its memory is limited. One that has said its word of a small file waits for the
next, since a process takes a quarter of a second to begin.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

import headlight
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.viewer.inputs.source import FULL, Source, damaged, no_room
from headlight.viewer.registry import resolve

QUIET = 30.0
"""Seconds without progress after which a reader is given up."""
MEMORY = 2_000_000_000
"""Bytes of addresses that a reader may use: the most points that are read take 0.9 GB of them."""
SMALL = 20_000_000
"""Bytes of a file up to which its reader waits for another: what a larger one took, the system has back."""
_SPARING = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "4"}
"""What keeps libraries from setting addresses aside for each of many cores."""

T = TypeVar("T")
_LOOK = 0.05
"""Seconds between two looks at a cancel."""
_SHARED = Path("/dev/shm")
"""A folder in memory, as Linux has it."""


class _Child:
    """A process that reads one file after another."""

    def __init__(self) -> None:
        root = str(Path(headlight.__file__).resolve().parents[1])
        earlier = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ,
            **_SPARING,
            "PYTHONPATH": root if not earlier else root + os.pathsep + earlier,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def asked(self, job: dict[str, Any], source: Source, quiet: float) -> dict | None:
        """Its last word of a file, None if it died without. Raises Cancelled, and when it is stuck."""
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        listener = threading.Thread(target=self._listen, args=(job, heard), daemon=True)
        listener.start()
        try:
            said = _said(heard, source, quiet)
        except BaseException:
            self._process.kill()  # else it is listened to on
            raise
        finally:
            listener.join()
        return said

    def _listen(self, job: dict[str, Any], heard: queue.SimpleQueue[Any]) -> None:
        """Ask, and hand on what the child says, up to its last word, None where it ends."""
        with suppress(OSError):  # it has ended
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        said: float | dict | None = 0.0
        while isinstance(said, float):
            line = self._process.stdout.readline()
            said = json.loads(line) if line else None
            heard.put(said)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        with suppress(OSError):
            self._process.stdin.close()

    def lives(self) -> bool:
        return self._process.poll() is None


class _Waiting:
    """The child that waits for a file, if one does. Any thread may ask."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._lock = threading.Lock()
        atexit.register(self.end)

    def take(self) -> _Child:
        """It, or a new one."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None and child.lives():
            return child
        if child is not None:
            child.end()
        return _Child()

    def put(self, child: _Child) -> None:
        with self._lock:
            if self._child is None:
                self._child = child
                return
        child.end()

    def end(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end()


waiting = _Waiting()


def prepare() -> None:
    """Have a child wait for the first file."""
    waiting.put(waiting.take())


def guarded(
    source: Source, native: str, kind: str, made: type[T], *given: Any, quiet: float | None = None
) -> T:
    """What a reader, a dotted name, makes of the file. Raises HeadlightError, also where the reader died.

    kind: as messages call a file of its format. made: the dataclass that the reader returns, of arrays and of
    what JSON holds; given: what it takes beside the Source, which JSON holds. quiet: seconds without progress
    after which it is given up, where these are not QUIET.
    """
    memory = _SHARED if os.access(_SHARED, os.W_OK) else None
    with _folder() as folder, _folder(memory) as shared:
        path = source.path
        if path is None:
            path = Path(folder, "input")
            source.file.seek(0)
            path.write_bytes(source.file.read())
        job = {
            "native": native,
            "kind": kind,
            "path": str(path.absolute()),
            "name": source.name,
            "given": given,
            "folders": (shared, folder),
        }
        child, well = waiting.take(), False
        try:
            said = child.asked(job, source, QUIET if quiet is None else quiet)
            well = said is not None and source.size <= SMALL
        finally:
            if well:
                waiting.put(child)
            else:
                child.end()
        return made(**_result(said, source.name, kind))


def _folder(parent: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """Named by this process, so that whoever finds it knows whether it is still in use."""
    prefix = f"headlight-{os.getpid()}-"
    return tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)


def _said(heard: queue.SimpleQueue[Any], source: Source, quiet: float) -> dict | None:
    """The child's last word, None if it died without; hands on its progress. Raises Cancelled, and when it is
    stuck.
    """
    share, since = 0.0, time.monotonic()
    while True:
        with suppress(queue.Empty):
            now = heard.get(timeout=_LOOK)
            if not isinstance(now, float):
                return now
            if now != share:
                share, since = now, time.monotonic()
        source.task.progress(share, f"Reading {source.name}")
        if time.monotonic() - since > quiet:
            raise HeadlightError(
                f"{source.name} keeps its reader busy without end.", "Get a whole copy of it and try again."
            )


def _result(said: dict | None, name: str, kind: str) -> dict[str, Any]:
    if said is None:  # the child died
        raise damaged(name, kind)
    if "cause" in said:
        raise HeadlightError(said["cause"], said["next_step"])
    # Mapped arrays outlive their files, but not on Windows.
    mode = None if sys.platform == "win32" else "c"
    arrays = {
        part: np.load(path, mode, allow_pickle=False).view(np.ndarray)
        for part, path in said["arrays"].items()
    }
    return {**said["rest"], **arrays}


class _Told(Task):
    """The child's side: progress goes to the parent, and without one the work ends."""

    def __init__(self, parent: BinaryIO) -> None:
        self._parent = parent

    def progress(self, share: float, sentence: str) -> None:
        self.say(float(share))

    def say(self, what: float | dict) -> None:
        try:
            self._parent.write(json.dumps(what).encode() + b"\n")
            self._parent.flush()
        except OSError:
            os._exit(1)


def _left(part: str, values: np.ndarray, folders: tuple[str, ...]) -> str:
    """The file in the first of the folders that has room."""
    for folder in folders:
        path = Path(folder, f"{part}.npy")
        try:
            np.save(path, values)
            return str(path)
        except OSError as error:
            path.unlink(missing_ok=True)
            full = error
    raise full


def serve(jobs: Iterable[bytes], parent: BinaryIO) -> None:
    """What the child does: a line of JSON in, lines of JSON out, whose last is no number."""
    told = _Told(parent)
    # laspy asks for it, for files on the web, and it takes longer than laspy itself.
    sys.modules["requests"] = None
    for line in jobs:
        job = json.loads(line)
        told.say(_word_of(told=told, **job))


def _word_of(
    told: _Told, native: str, kind: str, path: str, name: str, given: list, folders: list[str]
) -> dict[str, Any]:
    """The last one of a file. folders: where arrays may be left."""
    try:
        with open(path, "rb") as file:
            source = Source(name, file, os.fstat(file.fileno()).st_size, Path(path), told)
            with np.errstate(all="ignore"):
                parts = vars(resolve(native)(source, *given))
        arrays = {part: value for part, value in parts.items() if isinstance(value, np.ndarray)}
        return {
            "arrays": {part: _left(part, value, tuple(folders)) for part, value in arrays.items()},
            "rest": {part: value for part, value in parts.items() if part not in arrays},
        }
    except HeadlightError as error:
        return {"cause": error.cause, "next_step": error.next_step}
    except MemoryError:
        return {
            "cause": f"{name} does not fit into the free memory.",
            "next_step": "Close other programs or thin it out.",
        }
    except BaseException as wrong:  # a panic of Rust is no Exception
        full = isinstance(wrong, OSError) and wrong.errno in FULL
        error = no_room(name) if full else damaged(name, kind)
        return {"cause": error.cause, "next_step": error.next_step}


def main() -> None:
    """The child."""
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    jobs, parent = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # what native code prints is nothing for the parent
    serve(jobs, parent)


if __name__ == "__main__":
    main()
