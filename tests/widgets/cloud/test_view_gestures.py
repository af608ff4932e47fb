"""The 3D view: pointing, a lasso, and the mouse does what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.widgets.base import theme
from tests.widgets.cloud.views import CORNERS, HEIGHT, WIDTH, at, is_colour, pixels
from tests.widgets.pointer import LEFT, MIDDLE, PLAIN, SHIFT, click, drag, move, wheel

CTRL = Qt.KeyboardModifier.ControlModifier


def test_pointing_and_clicking(opened, qtbot):
    view = opened(CORNERS)
    hovers, clicks, misses = [], [], []
    view.hovered.connect(hovers.append)
    view.clicked.connect(lambda *a: clicks.append(a))
    view.background_clicked.connect(lambda: misses.append(1))
    view.set_tip(lambda index: f"point\t{index}")
    for index in (1, 2):
        for step in range(3):  # moves of one round of events are one pick
            move(view, at(view, index) + QPoint(2 - step, 0))
        QApplication.processEvents()
    assert hovers == [1, 2]
    assert view._tip.text == "point\t2"
    move(view, QPoint(WIDTH // 2, 20))
    QApplication.processEvents()
    assert hovers == [1, 2, None]
    assert view._tip.text == ""
    click(view, at(view, 3))
    click(view, at(view, 0), keys=SHIFT)
    click(view, QPoint(WIDTH // 2, 20))
    assert clicks == [(3, False), (0, True)]
    assert misses == [1]
    view.set_hovered(3)
    spot = at(view, 3)
    shown = pixels(view, overlay=True)[spot.y() - 8 : spot.y() + 9, spot.x() - 8 : spot.x() + 9]
    assert is_colour(shown, QColor(theme.DARK.blue).getRgb()[:3], 60).sum() > 10


def test_a_lasso_finds_the_points_inside(opened, qtbot):
    x, z = np.meshgrid(np.arange(10.0), np.arange(8.0))
    view = opened(np.stack([x.ravel(), 0 * x.ravel(), z.ravel()], 1))
    regions, pose = [], view.camera.pose
    view.region.connect(lambda found, add: regions.append((found.tolist(), add)))
    screen = view.camera.project(view._points, (WIDTH, HEIGHT))

    def draw(corners, keys, escape=False):
        QTest.mousePress(view, LEFT, keys, corners[0])
        for corner in (*corners[1:], corners[0]):
            move(view, corner, LEFT, keys)
        if escape:
            QTest.keyClick(view, Qt.Key.Key_Escape)
        QTest.mouseRelease(view, LEFT, keys, corners[0])

    corners = [QPoint(120, 60), QPoint(300, 80), QPoint(290, 210), QPoint(130, 190)]
    polygon = np.array([[p.x(), p.y()] for p in corners], float)
    a, b = polygon, np.roll(polygon, -1, axis=0)
    side = (b[:, 0] - a[:, 0]) * (screen[:, 1:2] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (screen[:, 0:1] - a[:, 0])
    wanted = np.flatnonzero((side > 0).all(1)).tolist()  # convex: to the right of every edge
    assert 8 < len(wanted) < 60
    draw(corners, SHIFT)
    draw(corners, SHIFT | CTRL)
    draw(corners, SHIFT, escape=True)
    assert regions == [(wanted, False), (wanted, True)]
    view.set_lasso(True)
    draw(corners, PLAIN)
    draw(corners, SHIFT)
    assert regions[2:] == [(wanted, False), (wanted, True)]
    assert view.camera.pose == pose
    mask = np.zeros(80, bool)
    mask[wanted[::2]] = True
    view.set_visible(mask)
    draw(corners, PLAIN)
    assert regions[4] == (wanted[::2], False)


def test_the_mouse_moves_the_camera(opened, qtbot):
    view = opened(CORNERS)
    start, spot = view.camera.pose, at(view, 2)
    drag(view, QPoint(100, 100), QPoint(140, 90))
    assert view.camera.pose.azimuth == pytest.approx((start.azimuth - 20) % 360)
    assert view.camera.pose.elevation == pytest.approx(start.elevation - 5)
    view.camera.pose = start
    wheel(view, spot, 3)
    assert view.camera.pose.distance < start.distance
    assert at(view, 2) == spot
    drag(view, spot, spot + QPoint(-60, 40), MIDDLE)
    assert (at(view, 2) - spot - QPoint(-60, 40)).manhattanLength() <= 1
    QTest.mouseDClick(view, LEFT, PLAIN, at(view, 2))
    assert view.camera.pose.centre == pytest.approx(CORNERS[2])
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.camera.pose == start


def test_it_is_fitted_until_somebody_moves(opened, qtbot):
    view = opened(CORNERS)
    view.resize(700, 200)
    QApplication.processEvents()
    screen = view.camera.project(view._points, (700, 200))
    assert np.ptp(screen[:, 1]) == pytest.approx(200 * 0.88, abs=1)
    view.camera.orbit(5, 5)
    pose = view.camera.pose
    view.resize(400, 300)
    assert view.camera.pose == pose
