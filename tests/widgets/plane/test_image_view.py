"""The picture: the overlay lies over the pixels it speaks of, at every zoom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.colours import lut, overlay_colours
from headlight.viewer.registry import REGISTRY, ColourMap
from headlight.widgets.base import theme
from headlight.widgets.base.outline import boxes_outline, mask_outline
from headlight.widgets.plane.image_view import ImageView
from tests.widgets.pointer import LEFT, MIDDLE, SHIFT, click, drag, move, wheel

GREY = np.stack([np.arange(256)] * 3 + [np.full(256, 255)], 1).astype(np.uint8)


@pytest.fixture
def view(qtbot):
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(460, 380)
    view.show()
    qtbot.waitExposed(view)
    return view


def picture(height, width, colour=(0, 0, 0)):
    return np.full((height, width, 3), colour, np.uint8)


def overlay(view, rows, columns, region, seed=0):
    """An opaque grey overlay of random levels."""
    levels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    view.set_lut(GREY)
    view.set_opacity(1.0)
    view.set_overlay(levels, region)
    QApplication.processEvents()
    return levels


def near(colour, wanted, slack=12):
    pairs = zip(colour.getRgb()[:3], QColor(wanted).getRgb()[:3], strict=True)
    return all(abs(a - b) <= slack for a, b in pairs)


def red(view):
    """uint8 (height, width): what the widget shows."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return pixels[:, : image.width(), 0].copy()


def assert_overlay(view, levels, region):
    """Every pixel of the widget shows the cell in which its centre lies. Returns how many were looked at."""
    shown = red(view)
    (x0, y0, x1, y1), (rows, columns) = region, levels.shape
    corner, step = view.to_plane(QPointF(0.5, 0.5)), view.to_plane(QPointF(1.5, 1.5))
    x = corner.x() + (step.x() - corner.x()) * np.arange(shown.shape[1])
    y = corner.y() + (step.y() - corner.y()) * np.arange(shown.shape[0])
    column, row = (x - x0) / (x1 - x0) * columns, (y - y0) / (y1 - y0) * rows
    # A centre on a border belongs to neither.
    across = (column > 1e-6) & (column < columns - 1e-6) & (np.abs(column - np.round(column)) > 1e-6)
    down = (row > 1e-6) & (row < rows - 1e-6) & (np.abs(row - np.round(row)) > 1e-6)
    wanted = levels[np.ix_(row[down].astype(int), column[across].astype(int))]
    # On a black picture, in shades of grey, at full opacity.
    painted = wanted * (overlay_colours(GREY, 1.0)[wanted, 3] / 255)
    np.testing.assert_allclose(shown[np.ix_(down, across)], painted, atol=1)
    return wanted.size


@pytest.mark.parametrize(
    ("size", "shape", "region"),
    [
        ((224, 224), (16, 16), (0, 0, 224, 224)),
        ((168, 518), (12, 37), (0, 0, 518, 168)),
        ((341, 512), (12, 37), (60.5, 20.5, 480.0, 300.5)),
        ((37, 12), (37, 12), (0, 0, 12, 37)),
    ],
)
def test_the_overlay_lies_over_its_pixels_at_every_zoom(view, size, shape, region):
    view.set_picture(picture(*size))
    levels = overlay(view, *shape, region)
    view.set_boxes([], None)
    assert assert_overlay(view, levels, region) > 20_000
    wheel(view, view.to_widget(region[2] * 0.7, region[3] * 0.6).toPoint(), 4)
    drag(view, QPoint(220, 200), QPoint(243, 181), MIDDLE)
    assert assert_overlay(view, levels, region) > 20_000
    wheel(view, QPoint(230, 190), 7)
    assert assert_overlay(view, levels, region) > 20_000


def test_the_picture_itself_is_under_the_same_camera(view):
    rgb = np.random.default_rng(2).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    view.set_picture(rgb)
    for notches in (0, 3, 4):
        wheel(view, QPoint(300, 150), notches)
        image, seen = view.grab().toImage(), 0
        for y, x in np.ndindex(20, 30):
            at = view.to_widget(x + 0.5, y + 0.5).toPoint()
            if view.rect().contains(at):
                seen += 1
                assert image.pixelColor(at).getRgb()[:3] == tuple(rgb[y, x]), (y, x)
        assert seen > 3


def test_a_large_picture_is_reduced_to_its_mean(view):
    rgb = picture(1600, 2000)
    rgb[::2, ::2] = rgb[1::2, 1::2] = 255  # a chequered board of single pixels
    view.set_picture(rgb)
    colour = view.grab().toImage().pixelColor(view.to_widget(1000, 800).toPoint())
    assert abs(colour.red() - 128) <= 3


