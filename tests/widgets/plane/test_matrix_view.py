"""The matrix: cells where they should be, the mouse, and labels that never touch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.colours import lut
from headlight.widgets.base import theme
from headlight.widgets.base.token_axis import TokenAxis, round_step, runs, shown
from headlight.widgets.plane.matrix_view import MatrixView
from headlight.widgets.plane.raster import pool_max
from tests.widgets.pointer import LEFT, MIDDLE, PLAIN, SHIFT, click, drag, move, wheel

GREY = np.stack([np.arange(256)] * 3 + [np.full(256, 255)], 1).astype(np.uint8)


@pytest.fixture
def view(qtbot):
    view = MatrixView()
    qtbot.addWidget(view)
    view.resize(420, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def fill(view, rows, columns, seed=0):
    levels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    view.set_tokens([f"q{i}" for i in range(rows)], [f"k{i}" for i in range(columns)])
    view.set_lut(GREY)
    view.set_matrix(levels, (levels / 255).astype(np.float32))
    QApplication.processEvents()
    return levels


def assert_cells(view, levels):
    """Every pixel of every cell in view has the cell's colour."""
    view._tip.hide()
    image, area = view.grab().toImage(), view.area().toAlignedRect()
    seen = 0
    for q, k in np.ndindex(levels.shape):
        cell = view.cell_rect(q, k).intersected(area)
        if cell.isEmpty():
            continue
        seen += 1
        for corner in (cell.topLeft(), cell.topRight(), cell.bottomLeft(), cell.bottomRight(), cell.center()):
            assert image.pixelColor(corner).red() == levels[q, k], (q, k, corner)
    return seen


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (16, 16), (12, 37)])
def test_every_cell_fills_its_pixels(view, shape):
    levels = fill(view, *shape)
    assert assert_cells(view, levels) == levels.size


def test_cells_stay_exact_after_zoom_and_pan(view):
    levels = fill(view, 16, 16)
    wheel(view, view.cell_rect(5, 9).center(), 4)
    drag(view, QPoint(250, 250), QPoint(231, 263), MIDDLE)
    assert 4 < assert_cells(view, levels) < 256


def test_cells_are_square_unless_the_axes_differ_much(view):
    fill(view, 12, 37)
    assert view.to_widget(1, 0).x() - view.to_widget(0, 0).x() == pytest.approx(
        view.to_widget(0, 1).y() - view.to_widget(0, 0).y()
    )
    fill(view, 3, 200)
    whole = view.area()
    assert view.to_widget(200, 3).y() - view.to_widget(0, 0).y() == pytest.approx(whole.height())


