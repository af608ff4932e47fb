from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.costs import Crossing, Curve, amount, tokens
from headlight.widgets.base import theme
from headlight.widgets.plots import series_style
from headlight.widgets.plots.cost_plot import CostPlot, apart
from headlight.widgets.tables.complexity_table import ComplexityTable, Row
from tests.widgets.pointer import move

N = 2.0 ** np.arange(6, 13)
CURVES = [
    Curve("Self-attention", N, N**2 * 1e-8, 0),
    Curve("with weights", N[:-2], N[:-2] ** 2 * 1.5e-8, 1),
    Curve("LSTM", N, N * 1e-5, 2),
    Curve("Convolution", N, N * 0.99e-5, 3),
    Curve("computed", N, N**2 * 1e-9, 0, dashed=True, named=False),
]
CROSSINGS = [
    Crossing(1000, 1e-2, "n ≈ 1,000", "From here on attention takes longer than an LSTM\t1,000 tokens", True),
    Crossing(990, 0.98e-2, "n ≈ 990", "than a convolution\t990 tokens", True),
]


@pytest.fixture
def plot(show):
    plot = CostPlot()
    plot.set_curves(CURVES, "s", CROSSINGS, (100, "this text"))
    return show(plot, 560, 420)


def test_amounts_and_lengths_are_written_short():
    said = [amount(v, "s") for v in (1.2345, 0.0123, 9.996e-4, 1e-6, 3.2e-10, 60)]
    assert said == ["1.23 s", "12.3 ms", "1 ms", "1 µs", "0.32 ns", "60 s"]
    assert [amount(v, "B") for v in (999, 1000, 17.2e9)] == ["999 B", "1 kB", "17.2 GB"]
    assert [amount(v, "operations") for v in (12, 134217728, 0, np.inf)] == ["12", "134 M", "0", "∞"]
    assert amount(12_345, "s") == "12,300 s"
    assert [tokens(n) for n in (16, 1000, 1024, 1370, 16384, 0)] == ["16", "1,000", "1k", "1,370", "16k", "0"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 400), min_size=1, max_size=8).map(sorted), st.integers(5, 30))
def test_rows_are_pushed_apart_and_no_farther_than_needed(tops, height):
    tops = np.array(tops, float)
    moved = apart(tops, height, 0, 430)
    assert np.all(np.diff(moved) >= height - 1e-6)
    assert moved[0] >= 0
    assert moved[-1] <= 430 - height + 1e-6
    if np.all(np.diff(tops) >= height) and tops[-1] <= 430 - height:
        np.testing.assert_allclose(moved, tops, atol=1e-9)


def test_both_axes_are_logarithmic_and_dots_stand_where_they_should(plot):
    x = np.array([plot.dot((0, i)).x() for i in range(len(N))])
    np.testing.assert_allclose(np.diff(x), np.diff(x)[0])
    attention, lstm = (np.array([plot.dot((s, i)).y() for i in range(len(N))]) for s in (0, 2))
    np.testing.assert_allclose(np.diff(attention), 2 * np.diff(lstm)[0])  # n² rises twice as fast
    assert [tick for tick, _ in plot._frame.across_ticks()] == list(N)
    assert [plot._frame.up.text(tick) for tick in plot._frame.up_ticks()] == [
        *("10 µs", "100 µs", "1 ms", "10 ms", "100 ms")
    ]


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_pixels_of_dots_lines_rings_and_the_own_length(qapp, plot, choice):
    theme.apply(qapp, choice)
    plot.set_curves(CURVES, "s", CROSSINGS[:1], (100, "this text"))
    seen = plot.grab().toImage()
    for series in (0, 1, 3):  # 3 lies over 2
        at = plot.dot((series, 1)).toPoint()
        assert seen.pixelColor(at) == series_style.colour(series), series
    hollow = curves_of(plot, [CURVES[0]._replace(dashed=True)])
    assert hollow.pixelColor(plot.dot((0, 2)).toPoint()) == QColor(theme.current().panel)
    plot.set_curves(CURVES, "s", CROSSINGS[:1], (100, "this text"))
    seen = plot.grab().toImage()
    at = plot.dot((5, 0))
    ring = {seen.pixelColor((at + QPointF(theme.em(0.5) + d, 0)).toPoint()).name() for d in (-1, 0, 1)}
    assert any(apart_from(name, theme.current().text) < 60 for name in ring)
    x = int(plot._frame.x(100.0))
    column = {seen.pixelColor(x + d, y).name() for d in (0, 1) for y in range(40, 300)}
    assert QColor(theme.current().amber).name() in column


