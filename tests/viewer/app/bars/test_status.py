"""The status bar: what a message says has room; the list of messages gives way to commands."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

SAID = "The text has 900 tokens and the model reads 510 of them at once: tokens 1 to 510 are shown."


def test_a_message_longer_than_its_room_stands_in_place_of_the_check(opened, qtbot):
    window = opened("text", "attention")
    window.resize(1358, 720)
    status = window.status
    qtbot.waitUntil(lambda: status.width() == 1358 and status.check.isVisible())
    window.notify("info", "Copied.", "")
    assert status.check.isVisible()
    window.notify("info", SAID, "")
    qtbot.waitUntil(lambda: not status.check.isVisible() and not status.bell.lacks_room())
    assert status.bell.line() == SAID
    window.session.document_changed.emit(window.session.current)
    assert not status.check.isVisible()
    status.bell.fade()
    assert status.check.isVisible()
    assert status.device.isVisible()


def test_what_was_said_of_a_pass_is_over_with_it(opened):
    window = opened("text", "attention")
    document, bell = window.session.current, window.status.bell
    here = {said: replace(document.trace, notices=(said,)) for said in ("It hears A.", "It hears B.")}
    for said, trace in here.items():
        window.session.update(document, trace=trace)
        window.notify("info", said, "", None, document)
        assert bell.line() == said
    window.session.update(document, state="ready")
    assert bell.line() == "It hears B."
    window.session.update(document, trace=here["It hears A."])  # as by undo
    assert not bell.line()
    window.notify("info", "It was asked for.", "", None, document)
    window.session.update(document, trace=here["It hears B."])
    assert bell.line() == "It was asked for."
    window.session.show(None)
    assert not bell.line()


def test_a_message_gets_the_room_of_the_check_when_its_own_becomes_too_small(opened, qtbot):
    window = opened("text", "attention")
    window.resize(1900, 720)
    status = window.status
    qtbot.waitUntil(lambda: status.width() == 1900 and status.check.isVisible())
    window.notify("info", SAID, "")
    qtbot.waitUntil(lambda: not status.bell.lacks_room())
    assert status.check.isVisible()
    window.resize(1358, 720)
    qtbot.waitUntil(lambda: not status.check.isVisible() and not status.bell.lacks_room())


def test_the_key_of_the_list_closes_it_and_keys_of_commands_act_while_it_is_open(opened, qtbot, monkeypatch):
    window = opened("text", "attention")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    panel, over = window.status.panel, []
    monkeypatch.setattr(window.dialogs, "to_save", lambda *_: over.append(panel.isVisible()))

    def press(key, *held):
        into = QApplication.activePopupWidget() or window
        modifiers = Qt.KeyboardModifier.NoModifier
        for one in held:
            modifiers |= one
        qtbot.keyClick(into.focusWidget() or into, key, modifiers)

    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    press(Qt.Key.Key_F8)
    assert panel.isVisible()
    press(Qt.Key.Key_F8)
    assert not panel.isVisible()
    press(Qt.Key.Key_F8)
    press(Qt.Key.Key_S, control, shift)
    assert over == [False]  # the dialog came, and the list was gone by then


@pytest.mark.parametrize(("key", "stays"), [(Qt.Key.Key_Right, True), (Qt.Key.Key_Escape, False)])
def test_the_list_keeps_its_own_keys(opened, qtbot, key, stays):
    window = opened("text", "attention")
    window.session.select(queries=[window.session.current.trace.tokens.place(1)])
    window.status.open_messages()
    before = window.session.view
    qtbot.keyClick(window.status.panel.focusWidget(), key)
    assert window.session.view == before
    assert window.status.panel.isVisible() == stays