def test_a_single_bright_cell_never_vanishes(view):
    levels = np.zeros((1370, 1370), np.uint8)
    view.set_lut(GREY)
    for q, k in ((0, 0), (703, 411), (1369, 1369), (1369, 0)):
        levels[:] = 0
        levels[q, k] = 255
        view.set_matrix(levels)
        image = view.grab().toImage()
        at = view.to_widget(k + 0.5, q + 0.5).toPoint()
        near = [
            image.pixelColor(at + QPoint(x, y)).red()
            for x in range(-2, 3)
            for y in range(-2, 3)
            if image.valid(at + QPoint(x, y)) and view.area().contains(QPointF(at + QPoint(x, y)))
        ]
        assert 255 in near, (q, k)


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1)
)
def test_pooling_is_the_largest_of_each_block(rows, columns, down, across, seed):
    levels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    pooled = pool_max(levels, down, across)
    assert pooled.shape == (-(-rows // down), -(-columns // across))
    for r, c in np.ndindex(pooled.shape):
        assert pooled[r, c] == levels[r * down : (r + 1) * down, c * across : (c + 1) * across].max()


def test_hover_names_the_cell_also_after_zoom(view, qtbot):
    fill(view, 16, 16)
    seen = []
    view.hovered.connect(seen.append)
    move(view, view.cell_rect(3, 5).center())
    move(view, view.cell_rect(3, 5).center() + QPoint(1, 1))
    assert seen == [(3, 5)]
    wheel(view, view.cell_rect(12, 4).center(), 6)
    assert seen[-1] == (12, 4)
    for cell in ((12, 4), (11, 4), (12, 5)):
        move(view, view.cell_rect(*cell).center())
        assert seen[-1] == cell
    view.fit()
    move(view, QPoint(2, 2))
    assert seen[-1] is None


def test_the_wheel_keeps_the_point_under_the_cursor(view):
    fill(view, 16, 16)
    at = view.cell_rect(2, 13).center()
    before = view.to_plane(QPointF(at))
    wheel(view, at, 5)
    after = view.to_plane(QPointF(at))
    assert (after.x(), after.y()) == (pytest.approx(before.x()), pytest.approx(before.y()))
    whole = view.cell_rect(2, 13).width()
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.cell_rect(2, 13).width() < whole
    assert view.cell_rect(2, 13).contains(at) or view.cell_rect(2, 13).center() == at
    wheel(view, at, 5)
    QTest.mouseDClick(view, LEFT, PLAIN, at)
    assert view.cell_rect(0, 0).left() >= view.area().left()
    wheel(view, at, -9)  # out no further than the whole
    assert view.cell_rect(2, 13).contains(at) or view.cell_rect(2, 13).center() == at


def test_a_zoom_survives_another_head_and_a_resize_but_not_another_text(view):
    fill(view, 16, 16)
    wheel(view, view.cell_rect(8, 8).center(), 5)
    size = view.cell_rect(8, 8).width()
    fill(view, 16, 16, seed=1)
    assert abs(view.cell_rect(8, 8).width() - size) <= 1
    centre = view.to_plane(view.area().center())
    view.resize(500, 470)
    QApplication.processEvents()
    moved = view.to_plane(view.area().center()) - centre
    assert moved.manhattanLength() < 0.05
    fill(view, 9, 9)
    assert view.area().toAlignedRect().contains(view.cell_rect(0, 0).united(view.cell_rect(8, 8)))


def test_clicks_and_boxes(view):
    fill(view, 16, 16)
    clicks, boxes = [], []
    view.clicked.connect(lambda *a: clicks.append(a))
    view.boxed.connect(lambda *a: boxes.append(a))
    at = view.cell_rect(4, 7).center()
    click(view, at)
    click(view, at, keys=SHIFT)
    click(view, at, Qt.MouseButton.RightButton)
    assert clicks == [(4, 7, False), (4, 7, True)]
    drag(view, view.cell_rect(6, 9).center(), view.cell_rect(2, 3).center())
    outside = view.cell_rect(15, 15).bottomRight() + QPoint(12, 9)
    drag(view, view.cell_rect(13, 14).center(), outside, keys=SHIFT)
    assert boxes == [(2, 7, 3, 10, False), (13, 16, 14, 16, True)]
    assert len(clicks) == 2


def test_the_rubber_band_is_seen_and_escape_ends_it(view):
    fill(view, 16, 16)
    boxes = []
    view.boxed.connect(lambda *a: boxes.append(a))
    start, stop = view.cell_rect(2, 2).center(), view.cell_rect(9, 9).center()
    QTest.mousePress(view, LEFT, PLAIN, start)
    move(view, stop)
    amber = QColor(theme.DARK.amber)

    def band():
        image = view.grab().toImage()
        middle = (start.x() + stop.x()) // 2
        row = [image.pixelColor(middle, start.y() + y) for y in (-1, 0, 1)]
        return any(abs(c.red() - amber.red()) + abs(c.blue() - amber.blue()) < 40 for c in row)

    assert band()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not band()
    QTest.mouseRelease(view, LEFT, PLAIN, stop)
    assert boxes == []


def test_marks_leave_the_cell_free(view):
    levels = fill(view, 16, 16)
    cell = view.cell_rect(5, 8)
    plain = view.grab().toImage()
    view.set_hovered((5, 8))
    view.set_selected([5, 11], [])
    marked = view.grab().toImage()
    assert marked.pixelColor(cell.center()).red() == levels[5, 8]
    far = view.cell_rect(11, 2)
    line = [marked.pixelColor(far.center().x(), far.top() + y) for y in (-1, 0, 1)]
    assert any(c.red() > 200 and c.blue() < 130 and c.green() > 120 for c in line)
    column = [marked.pixelColor(cell.left() + x, view.cell_rect(1, 8).center().y()) for x in (-1, 0, 1)]
    assert any(c.blue() > c.red() + 40 for c in column)
    view.set_hovered(None)
    view.set_selected([], [])
    assert view.grab().toImage() == plain


@pytest.mark.parametrize("query", [0, 5, 10, 15])
@pytest.mark.parametrize("key", [0, 5, 10, 15])
def test_the_read_out_covers_neither_neighbours_nor_row_nor_column(view, query, key):
    fill(view, 16, 16)
    view.resize(420, 420)
    move(view, view.cell_rect(query, key).center())
    tip = view._tip.geometry()
    assert view.rect().contains(tip)
    compared = [(query, other) for other in range(16)] + [(other, key) for other in range(16)]
    around = [(query + down, key + across) for down in (-2, -1, 1, 2) for across in (-2, -1, 1, 2)]
    for cell in [*compared, *(c for c in around if all(0 <= place < 16 for place in c))]:
        assert not tip.intersects(view.cell_rect(*cell)), cell


def test_the_read_out_is_exact_and_stays_inside(view):
    levels = fill(view, 16, 16)
    value = f"{levels[15, 15] / 255:.4f}"
    move(view, view.cell_rect(15, 15).center())
    assert view._tip.text == f"q15 → k15\t{value}"
    assert view.rect().contains(view._tip.geometry())
    view.set_tip(lambda q, k: f"{q}, {k}")
    assert view._tip.text == "15, 15"
    view.set_message("nothing")
    assert view._tip.text == ""


def test_a_message_takes_the_place_of_the_matrix(view):
    fill(view, 5, 5)
    seen = []
    view.hovered.connect(seen.append)
    move(view, view.cell_rect(2, 2).center())
    view.set_message("Too large.")
    assert seen == [(2, 2), None]
    image = view.grab().toImage()
    dim = QColor(theme.current().dim)
    pixels = {image.pixelColor(x, y).rgb() for x in range(100, 320) for y in range(185, 215)}
    assert dim.rgb() in pixels
    assert image.pixelColor(60, 60) == QColor(theme.current().panel)
    click(view, QPoint(200, 200))


def test_the_theme_is_followed_at_once(view, qapp):
    fill(view, 5, 5)
    try:
        for name in ("light", "dark"):
            theme.apply(qapp, name)
            QApplication.processEvents()
            image = view.grab().toImage()
            assert image.pixelColor(2, image.height() - 2) == QColor(theme.current().panel)
    finally:
        qapp.setStyleSheet("")


def test_it_takes_no_drops_no_arrow_keys_and_leaves_no_timer(view):
    fill(view, 5, 5)
    assert not view.acceptDrops()
    menu = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(99, 99), QPoint(99, 99))
    QApplication.sendEvent(view, menu)
    assert menu.isAccepted()
    assert QApplication.activePopupWidget() is None
    assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert view.accessibleName()
    keys = []
    parent_key = view.keyPressEvent
    view.keyPressEvent = lambda event: (parent_key(event), keys.append(event.isAccepted()))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Escape, Qt.Key.Key_F):
        QTest.keyClick(view, key)
    assert keys == [False, False, False, True]
    assert not [timer for timer in view.findChildren(QTimer) if timer.isActive()]
    view.close()
    view.show()  # what was closed may be shown again
    assert view.cell_rect(0, 0).isValid()


