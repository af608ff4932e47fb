"""What a window and its engine hold, and whether that grows."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil

GROWTH = 0.05
"""Share by which memory may grow between the first measure that counts and the last."""
_WARM = 0.3
"""Share of the measures in which all is still being opened for the first time."""
_MEMORY = ("window, MB", "engine, MB")

Measures = dict[str, float]


def measured(window) -> Measures:
    """Of a window in which nothing is open; on its own thread."""
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    here = psutil.Process()
    engine = psutil.Process(window.jobs.host.pid) if window.jobs.host.pid else None
    timers = [one for one in shiboken6.getAllValidWrappers() if isinstance(one, QTimer)]
    found = {
        "window, MB": here.memory_info().rss / 1e6,
        "threads": threading.active_count(),
        "threads of the system": here.num_threads(),
        "handles": here.num_fds(),
        "widgets": len(QApplication.allWidgets()),
        "timers": len(timers),
        "running timers": sum(one.isActive() for one in timers),
        "segments": len([name for name in os.listdir("/dev/shm") if _is_ours(name, here, engine)]),
        "processes": len(here.children(recursive=True)),
    }
    if engine is not None:
        of_engine = {
            "engine, MB": engine.memory_info().rss / 1e6,
            "threads of the engine": engine.num_threads(),
        }
        found |= of_engine | {"handles of the engine": engine.num_fds()}
    return found


def _is_ours(name: str, *processes: psutil.Process | None) -> bool:
    return "headlight" in name and any(f"-{one.pid}-" in name for one in processes if one is not None)


@dataclass(frozen=True)
class Line:
    """One thing that was measured again and again. grown: by a straight line through all that counts, as a
    share of where it begins."""

    name: str
    first: float
    last: float
    most: float
    grown: float

    @property
    def is_flat(self) -> bool:
        """Memory but for GROWTH; of all else there is no more at the end than there was at first."""
        return self.grown <= GROWTH if self.name in _MEMORY else self.last <= self.first


def lines(rows: Sequence[Mapping[str, float]]) -> list[Line]:
    """rows: measures in their order, each of the same state."""
    counted = rows[int(len(rows) * _WARM) :]
    made = []
    for name in rows[-1]:
        values = np.array([row[name] for row in counted if name in row], float)
        slope, start = np.polyfit(np.arange(len(values)), values, 1) if len(values) > 1 else (0.0, values[0])
        grown = slope * (len(values) - 1) / max(start, 1e-9)
        made.append(Line(name, values[0], values[-1], values.max(), float(grown)))
    return made
