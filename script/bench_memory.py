"""Peak memory of a piece of work, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
INTERVAL = 0.005
"""Seconds between two looks."""


def apart(module: str, function: str) -> dict[str, Any]:
    """What a function of the bench prints as its last line, in JSON, when it runs in a new process."""
    said = subprocess.run(
        [sys.executable, "-c", f"import {module} as b; b.{function}()"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(said.stdout.splitlines()[-1])


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """On leaving: "peak", bytes of the process above where it began, and "seconds"."""
    import psutil

    process = psutil.Process()
    base, done = process.memory_info().rss, threading.Event()
    found = {"peak": 0.0, "seconds": 0.0}

    def watch() -> None:
        while not done.wait(INTERVAL):
            found["peak"] = max(found["peak"], process.memory_info().rss - base)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        yield found
        found["seconds"] = time.perf_counter() - began
    finally:
        done.set()
        watcher.join()
