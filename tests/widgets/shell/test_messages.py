"""Messages: none is lost, none covers anything, and what repeats is said once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.shell import message_bell, message_strip, messages
from headlight.widgets.shell.message_bell import MessageBell
from headlight.widgets.shell.message_panel import MessagePanel
from headlight.widgets.shell.message_strip import MessageStrip
from headlight.widgets.shell.messages import KEPT, Message, Messages


@pytest.fixture
def window(show):
    """A window that is full of one control, with a strip and a bell below it."""
    window = QWidget()
    window.messages = Messages(window)
    window.control, window.strip = QLineEdit(), MessageStrip(window.messages)
    window.control.setSizePolicy(window.sizePolicy().Policy.Expanding, window.sizePolicy().Policy.Ignored)
    window.bell = MessageBell(window.messages)
    column = QVBoxLayout(window)
    column.addWidget(window.control, 1)
    column.addWidget(window.strip)
    column.addWidget(window.bell)
    return show(window, 700, 500)


def tell(window, kind, cause, next_step="", **more):
    return window.messages.tell(Message(kind, cause, next_step, **more))


def button(parent, text):
    (found,) = [b for b in parent.findChildren(QPushButton) if text in b.text() and b.isVisible()]
    return found


def said(parent):
    return [label.text() for label in parent.findChildren(QLabel) if label.isVisible()]


def test_six_errors_are_all_seen_and_cover_nothing(window, qtbot):
    for number in range(6):
        tell(window, "error", f"File {number} cannot be read.", "Choose another one.")
    assert window.size().toTuple() == (700, 500)
    assert not window.strip.geometry().intersects(window.control.geometry())
    assert window.strip.height() < 4 * window.fontMetrics().lineSpacing()
    before, seen = window.control.height(), []
    for number in range(1, 7):
        seen.append(said(window.strip)[0])
        button(window.strip, f"{number} of 6").click()
    assert seen == [f"File {number} cannot be read." for number in (5, 4, 3, 2, 1, 0)]
    close = window.strip.findChild(QToolButton)
    for left in (5, 4, 3, 2, 1, 0):
        close.click()
        assert len(window.messages.unread()) == left
    assert window.strip.isHidden()
    qtbot.waitUntil(lambda: window.control.height() > before)
    assert len(window.messages.texts()) == 6


def test_the_strip_gives_its_room_back_and_the_bell_still_counts(window, qtbot, monkeypatch):
    monkeypatch.setattr(message_strip, "SECONDS", 0.02)
    tell(window, "error", "a.png is cut off.")
    tell(window, "warning", "b.png is dark.")
    qtbot.waitUntil(window.strip.isHidden)
    assert window.bell.button.text().strip() == "2"
    assert "2 of them unread" in window.bell.button.accessibleName()


def test_focus_stays_and_what_only_informs_fades(window, qtbot, monkeypatch):
    monkeypatch.setattr(message_bell, "SECONDS", 0.02)
    window.activateWindow()
    window.control.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.control)
    tell(window, "info", "Copied.")
    assert window.strip.isHidden()
    assert window.bell.line() == "Copied."
    qtbot.waitUntil(lambda: window.bell.line() == "")
    tell(window, "error", "It failed.")
    assert QApplication.focusWidget() is window.control
    window.strip.fold()
    assert window.messages.texts() == ["Copied.", "It failed."]


def test_the_list_is_newest_first_says_of_what_and_copies_all(window, qtbot):
    panel = MessagePanel(window.messages, window)
    tell(window, "error", "It failed.", "Try again.", details="Traceback\nValueError: 3", source="cat.png")
    tell(window, "info", "Dark.", source="dog.png")
    panel.open_in(window.geometry())
    qtbot.waitUntil(panel.isVisible)
    assert [message.source for message in panel.entries()] == ["dog.png", "cat.png"]
    assert window.geometry().contains(panel.geometry())
    assert any(text.endswith("cat.png") for text in said(panel))
    before = panel.height()
    button(panel, "Details").click()
    assert panel.height() > before
    assert panel.findChild(QPlainTextEdit).isVisible()
    [b for b in panel.findChildren(QPushButton) if b.text() == "Copy"][1].click()
    copied = QGuiApplication.clipboard().text()
    assert copied.endswith("error: cat.png: It failed. Try again.\n\nTraceback\nValueError: 3")
    assert window.bell.button.text() != ""
    panel.close()
    assert window.bell.button.text() == ""
    panel.open_in(window.geometry())
    button(panel, "Clear").click()
    assert window.messages.texts() == panel.entries() == []
    panel.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not [timer for timer in window.findChildren(QTimer) if timer.isActive()]


def test_a_notice_of_a_document_is_said_once_whatever_its_figures():
    kept, news = Messages(), []
    kept.said.connect(lambda message: news.append(message.text))
    for first in (1, 256, 512):
        kept.tell(Message("info", f"Tokens {first} to {first + 255} are shown.", source="a.txt", about=1))
    assert news == ["Tokens 1 to 256 are shown."]
    assert kept.texts() == ["Tokens 512 to 767 are shown."]
    kept.tell(Message("info", "Tokens 1 to 256 are shown.", source="a.txt", about=2))
    assert len(news) == len(kept.texts()) == 2
    for _ in range(2):  # what fails again is said again, once in the list
        kept.tell(Message("error", "b.png is empty."))
    assert news[2:] == ["b.png is empty."] * 2
    assert len(kept.texts()) == 3


@given(
    st.lists(st.tuples(st.sampled_from(["info", "warning", "error"]), st.text(max_size=3), st.integers(0, 2)))
)
def test_what_is_told_last_stands_last_and_unread_is_a_part_of_all(given):
    kept = Messages()
    for kind, cause, about in given:
        message = Message(kind, cause, source="", about=about or None)
        kept.tell(message)
        assert kept.all()[-1] is message
        assert set(kept.unread()) <= {m for m in kept.all() if m.urgent}
        assert not any(a.repeats(b) for a in kept.all() for b in kept.all() if a is not b)
    kept.read()
    assert kept.unread() == []


def test_the_oldest_goes_when_there_are_too_many():
    kept = Messages()
    for number in range(KEPT + 3):
        kept.tell(Message("error", f"File {number}."))
    assert len(kept.all()) == len(kept.unread()) == KEPT
    assert kept.texts()[0] == "File 3."


def test_screen_readers_are_told(window, monkeypatch):
    heard = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: heard.append(event.message()))
    tell(window, "info", "Dark.", source="dog.png")
    assert heard[-1] == "info: dog.png: Dark."
    assert messages.Message("info", "Dark.").text == "Dark."


def test_what_a_message_offers_is_done_from_the_strip_and_from_the_list(window, qtbot):
    done = []
    tell(window, "warning", "It may be misread.", offers=("Columns…", lambda: done.append("done")))
    tell(window, "error", "b.png is cut off.")
    button(window.strip, "1 of 2").click()
    button(window.strip, "Columns…").click()
    assert done == ["done"]
    assert [message.cause for message in window.messages.unread()] == ["b.png is cut off."]
    panel = MessagePanel(window.messages, window)
    panel.open_in(window.geometry())
    button(panel, "Columns…").click()
    assert panel.isHidden()
    qtbot.waitUntil(lambda: done == ["done", "done"])
