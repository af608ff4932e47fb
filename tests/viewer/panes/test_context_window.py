"""The page of context in a window: a part drawn on a picture, and points of a cloud alone."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from headlight.models.core.interventions import Surroundings
from headlight.models.core.tokens import Region
from headlight.viewer.session.inspecting import ContextSettings
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.explain.context import alone
from headlight.widgets.plane.region_view import RegionView
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.given_cloud import room
from tests.viewer.linked import ROOT, traced
from tests.widgets.pointer import click, drag, move


def test_a_part_of_a_picture_is_drawn_and_kept(make_window, settled):
    window = make_window(size=224)
    window.session.opening_page = "context"
    window.runs.open_path(str(ROOT / "assets" / "samples" / "chelsea.jpg"))
    settled(window)
    region, both = pane(window, "region"), pane(window, "in-context")
    assert both.found is None
    assert not region.keep.isEnabled()
    start, stop = (region.view.to_widget(*at).toPoint() for at in ((100, 60), (300, 220)))
    drag(region.view, start, stop)
    settled(window)
    (x0, y0), _, (x1, y1), _ = window.session.view[ContextSettings].outline
    assert np.abs(np.array([x0, y0, x1, y1]) - (100, 60, 300, 220)).max() < 3
    assert both.found is not None
    edit = window.session.view[ContextSettings].edit
    np.testing.assert_array_equal(both.found.pixels, edit.applied(window.session.current.input.pixels))
    assert unexplained(window) == set()

    window.session.change(ContextSettings, how="blur", outline=((0, 0), (0.1, 0), (0.1, 0.1)))
    settled(window)
    assert both.note.text().startswith("The outline holds nothing")
    window.session.undo()
    settled(window)
    assert isinstance(window.session.view[ContextSettings].edit, Surroundings)
    before = traced(window)
    click(region.keep, region.keep.rect().center())
    settled(window)
    document = window.session.current
    assert document.options.interventions == (window.session.view[ContextSettings].edit,)
    assert traced(window) is not before
    assert (document.input.pixels != document.input.plain).any()
    window.session.undo()
    settled(window)
    assert window.session.current.input.plain is None


def test_a_lasso_follows_the_mouse(qtbot):
    view, drawn = RegionView(), []
    qtbot.addWidget(view)
    view.resize(300, 300)
    view.set_picture(np.zeros((100, 100, 3), np.uint8))
    view.outlined.connect(drawn.append)
    view.set_lasso(True)
    with qtbot.waitExposed(view):
        view.show()
    points = [view.to_widget(*at).toPoint() for at in ((10, 10), (80, 10), (80, 80), (-40, 80))]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        move(view, point, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=points[-1])
    assert len(drawn) == 1
    wanted = [(10, 10), (80, 10), (80, 80), (0, 80)]
    np.testing.assert_allclose(drawn[0], wanted, atol=0.5)


def test_points_are_read_alone(make_window, settled, tmp_path):
    cloud, window = room(600), make_window(model="point-transformer")
    np.savetxt(tmp_path / "room.xyz", np.hstack([cloud.points, cloud.colours]))
    window.session.opening_page = "context"
    window.runs.open_path(str(tmp_path / "room.xyz"))
    settled(window)
    shown, trace = pane(window, "alone"), traced(window)
    assert shown.note.text().startswith("Draw a lasso")
    window.session.select(queries=[Region(trace.tokens.positions[:200])])
    settled(window)
    wanted = alone(trace, trace.tokens.find_all(window.session.view[Selection].queries))
    np.testing.assert_array_equal(shown.found.after, wanted.after)
    assert unexplained(window) == set()
    assert shown.rows.rowCount() == len(wanted.rows())
    click(shown.keep, shown.keep.rect().center())
    settled(window)
    assert len(traced(window).tokens) == 200
