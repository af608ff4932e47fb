from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.widgets.base import theme
from headlight.widgets.tables.layer_table import LayerRow, LayerTable
from tests.widgets.paint_watch import PaintWatch
from tests.widgets.pointer import click, move


def rows(count=340):
    return [
        LayerRow(
            f"resnet.encoder.stages.{i // 90}.layers.{i}.convolution",
            "Conv2d",
            f"{7 + 4 * i}",
            "4",
            f"−{i}",
            "56 × 56",
            note="branches start at −3 and 0" if i % 5 == 4 else "",
            level=int(i % 5 == 4),
        )
        for i in range(count)
    ]


@pytest.fixture
def table(show):
    table = LayerTable()
    table.set_rows(rows())
    return show(table, 620, 300)


def colours(table, rect):
    image = table.viewport().grab(rect).toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_selected_row_has_an_amber_bar_and_the_hovered_a_blue_frame(qapp, table, choice):
    theme.apply(qapp, choice)
    now = theme.current()
    table.set_selected(3)
    table.set_hovered(6)
    assert QColor(now.amber).name() in colours(table, table.row_rect(3))
    assert QColor(now.blue).name() in colours(table, table.row_rect(6))
    assert not {QColor(now.amber).name(), QColor(now.blue).name()} & colours(table, table.row_rect(4))


def test_figures_end_at_one_edge_below_their_heading(table):
    image = table.viewport().grab().toImage()
    ends = []
    for row in (0, 2, 30):
        table._reveal(row)
        image = table.viewport().grab().toImage()
        rect = table.cell_rect(row, "size")
        inked = [
            x
            for x in range(rect.left(), rect.right() + 6)
            for y in range(rect.top() + 2, rect.bottom() - 2)
            if image.pixelColor(x, y).lightness() > 120
        ]
        ends.append(max(inked))
    assert np.ptp(ends) <= 1
    assert abs(ends[0] - table.cell_rect(0, "size").right()) <= 2


def test_columns_give_way_and_the_read_out_says_them(table):
    assert table.columns() == ["name", "kind", "size", "stride", "start", "shape"]
    table.resize(330, 300)
    assert table.columns() == ["name", "size", "stride", "shape"]
    move(table, table.row_rect(4).center())
    lines = table._tip.text.split("\n")
    assert lines[0].endswith("layers.4.convolution")
    assert lines[1:] == ["kind\tConv2d", "start\t−4", "branches start at −3 and 0"]
    table.resize(220, 300)
    assert table.columns() == ["name", "size"]


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
@pytest.mark.parametrize("width", [240, 400, 900])
def test_nothing_overlaps_at_any_size_of_text(qapp, show, scale, width):
    theme.apply(qapp, "dark", scale)
    table = LayerTable()
    table.set_rows(rows(40))
    show(table, round(width * scale), 300)
    cells = [table.cell_rect(0, column) for column in table.columns()]
    assert all(a.right() < b.left() for a, b in pairwise(cells))
    assert cells[0].left() >= 0
    assert cells[-1].right() <= table.viewport().width()
    assert cells[0].width() >= 10 * scale


def test_mouse_hovers_and_selects(table):
    hovered, selected = [], []
    table.hovered.connect(hovered.append)
    table.selected.connect(selected.append)
    move(table, table.row_rect(2).center())
    move(table, table.row_rect(2).center() + QPoint(20, 2))
    move(table, table.row_rect(3).center())
    click(table, table.row_rect(3).center())
    click(table, table.row_rect(3).center())
    click(table, QPoint(30, 5))  # the heading
    QApplication.sendEvent(table.viewport(), QEvent(QEvent.Type.Leave))
    assert hovered == [2, 3, None]
    assert selected == [3]
    table.set_selected(7)
    table.set_hovered(8)
    assert (hovered, selected) == ([2, 3, None], [3])


def in_sight(table, row):
    head = table.row_rect(0).height()
    rest = table.viewport().rect().adjusted(0, head, 0, 0)
    return rest.contains(table.row_rect(row))


def test_the_selected_row_stays_in_sight_at_every_size_unless_it_was_scrolled_away(table):
    table.set_selected(120)
    for height in (200, 500, 90, 700, 20, 300):  # in a height of 20 there is no room for any row
        table.resize(620, height)
        assert in_sight(table, 120) or height == 20
    table.verticalScrollBar().setValue(0)
    table.set_selected(120)  # what is selected already moves nothing
    table.resize(620, 400)
    assert table.verticalScrollBar().value() == 0


def test_keys_walk_and_keep_the_row_in_sight(table, qtbot):
    selected = []
    table.selected.connect(selected.append)
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(table.hasFocus)
    keys = (
        Qt.Key.Key_Down,
        Qt.Key.Key_Down,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_Home,
        Qt.Key.Key_Up,
    )
    for key in keys:
        QTest.keyClick(table, key)
        rect = table.row_rect(table._selected)
        assert table.row_rect(0).height() <= rect.top()
        assert rect.bottom() < table.viewport().height()
    assert selected == [0, 1, 339, 329, 0]
    assert "layers.0.convolution selected: field 7" in table.accessibleDescription()


def test_hovering_repaints_two_rows_alone(table):
    QApplication.processEvents()
    table.set_hovered(2)
    QApplication.processEvents()
    watch = PaintWatch(table.viewport())
    table.set_hovered(7)
    QApplication.processEvents()
    assert watch.region.boundingRect().top() >= table.row_rect(2).top()
    assert watch.region.boundingRect().bottom() <= table.row_rect(7).bottom()
    assert not watch.region.contains(table.row_rect(4).center())


def test_odd_calls(table):
    with pytest.raises(IndexError, match="no row 340 among 340"):
        table.set_selected(340)
    table.set_selected(339)
    table.set_rows(rows(2))
    table.set_hovered(1)
    table.set_rows([])
    move(table, QPoint(50, 60))
    QTest.keyClick(table, Qt.Key.Key_Down)
    table.grab()
    assert table.accessibleDescription() == "0 layers"
