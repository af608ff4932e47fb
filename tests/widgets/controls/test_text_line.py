"""A line of text gives undo and Esc back where it has no use for them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from headlight.widgets.controls.text_line import TextLine


@pytest.fixture
def line(show):
    one = show(TextLine("Prompts", "{}", empty=True))
    one.told = []
    one.left.connect(one.told.append)
    one.setFocus()
    return one


def keeps_undo(line: TextLine) -> bool:
    """Whether the window's own undo has to wait for the line's."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    event.ignore()
    QApplication.sendEvent(line, event)
    return event.isAccepted()


def test_undo_is_the_windows_once_what_was_typed_is_taken(qtbot, line):
    assert not keeps_undo(line)
    qtbot.keyClicks(line, "a {}")
    assert keeps_undo(line)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    line.show_text("a {}")
    assert line.told == ["a {}"]
    assert not keeps_undo(line)


def test_esc_shows_what_was_there_and_leaves(qtbot, line):
    line.show_text("a {}")
    qtbot.keyClicks(line, "?")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "a {}"
    assert not line.hasFocus()
    assert line.told == []


def test_an_empty_line_is_a_text_where_it_may_be(qtbot, line):
    line.show_text("a {}")
    line.clear()
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.told == [""]
