"""Where shown traces lie, and where windows say how they are reached. Both are the user's own."""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from headlight.models.core.errors import HeadlightError

KEPT_DAYS, KEPT_BYTES = 3, 4_000_000_000
"""Shown traces are kept so long, and the newest of them up to so many bytes."""
_NAME = re.compile(r"[0-9a-f]{32}\.headlight\.npz")
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def check_screen() -> None:
    """HeadlightError where there is no screen to open a window on: Qt would end the process."""
    if sys.platform == "linux" and not any(os.environ.get(name) for name in _SCREENS):
        raise HeadlightError(
            "There is no display to open a window on.",
            "Start it in a desktop session, or use “main.py export”, which needs none.",
        )


def shown() -> Path:
    """The folder of shown traces."""
    import platformdirs

    return _own(Path(platformdirs.user_cache_dir("headlight")) / "shown")


def windows() -> Path:
    """The folder in which windows say how they are reached, and what waits for one that starts."""
    import platformdirs

    with warnings.catch_warnings():  # of a machine without such folders: the one in its place is as private
        warnings.simplefilter("ignore")
        runtime = Path(platformdirs.user_runtime_dir("headlight"))
    return _own(runtime / "windows")


def new_file() -> Path:
    """Where a trace that is to be shown is written; older ones that nobody needs any more are gone then."""
    folder = shown()
    _prune(folder)
    return folder / f"{uuid.uuid4().hex}.headlight.npz"


def file_named(name: object) -> Path | None:
    """A shown trace by its bare name; None of any other file."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    path = shown() / name
    return path if path.is_file() and not path.is_symlink() else None


def is_shown(path: str) -> bool:
    """Whether a file is of the folder of shown traces, by its name alone."""
    return _NAME.fullmatch(Path(path).name) is not None


def _own(folder: Path) -> Path:
    """The folder, which nobody else can look into."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            if folder.stat().st_uid != os.getuid():
                raise HeadlightError(f"{folder} belongs to another user.", "Take it away.")
            folder.chmod(0o700)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(f"{folder} cannot be made: {reason}.", "Make room for it.") from error
    return folder


def _prune(folder: Path) -> None:
    held = 0
    for path, state in sorted(_files(folder), key=lambda one: -one[1].st_mtime):
        held += state.st_size
        if held > KEPT_BYTES or time.time() - state.st_mtime > KEPT_DAYS * 86_400:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.iterdir():
        with suppress(OSError):  # another script took it away
            yield path, path.stat()