def apart_from(one, other):
    return abs(QColor(one).lightness() - QColor(other).lightness())


def curves_of(plot, curves):
    plot.set_curves(curves, "s")
    return plot.grab().toImage()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_names_and_labels_keep_apart_and_inside(qapp, show, scale):
    theme.apply(qapp, "dark", scale)
    plot = CostPlot()
    plot.set_curves(CURVES, "s", CROSSINGS, (64, "this text"))
    show(plot, 520, 300)
    names = sorted((plot.name_rect(series) for series in range(4)), key=lambda rect: rect.top())
    assert all(a.bottom() <= b.top() + 1e-6 for a, b in pairwise(names))
    inside = plot.rect().toRectF()
    assert all(inside.contains(rect) for rect in names)
    labels = plot.label_rects()
    assert len(labels) == 2
    assert not labels[0].intersects(labels[1])
    assert all(plot._frame.area.contains(rect) for rect in labels)
    with pytest.raises(StopIteration):
        plot.name_rect(4)


def test_hover_reads_out_all_curves_at_that_length(plot):
    heard = []
    plot.hovered.connect(heard.append)
    move(plot, plot.dot((1, 2)).toPoint())
    assert plot._tip.text == (
        "256 tokens\nLSTM\t2.56 ms\nConvolution\t2.53 ms\nwith weights\t983 µs\nSelf-attention\t655 µs"
    )
    assert plot.length(heard[-1]) == 256
    move(plot, plot.dot((5, 0)).toPoint())
    assert plot._tip.text.startswith("From here on attention takes longer") or "990" in plot._tip.text
    move(plot, QPoint(2, 2))
    assert plot._tip.text == ""
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert heard[-1] is None
    assert plot.dot_at(128) == (0, 1)
    assert plot.dot_at(129) is None


def test_hovered_from_elsewhere_has_a_line_and_no_signal(plot):
    heard = []
    plot.hovered.connect(heard.append)
    plot.set_hovered(plot.dot_at(512))
    x = round(plot.dot((0, 3)).x())
    seen = plot.grab().toImage()
    assert QColor(theme.current().blue).name() in {
        seen.pixelColor(x + d, y).name() for d in (0, 1) for y in range(50, 200)
    }
    assert heard == []


def test_keyboard_walks_along_and_between_curves(plot, qtbot):
    plot.activateWindow()
    qtbot.waitUntil(plot.isActiveWindow)
    plot.clearFocus()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(plot.hasFocus)
    heard = []
    plot.hovered.connect(heard.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(plot, key)
    assert heard == [(0, 1), (0, 2), (1, 2), (0, 2), (5, 0)]
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert heard[-1] == (5, 1)


def test_odd_input(show):
    plot = CostPlot()
    show(plot, 300, 200)
    plot.set_curves([], "s")
    plot.grab()
    plot.set_curves([Curve("one", np.array([64.0]), np.array([1e-3]), 0)], "s")  # measuring has just begun
    plot.grab()
    assert plot.accessibleDescription() == "one: 1 ms at 64 tokens"
    with pytest.raises(ValueError, match="bad: 2 lengths, but 1 values"):
        plot.set_curves([Curve("bad", N[:2], N[:1], 0)], "s")


def test_table_shows_a_formula_a_column_beside_the_mark_of_its_curve(show):
    table = ComplexityTable(("Operations", "Path"))
    rows = [
        Row(0, "Attention", ("n²·d", "1")),
        Row(2, "LSTM", ("n·d²", "n")),
    ]
    table.set_rows("d = 512", rows)
    show(table, 500, 120)
    assert table.texts() == [["Attention", "n²·d", "1"], ["LSTM", "n·d²", "n"]]
    assert table.caption() == "d = 512"
    swatch = table._rows[1][0]
    centre = swatch.grab().toImage().pixelColor(swatch.rect().center())
    assert centre == series_style.colour(2)
    table.set_rows("d = 64", [rows[1], rows[0]])
    assert table.texts()[0][0] == "LSTM"
    with pytest.raises(ValueError, match="1 cells in 2 columns"):
        table.set_rows("", [Row(0, "x", ("",)), rows[0]])
