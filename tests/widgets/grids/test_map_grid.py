from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QRegion
from PySide6.QtWidgets import QApplication, QToolTip

from headlight.models.core.colours import lut
from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font
from headlight.widgets.grids import map_grid
from headlight.widgets.grids.map_grid import SMALLEST, MapGrid, arrange, pictures
from tests.widgets.paint_watch import PaintWatch
from tests.widgets.pointer import click, move, wheel

LABELS = [f"stage {stage}" for stage in range(1, 6)]
LAYERS, MAPS = [0, 2, 5, 9, 15], [4, 8, 16, 32, 64]


def levels(row):
    """Every map one level of its own."""
    return (np.arange(MAPS[row])[:, None] * 3 + 20 + row).astype(np.uint8)


@pytest.fixture
def grid(show):
    grid = MapGrid()
    grid.set_lut(lut("inferno"))
    grid.set_rows(LABELS, LAYERS, MAPS)
    for row in range(5):
        grid.set_row_maps(row, levels(row))
    return show(grid, 560, 190)


def colour(level):
    return QColor(*lut("inferno")[level, :3].tolist())


def picture(grid):
    return grid.viewport().grab().toImage()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 70), min_size=1, max_size=7),
    st.integers(30, 900),
    st.integers(20, 700),
    st.integers(1, 6),
    st.integers(3, 24),
)
def test_cells_are_apart_found_again_and_inside(counts, width, height, gap, label):
    layout = arrange(counts, width, height, gap, 6, label)
    boxes = {}
    for row, count in enumerate(counts):
        for map in range(count):
            x, y = layout.cell(row, map)
            boxes[row, map] = (x, y)
            assert layout.at(x + layout.width // 2, y + layout.size // 2) == (row, map)
            assert layout.at(x, y) == (row, map)
    taken = np.zeros(
        (layout.height + layout.size + 40, max(width, layout.width * layout.columns * 2)), np.uint8
    )
    for x, y in boxes.values():
        taken[y : y + layout.size, x : x + layout.width] += 1
    assert taken.max(initial=0) <= 1
    fits = layout.height <= height and layout.columns * (layout.width + gap) - gap <= width
    if fits:
        assert not taken[height:].any()
        assert not taken[:, width:].any()
    else:
        assert layout.size == SMALLEST
    if layout.size > SMALLEST:  # no larger cells would fit, in whatever columns
        larger = layout.size + 1
        for columns in range(1, max(counts) + 1):
            heights = [max(-(-count // columns) * (larger + gap) - gap, label) for count in counts]
            too_high = sum(heights) + 6 * (len(counts) - 1) > height
            assert too_high or columns * (larger + gap) - gap > width


def test_weights_are_blocks_in_reading_order():
    sixteen = np.arange(16, dtype=np.uint8)[None]
    assert pictures(sixteen, 4, 4)[0].tolist() == sixteen.reshape(4, 4).tolist()
    assert (
        pictures(sixteen[:, :8], 8, 4)[0].tolist()
        == np.kron(sixteen[0, :8].reshape(2, 4), np.ones((2, 2))).tolist()
    )
    assert set(np.unique(pictures(sixteen, 21, 14))) == set(range(16))  # crisp: no level between two
    assert pictures(np.array([[7], [9]], np.uint8), 3, 2).tolist() == [[[7] * 3] * 2, [[9] * 3] * 2]


def test_all_maps_of_five_stages_fit_and_have_their_colours(grid):
    view, seen = grid.viewport().rect(), picture(grid)
    assert not grid.verticalScrollBar().maximum()
    for row, layer in enumerate(LAYERS):
        for map in range(MAPS[row]):
            rect = grid.cell_rect(layer, map)
            assert view.contains(rect)
            assert seen.pixelColor(rect.center()) == colour(levels(row)[map, 0]), (layer, map)


def test_each_weight_stands_in_its_cell(grid):
    weights = np.random.default_rng(0).integers(0, 256, (8, 16)).astype(np.uint8)
    grid.set_row_maps(1, weights)
    seen, rect = picture(grid), grid.cell_rect(2, 6)
    for k in range(16):
        x = rect.left() + (k % 4 + 0.5) * rect.width() / 4
        y = rect.top() + (k // 4 + 0.5) * rect.height() / 4
        assert seen.pixelColor(int(x), int(y)) == colour(weights[6, k]), k


def test_pointing_and_clicking_name_layers(grid):
    seen, clicked = [], []
    grid.hovered.connect(seen.append)
    grid.clicked.connect(lambda *cell: clicked.append(cell))
    move(grid, grid.cell_rect(15, 63).center())
    move(grid, grid.cell_rect(15, 63).center() + QPoint(1, 0))
    move(grid, grid.cell_rect(0, 2).center())
    move(grid, QPoint(1, 1))
    assert seen == [(15, 63), (0, 2), None]
    click(grid, grid.cell_rect(9, 31).center())
    click(grid, QPoint(1, 1))
    assert clicked == [(9, 31)]


def test_frames_and_the_rows_name(grid):
    grid.set_selected(2, 3)
    grid.set_hovered((15, 40))
    seen, now = picture(grid), theme.current()
    cell, other = grid.cell_rect(2, 3), grid.cell_rect(15, 40)
    assert seen.pixelColor(cell.left() - 1, cell.center().y()) == QColor(now.amber)
    assert seen.pixelColor(other.left(), other.center().y()) == QColor(now.blue)
    beside = [seen.pixelColor(x, cell.center().y()).name() for x in range(cell.left() - 4)]
    assert now.amber_text in {*beside, *(seen.pixelColor(x, cell.center().y() + 2).name() for x in range(60))}
    grid.set_hovered((4, 0))  # a layer without a row
    grid.set_selected(None, None)
    seen = picture(grid)
    assert seen.pixelColor(other.left(), other.center().y()) != QColor(now.blue)
    assert seen.pixelColor(cell.left() - 1, cell.center().y()) != QColor(now.amber)


def test_new_maps_repaint_their_row_alone(grid, qtbot, monkeypatch):
    put, kept = [], grid._atlas.put
    monkeypatch.setattr(grid._atlas, "put", lambda maps, *rest: (put.append(len(maps)), kept(maps, *rest)))
    watch = PaintWatch(grid.viewport())
    grid.set_row_maps(3, np.full((32, 16), 200, np.uint8))
    qtbot.waitUntil(lambda: not watch.region.isEmpty())
    assert put == [32]
    assert watch.region.contains(grid.cell_rect(9, 31).center())
    assert not watch.region.contains(grid.cell_rect(15, 20).center())
    watch.region = QRegion()
    grid.set_hovered((15, 4))
    qtbot.waitUntil(lambda: not watch.region.isEmpty())
    assert watch.region.contains(grid.cell_rect(15, 4).center())
    assert not watch.region.contains(grid.cell_rect(9, 31).center())
    assert put == [32]


def test_blocked_rows_are_hatched_and_say_why(grid):
    grid.set_tooltip(lambda layer, map: f"layer {layer}, map {map}")
    grid.set_blocked(2, "The weights miss the layer's output by 0.2")
    for cell, text in (((9, 3), "layer 9, map 3"), ((5, 4), "The weights miss the layer's output by 0.2")):
        point = grid.cell_rect(*cell).center()
        event = QHelpEvent(QEvent.Type.ToolTip, point, grid.viewport().mapToGlobal(point))
        QApplication.sendEvent(grid.viewport(), event)
        assert QToolTip.text() == text
    QToolTip.hideText()
    seen, rect = picture(grid), grid.cell_rect(5, 4)
    inks = {seen.pixelColor(x, rect.center().y()).name() for x in range(rect.left() + 2, rect.right() - 2)}
    assert theme.current().raised in inks
    assert colour(levels(2)[4, 0]).name() not in inks
    grid.set_row_maps(2, levels(2))
    assert picture(grid).pixelColor(rect.center()) == colour(levels(2)[4, 0])


def test_steps_follow_what_is_drawn(grid):
    columns = grid._layout.columns
    assert grid.beside(15, 0, right=1) == (15, 1)
    assert grid.beside(15, 63, right=1) == (15, 63)
    assert grid.beside(2, 7, down=1) == (5, 7)
    assert grid.beside(15, 1, down=1) == (15, 1 + columns)
    assert grid.beside(5, 15, down=-1) == (2, 7)
    assert grid.beside(0, 1, down=-1) == (0, 1)
    above = grid.cell_rect(*grid.beside(15, columns + 3, down=-1))
    assert above.x() == grid.cell_rect(15, columns + 3).x()


def test_labels_are_whole_at_any_text_scale_and_light(qapp, show, qtbot):
    theme.apply(qapp, "light", 1.5)
    grid = MapGrid()
    grid.set_lut(lut("inferno"))
    grid.set_rows(LABELS, LAYERS, MAPS)
    for row in range(5):
        grid.set_row_maps(row, levels(row))
    show(grid, 560, 150)
    assert grid.verticalScrollBar().maximum() > 0  # the texts need the height
    metrics = QFontMetrics(label_font())
    rects = [grid._label_rect(row) for row in range(5)]
    assert all(rect.width() >= metrics.horizontalAdvance(LABELS[row]) for row, rect in enumerate(rects))
    assert all(not a.intersects(b) for a, b in pairwise(rects))
    assert picture(grid).pixelColor(grid.cell_rect(0, 1).center()) == colour(levels(0)[1, 0])
    before, at, pointed = grid.cell_rect(15, 63), grid.cell_rect(0, 1).center(), []
    move(grid, at)
    grid.hovered.connect(pointed.append)
    wheel(grid, at, -20)
    qtbot.waitUntil(lambda: pointed == [grid._named(grid._cell_at(at))])  # what was brought there
    assert grid.viewport().rect().contains(grid.cell_rect(15, 63))
    assert grid.cell_rect(15, 63).y() < before.y()


def test_wrong_shapes_are_refused(grid):
    with pytest.raises(ValueError, match=r"row 1 has 8 maps, but levels \(7, 16\) came"):
        grid.set_row_maps(1, np.zeros((7, 16), np.uint8))
    with pytest.raises(LookupError, match="no cell for layer 3, map 0"):
        grid.cell_rect(3, 0)


def test_labels_say_what_lines_are_and_what_maps_have_in_common(grid):
    width = grid._margins()[0]
    assert grid._label(4) == "stage 5"
    grid.set_row_maps(4, levels(4), "uniform")
    assert grid._label(4) == "stage 5 · uniform"
    metrics = QFontMetrics(label_font())
    assert grid._margins()[0] >= max(width, metrics.horizontalAdvance("stage 5 · uniform"))
    lines, drawn = grid._lines(4), []
    assert lines > 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(map_grid, "_line_label", lambda *line: drawn.append(line) or "")
        grid.viewport().grab()
    columns = grid._layout.columns
    assert [line for line in drawn if line[1] == 63][-1] == ((lines - 1) * columns, 63)
    assert map_grid._line_label(16, 31) == "maps 16–31"
