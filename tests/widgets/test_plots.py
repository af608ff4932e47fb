"""Growth of fields and distances of heads: dots stand where their values say, and can be pointed at."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.classes.palettes import CONES, lacking, oklab
from headlight.widgets.base import theme
from headlight.widgets.plots import series_style
from headlight.widgets.plots.axes import Axis, text_of
from headlight.widgets.plots.growth_plot import GrowthPlot
from headlight.widgets.plots.line_plot import Series
from headlight.widgets.plots.scatter_plot import DistanceScatter
from tests.widgets.pointer import click, move

VGG = Series("VGG16", np.arange(1, 6), [3, 5, 10, 100, 212], [f"conv{i}" for i in range(5)], 0)
VIT = Series("ViT-B", np.arange(4), [16, np.nan, np.nan, np.nan], ["patches", "l0", "l1", "l2"], 1, 1)


@pytest.fixture
def growth(show):
    plot = GrowthPlot()
    plot.set_series([VGG, VIT], 224)
    return show(plot, 400, 260)


@pytest.fixture
def scatter(show):
    plot = DistanceScatter()
    layer, head = np.mgrid[:4, :3].reshape(2, -1)
    distance = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, np.nan, 100, 116.5])
    plot.set_dots(layer, head, distance)
    return show(plot, 420, 260)


def near(colour, wanted, slack=12):
    pairs = zip(colour.getRgb()[:3], QColor(wanted).getRgb()[:3], strict=True)
    return all(abs(a - b) <= slack for a, b in pairs)


def around(plot, at, reach):
    image = plot.grab().toImage()
    x, y = round(at.x()), round(at.y())
    return [
        image.pixelColor(x + i, y + j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)
    ]


# Axes.


@settings(max_examples=60)
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e5), st.integers(2, 12), st.booleans())
def test_linear_ticks_are_round_even_few_and_inside(low, span, most, whole):
    axis = Axis(low, low + span)
    ticks = axis.ticks(most, whole)
    assert len(ticks) <= most
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    steps = {f"{b - a:.4e}" for a, b in pairwise(ticks)}
    assert len(steps) <= 1 or span < 1e-6 * abs(low)
    assert all(step[0] in "125" for step in steps if span > 1e-6 * abs(low))
    if whole:
        assert all(tick == round(tick) for tick in ticks)


@given(st.floats(0.01, 1e3), st.floats(2.0, 1e6), st.integers(2, 12))
@example(0.53125, 2.0, 12)
def test_logarithmic_ticks_are_inside_and_few(low, ratio, most):
    axis = Axis(low, low * ratio, log=True)
    ticks = axis.ticks(most)
    assert len(ticks) <= most
    assert all(axis.low * 0.999 <= tick <= axis.high * 1.001 for tick in ticks)
    assert len(ticks) >= 2 or ratio < 10
    if ratio > 20:
        assert all(f"{tick:.3e}"[0] in "1235" for tick in ticks)
    else:
        assert all(float(f"{tick:.2e}") == pytest.approx(tick) for tick in ticks)  # as 1.05 is
    assert axis.share(low) == 0
    assert axis.share(low * ratio) == pytest.approx(1)
    assert axis.share(low * ratio**0.5) == pytest.approx(0.5)


def test_figures_of_ticks():
    values = (0, 0.5, 2, 1000, 20_000, 5e6, 0.1 + 0.2)
    assert [text_of(v) for v in values] == ["0", "0.5", "2", "1,000", "20k", "5M", "0.3"]


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_colours_of_series_are_told_apart_and_seen(qapp, choice):
    theme.apply(qapp, choice)
    now = theme.current()
    colours = np.array([series_style.colour(i).getRgb()[:3] for i in range(8)], np.uint8)
    ground = np.array([QColor(now.panel).getRgb()[:3]], np.uint8)

    def luminance(rgb):
        part = rgb / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    light = np.maximum(luminance(colours), luminance(ground)) + 0.05
    dark = np.minimum(luminance(colours), luminance(ground)) + 0.05
    assert (light / dark).min() >= 3
    lab = oklab(colours)
    assert min(np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(range(8), 2)) > 0.1
    for kind in CONES:  # to eyes without one kind of cone too
        lab = oklab(lacking(colours, kind))
        assert min(np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(range(8), 2)) > 0.06, kind
    assert len(set(series_style.MARKS)) == 8
    shapes = [series_style.mark(i, QPointF(0, 0), 10) for i in range(8)]
    for path in shapes:
        assert 7 < path.boundingRect().height() / 2 < 15
    assert all((a - b).isEmpty() is False or (b - a).isEmpty() is False for a, b in combinations(shapes, 2))


# Growth.


def test_dots_stand_on_the_axes(growth):
    frame = growth._frame
    ticks = [tick for tick in frame.up_ticks() if tick in (10, 100)]
    assert len(ticks) == 2
    ten, hundred = (float(frame.y(tick)) for tick in ticks)
    assert growth.dot((0, 2)).y() == pytest.approx(ten)
    assert growth.dot((0, 3)).y() == pytest.approx(hundred)
    x = [growth.dot((0, i)).x() for i in range(5)]
    np.testing.assert_allclose(np.diff(x), x[1] - x[0])
    growth.set_log(False)
    y = np.array([growth.dot((0, i)).y() for i in range(5)])
    np.testing.assert_allclose((y[0] - y) / (y[0] - y[-1]), (np.array(VGG.sizes) - 3) / 209)
    assert growth.rect().toRectF().contains(growth._frame.area)


def test_what_sees_the_whole_image_runs_along_its_side(growth):
    level = float(growth._frame.y(224))
    assert all(growth.dot((1, i)).y() == pytest.approx(level) for i in (1, 2, 3))
    assert growth.dot((1, 0)).y() > level + 50
    assert growth._tip_text((1, 2)) == "ViT-B\twhole image\nl1"
    assert growth._tip_text((1, 0)) == "ViT-B\t16 px\npatches"
    # Hollow marks: the ground shows in their middle.
    centre = growth.dot((1, 3)).toPoint()
    assert near(growth.grab().toImage().pixelColor(centre), theme.current().panel)
    start = growth.dot((1, 0)).toPoint()
    assert near(growth.grab().toImage().pixelColor(start), series_style.colour(1))
    assert growth.accessibleDescription() == "VGG16: 212 px at conv4; ViT-B: the whole image from l0 on"


def test_growth_answers_the_cursor(growth):
    hovered, clicked = [], []
    growth.hovered.connect(hovered.append)
    growth.clicked.connect(lambda *key: clicked.append(key))
    at = growth.dot((0, 3))
    move(growth, (at + QPointF(4, 3)).toPoint())
    assert growth._tip.text == "VGG16\t100 px\nconv3"
    assert any(near(c, theme.current().blue) for c in around(growth, at, 8))
    click(growth, at.toPoint())
    move(growth, growth.legend_rect(1).center().toPoint())
    growth.set_tip(lambda series, index: f"{series} {index}")
    move(growth, growth.dot((1, 0)).toPoint())
    assert growth._tip.text == "1 0"
    QApplication.sendEvent(growth, QEvent(QEvent.Type.Leave))
    assert (hovered, clicked) == ([(0, 3), (1, 3), (1, 0), None], [(0, 3)])
    growth.set_selected((0, 3))
    assert any(near(c, theme.current().amber) for c in around(growth, at, 9))


def test_the_hovered_series_steps_forward(growth):
    at = growth.dot((1, 0)).toPoint()
    growth.set_hovered((0, 1))
    assert not near(growth.grab().toImage().pixelColor(at), series_style.colour(1))
    growth.set_hovered(None)
    assert near(growth.grab().toImage().pixelColor(at), series_style.colour(1))


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
@pytest.mark.parametrize(("width", "height"), [(220, 160), (400, 260), (900, 500)])
def test_texts_keep_apart_and_inside(qapp, show, scale, width, height):
    theme.apply(qapp, "dark", scale)
    plot = GrowthPlot()
    names = ("VGG16", "ResNet-50", "ConvNeXt-T", "Swin-T", "ViT-B", "SegFormer-B0")
    depths = np.arange(120)
    plot.set_series([(n, depths, depths * 30 + 3, ["x"] * 120, i, None) for i, n in enumerate(names)], 224)
    show(plot, round(width * scale), round(height * scale))
    whole = plot.rect().toRectF()
    names = [plot.legend_rect(i) for i in range(6)]
    assert all(not a.intersects(b) for a, b in combinations(names, 2))
    assert all(whole.contains(rect) for rect in names)
    assert max(rect.bottom() for rect in names) < plot._frame.area.top()
    across = [rect for _, rect in plot._frame.across_ticks()]
    assert len(across) >= 2
    assert all(a.right() + 2 < b.left() for a, b in pairwise(across))
    assert all(rect.bottom() <= whole.bottom() for rect in across)
    levels = [float(plot._frame.y(v)) for v in plot._frame.up_ticks()]
    assert len(levels) >= 2
    assert min(a - b for a, b in pairwise(levels)) >= 1.2 * across[0].height()


def test_keys_walk_along_and_between_networks(growth, qtbot):
    clicked = []
    growth.clicked.connect(lambda *key: clicked.append(key))
    growth.activateWindow()
    qtbot.waitUntil(growth.isActiveWindow)
    growth.clearFocus()
    growth.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(growth.hasFocus)
    assert growth._hovered == (0, 0)
    for key, expected in (
        (Qt.Key.Key_Right, (0, 1)),
        (Qt.Key.Key_Down, (1, 2)),  # the same depth in the next network
        (Qt.Key.Key_Right, (1, 3)),
        (Qt.Key.Key_Right, (1, 3)),
        (Qt.Key.Key_Up, (0, 2)),
    ):
        QTest.keyClick(growth, key)
        assert growth._hovered == expected
    QTest.keyClick(growth, Qt.Key.Key_Return)
    assert clicked == [(0, 2)]


def test_odd_series(growth):
    with pytest.raises(ValueError, match="5 depths, 2 sizes and 5 labels"):
        growth.set_series([VGG._replace(sizes=[1, 2])])
    with pytest.raises(ValueError, match="ViT-B sees the whole image"):
        growth.set_series([VIT])
    growth.set_hovered((1, 2))
    growth.set_series([VGG._replace(depths=[0], sizes=[7], labels=["a"])])
    growth.grab()
    growth.set_series([])
    move(growth, growth.rect().center())
    growth.grab()


# Distances.


def test_heads_stand_over_their_layer_at_their_distance(scatter):
    frame = scatter._frame
    zero, hundred = float(frame.y(0)), float(frame.y(100))
    for layer, head in ((0, 0), (2, 1), (3, 2)):
        at = scatter.dot((layer, head))
        value = {(0, 0): 10, (2, 1): 80, (3, 2): 116.5}[layer, head]
        assert (zero - at.y()) / (zero - hundred) == pytest.approx(value / 100)
        assert abs(at.x() - float(frame.x(layer))) < frame.area.width() / 8
    assert scatter.dot((1, 0)).x() < scatter.dot((1, 1)).x() < scatter.dot((1, 2)).x()
    with pytest.raises(LookupError):
        scatter.dot((3, 0))  # no distance, no dot
    at = scatter.dot((1, 1)).toPoint()
    assert scatter.grab().toImage().pixelColor(at).blue() > 180
    assert scatter.accessibleDescription() == "11 heads in 4 layers, up to 116 px"


def test_scatter_answers_the_cursor_and_the_keys(scatter, qtbot):
    hovered, clicked = [], []
    scatter.hovered.connect(hovered.append)
    scatter.clicked.connect(lambda *key: clicked.append(key))
    move(scatter, scatter.dot((2, 1)).toPoint())
    assert scatter._tip.text == "layer 2, head 1\t80.0 px"
    click(scatter, scatter.dot((2, 1)).toPoint())
    QApplication.sendEvent(scatter, QEvent(QEvent.Type.Leave))
    assert (hovered, clicked) == ([(2, 1), None], [(2, 1)])
    scatter.set_selected((2, 1))
    image = scatter.grab().toImage()
    assert near(image.pixelColor(scatter.dot((2, 1)).toPoint()), theme.current().amber)
    scatter.activateWindow()
    qtbot.waitUntil(scatter.isActiveWindow)
    scatter.clearFocus()
    scatter.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(scatter.hasFocus)
    walked = [scatter._hovered]
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(scatter, key)
        walked.append(scatter._hovered)
    assert walked == [(2, 1), (2, 2), (3, 1), (3, 1), (2, 2)]


def test_a_level_to_compare_with(scatter):
    scatter.set_line(200, "uniform 200.0")
    y = round(float(scatter._frame.y(200)))
    assert scatter._frame.area.top() < y
    image = scatter.grab().toImage()
    row = [image.pixelColor(x, y).lightness() for x in range(60, 300)]
    assert 0.3 < np.mean([v > 90 for v in row]) < 0.9  # dashed
    scatter.set_dots([0], [0], [0.0])
    scatter.set_line(None)
    scatter.grab()
    scatter.set_dots([], [], [])
    move(scatter, scatter.rect().center())
    scatter.grab()
    with pytest.raises(ValueError, match="2 layers, 1 heads"):
        scatter.set_dots([0, 1], [0], [1.0])
