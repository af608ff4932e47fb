"""Readers that are native code, in a process of their own: whatever a file does to them, Headlight lives on.

The child reads the file, saves its arrays in a folder and ends. It is killed when the task is cancelled and
when it shows no progress for long; where the system allows, its memory is limited.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

import headlight
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.viewer.inputs.clouds.parts import Parts, damaged
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import resolve

QUIET = 30.0
"""Seconds without progress after which a reader is given up."""
MEMORY = 8_000_000_000
"""Bytes of addresses that a reader may use."""

_POLL = 0.05
_ARRAYS = ("points", "colours", "normals", "labels")


def guarded(source: Source, native: str, kind: str) -> Parts:
    """What a reader, a dotted name, makes of the file. Raises HeadlightError, also where the reader died.

    kind: as messages call a file of its format.
    """
    with tempfile.TemporaryDirectory(prefix="headlight-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        path = source.path
        if path is None:
            path = folder / "input"
            path.write_bytes(source.file.read())
        command = [
            sys.executable,
            "-m",
            __name__,
            native,
            kind,
            str(path.absolute()),
            name,
            source.name,
        ]
        root = str(Path(headlight.__file__).resolve().parents[1])
        earlier = os.environ.get("PYTHONPATH")
        environment = {**os.environ, "PYTHONPATH": root if not earlier else root + os.pathsep + earlier}
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            _wait(process, folder, source)
        finally:
            process.kill()
            process.wait()
        return _result(folder, source.name, kind)


def _wait(process: subprocess.Popen, folder: Path, source: Source) -> None:
    """Until the child has ended, handing on its progress. Raises Cancelled, and when it is stuck."""
    share, since = 0.0, time.monotonic()
    while True:
        try:
            process.wait(_POLL)
            return
        except subprocess.TimeoutExpired:
            pass
        try:
            now = float((folder / "progress").read_text())
        except (OSError, ValueError):  # not there yet, or being written
            now = share
        if now != share:
            share, since = now, time.monotonic()
        source.task.progress(share, f"Reading {source.name}")
        if time.monotonic() - since > QUIET:
            raise HeadlightError(
                f"{source.name} keeps its reader busy without end.", "Get a whole copy of it and try again."
            )


def _result(folder: Path, name: str, kind: str) -> Parts:
    try:
        said = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # the child died
        raise damaged(name, kind) from error
    if "cause" in said:
        raise HeadlightError(said["cause"], said["next_step"])
    arrays = {}
    for part in _ARRAYS:
        file = folder / f"{part}.npy"
        arrays[part] = np.load(file, allow_pickle=False) if file.exists() else None
    return Parts(**arrays, **said)


class _Told(Task):
    """The child's side: progress goes to a file, and without a parent the work ends."""

    def __init__(self, file: Path) -> None:
        self._file, self._parent = file, os.getppid()

    def progress(self, share: float, sentence: str) -> None:
        self._file.write_text(str(share))
        if os.getppid() != self._parent:
            os._exit(1)


def main(native: str, kind: str, path: str, out: str, name: str) -> None:
    """What the child does."""
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(out)
    try:
        with open(path, "rb") as file:
            size, told = os.fstat(file.fileno()).st_size, _Told(folder / "progress")
            source = Source(name, file, size, Path(path), told)
            with np.errstate(all="ignore"):
                parts: Parts = resolve(native)(source)
        said = {key: value for key, value in asdict(parts).items() if key not in _ARRAYS}
        for part in _ARRAYS:
            values = getattr(parts, part)
            if values is not None:
                np.save(folder / f"{part}.npy", values)
    except HeadlightError as error:
        said = {"cause": error.cause, "next_step": error.next_step}
    except MemoryError:
        said = {
            "cause": f"{name} does not fit into the free memory.",
            "next_step": "Close other programs or thin it out.",
        }
    except BaseException:  # a panic of Rust is no Exception
        error = damaged(name, kind)
        said = {"cause": error.cause, "next_step": error.next_step}
    (folder / "result.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
