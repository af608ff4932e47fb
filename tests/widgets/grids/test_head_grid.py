import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip

from headlight.models.core.colours import lut
from headlight.widgets.base import theme
from headlight.widgets.grids.atlas import area_weights, resample
from headlight.widgets.grids.head_grid import FRAME, NARROWEST, SMALLEST, HeadGrid
from tests.widgets.paint_watch import PaintWatch


def constant(layers, heads, height=8, width=8):
    """Every map of one level of its own."""
    level = np.arange(layers * heads, dtype=np.uint8).reshape(layers, heads) * 3 + 10
    return np.broadcast_to(level[:, :, None, None], (layers, heads, height, width)).copy()


@pytest.fixture
def grid(show):
    grid = HeadGrid()
    grid.set_lut(lut("inferno"))
    grid.set_maps(constant(6, 4))
    return show(grid, 420, 300)


def pixel(grid, point):
    return grid.viewport().grab().toImage().pixelColor(point)


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(1, 80))
def test_resampling_is_an_area_mean(size, out):
    weights = area_weights(size, out).astype(float)
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    # Every source pixel keeps its share of the whole, so the mean stays.
    assert np.allclose(weights.mean(0), 1 / size, atol=1e-6)


def test_resampling_closed_forms():
    board = np.array([[[0, 100], [200, 40]]], np.uint8)
    assert resample(board, 1, 1).item() == 85
    assert resample(board, 4, 4)[0].tolist() == np.kron(board[0], np.ones((2, 2), int)).tolist()


def test_every_cell_has_the_colour_of_its_level(grid):
    picture = grid.viewport().grab().toImage()
    maps, colours = constant(6, 4), lut("inferno")
    for layer in range(6):
        for head in range(4):
            red, green, blue, _ = colours[maps[layer, head, 0, 0]].tolist()
            seen = picture.pixelColor(grid.cell_rect(layer, head).center())
            assert (seen.red(), seen.green(), seen.blue()) == (red, green, blue), (layer, head)


@pytest.mark.parametrize("shape", [(12, 6), (6, 12), (24, 16)])
@pytest.mark.parametrize("map_shape", [(37, 37), (12, 37), (37, 12)])
def test_the_grid_fits_and_keeps_the_aspect(show, shape, map_shape):
    grid = HeadGrid()
    grid.set_maps(np.zeros((*shape, *map_shape), np.uint8))
    show(grid, 1300, 800)
    view = grid.viewport().rect()
    assert view.contains(grid.cell_rect(0, 0))
    assert view.contains(grid.cell_rect(shape[0] - 1, shape[1] - 1))
    cell = grid.cell_rect(0, 0)
    assert cell.width() / cell.height() == pytest.approx(map_shape[1] / map_shape[0], rel=0.07)
    assert not grid.verticalScrollBar().maximum()


def test_cells_stay_large_enough_and_the_grid_scrolls(show):
    grid = HeadGrid()
    grid.set_maps(np.zeros((48, 32, 4, 4), np.uint8))
    show(grid, 300, 200)
    assert grid.cell_rect(0, 0).size().width() == SMALLEST
    bar = grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert grid.viewport().rect().contains(grid.cell_rect(0, 31).center())


def test_selected_is_amber_hovered_is_blue_fused_frames_the_layer(grid):
    grid.set_selected(2, 1)
    grid.set_hovered((4, 3))
    amber, blue = QColor(theme.current().amber), QColor(theme.current().blue)
    cell, other = grid.cell_rect(2, 1), grid.cell_rect(4, 3)
    assert pixel(grid, QPoint(cell.left() - 1, cell.center().y())) == amber
    assert pixel(grid, QPoint(other.left(), other.center().y())) == blue
    grid.set_fused(True)
    for head in range(4):
        rect = grid.cell_rect(2, head)
        assert pixel(grid, QPoint(rect.left() - 1, rect.center().y())) == amber
    grid.set_selected(None, None)
    assert pixel(grid, QPoint(cell.left() - 1, cell.center().y())) != amber


def test_pointing_and_clicking(grid, qtbot):
    seen, clicked = [], []
    grid.hovered.connect(seen.append)
    grid.clicked.connect(lambda layer, head: clicked.append((layer, head)))
    view = grid.viewport()
    for point in (
        grid.cell_rect(1, 2).center(),
        grid.cell_rect(1, 2).center() + QPoint(1, 1),
        grid.cell_rect(5, 0).center(),
        QPoint(1, 1),
    ):
        none = Qt.MouseButton.NoButton
        place = QPointF(point), QPointF(view.mapToGlobal(point))
        move = QMouseEvent(QEvent.Type.MouseMove, *place, none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, move)
    assert seen == [(1, 2), (5, 0), None]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=grid.cell_rect(3, 3).center())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert clicked == [(3, 3)]


