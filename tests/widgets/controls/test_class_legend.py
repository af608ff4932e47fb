import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.classes.palettes import SOFT
from headlight.widgets.base import theme
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.class_legend import ClassLegend
from tests.widgets.pointer import wheel

COUNTS = [0, 21034, 28810, 0, 0, 5120, 4210, 1904, 2330, 1820, 6200, 1940, 1532]
IOU = np.array([np.nan, 0.98, 0.91, np.nan, np.nan, 0.74, 0.69, 0.83, 0.88, 0.79, 0.71, 0.66, 0.52])
SCORES = [("mIoU", "0.771"), ("Mean accuracy", "0.846"), ("Overall accuracy", "0.928")]
ALT, PLAIN = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def legend(show):
    legend = ClassLegend()
    legend.set_classes(S3DIS_CLASSES, SOFT, COUNTS, IOU, SCORES)
    return show(legend, 240, 560)


def said(legend):
    heard = []
    legend.toggled.connect(lambda index: heard.append(("toggled", index)))
    legend.soloed.connect(lambda index: heard.append(("soloed", index)))
    legend.hovered.connect(lambda index: heard.append(("hovered", index)))
    legend.all_shown.connect(lambda: heard.append("all"))
    return heard


def enter(row):
    at = QPointF(row.rect().center())
    QApplication.sendEvent(row, QEnterEvent(at, at, QPointF(row.mapToGlobal(at.toPoint()))))


def swatch(legend, index):
    """The colours through the middle of a swatch."""
    seen, row = legend.grab().toImage(), legend.row_rect(index)
    return [seen.pixelColor(x, row.center().y()) for x in range(2, theme.em(1.3))]


def test_swatches_are_filled_and_hollow_when_hidden(legend):
    chair = QColor(*SOFT[8].tolist())
    filled = swatch(legend, 8).count(chair)
    assert filled >= theme.em(0.85) - 2
    legend.set_hidden(frozenset({8}))
    assert 0 < sum(c == chair for c in swatch(legend, 8)) < filled / 2
    legend.set_hidden(frozenset())
    assert swatch(legend, 8).count(chair) == filled


def test_mouse_toggles_and_solos(legend):
    heard, row = said(legend), legend._rows
    QTest.mouseClick(row[8], Qt.MouseButton.LeftButton)
    QTest.mouseClick(row[2], Qt.MouseButton.LeftButton, ALT)
    assert heard == [("toggled", 8), ("soloed", 2)]
    assert row[8].isChecked()  # the program says what is hidden
    heard.clear()
    QTest.mouseClick(row[5], Qt.MouseButton.LeftButton)
    QTest.mouseDClick(row[5], Qt.MouseButton.LeftButton)
    assert heard[:2] == [("toggled", 5), ("toggled", 5)]
    assert heard[-1] == ("soloed", 5)
    assert heard.count(("toggled", 5)) % 2 == 0


def test_the_class_that_the_wheel_brings_under_the_pointer_is_pointed_at(show, qtbot):
    legend = ClassLegend()
    legend.set_classes([f"class {n}" for n in range(40)], np.zeros((40, 3), np.uint8))
    show(legend, 240, 180)
    heard, at = said(legend), legend.row_rect(1).center()
    enter(legend._rows[1])
    for notches in (-2, 9):
        wheel(legend._area, legend._area.viewport().mapFrom(legend, at), notches)
        under = next(row.index for row in legend._rows if legend.row_rect(row.index).contains(at))
        assert (under == 1) == (notches > 0)
        qtbot.waitUntil(lambda under=under: heard[-1] == ("hovered", under))
        assert [row.index for row in legend._rows if row.marked] == [under]


def test_a_column_that_scrolls_away_under_the_pointer_is_no_longer_pointed_at(show, qtbot):
    legend, content = ClassLegend(), QWidget()
    legend.set_classes(S3DIS_CLASSES, SOFT, COUNTS, IOU, SCORES)
    legend.setFixedHeight(460)
    stack = QVBoxLayout(content)
    stack.addWidget(legend)
    stack.addSpacing(600)
    area = show(ScrollColumn(content), 260, 400)
    heard, at = said(legend), legend.mapTo(area, legend.row_rect(2).center())
    enter(legend._list)
    enter(legend._rows[2])
    wheel(area, at, -10)
    assert not QRect(legend.mapTo(area, QPoint()), legend.size()).contains(at)
    qtbot.waitUntil(lambda: heard[-1] == ("hovered", None))


