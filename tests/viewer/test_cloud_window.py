"""Real windows with a hand-made cloud: from a drop to linked views, and back by undo."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.viewer.given_cloud import room, trace_of
from viewer.forward import Pass
from viewer.session import RunOptions

WAIT = 60_000


@pytest.fixture
def settled(qtbot):
    def wait(window) -> None:
        qtbot.wait(20)
        qtbot.waitUntil(window.is_idle, timeout=WAIT)

    return wait


@pytest.fixture
def cloud_window(make_window, settled):
    """A window with a room that a hand-made model has read."""
    window = make_window(run=False)
    cloud = room(3000)
    document = window.session.add(cloud, RunOptions())
    answer = trace_of(cloud)
    window.runs._ready(document, cloud, document.options, Pass(answer, (0.0,) * 5, "CPU", 10**9))
    settled(window)
    return window


def test_shot(cloud_window, settled):
    window = cloud_window
    window.deck.panes["cloud"]._take(np.array([1500]), False)
    settled(window)
    window.grab().save("/tmp/window/a.png")
