import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.classes.palettes import SOFT
from headlight.widgets.base import theme
from headlight.widgets.base.chip_colours import contrast
from headlight.widgets.tables.confusion import levels, rates
from headlight.widgets.tables.confusion_layout import fitting_font, narrowed, number_font
from headlight.widgets.tables.confusion_view import ConfusionView

TRUTH = np.array([0, 2100, 2880, 0, 0, 512, 421, 190, 233, 182, 620, 194, 153])


def matrix():
    """Four of five points right, a tenth taken for wall, the rest for clutter; no ceiling, beam or column."""
    found = np.zeros((13, 13), np.int64)
    for index, count in enumerate(TRUTH):
        found[index, index] += count * 8 // 10
        found[index, 2] += count // 10
        found[index, 12] += count - count * 8 // 10 - count // 10
    return found


@pytest.fixture
def view(show):
    view = ConfusionView()
    view.set_matrix(matrix(), S3DIS_CLASSES)
    return show(view, 420, 380)


def move(view, at):
    none = Qt.MouseButton.NoButton
    place = QPointF(at), QPointF(view.mapToGlobal(at))
    event = QMouseEvent(QEvent.Type.MouseMove, *place, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


def test_rates_of_a_small_matrix():
    found = rates(np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]]))
    np.testing.assert_allclose(found.iou, [6 / 9, 3 / 6, np.nan])
    np.testing.assert_allclose(found.recall, [6 / 8, 3 / 4, np.nan])
    np.testing.assert_allclose(found.precision, [6 / 7, 3 / 5, np.nan])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 5000), min_size=4, max_size=4), min_size=4, max_size=4))
def test_rates_are_those_of_single_points(counts):
    matrix = np.array(counts)
    found = rates(matrix)
    for index in range(4):
        right, missed = matrix[index, index], matrix[index].sum() - matrix[index, index]
        false = matrix[:, index].sum() - right
        if right + missed + false:
            assert found.iou[index] == pytest.approx(right / (right + missed + false))
            assert found.iou[index] <= np.nanmin([found.recall[index], found.precision[index]]) + 1e-12
        else:
            assert np.isnan(found.iou[index])


def test_levels_are_roots_of_the_rows_shares():
    found = levels(np.array([[100, 0, 0], [25, 75, 0], [0, 0, 0]]))
    assert found.tolist() == [[255, 0, 0], [128, 221, 0], [0, 0, 0]]


def test_cells_have_the_colour_of_their_share(view):
    seen, table, shares = view.grab().toImage(), view.lut(), levels(matrix())
    assert view.shown() == [1, 2, 5, 6, 7, 8, 9, 10, 11, 12]
    for truth in view.shown():
        for predicted in view.shown():
            at = view.cell_rect(truth, predicted).topLeft() + QPoint(3, 3)  # beside the number
            expected = QColor(*table[shares[truth, predicted], :3].tolist())
            empty = not matrix()[truth, predicted]
            assert seen.pixelColor(at) == (QColor(theme.current().raised) if empty else expected)


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_most_stands_out_from_the_ground_and_the_least_does_not(qapp, view, choice):
    theme.apply(qapp, choice)
    ground = QColor(theme.current().panel)
    least, most = (contrast(QColor(*view.lut()[level, :3].tolist()), ground) for level in (0, 255))
    assert least < 1.6
    assert most > 8


def test_absent_classes_are_left_out(view):
    with pytest.raises(LookupError, match="class 0 or 1 is not shown"):
        view.cell_rect(0, 1)


def test_clicking_and_pointing_name_classes(view):
    seen, clicked = [], []
    view.hovered.connect(seen.append)
    view.clicked.connect(lambda *cell: clicked.append(cell))
    move(view, view.cell_rect(6, 2).center())
    assert view._tip.text == "door, taken for wall\t42\n10 % of door"
    move(view, view.cell_rect(6, 6).center())
    assert view._tip.text.startswith("door, right\t336\n80 % of door\nrecall\t0.7981\nprecision\t1.0000")
    move(view, view.figure_rect(6).center())
    assert view._tip.text.startswith("door, points of the truth\t421\nIoU\t0.7981")
    move(view, QPoint(2, 2))
    assert view._tip.text == ""
    assert seen == [(6, 2), (6, 6), None]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.cell_rect(10, 12).center())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.figure_rect(10).center())
    assert clicked == [(10, 12)]


