"""What the window's own process holds and how long it is silent: what bench.py prints as window."""

from __future__ import annotations

import json
import statistics
import time
from itertools import pairwise
from pathlib import Path

from script.bench_memory import apart

SAMPLES = Path(__file__).parents[1] / "assets" / "samples"
SENTENCE = "The kettle did not fit on the shelf because it was too wide."
CHANGES = 6
LONGEST = 120.0
"""Seconds until a document is given up."""


def window() -> list[tuple[str, str, str]]:
    found = apart("script.bench_window", "window_here")
    return [
        ("longest silence while the theme changes, a text open", f"{found['text']:.0f} ms", "≤ 50 ms"),
        ("   of it the window's thread at work", f"{found['work']:.0f} ms", ""),
        ("a text, an image and a cloud open: the window's process", f"{found['held']:.0f} MB", "≤ 350 MB"),
    ]


def window_here() -> None:
    """In a process of its own, as it looks at all that it holds."""
    import os

    import psutil
    from PySide6.QtCore import QCoreApplication, QSettings, Qt
    from PySide6.QtWidgets import QApplication

    from headlight.viewer.app.window import Window
    from headlight.viewer.panes.shared.log_handler import LogHandler
    from headlight.viewer.session.session import RunOptions
    from headlight.widgets.base import theme

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    theme.apply(app, "dark")
    shown = Window(RunOptions(), QSettings(os.devnull, QSettings.Format.IniFormat), LogHandler())
    shown.show()
    shown.runs.open_text(SENTENCE)
    _settle(app, shown)
    gaps = [_silence(app, lambda name=name: theme.apply(app, name)) for name in ("light", "dark") * CHANGES]
    for path in (SAMPLES / "astronaut.jpg", SAMPLES / "rooms" / "meeting.ply"):
        shown.runs.open_path(str(path))
        _settle(app, shown)
    held = psutil.Process().memory_info().rss / 1e6
    shown.close()
    silent, work = (statistics.median(gap[kind] * 1000 for gap in gaps) for kind in (0, 1))
    print(json.dumps({"text": silent, "work": work, "held": held}))


def _settle(app, shown) -> None:
    """Until nothing has run for a while."""
    began, idle = time.perf_counter(), 0
    while idle < 100 and time.perf_counter() - began < LONGEST:
        app.processEvents()
        time.sleep(0.002)
        idle = idle + 1 if shown.is_idle() and shown.session.current is not None else 0


def _silence(app, act) -> tuple[float, float]:
    """The longest time between two ticks of the event loop within a second, and the longest of its work."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    ticks: list[tuple[float, float]] = []
    timer = QTimer(interval=2, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append((time.perf_counter(), time.thread_time())))
    loop = QEventLoop()
    timer.start()
    QTimer.singleShot(50, act)
    QTimer.singleShot(1050, loop.quit)
    loop.exec()
    timer.stop()
    return tuple(max(b[kind] - a[kind] for a, b in pairwise(ticks)) for kind in (0, 1))
