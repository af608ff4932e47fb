"""The palette, menus and dialogs: whose keys are whose, and what commands can do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox

from headlight.models.core.tokens import CharSpan
from headlight.viewer.app.commands.every import listed
from headlight.viewer.inputs.inputs import from_text
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import MapSettings, Selection
from tests.viewer import given
from tests.viewer.cloud_windows import answered
from tests.viewer.linked import SENTENCE


@pytest.fixture
def active(make_window, qtbot):
    """A window with the keyboard and a sentence of which a word is selected, without its model."""
    window = make_window(run=False)
    window.session.add(from_text(SENTENCE), RunOptions())
    answered(window, window.session.current, given.trace_of(given.text_tokens(*SENTENCE.split())))
    window.session.select(queries=[CharSpan(2, 7)])
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_the_palette_is_right_the_first_time_and_its_keys_are_its_own(active, qtbot):
    selected = active.session.view[Selection]
    QTest.keyClick(active, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = active.palette_popup
    assert palette.isVisible()
    card = palette._card.geometry()
    assert card.width() > 400
    assert abs(card.center().x() - active.rect().center().x()) <= 1
    assert palette._list.height() > 200
    field = active.focusWidget()
    for key, modifiers in (
        (Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
    ):
        QTest.keyClick(field, key, modifiers)
    assert active.session.current.page == "attention"
    assert active.session.documents
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert active.session.view[Selection] == selected
    QTest.keyClick(active, Qt.Key.Key_Escape)
    assert active.session.view[Selection] != selected


def test_the_palette_never_stays_without_the_keyboard(active, qtbot):
    active.open_palette()
    other = active.topbar.palette_button
    other.setFocus()
    assert active.palette_popup.isHidden()
    assert other.hasFocus()


def test_menus_and_dialogs_keep_the_keys_of_the_window(active, qtbot):
    menu = active.topbar.menu_button.menu()
    menu.popup(active.mapToGlobal(QPoint(20, 20)))
    QTest.keyClick(menu, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    menu.close()
    box = QMessageBox(active)
    box.open()
    QTest.keyClick(box, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert active.session.current.page == "attention"
    box.close()
    qtbot.waitUntil(active.isActiveWindow)
    QTest.keyClick(active, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)


def test_the_keyboard_starts_in_the_sentence_and_then_belongs_to_the_panes(make_window, qtbot):
    window = make_window(run=False)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert isinstance(window.focusWidget(), QLineEdit)
    window.session.add(from_text(SENTENCE), RunOptions())
    assert window.focusWidget() is window.deck


def test_the_title_is_the_current_documents_after_an_edit_too(active):
    active.session.update(active.session.current, input=from_text("another text"))
    assert active.windowTitle() == "another text – Headlight"
    active.new_text()
    assert active.windowTitle() == "Headlight"


def test_undo_reaches_every_setting_and_commands_say_what_can_be_done(text_window):
    window = text_window
    actions = window.actions_
    assert not actions.actions["undo"].isEnabled()
    view = window.session.view
    actions.run("log")
    actions.run("heads-mean")
    assert window.session.view == view.changed(MapSettings, log=True, heads="mean")
    assert actions.actions["log"].isChecked()
    actions.run("undo")
    actions.run("undo")
    assert window.session.view == view
    assert not actions.actions["undo"].isEnabled()
    assert not actions.actions["show-saliency"].isEnabled()


def test_every_key_of_a_command_can_be_pressed():
    written = [key for command in listed() for key in command.keys]
    assert not [key for key in written if not QKeySequence(key).toString()]
