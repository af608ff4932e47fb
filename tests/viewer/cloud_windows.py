"""What tests of windows with a cloud ask of them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from headlight.viewer.host.forward import Pass, starting_head


def answered(window, document, trace) -> None:
    """As if a model had read the document."""
    result = Pass(trace, (0.0,) * len(trace.layers), "CPU", None, 0, starting_head(trace))
    window.runs._ready(document, document.input, document.options, window.jobs.host.here(result))


def pane(window, name):
    return window.deck.panes[name]


def on_screen(view, point: int) -> QPoint:
    x, y, _ = view.camera.project(view._points[point], (view.width(), view.height()))[0]
    return QPoint(round(float(x)), round(float(y)))


def seen(view) -> int:
    """A point of the cube that no other hides, away from everything that stands in front."""
    for point in range(600, 900):
        at = on_screen(view, point)
        if view.pick(at.x(), at.y()) == point:
            return point
    raise AssertionError("no point of the cube can be seen")


def colours_in(picture: np.ndarray) -> int:
    """How many there are in uint8 (h, w, 3)."""
    return len(np.unique(picture @ np.array([65_536, 256, 1])))


def pixels(view) -> np.ndarray:
    """uint8 (h, w, 3) of what the view shows."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
