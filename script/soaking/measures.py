"""What a window and its engine hold, and whether that grows."""

from __future__ import annotations

import gc
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil

STOP = "stop"
"""The file in a soak's folder by which it is asked to end."""
GROWTH = 0.05
"""Share by which memory may grow between the first measure that counts and the last."""
_WARM = 0.3
"""Share of the measures in which all is still being opened for the first time."""
_MEMORY = ("window, MB", "engine, MB")

Measures = dict[str, float]
CLASS = "class "
"""How the names of measures begin that count widgets of one class: told where there are more widgets."""


def measured(window) -> Measures:
    """Of a window in which nothing is open; on its own thread."""
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    here = psutil.Process()
    engine = psutil.Process(window.jobs.host.pid) if window.jobs.host.pid else None
    widgets = QApplication.allWidgets()
    classes = Counter(f"{CLASS}{type(one).__name__}" for one in widgets)
    timers = [one for one in shiboken6.getAllValidWrappers() if isinstance(one, QTimer)]
    found = {
        "window, MB": here.memory_info().rss / 1e6,
        "threads": threading.active_count(),
        "threads of the system": here.num_threads(),
        "handles": here.num_fds(),
        "widgets": len(widgets),
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
    return found | classes


def _is_ours(name: str, *processes: psutil.Process | None) -> bool:
    return "headlight" in name and any(f"-{one.pid}-" in name for one in processes if one is not None)


@dataclass(frozen=True)
class Line:
    """One thing that was measured again and again. grown: by a straight line through all that counts, as a
    share of where it begins, but never more than from the first to the last: what was taken for a while and
    given back bends the line, and is no growth."""

    name: str
    first: float
    last: float
    most: float
    grown: float
    before: float
    """The most of the first half: handles come and go by one or two."""

    @property
    def is_flat(self) -> bool:
        """Memory but for GROWTH; of all else there is no more at the end than there was before."""
        return self.grown <= GROWTH if self.name in _MEMORY else self.last <= self.before


def lines(rows: Sequence[Mapping[str, float]]) -> list[Line]:
    """rows: measures in their order, each of the same state."""
    counted = rows[int(len(rows) * _WARM) :]
    made = []
    for name in rows[-1]:
        if name.startswith(CLASS):
            continue
        values = np.array([row[name] for row in counted if name in row], float)
        slope, start = np.polyfit(np.arange(len(values)), values, 1) if len(values) > 1 else (0.0, values[0])
        grown = slope * (len(values) - 1) / max(start, 1e-9)
        before = values[: (len(values) + 1) // 2].max()
        grown = min(grown, values[-1] / max(values[0], 1e-9) - 1)
        made.append(Line(name, values[0], values[-1], values.max(), float(grown), before))
    return made


def came(rows: Sequence[Mapping[str, float]]) -> str:
    """Which widgets there are more of at the end than at the first measure that counts."""
    first, last = rows[int(len(rows) * _WARM)], rows[-1]
    more = {name: last[name] - first.get(name, 0) for name in last if name.startswith(CLASS)}
    return ", ".join(f"{by:.0f} {name.removeprefix(CLASS)}" for name, by in more.items() if by > 0)