def test_pointing_repaints_only_frames(grid, qtbot, monkeypatch):
    grid.set_hovered((0, 0))
    qtbot.wait(20)
    put = []
    monkeypatch.setattr(type(grid._atlas), "put", lambda *maps: put.append(maps))
    watch = PaintWatch(grid.viewport())
    grid.set_hovered((5, 3))
    qtbot.waitUntil(lambda: not watch.region.isEmpty())
    assert watch.region.contains(grid.cell_rect(5, 3).center())
    assert watch.region.contains(grid.cell_rect(0, 0).center())
    assert not watch.region.contains(grid.cell_rect(2, 2).center())
    assert not put


def test_layers_arrive_one_by_one_and_may_differ(show):
    grid = HeadGrid()
    grid.set_lut(lut("grey"))
    grid.set_shape(2, [2, 4])
    show(grid, 300, 300)
    raised = QColor(theme.current().raised)
    assert pixel(grid, grid.cell_rect(1, 3).center()) == raised
    grid.set_layer_maps(1, np.full((4, 5, 5), 255, np.uint8))
    assert pixel(grid, grid.cell_rect(1, 3).center()) == QColor("#ffffff")
    assert pixel(grid, grid.cell_rect(0, 1).center()) == raised
    with pytest.raises(ValueError, match="layer 0 has 2 heads, but 3 maps came"):
        grid.set_layer_maps(0, np.zeros((3, 5, 5), np.uint8))


def test_blocked_layer_is_hatched(grid, qtbot):
    grid.set_blocked(3, "The weights miss the layer's output by 0.2")
    picture = grid.viewport().grab().toImage()
    rect = grid.cell_rect(3, 1)
    seen = {picture.pixelColor(x, rect.center().y()).name() for x in range(rect.left() + 3, rect.right() - 3)}
    assert theme.current().raised in seen
    assert len(seen) > 1
    assert not seen & {QColor(*lut("inferno")[level, :3].tolist()).name() for level in range(10, 82)}


def test_tool_tips_explain_heads_and_blocked_layers(grid, qtbot):
    grid.set_tooltip(lambda layer, head: f"layer {layer}, head {head}")
    grid.set_blocked(3, "The weights miss the layer's output by 0.2")
    for cell, text in (((1, 2), "layer 1, head 2"), ((3, 0), "The weights miss the layer's output by 0.2")):
        point = grid.cell_rect(*cell).center()
        event = QHelpEvent(QEvent.Type.ToolTip, point, grid.viewport().mapToGlobal(point))
        QApplication.sendEvent(grid.viewport(), event)
        assert QToolTip.text() == text
    QToolTip.hideText()


def test_frame_is_inside_the_gap(grid):
    first, second = grid.cell_rect(0, 0), grid.cell_rect(1, 0)
    assert second.left() - first.right() - 1 > FRAME


@pytest.mark.parametrize("map_shape", [(28, 186), (173, 30)])
def test_long_maps_are_all_in_sight_in_a_common_pane(show, map_shape):
    grid = HeadGrid()
    grid.set_maps(np.zeros((12, 6, *map_shape), np.uint8))
    show(grid, 560, 300)
    assert not grid.horizontalScrollBar().maximum()
    assert not grid.verticalScrollBar().maximum()
    assert min(grid.cell_rect(0, 0).size().toTuple()) >= NARROWEST


def test_the_selected_head_is_scrolled_into_sight_and_the_user_scrolls_on(show):
    grid = HeadGrid()
    grid.set_maps(np.zeros((48, 32, 4, 4), np.uint8))
    show(grid, 300, 200)
    grid.set_selected(40, 30)
    body = grid.viewport().rect()
    assert body.contains(grid.cell_rect(40, 30))
    grid.set_selected(0, 0)
    assert grid.horizontalScrollBar().value() == grid.verticalScrollBar().value() == 0
    grid.verticalScrollBar().setValue(90)
    grid.set_selected(0, 0)  # as every move of the cursor does
    assert grid.verticalScrollBar().value() == 90


def test_numbers_that_are_scrolled_away_do_not_lie_over_the_names_of_the_axes(show):
    grid = HeadGrid()
    grid.set_maps(constant(30, 9))
    show(grid, 300, 60)
    corner = grid._body().x() - 1, grid._places.top - 1
    before = grid.viewport().grab().toImage().copy(0, 0, *corner)
    for bar in (grid.horizontalScrollBar(), grid.verticalScrollBar()):
        assert bar.maximum() > 9
        bar.setValue(bar.maximum() // 2)
    assert grid.viewport().grab().toImage().copy(0, 0, *corner) == before
