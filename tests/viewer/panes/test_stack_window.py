"""Real windows with a stack of convolutions: built with the mouse, looked at in linked panes, undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from headlight.models.core.stack import PRESETS, ConvLayer, ConvStack
from headlight.models.core.tokens import Position
from headlight.viewer.inputs.inputs import StackInput
from headlight.viewer.panes.stack.base import MENDED
from headlight.viewer.panes.stack.field import heat_table
from headlight.viewer.session.session import NOWHERE, Hover, RunOptions
from headlight.viewer.session.view import FieldSettings, Selection
from headlight.viewer.slices.fields import stacks
from headlight.widgets.base import theme
from headlight.widgets.base.chip_colours import contrast
from tests.viewer.bars import on_bar
from tests.viewer.cloud_windows import answered
from tests.viewer.given_cloud import room, trace_of

WAIT = 60_000
PLAIN = Qt.KeyboardModifier.NoModifier
FIGURE = "No padding, no stride, dilation 2"


@pytest.fixture
def stack_window(make_window, settled):
    window = make_window()
    window.actions_.run("new-stack")
    settled(window)
    return window


def numbers(window):
    return pane(window, "numbers").widget.figures("field")


def pane(window, name):
    return window.deck.panes[name]


def test_a_new_stack_opens_by_its_key_and_from_the_welcome_page(make_window, qtbot, settled):
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(
        window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    settled(window)
    document = window.session.current
    assert isinstance(document.input, StackInput)
    assert (document.state, document.page) == ("ready", "fields")
    shown = {name for name, dock in window.deck.docks.items() if dock.isVisible()}
    assert shown == {"numbers", "stack", "stack-steps", "stack-field", "stack-layers", "stack-growth"}
    assert not window.topbar.model_button.isVisible()
    assert not window.actions_.actions["run-again"].isEnabled()
    window.session.show(None)
    window.welcome.stack_asked.emit()
    settled(window)
    assert len(window.session.documents) == 2
    window.runs.close(window.session.current)
    window.runs.reopen()
    settled(window)
    assert window.session.current.state == "ready"


def test_a_stack_is_built_with_the_mouse_and_undone(stack_window, qtbot, settled):
    window = stack_window
    editor, session = pane(window, "stack").editor, window.session
    qtbot.mouseClick(editor.add, Qt.MouseButton.LeftButton)
    settled(window)
    assert session.view[ConvStack].layers == (ConvLayer(),) * 4
    assert session.view[FieldSettings].layer == "layer 4"
    dilation = dict(editor._rows[1].columns())["dilation"]
    QTest.keyClick(dilation, Qt.Key.Key_Up)
    settled(window)
    assert session.view[ConvStack].layers[1] == ConvLayer(dilation=2)
    assert numbers(window)["Theoretical size"] == "7 × 7"  # of the layer turned to
    assert [text for row in editor._rows for text in (row.results[1].text(),)] == ["3", "7", "9", "11"]
    kernel = dict(editor._rows[3].columns())["kernel"]
    for _ in range(9):
        QTest.keyClick(kernel, Qt.Key.Key_Up)
    settled(window)
    assert "Has a kernel that reaches over 12 units" in editor._rows[3]._error.text()
    while session.current.past:
        window.actions_.run("undo")
    settled(window)
    assert session.view[ConvStack].layers == (ConvLayer(),) * 3
    assert len(editor._rows) == 3
    assert editor._rows[0]._error.text() == ""


def test_presets_are_in_the_menu_and_every_pane_follows(stack_window, settled):
    window = stack_window
    editor = pane(window, "stack").editor
    menu = editor.presets.menu()
    assert [action.text() for action in menu.actions()] == list(PRESETS)
    expected = {
        "Plain 3×3": "9 × 9",
        "Dilated 1-2-4-8": "31 × 31",
        "ASPP rates": "49 × 49",
        "VGG16": "212 × 212",
    }
    for action in menu.actions():
        action.trigger()
        settled(window)
        assert stacks.layers(editor.layers()) == PRESETS[action.text()].layers
        assert window.session.view[ConvStack] == PRESETS[action.text()]
        size = numbers(window)["Theoretical size"]
        assert size == expected.get(action.text(), size)
        assert (
            pane(window, "stack-layers").list._selected == len(pane(window, "stack-layers").result.fields) - 1
        )
    for _ in PRESETS:
        window.actions_.run("undo")
    settled(window)
    assert numbers(window)["Theoretical size"] == "7 × 7"
    assert window.messages.texts() == []


def test_the_published_dilated_figure_steps_over_its_input(stack_window, qtbot, settled):
    window = stack_window
    window.session.change(FieldSettings, layer="", also=(PRESETS[FIGURE],))
    settled(window)
    steps, field = pane(window, "stack-steps"), pane(window, "stack-field")
    assert window.deck.docks["stack-steps"].subtitle() == "layer 1 · 3 × 3, dilation 2"
    seen = []
    for unit in np.ndindex(3, 3):
        steps.view.stepped.emit(unit)
        settled(window)
        assert field.looked.unit == unit
        lit = np.argwhere(field.looked.planes[0].levels).tolist()
        assert lit == [[unit[0] + 2 * r, unit[1] + 2 * c] for r in range(3) for c in range(3)]
        seen.append(tuple(map(tuple, lit)))
    assert len(set(seen)) == 9
    window.session.set_hover(NOWHERE)
    settled(window)
    assert field.looked.unit == (1, 1)
    # A place that the next stack has and this one has not, pointed at before anything is painted.
    window.session.change(FieldSettings, layer="", also=(PRESETS["ASPP rates"],))
    window.session.change(FieldSettings, layer="layer 2")
    window.session.set_hover(Hover(query=Position(50.5, 20.5, 0)))
    settled(window)
    assert field.looked.unit == (20, 50)


def test_a_layer_chosen_in_the_table_is_looked_at_everywhere(stack_window, settled):
    window = stack_window
    table = pane(window, "stack-layers").list
    table.selected.emit(1)
    settled(window)
    assert window.session.view[FieldSettings].layer == "layer 1"
    assert numbers(window)["Theoretical size"] == "3 × 3"
    assert window.deck.docks["stack-steps"].subtitle().startswith("layer 1 ·")
    pane(window, "stack-growth").plot.clicked.emit(4, 2)
    settled(window)
    assert numbers(window)["Theoretical size"] == "5 × 5"
    table.selected.emit(0)
    assert window.session.view[FieldSettings].layer == "layer 2"
    window.session.change(ConvStack, layers=(ConvLayer(),))  # a layer that is gone gives way to the last
    settled(window)
    assert window.deck.docks["stack-field"].subtitle().startswith("layer 1 ·")


def test_pointing_and_clicking_in_the_input_choose_the_unit(stack_window, settled):
    window = stack_window
    field, session = pane(window, "stack-field"), window.session
    field._hovered(0, (4.5, 7.5))
    settled(window)
    assert session.hover.query == Position(4.5, 7.5, 0)
    assert field.looked.unit == (4, 1)  # three plain layers without padding: unit u sees from u on
    assert numbers(window)["Unit"] == "(4, 1) of 9 × 9"
    field._hovered(0, None)
    field._clicked(0, 4.2, 7.9)
    settled(window)
    assert session.view[Selection].queries == (Position(4.5, 7.5, 0),)
    assert field.looked.unit == (4, 1)
    session.change(ConvStack, side=30)
    settled(window)
    assert field.looked.unit == (4, 1)
    window.actions_.run("clear")
    settled(window)
    assert field.looked.unit == (12, 12)


def test_a_stack_that_cannot_be_says_why_once_where_it_can_be_mended(stack_window, settled):
    window = stack_window

    def said(reason: str) -> list[str]:
        labels = [label for label in window.deck.findChildren(QLabel) if label.isVisible()]
        return [label.text() for label in labels if reason in label.text()]

    window.session.change(ConvStack, layers=(ConvLayer(), ConvLayer(stride=0)))
    settled(window)
    assert len(said("stride of 0")) == 1
    for name in ("stack-steps", "stack-field", "stack-layers", "stack-growth"):
        assert (pane(window, name).message.text(), pane(window, name).sheets.currentIndex()) == (MENDED, 1)
    assert window.deck.docks["stack"].subtitle() == "2 layers"
    window.session.change(ConvStack, layers=(ConvLayer(),), side=2)
    settled(window)
    assert len(said("eaches over 3 units, but its input has 2")) == 1
    window.session.change(ConvStack, layers=(), side=9)
    settled(window)
    assert said("layers. Add a layer.") == ["The stack has no layers. Add a layer."]
    window.actions_.run("undo")
    window.actions_.run("undo")
    window.actions_.run("undo")
    settled(window)
    assert pane(window, "stack-field").sheets.currentIndex() == 0
    assert window.messages.texts() == []


def test_three_axes_are_seen_from_three_sides(stack_window, settled):
    window = stack_window
    field = pane(window, "stack-field")
    assert [view.isVisible() for view in field.views] == [True, False, False]
    pane(window, "stack").axes.changed.emit(3)
    settled(window)
    assert all(view.isVisible() for view in field.views)
    assert [caption.text() for caption in field.captions] == [
        f"{right} →  {down} ↓  summed over {other}" for right, down, other in ("xyz", "xzy", "yzx")
    ]
    field._clicked(1, 3.5, 9.5)  # x and z; y stays
    settled(window)
    assert field.looked.unit == (0, 4, 6)
    assert window.deck.docks["stack-steps"].subtitle().endswith("two of three axes")


def test_beside_a_cloud_the_editor_comes_with_the_reach_over_voxels(make_window, settled):
    window = make_window(run=False)
    document = window.session.add(room(300), RunOptions())
    answered(window, document, trace_of(document.input))
    settled(window)
    dock = window.deck.docks["stack"]
    assert not dock.isVisible()
    window.actions_.run("show-voxels")
    settled(window)
    assert dock.isVisible()
    assert not pane(window, "stack").side.isVisible()
    window.session.change(ConvStack, layers=(ConvLayer(99),))  # no input is too small in empty space
    settled(window)
    assert dock.subtitle() == "1 layer · a unit sees 99 × 99 × 99"
    window.actions_.run("show-hops")
    settled(window)
    assert not dock.isVisible()


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_field_has_the_colours_of_its_bar(stack_window, settled, choice):
    window = stack_window
    window.actions_.run(f"theme-{choice}")
    settled(window)
    field = pane(window, "stack-field")
    view, levels, bar = field.views[0], field.looked.planes[0].levels, field.bar
    ground, picture = QColor(theme.current().raised), view.grab().toImage()
    for row, column in ((7, 7), (6, 7), (8, 5), (5, 5)):  # the middle of the field, and beside
        seen = picture.pixelColor(view.to_widget(column + 0.5, row + 0.7).toPoint()).getRgb()[:3]
        value = levels[row, column] / 255 * field.looked.scale.high
        assert np.abs(on_bar(bar, value) - seen).sum(1).min() < 40, (row, column)
    middle = QColor(*heat_table(choice == "dark")[255, :3].tolist())
    weak = QColor(*heat_table(choice == "dark")[30, :3].tolist())
    assert contrast(middle, ground) > contrast(weak, ground)
