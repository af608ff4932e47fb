"""The 3D view at a million points, 1000 × 800 pixels: the rows that bench.py prints as `cloud`."""

from __future__ import annotations

import statistics
import time

import numpy as np

POINTS = 1_000_000
SIZE = (1000, 800)


def room(n: int = POINTS, seed: int = 0) -> np.ndarray:
    """float32 (n, 3): the six sides of a room of 8 × 6 × 3 m and twenty boxes in it, 5 mm of noise."""
    random = np.random.default_rng(seed)
    low = np.concatenate([[[0, 0, 0]], random.uniform([0, 0, 0], [7, 5, 0.1], (20, 3))])
    high = np.concatenate([[[8, 6, 3]], low[1:] + random.uniform(0.3, 1, (20, 3))])
    which = np.where(random.random(n) < 0.5, 0, random.integers(1, 21, n))
    points = random.uniform(low[which], high[which])
    axis, side = random.integers(0, 3, n), random.random(n) < 0.5
    points[np.arange(n), axis] = np.where(side, low[which, axis], high[which, axis])
    return (points + random.normal(0, 0.005, (n, 3))).astype(np.float32)


def cloud() -> list[tuple[str, str, str]]:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from headlight.widgets.base import theme
    from headlight.widgets.cloud.picking import PointGrid
    from headlight.widgets.cloud.view import CloudView

    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    points = room()
    random = np.random.default_rng(1)
    colours = random.integers(0, 256, (len(points), 3), dtype=np.uint8)
    view = CloudView()
    view.resize(*SIZE)
    view.set_points(points)
    view.set_colours(colours)
    view.show()

    def settle(longest: float = 60.0) -> float:
        began = time.perf_counter()
        while not view.is_settled() and time.perf_counter() - began < longest:
            app.processEvents()
        return time.perf_counter() - began

    frames: list[float] = []
    drawn: list[int] = []
    shown = Qt.ConnectionType.QueuedConnection  # that is, once the window has passed the frame on
    view._canvas.painted.connect(lambda: frames.append(time.perf_counter()), shown)
    app.processEvents()
    settle()

    def orbit(count: int = 80) -> None:
        """Turn a little after each frame that was shown, as a mouse that moves all the time does."""
        frames.clear()
        drawn.clear()
        while len(frames) < count:
            before = len(frames)
            view.camera.orbit(3.0, 0.1)
            while len(frames) == before:
                app.processEvents()
            drawn.append(view._canvas._gl.front.drawn)

    orbit(15)
    orbit()
    rate = 1 / statistics.median(np.diff(frames))
    points_a_frame = int(statistics.median(drawn))
    view.camera.orbit(3.0, 0.1)
    rest = settle()

    recolouring = []
    for _ in range(7):
        colours = random.integers(0, 256, (len(points), 3), dtype=np.uint8)
        began = time.perf_counter()
        view.set_colours(colours)
        view._canvas._gl.make_current()
        view._canvas._send()
        while view._canvas._gl.cloud.sent < len(points):
            view._canvas._send()
        recolouring.append(time.perf_counter() - began)
        settle()

    grid = PointGrid(points)
    picking = []
    for x, y in random.uniform(0, 1, (200, 2)) * SIZE:
        began = time.perf_counter()
        grid.pick(view.camera, x, y, SIZE)
        picking.append(time.perf_counter() - began)
    view.close()
    view.deleteLater()
    app.processEvents()
    slowest = 1000 * max(picking)
    return [
        ("orbiting 1M points: drawn in a frame", f"{points_a_frame:,}", "≥ 30,000"),
        ("   frames", f"{rate:.0f} frames/s", "≥ 20"),
        ("everything drawn after rest, edges smoothed where that is quick", f"{rest:.2f} s", "≤ 4 s"),
        ("recolouring 1M points, until uploaded", f"{1000 * min(recolouring):.0f} ms", "≤ 60 ms"),
        (
            f"picking at 1M points, median of 200 (slowest {slowest:.0f} ms)",
            f"{1000 * statistics.median(picking):.1f} ms",
            "≤ 20 ms",
        ),
    ]
