"""A detector on the page of a cloud's points: no classes to show, and what a box stands on instead."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.answers import Boxes
from headlight.viewer.session.view import CloudSettings, MapSettings
from tests.models.tiny_detector import saved, scan
from tests.viewer.cloud_windows import pane


@pytest.fixture
def window(make_window, settled, tmp_path):
    points, intensity = scan()
    np.column_stack([points, intensity]).astype(np.float32).tofile(tmp_path / "scan.bin")
    made = make_window(model=str(saved(tmp_path / "detector")))
    made.runs.open_path(str(tmp_path / "scan.bin"))
    settled(made)
    made.session.set_page("attention")
    settled(made)
    return made


def test_a_point_in_a_box_shows_what_the_box_stands_on(window, settled):
    trace = window.session.current.trace
    answer = trace.answer(Boxes)
    assert len(answer) == 12
    box = max(range(12), key=lambda index: len(answer.inside(trace.tokens.positions)[index]))
    inside = answer.inside(trace.tokens.positions)[box]
    window.session.change(CloudSettings, second="attention")
    for method in ("box-gradient", "box-occlusion"):
        window.session.change(MapSettings, method=method)
        window.session.select(queries=trace.tokens.places(inside[:3]))
        settled(window)
        drawn = pane(window, "cloud-second").painted.drawn
        assert drawn is not None
        assert drawn.values.max() > 0
        assert any(drawn.said.startswith(name) for name in answer.classes)
    assert "box" in window.deck.docks["cloud-second"].title().lower()
