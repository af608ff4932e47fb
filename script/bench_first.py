"""From a drop to the first picture of a cloud of five million points: what bench.py prints as cloud-first."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from script.bench_cloud import room
from script.bench_memory import apart

POINTS = 5_000_000
LONGEST = 120.0
"""Seconds until it is given up."""


def first() -> list[tuple[str, str, str]]:
    found = apart("script.bench_first", "first_here")
    return [
        ("5M points, binary PLY: from the drop to the first picture", f"{found['first']:.1f} s", "≤ 6 s"),
        ("   longest time in which the window answered nothing", f"{found['quiet']:.2f} s", ""),
    ]


def write(path: Path) -> None:
    """Records of x y z (float32) and red green blue (uint8)."""
    names = [*((axis, "<f4") for axis in "xyz"), *((c, "u1") for c in ("red", "green", "blue"))]
    made = np.empty(POINTS, names)
    for axis, column in zip("xyz", room(POINTS).T, strict=True):
        made[axis] = column
    random = np.random.default_rng(0)
    for channel in ("red", "green", "blue"):
        made[channel] = random.integers(0, 256, POINTS, np.uint8)
    kinds = {"<f4": "float", "u1": "uchar"}
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {POINTS}"]
    header += [f"property {kinds[kind]} {name}" for name, kind in names]
    path.write_bytes("\n".join([*header, "end_header\n"]).encode() + made.tobytes())


def first_here() -> None:
    """In a process of its own, as the file is the first that the window opens."""
    import os

    from PySide6.QtCore import QCoreApplication, QSettings, Qt
    from PySide6.QtWidgets import QApplication

    from viewer.panes.log import LogHandler
    from viewer.session import RunOptions
    from viewer.window import Window
    from widgets import theme

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    theme.apply(app, "dark")
    window = Window(RunOptions(), QSettings(os.devnull, QSettings.Format.IniFormat), "dark", LogHandler())
    window.show()
    app.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "room.ply"
        write(path)
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
