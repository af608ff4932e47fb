from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.colours import LOG_FLOOR
from headlight.widgets.base import theme
from headlight.widgets.plots.bar_chart import BarChart, ticks

WEIGHTS = np.array(
    [0.32, 0.16, 0.08, 0.08, 0.08, 0.08, 0.08, 0.04, 0.02, 0.02, 0.02, 0.01, 0.005, 0.005, 0, 0]
)


@pytest.fixture
def chart(show):
    chart = BarChart()
    chart.set_bars(WEIGHTS)
    return show(chart, 560, 190)


def move(chart, at):
    none = Qt.MouseButton.NoButton
    place = QPointF(at), QPointF(chart.mapToGlobal(at.toPoint()))
    event = QMouseEvent(QEvent.Type.MouseMove, *place, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(chart, event)


@given(st.floats(1e-6, 1e6))
def test_ticks_are_few_round_and_inside(top):
    found = ticks(top)
    assert len(found) == 3
    assert found[0] == 0
    assert found[-1] <= top * (1 + 1e-9)
    assert found[-1] >= 0.4 * top - 1e-12  # the axis is used
    assert f"{found[1]:.0e}"[0] in "125"
    assert found[1] == pytest.approx(float(f"{found[1]:.0e}"))
    low, high = ticks(top, log=True)
    assert high == pytest.approx(100 * low)
    assert top / 10 < high * (1 + 1e-6)
    assert high <= top * (1 + 1e-6)
    assert low > LOG_FLOOR * top


def test_heights_are_proportional_from_zero(chart):
    heights = np.array([chart.bar_rect(index).height() for index in range(16)])
    np.testing.assert_allclose(heights, WEIGHTS / WEIGHTS[0] * heights[0], rtol=1e-9)
    bottoms = {chart.bar_rect(index).bottom() for index in range(16)}
    assert len(bottoms) == 1
    assert chart.rect().toRectF().contains(chart.bar_rect(0))
    rects = [chart.bar_rect(index) for index in range(16)]
    assert all(a.right() < b.left() for a, b in pairwise(rects))


def test_log_axis_has_four_decades(chart):
    linear = chart.bar_rect(0).height()
    chart.set_bars(np.array([1, 0.1, 1e-2, 1e-4, 1e-5, 0]))
    chart.set_log(True)
    heights = np.array([chart.bar_rect(index).height() for index in range(6)])
    np.testing.assert_allclose(heights / heights[0], [1, 0.75, 0.5, 0, 0, 0], atol=1e-9)
    assert heights[0] == pytest.approx(linear * 1.04)


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_point_itself_is_amber_the_others_blue(qapp, chart, choice):
    theme.apply(qapp, choice)
    now, seen = theme.current(), chart.grab().toImage()
    for index in range(12):
        expected = QColor(now.amber if index == 0 else now.blue)
        assert seen.pixelColor(chart.bar_rect(index).center().toPoint()) == expected, index
    chart.set_bars(WEIGHTS, emphasised=None)
    assert chart.grab().toImage().pixelColor(chart.bar_rect(0).center().toPoint()) == QColor(now.blue)


def test_pointing_and_clicking_take_the_whole_column(chart):
    seen, clicked = [], []
    chart.hovered.connect(seen.append)
    chart.clicked.connect(clicked.append)
    top = QPointF(chart.bar_rect(7).center().x(), 12)  # far above a low bar
    move(chart, top)
    assert chart._tip.text == "8\t0.0400"
    move(chart, chart.bar_rect(15).center())
    chart.set_tip(lambda index: f"neighbour {index}\t0.21 m")
    move(chart, chart.bar_rect(2).center())
    assert chart._tip.text == "neighbour 2\t0.21 m"
    QApplication.sendEvent(chart, QEvent(QEvent.Type.Leave))
    assert seen == [7, 15, 2, None]
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=top.toPoint())
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert clicked == [7]


def test_hovered_from_elsewhere_has_a_band_and_no_signal(chart):
    seen = []
    chart.hovered.connect(seen.append)
    chart.set_hovered(9)
    at = QPoint(round(chart.bar_rect(9).center().x()), 12)
    assert chart.grab().toImage().pixelColor(at) == QColor(theme.current().hover)
    chart.set_hovered(None)
    assert chart.grab().toImage().pixelColor(at) != QColor(theme.current().hover)
    assert not seen


def test_keyboard_walks_and_chooses(chart, qtbot):
    seen, clicked = [], []
    chart.activateWindow()
    chart.hovered.connect(seen.append)
    chart.clicked.connect(clicked.append)
    qtbot.waitUntil(chart.isActiveWindow)
    chart.clearFocus()
    chart.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(chart.hasFocus)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Space):
        QTest.keyClick(chart, key)
    assert (seen, clicked) == ([0, 1, 2, 1], [1])


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("count", [1, 8, 16, 64])
def test_labels_keep_apart_and_inside(qapp, show, scale, count):
    theme.apply(qapp, "dark", scale)
    chart = BarChart()
    chart.set_bars(np.linspace(1, 0.1, count) / count)
    show(chart, 560, 190)
    labels = chart.drawn_labels()
    assert labels[0][0] == 0
    assert len(labels) >= min(count, 8)
    boxes = [box for _, box in labels]
    assert all(a.right() < b.left() for a, b in pairwise(boxes))
    assert all(chart.rect().toRectF().contains(box) for box in boxes)
    chart.set_hovered(count - 1)
    assert chart.drawn_labels()[-1][0] == count - 1
    boxes = [box for _, box in chart.drawn_labels()]
    assert all(a.right() < b.left() for a, b in pairwise(boxes))


def test_odd_values_and_labels(show):
    chart = BarChart()
    chart.set_bars(np.array([np.nan, 0.5, np.inf, 0]), ["a", "b", "c", "d"], emphasised=None)
    show(chart, 300, 150)
    heights = [chart.bar_rect(index).height() for index in range(4)]
    assert heights[0] == heights[2] == heights[3] == 0 < heights[1]
    assert chart.accessibleDescription() == "4 bars, the largest 0.5000 at b"
    chart.grab()
    chart.set_bars(np.zeros(0))
    move(chart, QPointF(150, 80))
    chart.grab()
    with pytest.raises(ValueError, match="2 bars, but 3 labels"):
        chart.set_bars(np.zeros(2), ["a", "b", "c"])


def test_an_axis_of_counts_begins_below_one(qtbot):
    chart = BarChart()
    qtbot.addWidget(chart)
    chart.resize(400, 200)
    chart.set_log(True, 0.5)
    chart.set_bars(np.array([0, 1, 50]))
    assert chart._ticks() == [1, 10]
    assert chart.bar_rect(0).height() == 0
    share = np.log(1 / 0.5) / np.log(50 / 0.5)
    assert chart.bar_rect(1).height() == pytest.approx(chart.bar_rect(2).height() * share)