def test_the_colour_table_is_used(view):
    view.set_lut(lut("viridis"))
    view.set_matrix(np.full((3, 3), 200, np.uint8))
    colour = view.grab().toImage().pixelColor(view.cell_rect(1, 1).center())
    assert (colour.red(), colour.green(), colour.blue()) == tuple(lut("viridis")[200, :3])


# Labels.


@given(st.integers(1, 2000), st.floats(0.05, 60), st.floats(0, 0.9), st.sampled_from([0, 12, 37]))
def test_labels_never_touch(n, cell, start, columns):
    axis = TokenAxis(tuple(map(str, range(n))), np.zeros(n, bool), columns)
    first, last = start * n, min(n, start * n + 500 / cell)
    ticks = axis.ticks(first, last, cell, 14.0, wanted=(n // 3, n // 3 + 1))
    places = np.sort([tick.place for tick in ticks]) * cell
    assert (np.diff(places) >= 14 - 1e-6).all()
    assert all(first <= tick.place <= last for tick in ticks)


def test_labels_say_as_much_as_fits():
    words = TokenAxis(tuple("abcdefghij"), np.zeros(10, bool))
    assert [t.text for t in words.ticks(0, 10, 20, 14)] == list("abcdefghij")
    assert [t.text for t in words.ticks(0, 10, 5, 14)] == ["a", "f"]
    assert [t.text for t in words.ticks(0, 10, 5, 14, wanted=(4,))] == ["e", "a"]  # f would touch e
    special = np.arange(1370) == 0
    patches = TokenAxis(tuple(map(str, range(1370))), special, 37)
    ticks = patches.ticks(0, 1370, 0.2, 14)
    assert [t.text for t in ticks] == [f"row {r}" for r in range(0, 37, 2)]
    assert ticks[1].place == 1 + 2.5 * 37
    assert [t.text for t in patches.ticks(100, 104, 20, 14)] == ["100", "101", "102", "103"]


def test_helpers():
    assert [round_step(x) for x in (0.2, 1, 1.1, 3, 6, 11, 21, 51)] == [1, 1, 2, 5, 10, 20, 50, 100]
    assert runs(np.array([9, 3, 4, 5])) == [(3, 6), (9, 10)]
    assert runs(np.array([], int)) == []
    assert [shown(x) for x in (" ", "\n", "a b", "", "\t")] == ["␣", "⏎", "a b", "∅", "⇥"]


def test_shapes_that_do_not_belong_together_are_refused(view):
    with pytest.raises(ValueError, match="values"):
        view.set_matrix(np.zeros((3, 3), np.uint8), np.zeros((3, 4), np.float32))
    with pytest.raises(ValueError, match="flags"):
        view.set_tokens(["a"], ["b"], np.zeros(2, bool))


def test_it_says_of_how_many_cells_a_dot_is(show):
    view, told = MatrixView(), []
    view.pooled_changed.connect(lambda: told.append(True))
    view.set_tokens([""] * 900, [""] * 900)
    show(view, 320, 320)
    view.set_matrix(np.zeros((900, 900), np.uint8))
    assert told
    assert min(view.pooled()) >= 3
    told.clear()
    view.set_matrix(np.zeros((9, 9), np.uint8))
    assert told
    assert view.pooled() == (1, 1)