def test_hovering_goes_from_row_to_row(legend):
    heard = said(legend)
    enter(legend._rows[3])
    enter(legend._rows[4])
    QApplication.sendEvent(legend._list, QEvent(QEvent.Type.Leave))
    assert heard == [("hovered", 3), ("hovered", 4), ("hovered", None)]
    legend.set_hovered(6)  # pointed at elsewhere: marked, nothing said
    assert len(heard) == 3
    row = legend.row_rect(6)
    at = QPoint(row.left() + 2, row.top() + 3)
    assert legend.grab().toImage().pixelColor(at) == QColor(theme.current().hover)


def test_keyboard_walks_toggles_and_solos(legend, qtbot):
    heard = said(legend)
    legend.activateWindow()
    legend._rows[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(legend._rows[0].hasFocus)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_End, Qt.Key.Key_Return):
        QTest.keyClick(QApplication.focusWidget(), key)
    assert [what for what in heard if what[0] != "hovered"] == [("toggled", 2), ("soloed", 12)]
    assert [index for what, index in heard if what == "hovered" and index is not None] == [0, 1, 2, 12]
    stops = [row.index for row in legend._rows if row.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == [12]  # one stop of Tab, where the keyboard was last


def test_rows_are_named_for_screen_readers(legend):
    legend.set_hidden(frozenset({1}))
    assert legend._rows[8].accessibleName() == "chair, 2,330 points (3.1 %), IoU 0.8800"
    assert legend._rows[1].accessibleName() == "floor, 21,034 points (28 %), IoU 0.9800, hidden"
    assert legend._rows[0].accessibleName() == "ceiling, 0 points"
    assert "Alt-click" in legend._rows[8].toolTip()


def test_absent_classes_have_a_dash_and_dim_names(legend):
    kinds = legend._classes
    assert [kind.absent for kind in kinds] == [count == 0 for count in COUNTS]
    assert (kinds[0].text("iou"), kinds[0].text("points")) == ("–", "–")
    assert (kinds[1].text("iou"), kinds[1].text("points")) == ("0.98", "21,034")


def test_columns_follow_the_width_and_the_choice(legend):
    assert legend.columns() == ("points", "iou")
    assert not legend._column.isVisible()
    legend.resize(170, 560)
    assert legend.columns() == ("iou",)
    assert legend._column.isVisible()
    legend.set_column("points")
    assert legend.columns() == ("points",)
    legend.set_classes(S3DIS_CLASSES, SOFT, COUNTS)
    assert legend.columns() == ("points",)
    assert not legend._column.isVisible()
    legend.set_classes(S3DIS_CLASSES, SOFT)
    assert legend.columns() == ()


def test_show_all_appears_with_hidden_classes(legend):
    heard, button = said(legend), legend._head.show_all
    assert not button.isVisible()
    legend.set_hidden(frozenset({1, 2}))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert heard == ["all"]


def test_scores_stand_below_and_change(legend):
    assert [(row._label.text(), row.value()) for row in legend._scores] == SCORES
    legend.set_classes(S3DIS_CLASSES[:4], SOFT[:4], COUNTS[:4], IOU[:4], SCORES[:1])
    assert len(legend._rows) == 4
    assert [row.value() for row in legend._scores] == ["0.771"]
    with pytest.raises(ValueError, match="13 names, 12 colours"):
        legend.set_classes(S3DIS_CLASSES, SOFT[:12])


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_nothing_is_cut_off_in_large_text(qapp, show, choice):
    theme.apply(qapp, choice, 1.5)
    legend = ClassLegend()
    legend.set_classes(S3DIS_CLASSES, SOFT, COUNTS, IOU, SCORES)
    least = legend.minimumSizeHint()
    show(legend, least.width(), least.height())
    column = legend.columns()
    assert len(column) == 1
    assert legend._room() >= legend._needed(column)
    assert legend._rows[0].height() >= legend._rows[0].fontMetrics().height()
    full = legend.sizeHint()
    legend.resize(full.width(), full.height())
    QApplication.processEvents()
    assert not legend._area.verticalScrollBar().maximum()