@given(st.floats(0, 1))
def test_an_overlay_hides_by_weight_and_nothing_where_there_is_none(opacity):
    alpha = overlay_colours(lut(), opacity)[:, 3].astype(int)
    assert (np.diff(alpha) >= 0).all()
    assert alpha[0] == 0
    assert alpha[255] == round(255 * opacity)


@pytest.mark.parametrize("name", tuple(REGISTRY.all(ColourMap)))
def test_no_weight_leaves_the_photo_whatever_the_table(view, name):
    view.set_picture(picture(100, 100, (200, 100, 50)))
    view.set_lut(lut(name))
    view.set_overlay(np.array([[0, 255]], np.uint8), (0, 0, 100, 100))
    image = view.grab().toImage()
    assert image.pixelColor(view.to_widget(25, 50).toPoint()).getRgb()[:3] == (200, 100, 50)


def test_opacity_and_table_show_in_pixels(view):
    view.set_picture(picture(100, 100, (200, 100, 50)))
    view.set_overlay(np.array([[0, 255]], np.uint8), (0, 0, 100, 100))
    for opacity in (0.0, 0.5, 1.0):
        view.set_opacity(opacity)
        image = view.grab().toImage()
        for x, level in ((25, 0), (75, 255)):
            *colour, alpha = overlay_colours(lut(), opacity)[level].astype(float)
            mixed = np.array(colour) * alpha / 255 + np.array([200, 100, 50]) * (1 - alpha / 255)
            got = image.pixelColor(view.to_widget(x, 50).toPoint()).getRgb()[:3]
            assert np.abs(mixed - got).max() <= 2, (opacity, level)


def test_a_smooth_overlay_blends_between_cells(view):
    view.set_picture(picture(100, 100))
    view.set_lut(GREY)
    view.set_opacity(1.0)
    levels = np.array([[0, 255]], np.uint8)
    at = view.to_widget(50, 50).toPoint()
    view.set_overlay(levels, (0, 0, 100, 100), smooth=True)
    assert abs(view.grab().toImage().pixelColor(at).red() - 128) < 12
    view.set_overlay(levels, (0, 0, 100, 100))
    assert view.grab().toImage().pixelColor(at).red() in (0, 255)
    view.set_overlay(None)
    assert view.grab().toImage().pixelColor(at).red() == 0


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 184, 77)])
def test_boxes_are_seen_on_any_picture(view, ground):
    view.set_picture(picture(100, 100, ground))
    view.set_boxes([(10, 10, 30, 30)], (60.5, 10, 80, 30))
    image = view.grab().toImage()
    for x, colour in ((10, theme.DARK.amber), (60.5, theme.DARK.blue)):
        at = view.to_widget(x, 20).toPoint()
        line = [image.pixelColor(at + QPoint(d, 0)) for d in range(-4, 5)]
        assert sum(near(c, colour) for c in line) >= 2
        halo = [c.lightness() for c in line]
        assert max(halo) - min(halo) > 60
    inside = image.pixelColor(view.to_widget(20, 20).toPoint())
    assert inside.getRgb()[:3] == ground


def test_neighbouring_boxes_are_one_shape(view):
    view.set_picture(picture(100, 100))
    view.set_boxes([(10, 10, 30, 30), (30, 10, 50, 30), (30, 30, 50, 50)])
    image = view.grab().toImage()
    assert image.pixelColor(view.to_widget(30, 20).toPoint()) == QColor(0, 0, 0)
    assert near(image.pixelColor(view.to_widget(20, 30).toPoint()), theme.DARK.amber)


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=1, max_size=30))
def test_the_outline_separates_inside_from_outside(cells):
    """A ray to the right crosses the outline an odd number of times from inside only."""
    segments = boxes_outline([(x * 0.7, y * 1.3, x * 0.7 + 0.7, y * 1.3 + 1.3) for x, y in cells])
    upright = [s for s in segments if s[0] == s[2]]
    for x, y in np.ndindex(10, 10):
        px, py = (x + 0.5) * 0.7, (y + 0.5) * 1.3
        crossed = sum(s[0] > px and s[1] < py < s[3] for s in upright)
        assert (crossed % 2 == 1) == ((x, y) in cells)


def test_an_outline_is_made_of_straight_pieces():
    square = mask_outline(np.ones((5, 7), bool), np.arange(8.0), np.arange(6.0))
    assert sorted(square) == [(0, 0, 0, 5), (0, 0, 7, 0), (0, 5, 7, 5), (7, 0, 7, 5)]
    assert boxes_outline([]) == []


