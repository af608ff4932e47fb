"""A real window with a scan as networks are fed it: what is pointed at in one pane answers in all."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.registry import REGISTRY, Pane
from headlight.viewer.session.view import RepresentSettings, Selection
from headlight.viewer.slices.clouds.represented.linked import linked
from tests.viewer.bars import on_bar
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.given_cloud import trace_of
from tests.viewer.slices.clouds.test_represented import scan

NAMES = ("points", "space", "above", "range", "views")


@pytest.fixture
def window(make_window, settled):
    window = make_window(run=False)
    window.resize(1366, 768)
    window.session.opening_page = "representations"
    window.session.add(scan(), RunOptions())
    settled(window)
    return window


def parts(window):
    return [pane(window, f"represented-{name}") for name in NAMES]


def at(view, row, column) -> QPoint:
    x, y = view.where(np.array([[column + 0.5, row + 0.5]]))[0]
    return QPoint(int(np.floor(x)), int(np.floor(y)))


def test_a_pixel_of_the_range_image_is_found_in_all_panes_and_selected(window, settled):
    points, space, above, image, _ = parts(window)
    cloud = window.session.current.input
    columns = image.result.levels.shape[1]
    point = 700
    (pixel,) = linked(cloud, RepresentSettings(), point).cells["range"]
    image._hovered(tuple(map(int, divmod(pixel, columns))))
    settled(window)
    one = space.links.hovered
    assert one.points.tolist() == [point]
    np.testing.assert_array_equal(points.view._overlay.marks.hovered, cloud.points[point])
    np.testing.assert_array_equal(points.view._overlay.marks.cell, one.box)
    assert above.view._hovered.tolist() == [
        list(divmod(int(one.cells["above"][0]), above.result.levels.shape[1]))
    ]
    numbers = pane(window, "numbers").widget
    assert numbers.figures("pointed")["Range"] == "8.00 m"
    assert numbers.figures("places")["Views"] == one.said["views"]

    place = at(image.view, *divmod(int(pixel), columns))
    row, column = image.view.target(image.view.to_plane(place.toPointF()))
    QTest.mouseClick(image.view, Qt.MouseButton.LeftButton, pos=place)
    settled(window)
    chosen = space.links.selected.points
    assert (row * columns + column) in space.links.selected.cells["range"]
    assert above.view._selected.tolist()
    assert window.session.view[Selection].queries
    window.session.change(RepresentSettings, pillar_edge=0.5)
    settled(window)
    np.testing.assert_array_equal(space.links.selected.points, chosen)
    window.actions_.run("undo")
    window.actions_.run("undo")
    settled(window)
    assert space.links.selected is None
    assert not len(above.view._selected)


def test_panes_say_what_is_hidden_dropped_and_refused(window, settled):
    points, _, above, image, _ = parts(window)
    points._hovered(len(window.session.current.input.points) - 1)
    settled(window)
    assert image.view.said() == "behind a nearer point"
    assert window.deck.docks["represented-range"].subtitle().endswith("1 hidden")
    window.session.change(RepresentSettings, hard=True, most_cells=1, above="pillars", sensor="vlp-16")
    settled(window)
    assert above.view.said() == "dropped by hard voxelisation"
    assert "hdl-32e" in image.view.message()
    assert not window.messages.all()  # one message, in the pane
    assert "dropped" in window.deck.docks["represented-space"].subtitle()
    settings = pane(window, "represented-settings")
    assert settings.cells.isVisible()
    settings._configured("KITTI")
    settled(window)
    assert window.session.view[RepresentSettings].like == "kitti"
    assert settings.voxel.value() == pytest.approx(0.05)


def test_the_export_of_a_pane_begins_with_what_it_shows(window, settled):
    document = window.session.current
    answered(window, document, trace_of(document.input))
    settled(window)
    window.session.change(RepresentSettings, like="kitti", hard=True, above="pillars", shuffle=2)
    window.exports.open_pane(REGISTRY.all(Pane)["represented-above"].export)
    settled(window)
    given = window.exports.dialog.options().given
    window.exports.close()
    assert (given["as_"], given["most_points"], given["shuffle"]) == ("pillars", 32, 2)
    assert given["range"] == (0.0, -39.68, -3.0, 69.12, 39.68, 1.0)


def test_the_colours_of_the_panes_are_those_of_their_bars(window, settled):
    above = parts(window)[2]
    window.session.change(RepresentSettings, birds_eye="highest", pillar_edge=1.0)
    settled(window)
    result, view = above.result, above.view
    place = np.argwhere(result.levels > 0)
    values = np.full(result.levels.shape, np.nan)
    cloud = window.session.current.input
    columns, rows = np.floor(result.places(cloud.points.astype(float))).astype(int).T
    for row, column, z in zip(rows, columns, cloud.points[:, 2], strict=True):
        values[row, column] = np.nanmax([values[row, column], z])
    image = view.grab().toImage()
    for row, column in place[:: max(1, len(place) // 12)]:
        x, y = view.where(np.array([[column + 0.5, row + 0.5]]))[0]
        seen = np.array(image.pixelColor(round(x), round(y)).getRgb()[:3], int)
        near = on_bar(above.bar, float(np.clip(values[row, column], result.scale.low, result.scale.high)))
        assert np.abs(near - seen).sum(1).min() <= 24
