"""The controls of the whole window: whose the wheel and the arrow keys are, whatever is open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTabBar,
)

from headlight.viewer.session.view import Selection
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.range_slider import RangeSlider
from tests.widgets.pointer import wheel


def values(window):
    """What every control of the window stands at."""
    found = {}
    for control in window.findChildren(QAbstractSlider):
        if not isinstance(control, QScrollBar):
            found[control] = control.value()
    for kind, value in (
        (QComboBox, QComboBox.currentIndex),
        (QAbstractSpinBox, QAbstractSpinBox.text),
        (RangeSlider, RangeSlider.value),
        (QTabBar, QTabBar.currentIndex),
        (QAbstractButton, QAbstractButton.isChecked),
        (QLineEdit, QLineEdit.text),
    ):
        found.update((control, value(control)) for control in window.findChildren(kind))
    return found


def test_the_wheel_over_a_control_changes_nothing(every_page, qtbot):
    for page, window in every_page:
        docks = [dock for dock in window.deck.docks.values() if dock.isVisible()]
        for other in docks[1:2]:
            window.deck.tabifyDockWidget(docks[0], other)
            qtbot.waitUntil(lambda deck=window.deck: any(b.count() == 2 for b in deck.findChildren(QTabBar)))
        before, view = values(window), window.session.view
        assert before, page
        for control in before:
            for notches in (1, -1) if control.isVisible() else ():
                wheel(control, control.rect().center(), notches)
        assert values(window) == before, page
        assert window.session.view == view, page


def test_every_control_has_a_name_for_those_who_do_not_see_it(every_page):
    for page, window in every_page:
        for control in (*values(window), *window.findChildren(Segmented)):
            inside = isinstance(control, QLineEdit) and isinstance(control.parent(), QAbstractSpinBox)
            inside = inside or isinstance(control, QTabBar)  # whose tabs are named
            if control.isVisible() and not inside and control.focusPolicy() & Qt.FocusPolicy.TabFocus:
                said = control.text() if isinstance(control, QAbstractButton) else ""
                assert control.accessibleName() or said or control.toolTip(), (page, control)
        assert all(box.accessibleName() for box in window.findChildren(Segmented)), page


def test_the_wheel_over_a_control_scrolls_its_column(opened, qtbot):
    window = opened("text", "attention")
    settings = window.deck.panes["settings"]
    window.deck.docks["settings"].setMaximumHeight(300)
    bar = settings.widget.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    for control in (settings.percentile._slider, settings.colours, settings.whole_words):
        settings.widget.ensureWidgetVisible(control)
        before, way = bar.value(), -1 if bar.value() < bar.maximum() else 1
        at = QPointF(control.mapTo(window, QPoint(5, 5)))
        # Sent through the window system: what a test sends to a widget does not go on to its parent.
        QTest.wheelEvent(window.windowHandle(), at, QPoint(0, 120 * way))
        qtbot.waitUntil(lambda before=before: bar.value() != before)


def test_a_new_sentence_is_typed_over_the_last(make_window, qtbot):
    window = make_window(run=False)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field = window.welcome.findChild(QLineEdit)
    field.setText("what was typed before")
    window.actions_.run("new-text")
    qtbot.keyClicks(field, "new")
    assert field.text() == "new"


def test_a_click_on_a_control_leaves_the_arrows_to_the_layers(opened, qtbot, settled):
    window = opened("text", "attention")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    heads = window.deck.panes["settings"].heads
    mean = heads.findChildren(QAbstractButton)[1]
    for walked, keep in ((1, lambda: QTest.mouseClick(mean, Qt.MouseButton.LeftButton)), (0, mean.setFocus)):
        layer = window.session.view[Selection].layer
        keep() if walked else keep(Qt.FocusReason.TabFocusReason)
        assert heads.value() == "mean"
        QTest.keyClick(window if walked else mean, Qt.Key.Key_Left)
        assert window.session.view[Selection].layer == layer - walked
    assert heads.value() == "one"  # what Tab has reached
    settled(window)


@pytest.mark.parametrize(("page", "pane"), [("attention", "settings"), ("fields", "field-settings")])
def test_the_size_that_ran_is_said_where_it_is_not_the_one_asked_for(opened, page, pane):
    window = opened("image", "attention")
    window.session.set_page(page)
    document, shown = window.session.current, window.deck.panes[pane]
    shown.prepare(document, document.view)
    assert shown.size.note() == "Ran at 20 px"
    wanted = replace(document.trace, of_inputs={"pixel_values": (3, 518, 700)})
    window.session.update(document, trace=wanted)
    shown.prepare(document, document.view)
    assert shown.size.note() == ""
    window.session.update(document, trace=replace(wanted, of_inputs={"pixel_values": (3, 504, 700)}))
    shown.prepare(document, document.view)
    assert shown.size.note() == "Ran at 504 px"
    window.runs.change(document, size=1022)  # of what comes nothing is known yet
    shown.prepare(document, document.view)
    assert (shown.size.value(), shown.size.note()) == (1022, "")