def test_marks_hovered_row_and_column_and_selected_cell(view):
    view.set_hovered((6, 2))
    view.set_selected((10, 11))
    seen, now = view.grab().toImage(), theme.current()
    row, column, cell = view.cell_rect(6, 9), view.cell_rect(9, 2), view.cell_rect(10, 11)

    def around(rect: QRect, colour: str) -> bool:
        xs, ys = range(rect.left() - 3, rect.left() + 2), range(rect.top() - 3, rect.top() + 2)
        centre = rect.center()
        edges = [*((x, centre.y()) for x in xs), *((centre.x(), y) for y in ys)]
        return any(
            abs(QColor(colour).red() - (at := seen.pixelColor(x, y)).red()) < 60
            and abs(QColor(colour).green() - at.green()) < 60
            and abs(QColor(colour).blue() - at.blue()) < 60
            for x, y in edges
        )

    assert around(row, now.blue)
    assert around(column, now.blue)
    assert around(cell, now.amber)
    assert not around(view.cell_rect(8, 8), now.blue)


def test_keyboard_walks_and_chooses(view, qtbot):
    seen, clicked = [], []
    view.activateWindow()
    view.hovered.connect(seen.append)
    view.clicked.connect(lambda *cell: clicked.append(cell))
    qtbot.waitUntil(view.isActiveWindow)
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Return):
        QTest.keyClick(view, key)
    assert seen == [(1, 1), (1, 2), (2, 2), (2, 1)]
    assert clicked == [(2, 1)]
    view.clearFocus()
    assert seen[-1] is None


@pytest.mark.parametrize(("choice", "scale"), [("dark", 1.0), ("light", 1.5)])
@pytest.mark.parametrize("size", [(330, 300), (420, 380), (700, 520)])
def test_everything_is_inside_and_legible(qapp, show, choice, scale, size):
    theme.apply(qapp, choice, scale)
    view = ConfusionView()
    view.set_matrix(matrix() + 1, S3DIS_CLASSES)  # all 13 classes
    least = view.minimumSizeHint()
    show(view, max(size[0], least.width()), max(size[1], least.height()))
    cell = view.cell_rect(0, 0)
    assert cell.height() * 13 >= 0.5 * view.height()
    assert view.rect().contains(view.cell_rect(12, 12))
    assert view._places.columns == ("IoU", "recall", "precision")
    assert view.rect().contains(view.figure_rect(12, "precision"))
    metrics = QFontMetrics(fitting_font(cell.height()))
    assert metrics.capHeight() + metrics.descent() <= cell.height()  # each class is named
    assert fitting_font(cell.height()).pixelSize() >= 11 * scale
    assert view._places.swatch(row=0).left() > max(metrics.horizontalAdvance(name) for name in S3DIS_CLASSES)
    assert view._places.scale < view.height() - metrics.height()


def test_both_axes_have_the_legends_colours_and_a_name_once(show):
    view = ConfusionView()
    view.set_matrix(matrix(), S3DIS_CLASSES, SOFT)
    least = view.minimumSizeHint()
    show(view, least.width(), least.height())
    seen = view.grab().toImage()
    for place, index in enumerate(view.shown()):
        colour = QColor(*SOFT[index].tolist())
        for swatch in (view._places.swatch(row=place), view._places.swatch(column=place)):
            assert seen.pixelColor(swatch.center()) == colour
    assert not view._places.upright
    view.resize(900, 700)
    assert view._places.upright  # the names stand above as well where there is room


def test_nothing_to_show_and_wrong_shapes(show):
    view = ConfusionView()
    view.set_matrix(np.zeros((3, 3), int), ("a", "b", "c"))
    show(view, 200, 200)
    assert view.shown() == []
    move(view, QPoint(100, 100))
    assert view.accessibleDescription() == "0 classes, no points"
    view.grab()
    with pytest.raises(ValueError, match=r"a matrix \(3, 3\) for 2 classes"):
        view.set_matrix(np.zeros((3, 3), int), ("a", "b"))


def test_a_number_of_three_digits_is_made_to_fit_the_cell_of_two(show):
    font = number_font(14)
    room = QFontMetrics(font).horizontalAdvance("88") + 1
    assert narrowed(font, "88", room) is font
    assert QFontMetrics(narrowed(font, "100", room)).horizontalAdvance("100") <= room
