"""Receptive fields over a picture lie exactly where they are said to lie, at every zoom."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from headlight.models.core.colours import overlay_colours
from headlight.widgets.base import theme
from headlight.widgets.plane.field_marks import size_label
from headlight.widgets.plane.image_view import ImageView
from tests.widgets.pointer import MIDDLE, drag, wheel

AMBER, BLUE = QColor(theme.DARK.amber).getRgb()[:3], QColor(theme.DARK.blue).getRgb()[:3]


@pytest.fixture
def view(qtbot):
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(460, 380)
    view.show()
    qtbot.waitExposed(view)
    view.set_picture(np.full((200, 300, 3), 90, np.uint8))
    return view


def seen(view):
    """uint8 (height, width, 3): what the widget shows."""
    QApplication.processEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return pixels[:, : image.width(), :3].astype(int)


def is_colour(pixels, colour):
    return (np.abs(pixels - np.array(colour)) <= 6).all(-1)


def spans(view, colour):
    """(left, top, right, bottom) of what has the colour, in pixels of the widget."""
    rows, columns = np.nonzero(is_colour(seen(view), colour))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("zoomed", [False, True])
def test_the_box_is_drawn_on_its_borders(view, zoomed):
    if zoomed:
        wheel(view, view.to_widget(120, 90).toPoint(), 3)
        drag(view, QPoint(220, 200), QPoint(231, 195), MIDDLE)
    box = (90, 70, 150, 110)
    view.set_field(box, label="")
    view.set_field((100, 80, 130, 100), label="", hovered=True)
    left, top = (round(v) for v in view.to_widget(90, 70).toTuple())
    right, bottom = (round(v) for v in view.to_widget(150, 110).toTuple())
    # Lines of two pixels, one on either side of the border.
    assert spans(view, AMBER) == (left - 1, top - 1, right + 1, bottom + 1)
    ends = [round(v) for at in ((100, 80), (130, 100)) for v in view.to_widget(*at).toTuple()]
    assert spans(view, BLUE) == (ends[0] - 1, ends[1] - 1, ends[2] + 1, ends[3] + 1)
    view.set_field(None)
    assert not is_colour(seen(view), AMBER).any()
    assert is_colour(seen(view), BLUE).any()


def test_it_is_clipped_and_dashed_where_it_leaves_what_the_model_saw(view):
    view.set_grid(5, 5, (20, 10, 280, 190))
    view.set_field((-100, 60, 150, 700), label="")
    pixels = is_colour(seen(view), AMBER)
    left, top = (round(v) for v in view.to_widget(20, 60).toTuple())
    right, bottom = (round(v) for v in view.to_widget(150, 190).toTuple())
    assert spans(view, AMBER) == pytest.approx((left - 1, top - 1, right + 1, bottom + 1), abs=1)
    inner = slice(top + 4, bottom - 4)
    assert pixels[inner, right].all()  # ends here
    assert 0.3 < pixels[inner, left].mean() < 0.8  # goes on beyond the edge
    across = slice(left + 4, right - 4)
    assert pixels[top, across].all()
    assert 0.3 < pixels[bottom, across].mean() < 0.8
    # A field that lies wholly in the padding has no box, but says its size.
    view.set_field((-100, -100, -20, -20))
    assert not spans(view, AMBER)[2] > view.to_widget(150, 0).x()


def test_the_label_gives_the_size_before_clipping(view):
    assert size_label((-100, -100, 327, 327)) == "427 × 427 px"
    assert size_label((0, 0, 3416, 56.5)) == "3,416 × 56.5 px"
    plain = seen(view)
    view.set_field((-1000, -1000, 2000, 2000))
    changed = (seen(view) != plain).any(-1)
    left, top = (round(v) for v in view.to_widget(0, 0).toTuple())
    inside = changed[top + 4 : top + 26, left + 4 : left + 110]
    assert inside.mean() > 0.5  # the label stands inside where there is no room outside
    assert not changed[top + 40 : top + 150, left + 30 : left + 300].any()


def test_two_labels_never_overlap(view, monkeypatch):
    drawn = []
    kept = type(view._marks)._wanted_labels
    monkeypatch.setattr(type(view._marks), "_wanted_labels", lambda *a: drawn.append(kept(*a)) or drawn[-1])
    view.set_field((10, 10, 250, 150))
    view.set_field((12, 12, 252, 152), hovered=True)
    pixels = seen(view)
    (_, blue, first), (_, amber, second) = drawn[-1]
    assert (blue.getRgb()[:3], amber.getRgb()[:3]) == (BLUE, AMBER)
    free = next(place for place in second if not place.intersects(first[0]))
    for place, colour in ((first[0], BLUE), (free, AMBER)):
        part = pixels[int(place.top()) : int(place.bottom()), int(place.left()) : int(place.right())]
        assert (np.abs(part - np.array(colour)).sum(-1) < 90).any()


def test_heat_lies_over_its_region_without_a_shift(view):
    levels = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    grey = np.stack([np.arange(256)] * 3 + [np.full(256, 255)], 1).astype(np.uint8)
    view.set_heat_lut(grey)
    view.set_heat_opacity(1.0)
    region = (30.0, 20.0, 270.0, 180.0)
    view.set_heat(levels, region)
    for notches in (0, 4):
        wheel(view, view.to_widget(100, 90).toPoint(), notches)
        pixels, checked = seen(view), 0
        for row, column in np.ndindex(20, 30):
            at = view.to_widget(30 + 8 * (column + 0.5), 20 + 8 * (row + 0.5)).toPoint()
            if view.rect().contains(at):
                alpha = (levels[row, column] / 255) ** 0.75
                wanted = levels[row, column] * alpha + 90 * (1 - alpha)
                assert abs(pixels[at.y(), at.x(), 0] - wanted) <= 2, (row, column)
                checked += 1
        assert checked > 80


def test_no_heat_leaves_the_overlay_as_it_is(view):
    view.set_overlay(np.full((2, 2), 200, np.uint8), (0, 0, 300, 200))
    before = seen(view)
    heat = np.zeros((20, 30), np.uint8)
    heat[5, 5] = 255
    view.set_heat(heat, (0, 0, 300, 200))
    at = [int(v) for v in view.to_widget(55, 55).toTuple()]
    changed = (seen(view) != before).any(-1)
    assert changed[at[1], at[0]]
    assert not changed[at[1] + 30 :].any()
    view.set_heat(None)
    assert (seen(view) == before).all()
    assert overlay_colours(np.zeros((256, 4)), 0.5)[[0, 255], 3].tolist() == [0, 128]
    with pytest.raises(ValueError, match="region"):
        view.set_heat(heat)


def test_contours_and_lines_lie_in_pixels_of_the_picture(view):
    square = np.array([(100, 50), (200, 50), (200, 150), (100, 150), (100, 50)], float)
    view.set_contours([(square, "solid")])
    pixels = seen(view)
    for x, y in ((100, 120), (150, 50), (200, 70), (130, 150)):
        column, row = (round(v) for v in view.to_widget(x, y).toTuple())
        assert pixels[row - 1 : row + 1, column - 1 : column + 1].max() > 180, (x, y)
    inside = [int(v) for v in view.to_widget(150, 100).toTuple()]
    assert (pixels[inside[1], inside[0]] == 90).all()
    view.set_contours([])
    view.set_lines(np.array([(60, 0, 60, 200)]))
    view.set_lines(np.array([(0, 100, 300, 100)]), "dashed")
    pixels = seen(view)
    column, row = round(view.to_widget(60, 0).x()), round(view.to_widget(0, 100).y())
    edge = [round(view.to_widget(0, v).y()) for v in (10, 80)]
    assert (pixels[edge[0] : edge[1], column].max(-1) > 180).all()
    level = pixels[row, column + 10 : column + 150].max(-1) > 180
    assert 0.3 < level.mean() < 0.8
    view.set_lines(None, "dashed")
    assert not (seen(view)[row, column + 10 : column + 150].max(-1) > 180).any()


def test_labels_of_contours_match_their_number(view):
    line = np.array([(10, 10), (90, 90)], float)
    with pytest.raises(ValueError, match="1 contours, but 2 labels"):
        view.set_contours([(line, "solid")], ["50 %", "95 %"])
    before = seen(view)
    view.set_contours([(line, "solid")], ["50 %"])
    view.set_picture(np.full((200, 300, 3), 90, np.uint8))
    assert (seen(view) == before).all()
