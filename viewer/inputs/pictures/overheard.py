"""What native libraries write to stderr past everybody: kept from it, and read."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_MOST = 1 << 20
"""Bytes of what was written that are read."""


@contextmanager
def overheard() -> Iterator[Callable[[], bytes]]:
    """A function that gives what was written so far, b"" where nothing was."""
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:  # a program without a console has none
            yield lambda: b""
            return
        try:
            with tempfile.TemporaryFile(prefix="headlight-") as file:
                os.dup2(file.fileno(), 2)
                yield lambda: os.pread(file.fileno(), _MOST, 0) if hasattr(os, "pread") else b""
        finally:
            os.dup2(kept, 2)
            os.close(kept)
