import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QToolButton, QWidget

from widgets import toasts as module
from widgets.toasts import Toast, Toasts


@pytest.fixture
def window(show):
    return show(QWidget(), 700, 500)


def buttons(window):
    return {button.text(): button for button in window.findChildren(QPushButton)}


def test_stack_is_inside_without_overlap_and_follows_the_window(window, qtbot):
    toasts = Toasts(window)
    for number in range(6):
        toasts.show_toast("error", f"File {number} cannot be read.", "Choose another one.")
    assert toasts.messages() == [f"File {n} cannot be read. Choose another one." for n in (2, 3, 4, 5)]
    for size in ((700, 500), (420, 460), (900, 600)):
        window.resize(*size)
        qtbot.wait(10)
        shown = [toast for toast in window.findChildren(Toast) if toast.isVisible()]
        for toast in shown:
            assert window.rect().contains(toast.geometry())
        for a in shown:
            assert not any(a.geometry().intersects(b.geometry()) for b in shown if b is not a)


def test_focus_stays_and_info_fades_while_errors_stay(window, qtbot, monkeypatch):
    monkeypatch.setattr(module, "INFO_SECONDS", 0.05)
    field = QLineEdit(window)
    field.show()
    window.activateWindow()
    field.setFocus()
    before = QApplication.focusWidget()
    toasts = Toasts(window)
    toasts.show_toast("error", "broken.png ends after 12 bytes.", "Open another copy.")
    toasts.show_toast("info", "Copied.")
    assert QApplication.focusWidget() is before
    qtbot.waitUntil(lambda: toasts.messages() == ["broken.png ends after 12 bytes. Open another copy."])


def test_details_unfold_and_copy(window):
    toasts = Toasts(window)
    toasts.show_toast("error", "It failed.", "Try again.", details="Traceback\nValueError: 3")
    toast = window.findChild(Toast)
    before = toast.height()
    buttons(window)["Details"].click()
    assert toast.height() > before
    assert window.rect().contains(toast.geometry())
    assert toast.findChild(QPlainTextEdit).isVisible()
    buttons(window)["Copy"].click()
    assert QGuiApplication.clipboard().text() == "It failed. Try again.\n\nTraceback\nValueError: 3"


def test_action_runs_once_and_closes(window):
    toasts, called = Toasts(window), []
    toasts.show_toast("warning", "734 tokens.", "Choose.", action=("Choose", lambda: called.append(1)))
    buttons(window)["Choose"].click()
    assert called == [1]
    assert toasts.messages() == []


def test_the_same_message_is_shown_once_and_closed_ones_leave_nothing(window):
    toasts = Toasts(window)
    for _ in range(3):
        toasts.show_toast("info", "Nothing to undo.")
    assert toasts.messages() == ["Nothing to undo."]
    window.findChildren(QToolButton)[-1].click()
    assert toasts.messages() == []
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not window.findChildren(Toast)
    assert not [timer for timer in window.findChildren(QTimer) if timer.isActive()]