def test_a_mask_darkens_what_it_leaves_out(view):
    view.set_picture(picture(100, 100, (240, 240, 240)))
    view.set_grid(2, 2, (0, 0, 100, 100))
    view.set_mask(np.array([[True, False], [False, False]]))
    image = view.grab().toImage()
    assert image.pixelColor(view.to_widget(25, 25).toPoint()).red() == 240
    assert image.pixelColor(view.to_widget(75, 25).toPoint()).red() < 100
    edge = view.to_widget(50, 25).toPoint()
    assert any(image.pixelColor(edge + QPoint(d, 0)).red() == 255 for d in (-1, 0, 1))
    view.set_mask(None)
    assert view.grab().toImage().pixelColor(view.to_widget(75, 25).toPoint()).red() == 240


def test_the_grid_is_drawn_where_it_has_room(view):
    view.set_picture(picture(100, 100))
    view.set_grid(10, 10, (0, 0, 100, 100))
    view.set_grid_visible(True)
    at = view.to_widget(50, 45).toPoint()

    def seen():
        image = view.grab().toImage()
        return max(image.pixelColor(at + QPoint(d, 0)).red() for d in (-1, 0, 1)) > 30

    assert seen()
    view.set_grid(100, 100, (0, 0, 100, 100))
    assert not seen()
    view.set_grid(10, 10, (0, 0, 100, 100))
    view.set_grid_visible(False)
    assert not seen()


def test_what_the_model_did_not_see_is_hatched_and_said(view):
    view.set_picture(picture(100, 100, (240, 240, 240)))
    view.set_grid(5, 5, (0, 20.5, 100, 100))
    view.set_tip(lambda x, y: f"{x:.0f}, {y:.0f}")
    hovers, clicks = [], []
    view.hovered.connect(hovers.append)
    view.clicked.connect(lambda *a: clicks.append(a))
    image = view.grab().toImage()
    assert image.pixelColor(view.to_widget(50, 10).toPoint()).red() < 160
    assert image.pixelColor(view.to_widget(50, 30).toPoint()).red() == 240
    move(view, view.to_widget(50, 60).toPoint())
    assert view._tip.text == "50, 60"
    assert hovers[-1] == (pytest.approx(50, abs=0.3), pytest.approx(60, abs=0.3))
    move(view, view.to_widget(50, 10).toPoint())
    assert view._tip.text == "not seen by the model"
    assert hovers[-1] is None
    click(view, view.to_widget(50, 10).toPoint())
    assert clicks == []
    move(view, QPoint(2, 2))
    assert view._tip.text == ""


def test_clicks_and_boxes_speak_of_picture_pixels(view):
    view.set_picture(picture(300, 400))
    view.set_grid(10, 10, (50.0, 0.0, 350.0, 300.0))
    wheel(view, QPoint(200, 150), 3)
    clicks, boxes = [], []
    view.clicked.connect(lambda *a: clicks.append(a))
    view.boxed.connect(lambda *a: boxes.append(a))
    at = QPoint(260, 140)
    point = view.to_plane(QPointF(at))
    click(view, at)
    click(view, at, keys=SHIFT)
    assert clicks == [(point.x(), point.y(), False), (point.x(), point.y(), True)]
    assert view.to_widget(point.x(), point.y()).toPoint() == at
    view.fit()
    start, stop = view.to_widget(120, 200).toPoint(), view.to_widget(395, 90).toPoint()
    drag(view, start, stop, LEFT, SHIFT)
    (x0, y0, x1, y1, add), *others = boxes
    assert (x0, y0, x1, y1) == pytest.approx((120, 90, 350, 200), abs=1)
    assert add
    assert not others


def test_a_new_picture_starts_clean(view):
    view.set_picture(picture(100, 100))
    overlay(view, 5, 5, (0, 0, 100, 100))
    view.set_mask(np.zeros((5, 5), bool))
    view.set_boxes([(0, 0, 50, 50)], None)
    wheel(view, QPoint(200, 200), 4)
    view.set_picture(picture(60, 90, (10, 200, 30)))
    image = view.grab().toImage()
    for x, y in ((1, 1), (45, 30), (88, 58)):
        assert image.pixelColor(view.to_widget(x, y).toPoint()) == QColor(10, 200, 30)
    margin = view.to_widget(0, 0)
    assert margin.x() >= 4
    assert margin.y() >= 4


def test_it_can_be_reached_and_named(view):
    view.set_picture(picture(60, 90))
    assert view.accessibleName()
    assert "90 × 60" in view.accessibleDescription()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    image = view.grab().toImage()
    wheel(view, QPoint(200, 200), 4)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.grab().toImage().size() == image.size()
    assert view.to_widget(0, 0).x() >= 4
    with pytest.raises(ValueError, match="region"):
        view.set_overlay(np.zeros((2, 2), np.uint8))
