"""What tests of a view of a cloud share: its pixels, and where a point is on them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

RED, GREEN = (255, 0, 0), (0, 255, 0)
WIDTH, HEIGHT = 400, 300


def paint(view, colours):
    n = len(view._points)
    view.set_colours(np.broadcast_to(np.array(colours, np.uint8), (n, 3)))


def settle(qtbot, *views):
    QApplication.processEvents()
    qtbot.waitUntil(lambda: all(view.is_settled() for view in views), timeout=20_000)
    QApplication.processEvents()


def pixels(view, overlay=False):
    """int (height, width, 3): what the widget shows, without axes and marks unless asked."""
    view._overlay.setVisible(overlay)
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    view._overlay.setVisible(True)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), :3].astype(int)


def is_colour(shown, colour, slack=40):
    return (np.abs(shown - np.array(colour)) <= slack).all(-1)


def at(view, index):
    """Where a point is on the screen."""
    x, y, _ = view.camera.project(view._points[[index]].astype(np.float64), (view.width(), view.height()))[0]
    return QPoint(round(x - 0.5), round(y - 0.5))


CORNERS = [[0, 0, 0], [4, 0, 0], [4, 0, 3], [0, 0, 3], [1, 2, 1.3]]
