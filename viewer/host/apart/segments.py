"""Large arrays between two processes of one machine: files in a folder in memory, mapped by who gets them.

Files rather than named memory, since a folder can be removed whole, whoever of the two died and when: that is
what keeps nothing left over. Where the system has no folder in memory its temporary one serves, which its
cache holds in memory as long as there is room.
"""

from __future__ import annotations

import itertools
import mmap
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "headlight-"
_MEMORY = Path("/dev/shm")


class Segments:
    """One side of a shared folder. Both sides may write; each segment is taken once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = (f"{os.getpid()}-{number}" for number in itertools.count())

    @classmethod
    def made(cls) -> Segments:
        """With a new folder, after those are removed whose processes are gone."""
        parent = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        sweep(parent)
        return cls(Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent)))

    def put(self, data: memoryview) -> str | None:
        """Leave bytes for the other side: the segment's name, None where there is no room for them."""
        name = next(self._names)
        path = self.folder / name
        try:
            with open(path, "xb", buffering=0) as file:  # writing lets other threads work, filling a map not
                while data:
                    data = data[file.write(data) :]
        except OSError:
            path.unlink(missing_ok=True)
            return None
        return name

    def take(self, name: str) -> mmap.mmap:
        """What the other side left, as memory of our own, freed with the last array over it."""
        path = self.folder / name
        with open(path, "r+b", buffering=0) as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        with suppress(PermissionError):  # Windows, while it is mapped: it goes with the folder
            path.unlink()
        return data

    def close(self) -> None:
        """Remove the folder and all that nobody took."""
        shutil.rmtree(self.folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders of processes that are gone: both sides of them were ended at once."""
    import psutil

    for folder in parent.glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
