"""A stack of convolutions is set with the mouse, and what is wrong with a layer stands at it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.widgets.base import theme
from headlight.widgets.stack import stack_editor
from headlight.widgets.stack.stack_editor import StackEditor
from tests.widgets.pointer import click, drag, wheel


def layers(*dilations):
    return [{"kind": "convolution", "kernel": 3, "stride": 1, "padding": 0, "dilation": d} for d in dilations]


@pytest.fixture
def editor(show):
    editor = StackEditor()
    editor.set_layers(layers(1, 2, 4))
    editor.seen = []
    editor.changed.connect(editor.seen.append)
    return show(editor, 560, 320)


def field(editor, row, name):
    return editor._rows[row]._fields[name]


def turn_to(editor, field, qtbot):
    """Click into a field of a window in front."""
    editor.activateWindow()
    qtbot.waitUntil(editor.isActiveWindow)
    click(field.lineEdit(), middle(field.lineEdit()))
    qtbot.waitUntil(field.hasFocus)


def middle(widget):
    return widget.rect().center()


def test_it_takes_and_gives_plain_layers(editor):
    given = [*layers(1, 2), {"kind": "max pooling", "kernel": 2, "stride": 2, "padding": 1, "dilation": 1}]
    editor.set_layers(given)
    assert editor.layers() == given
    editor.set_layers(layers(5))
    assert editor.layers() == layers(5)
    assert not editor.seen


def test_the_wheel_drags_and_keys_change_a_number(editor, qtbot):
    dilation = field(editor, 1, "dilation")
    wheel(dilation, middle(dilation), 1)
    assert not editor.seen  # nobody has clicked it
    turn_to(editor, dilation, qtbot)
    wheel(dilation, middle(dilation), 1)
    assert editor.seen[-1][1]["dilation"] == 3
    start = middle(dilation.lineEdit())
    drag(dilation.lineEdit(), start, start + QPoint(0, -30))  # up: larger
    assert editor.seen[-1][1]["dilation"] == 7
    drag(dilation.lineEdit(), start, start + QPoint(-200, 0))  # never below 1 with the mouse
    assert editor.seen[-1][1]["dilation"] == 1
    wheel(dilation, middle(dilation), -1)
    QTest.keyClick(dilation, Qt.Key.Key_Down)
    assert dilation.value() == 1
    QTest.keyClick(dilation, Qt.Key.Key_Up)
    assert editor.seen[-1] == layers(1, 2, 4)
    assert field(editor, 1, "padding").value() == 0
    assert [layer["dilation"] for layer in editor.layers()] == [1, 2, 4]


def test_wrong_numbers_can_be_typed_and_are_answered_in_their_row(editor):
    stride = field(editor, 0, "stride")
    stride.lineEdit().selectAll()
    QTest.keyClicks(stride, "0")
    assert not editor.seen  # not while typing
    QTest.keyClick(stride, Qt.Key.Key_Return)
    assert editor.seen[-1][0]["stride"] == 0
    before = editor.row_rect(0).height()
    editor.set_errors({0: "A stride of 0 would never move on: use 1 or more."}, "The stack cannot run.")
    QApplication.processEvents()
    QApplication.processEvents()
    assert editor._rows[0]._error.isVisible()
    assert editor.row_rect(0).height() > before
    assert editor.row_rect(0).bottom() < editor.row_rect(1).top() + 1
    assert editor._message.isVisible()
    QTest.keyClick(stride, Qt.Key.Key_Up)
    assert editor.seen[-1][0]["stride"] == 1
    editor.set_errors({})
    assert not editor._rows[0]._error.isVisible()
    assert not editor._message.isVisible()


def test_layers_are_added_removed_and_moved(editor, monkeypatch):
    monkeypatch.setattr(stack_editor, "MOST_LAYERS", 5)
    chosen = []
    editor.selected.connect(chosen.append)
    click(editor._rows[1], QPoint(8, 8))
    assert chosen == [1]
    QTest.mouseClick(editor.add, Qt.MouseButton.LeftButton)
    assert editor.seen[-1] == layers(1, 2, 2, 4)
    assert chosen == [1, 2]
    editor._rows[2].down.click()
    assert editor.seen[-1] == layers(1, 2, 4, 2)
    editor._rows[3].up.click()
    editor._rows[0].down.click()
    assert editor.seen[-1] == layers(2, 1, 2, 4)
    editor._rows[3].remove.click()
    assert editor.seen[-1] == layers(2, 1, 2)
    assert not editor._rows[0].up.isEnabled()
    assert not editor._rows[2].down.isEnabled()
    editor.set_layers(layers(3))
    assert not editor._rows[0].remove.isEnabled()  # one layer stays
    editor.set_layers(layers(*[1] * 5))
    assert not editor.add.isEnabled()
    with pytest.raises(IndexError):
        editor.set_selected(5)


def test_what_is_dragged_stays_in_hand_while_the_program_answers(editor):
    """The session sends back every change; rows are not made anew by that."""
    editor.changed.connect(editor.set_layers)
    kernel = field(editor, 2, "kernel")
    start = middle(kernel.lineEdit())
    drag(kernel.lineEdit(), start, start + QPoint(42, 0))
    assert editor.layers()[2]["kernel"] == 9
    assert field(editor, 2, "kernel") is kernel
    assert editor._selected == 2


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_selected_row_is_marked_and_shows_its_buttons(qapp, editor, choice):
    theme.apply(qapp, choice)
    editor.set_selected(1)
    editor.set_hovered(2)
    image = editor.grab().toImage()
    now = theme.current()

    def colours(row):
        rect = editor.row_rect(row)
        return {image.pixelColor(x, rect.center().y()).name() for x in range(rect.left(), rect.left() + 6)}

    assert QColor(now.amber).name() in colours(1)
    assert QColor(now.blue).name() in colours(2)
    assert not {QColor(now.amber).name(), QColor(now.blue).name()} & colours(0)
    assert [row.remove.isVisible() for row in editor._rows] == [False, True, True]


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_all_of_a_row_is_seen_at_its_smallest(qapp, editor, scale):
    theme.apply(qapp, "dark", scale)
    editor.set_results([("1,024", "3"), ("1,020", "7"), ("1,012", "whole")])
    QApplication.processEvents()
    editor.resize(editor.minimumSizeHint())
    QApplication.processEvents()
    for row in editor._rows:
        assert row.geometry().right() <= editor._area.viewport().width()
        for label in row.results:
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
        right = row.remove.geometry().right()
        assert right < row.width()
    heads = [(name, widget.mapTo(editor, QPoint(0, 0)).x()) for name, widget in editor._rows[0].columns()]
    assert [name for name, _ in heads] == ["kernel", "stride", "padding", "dilation", "units", "field"]


def test_presets_are_offered(editor, qtbot):
    assert not editor.presets.isVisible()
    editor.set_presets(["Plain 3×3", "Dilated 1-2-4-8"])
    assert editor.presets.isVisible()
    with qtbot.waitSignal(editor.preset) as sent:
        editor._menu.actions()[1].trigger()
    assert sent.args == ["Dilated 1-2-4-8"]


def test_what_is_no_whole_number_is_marked_and_never_taken(editor, qtbot):
    kernel = field(editor, 1, "kernel")
    turn_to(editor, kernel, qtbot)
    for text in ("abc-3.5", "3.5", "-3", "1000", "3 5"):
        kernel.lineEdit().selectAll()
        QTest.keyClicks(kernel, text)
        assert kernel.text() == text
        assert kernel.property("invalid")
        QTest.keyClick(kernel, Qt.Key.Key_Return)
        assert (kernel.text(), kernel.value()) == ("3", 3)
        assert not kernel.property("invalid")
    assert not editor.seen


def test_undo_in_a_field_is_the_windows_unless_something_was_typed(editor, qtbot):
    undone = []
    QShortcut(QKeySequence.StandardKey.Undo, editor, lambda: undone.append(1))
    kernel = field(editor, 1, "kernel")
    turn_to(editor, kernel, qtbot)
    QTest.keySequence(kernel, QKeySequence.StandardKey.Undo)
    assert undone == [1]
    QTest.keyClicks(kernel, "5")
    QTest.keySequence(kernel, QKeySequence.StandardKey.Undo)
    assert undone == [1]
    assert kernel.text() == "3"
