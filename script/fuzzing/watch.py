"""What opening a file did beside giving a document: memory, files, connections, programs, code, stderr.

Python's audit events tell of all that is done through it. Of native code the folder of temporary files, the
open handles and the memory are looked at.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = 2_000_000_000
"""Bytes above a file's own that opening it may take."""
_SHARED = "/dev/shm/"
_CHANGES = {
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.chmod",
    "os.truncate",
}
_STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}
_CONNECTS = {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request"}
_CODE = {"pickle.find_class", "marshal.loads", "ctypes.dlopen"}


class Watch:
    """folder: where files may be written, TMPDIR of this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._found, self._on, self.taken = folder, [], False, 0
        self._stderr = tempfile.TemporaryFile(dir=folder.parent)  # noqa: SIM115
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple) -> None:
        if not self._on:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self._written(event, path)
        elif event in _CHANGES:
            if arguments[-1] in (-1, None) or not isinstance(
                arguments[-1], int
            ):  # else beside an open folder
                self._written(event, arguments[0])
        elif event in _STARTS:
            self._add(f"starts {arguments[0]}")
        elif event in _CONNECTS:
            self._add(f"connects: {event}")
            raise ConnectionRefusedError("no connections")
        elif event in _CODE and not _is_import():
            self._add(f"code: {event} {arguments[:2]}")

    def _written(self, event: str, path: object) -> None:
        if isinstance(path, int):
            return
        place = os.path.abspath(os.fsdecode(path))
        if not place.startswith((str(self.folder), f"{_SHARED}headlight-", os.devnull)):
            self._add(f"{event} outside: {place}")

    def _add(self, what: str) -> None:
        if what not in self._found:
            self._found.append(what)

    @contextmanager
    def watching(self, size: int) -> Iterator[list[str]]:
        """What is found is in the list when all is done. size: of the file."""
        there = set(os.listdir(self.folder))
        self._found = found = []
        handles, threads = _handles(), threading.active_count()
        before = _reset_peak()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (addresses() + MEMORY + size, hard))
        earlier = os.dup(2)
        os.dup2(self._stderr.fileno(), 2)
        self._on = True
        try:
            yield found
        finally:
            self._on = False
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
            os.dup2(earlier, 2)
            os.close(earlier)
        self.taken = _peak() - before
        if (taken := self.taken - size) > MEMORY:
            found.append(f"{taken / 1e9:.1f} GB")
        left = sorted(set(os.listdir(self.folder)) - there)
        left += [name for name in os.listdir(_SHARED) if name.startswith(f"headlight-{os.getpid()}-")]
        if left:
            found.append(f"left {', '.join(left[:3])}")
        if (more := _handles() - handles) > 0:
            found.append(f"{more} handles left open")
        patience = time.monotonic() + 1  # of a pool that is just being closed
        while threading.active_count() > threads and time.monotonic() < patience:
            time.sleep(0.01)
        if (more := threading.active_count() - threads) > 0:
            found.append(f"{more} threads left")
        self._stderr.seek(0)
        if said := self._stderr.read():
            found.append(f"said {said[:200]!r}")
            self._stderr.seek(0)
            self._stderr.truncate()


def _is_import() -> bool:
    """Whether modules are being imported, which loads code that lies in the environment."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def addresses() -> int:
    """Bytes of addresses that are in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _reset_peak() -> int:
    """Bytes in memory now, from which on the peak is counted."""
    with suppress(OSError):  # some containers do not let one: the peak is that of all files then
        Path("/proc/self/clear_refs").write_text("5")
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
