"""Views of clouds for tests."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.widgets.cloud.view import CloudView
from tests.widgets.cloud.views import HEIGHT, RED, WIDTH, paint, settle


@pytest.fixture
def opened(clean, qtbot):
    """Open a view of points (n, 3), in one colour or colours (n, 3), seen from the front; plain discs."""
    kept = []

    def make(points, colours=RED, size=(WIDTH, HEIGHT), look="front") -> CloudView:
        view = CloudView()
        kept.append(view)
        qtbot.addWidget(view)
        view.resize(*size)
        view.set_points(np.array(points, np.float32))
        paint(view, colours)
        view.set_size_by_depth(False)
        view.set_eye_dome(False)
        view.show()
        qtbot.waitExposed(view)
        view.look(look)
        settle(qtbot, view)
        return view

    yield make
    kept.clear()
