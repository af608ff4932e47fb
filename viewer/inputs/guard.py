"""Readers that are native code, in a process of their own: whatever a file does to them, Headlight lives on.

The child reads the file, leaves its arrays in a folder, which lies in memory where the system has one there,
and says so; the parent maps them. It is killed when it has said all, when the task is cancelled and when it
shows no progress for long; where the system allows, its memory is limited.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
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
_SPARING = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "4"}
"""What keeps libraries from setting addresses aside for each of many cores."""

T = TypeVar("T")
_LOOK = 0.05
"""Seconds between two looks at a cancel."""
_SHARED = Path("/dev/shm")
"""A folder in memory, as Linux has it."""


def guarded(source: Source, native: str, kind: str, made: type[T]) -> T:
    """What a reader, a dotted name, makes of the file. Raises HeadlightError, also where the reader died.

    kind: as messages call a file of its format. made: the dataclass that the reader returns, of arrays and of
    what JSON holds.
    """
    memory = _SHARED if os.access(_SHARED, os.W_OK) else None
    with _folder() as folder, _folder(memory) as shared:
        path = source.path
        if path is None:
            path = Path(folder, "input")
            path.write_bytes(source.file.read())
        command = [
            sys.executable,
            "-m",
            __name__,
            native,
            kind,
            str(path.absolute()),
            source.name,
            shared,
            folder,
        ]
        root = str(Path(headlight.__file__).resolve().parents[1])
        earlier = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ,
            **_SPARING,
            "PYTHONPATH": root if not earlier else root + os.pathsep + earlier,
        }
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        listener = threading.Thread(target=_listen, args=(process, heard), daemon=True)
        listener.start()
        try:
            said = _said(heard, source)
        finally:
            process.kill()
            process.wait()
            listener.join()
        return made(**_result(said, source.name, kind))


def _folder(parent: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """Named by this process, so that whoever finds it knows whether it is still in use."""
    prefix = f"headlight-{os.getpid()}-"
    return tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)


def _listen(process: subprocess.Popen[bytes], heard: queue.SimpleQueue[bytes]) -> None:
    """Hand on the child's lines, and an empty one at its end."""
    with process.stdout:
        for line in process.stdout:
            heard.put(line)
    heard.put(b"")


def _said(heard: queue.SimpleQueue[bytes], source: Source) -> dict | None:
    """The child's last word, None if it died without; hands on its progress. Raises Cancelled, and when it is
    stuck.
    """
    share, since = 0.0, time.monotonic()
    while True:
        with suppress(queue.Empty):
            line = heard.get(timeout=_LOOK)
            now = json.loads(line) if line else None
            if not isinstance(now, float):
                return now
            if now != share:
                share, since = now, time.monotonic()
        source.task.progress(share, f"Reading {source.name}")
        if time.monotonic() - since > QUIET:
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


def main(native: str, kind: str, path: str, name: str, *folders: str) -> None:
    """What the child does. folders: where it may leave arrays."""
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told = _Told(os.fdopen(os.dup(1), "wb"))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what native code prints is nothing for the parent
    # laspy asks for it, for files on the web, and it takes longer than laspy itself.
    sys.modules["requests"] = None
    try:
        with open(path, "rb") as file:
            source = Source(name, file, os.fstat(file.fileno()).st_size, Path(path), told)
            with np.errstate(all="ignore"):
                parts = vars(resolve(native)(source))
        arrays = {part: value for part, value in parts.items() if isinstance(value, np.ndarray)}
        said = {
            "arrays": {part: _left(part, value, folders) for part, value in arrays.items()},
            "rest": {part: value for part, value in parts.items() if part not in arrays},
        }
    except HeadlightError as error:
        said = {"cause": error.cause, "next_step": error.next_step}
    except MemoryError:
        said = {
            "cause": f"{name} does not fit into the free memory.",
            "next_step": "Close other programs or thin it out.",
        }
    except BaseException as wrong:  # a panic of Rust is no Exception
        full = isinstance(wrong, OSError) and wrong.errno in FULL
        error = no_room(name) if full else damaged(name, kind)
        said = {"cause": error.cause, "next_step": error.next_step}
    told.say(said)


if __name__ == "__main__":
    main(*sys.argv[1:])
