"""The published figures, step by step: what each unit of the output is made of."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.colours import lut
from headlight.widgets.base import theme
from headlight.widgets.stack.convolution_view import ConvolutionView
from tests.widgets.pointer import click, move


def layer(side, kernel, stride=1, padding=0, dilation=1):
    out = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    return side, out, np.arange(out)[:, None] * stride - padding + np.arange(kernel) * dilation, padding


@pytest.fixture
def view(show):
    view = ConvolutionView()
    view.set_layer(*layer(7, 3, dilation=2))  # no padding, no stride, dilation 2
    view.seen = []
    view.stepped.connect(view.seen.append)
    return show(view, 560, 440)


def amberness(colour):
    return colour.red() - colour.blue()


def lit(view):
    """The cells of the input that are lit, looked at beside their middle, where lines end."""
    image = view.canvas.grab().toImage()
    below = view.canvas.planes()[0]
    found = set()
    for row, column in np.ndindex(view.canvas.side_in, view.canvas.side_in):
        corners = [below.map(QPointF(column + x, row + y)) for x, y in ((0.2, 0.3), (0.8, 0.3), (0.2, 0.8))]
        if all(amberness(image.pixelColor(at.toPoint())) > 60 for at in corners):
            found.add((row, column))
    return found


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_dilated_figure_lights_every_second_unit(qapp, view, choice):
    theme.apply(qapp, choice)
    assert view.unit() == (0, 0)
    assert lit(view) == {(r, c) for r in (0, 2, 4) for c in (0, 2, 4)}
    view.set_unit((2, 1))
    assert lit(view) == {(r, c) for r in (2, 4, 6) for c in (1, 3, 5)}
    image = view.canvas.grab().toImage()
    for row, column in np.ndindex(3, 3):
        above = view.canvas.planes()[1]
        colour = image.pixelColor(above.map(QPointF(column + 0.3, row + 0.3)).toPoint())
        assert (colour == QColor(theme.current().amber)) == ((row, column) == (2, 1))
    assert not view.seen
    assert view.accessibleDescription().startswith("output (2, 1) of 3 × 3 reads rows 2, 4, 6")


def test_padding_is_outlined_and_not_filled(view):
    view.set_layer(*layer(5, 3, stride=2, padding=1))
    assert lit(view) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    image = view.canvas.grab().toImage()
    below = view.canvas.planes()[0]
    corner = below.map(QPointF(-1 + 0.3, -1 + 0.3)).toPoint()
    assert amberness(image.pixelColor(corner)) < 30  # empty
    edge = below.map(QPointF(-0.5, -1)).toPoint()
    near = [image.pixelColor(edge + QPoint(0, d)) for d in (-1, 0, 1)]
    assert max(map(amberness, near)) > 60  # framed
    assert view.canvas.tip_text("output", (0, 0)) == "output (0, 0)\nmade of\t3 × 3 units\nof them padding\t5"
    assert view.canvas.tip_text("input", (1, 1)) == "input (1, 1)\nread by\t4 of 9 units"
    assert view.canvas.tip_text("input", (-1, 2)) == "padding (-1, 2)\nread by\t1 of 9 units"


def test_everything_is_inside_at_any_size(view):
    cases = (layer(7, 3, padding=2), layer(64, 3, stride=2), layer(3, 2, padding=3))
    for width, height in ((200, 160), (900, 200), (300, 700)):
        view.canvas.resize(width, height)
        for side, out, taps, padding in cases:
            view.canvas.set_layer(side, out, taps, (padding, padding))
            below, above = view.canvas.planes()
            ends = (-padding, side + padding)
            corners = [below.map(QPointF(x, y)) for x in ends for y in ends]
            corners += [above.map(QPointF(x, y)) for x in (0, out) for y in (0, out)]
            assert all(0 <= at.x() <= width and 0 <= at.y() <= height for at in corners)
            lowest = max(above.map(QPointF(0, out)).y(), above.map(QPointF(out, out)).y())
            assert lowest < below.map(QPointF(0, -padding)).y()  # the planes do not overlap


def test_buttons_keys_slider_and_mouse_step(view):
    view._forward.click()
    view._back.click()
    view._back.click()
    assert view.seen == [(0, 1), (0, 0), (2, 2)]
    view.slider.setValue(4)
    assert view.seen[-1] == view.unit() == (1, 1)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right):
        QTest.keyClick(view.canvas, key)
    assert view.seen[-2:] == [(0, 1), (0, 2)]
    assert view.slider.value() == 2
    click(view.canvas, view.canvas.place("output", (2, 0)).toPoint())
    assert view.unit() == (2, 0)
    click(view.canvas, view.canvas.place("input", (6, 0)).toPoint())
    assert view.unit() == (2, 0)  # an input is read, not chosen


def test_pointing_at_an_input_shows_who_reads_it(view):
    view.set_unit((2, 2))
    move(view.canvas, view.canvas.place("input", (2, 2)).toPoint())
    assert view.canvas._tip.text == "input (2, 2)\nread by\t4 of 9 units"
    image, above = view.canvas.grab().toImage(), view.canvas.planes()[1]
    marked = set()
    for row, column in np.ndindex(3, 3):
        colour = image.pixelColor(above.map(QPointF(column + 0.3, row + 0.3)).toPoint())
        if colour.blue() - colour.red() > 40:
            marked.add((row, column))
    assert marked == {(0, 0), (0, 2), (2, 0)}  # and (2, 2), which is amber
    QApplication.sendEvent(view.canvas, QEvent(QEvent.Type.Leave))
    assert view.canvas._tip.text == ""


def test_it_plays_round_and_stops_when_it_is_hidden(view, qtbot):
    view.set_unit((2, 1))
    view.toggle()
    assert view.playing()
    assert view.play_button.text() == "Pause"
    view._timer.setInterval(1)
    qtbot.waitUntil(lambda: len(view.seen) >= 3)
    assert view.seen[:3] == [(2, 2), (0, 0), (0, 1)]
    view._forward.click()  # a step by hand pauses
    assert not view.playing()
    QTest.keyClick(view.canvas, Qt.Key.Key_Space)
    assert view.playing()
    view.hide()
    assert not view.playing()
    assert view.play_button.text() == "Play"


def test_heat_lies_in_the_cells_of_the_input(view):
    levels = np.zeros((7, 7), np.uint8)
    levels[5, 6] = 255
    view.set_heat(levels, lut("viridis"))
    image, below = view.canvas.grab().toImage(), view.canvas.planes()[0]
    for row, column in ((5, 6), (5, 5), (6, 6)):
        seen = image.pixelColor(below.map(QPointF(column + 0.5, row + 0.5)).toPoint()).getRgb()[:3]
        wanted = lut("viridis")[levels[row, column], :3].astype(int)
        assert np.abs(np.array(seen) - wanted).max() <= 8, (row, column)
    view.set_heat(None)
    with pytest.raises(ValueError, match="heat"):
        view.set_heat(np.zeros((3, 3), np.uint8), lut())


def test_odd_layers(view, show):
    view.set_unit((2, 2))
    view.set_layer(*layer(5, 5))  # a smaller output: the first unit
    assert view.unit() == (0, 0)
    view.set_layer(224, 110, np.arange(110)[:, None] * 2 + np.arange(5) * 1, (0, 1))
    view.grab()
    with pytest.raises(IndexError):
        view.set_unit((110, 0))
    with pytest.raises(ValueError, match="for 3 units"):
        view.set_layer(7, 3, np.zeros((2, 3)))
    empty = show(ConvolutionView(), 400, 300)
    empty.toggle()
    assert not empty.playing()
    move(empty.canvas, QPoint(100, 100))
    empty.grab()
