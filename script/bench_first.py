"""From a drop to the first picture of a cloud of five million points: what bench.py prints as cloud-first."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from script.bench_cloud import room as surfaces
from script.bench_files import room, write_ply
from script.bench_memory import apart

POINTS = 5_000_000
LONGEST = 120.0
"""Seconds until it is given up."""


def first() -> list[tuple[str, str, str]]:
    found = apart("script.bench_first", "first_here")
    return [
        ("5M points, binary PLY: from the drop to the first picture", f"{found['first']:.1f} s", "≤ 6 s"),
        ("   longest time in which the window answered nothing", f"{found['quiet']:.2f} s", "≤ 0.1 s"),
    ]


def first_here() -> None:
    """In a process of its own, as the file is the first that the window opens."""
    import os

    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from headlight.viewer.app.window import Window
    from headlight.viewer.panes.shared.log_handler import LogHandler
    from headlight.viewer.session.session import RunOptions
    from headlight.widgets.base import theme

    app = QApplication([])
    theme.apply(app, "dark")
    window = Window(RunOptions(), QSettings(os.devnull, QSettings.Format.IniFormat), LogHandler())
    window.show()
    app.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "room.ply"
        points = room(POINTS)
        for axis, column in zip("xyz", surfaces(POINTS).T, strict=True):
            points[axis] = column
        write_ply(path, points)
        began = last = time.perf_counter()
        quiet = 0.0
        window.runs.open_path(str(path))
        while not _drawn(window) and last - began < LONGEST:
            app.processEvents()
            now = time.perf_counter()
            quiet, last = max(quiet, now - last), now
        window.close()
    if last - began >= LONGEST:
        raise SystemExit("nothing was drawn")
    print(json.dumps({"first": last - began, "quiet": quiet}))


def _drawn(window) -> bool:
    """Whether the first view shows points."""
    view = window.deck.panes["cloud"].view if window.deck is not None else None
    resources = view._canvas._gl if view is not None else None
    return resources is not None and resources.front.drawn > 0
