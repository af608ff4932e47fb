"""What must hold after every step, whatever was done: each check yields what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QWidget

from headlight.viewer.app.window import Window
from headlight.widgets.base import theme
from tests.journeys.controls import controls_true, named, offered
from tests.journeys.painted import bars_true, fresh
from tests.journeys.texts import SLACK, cut, where

STANDARD = QSize(1340, 710)
"""No text is elided in a window of this size or a larger one: what is left of 1366 × 768."""


@dataclass
class Expected:
    """What the window must keep: its place, size and state, and that it is the same native window.

    errors: the sentences that it may tell.
    """

    geometry: QRect
    state: Qt.WindowState
    native: int
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, window: Window) -> Expected:
        state = window.windowState() & ~Qt.WindowState.WindowActive
        return cls(QRect(window.geometry()), state, int(window.winId()))


def complaints(window: Window, expected: Expected, rest: bool) -> list[str]:
    """All that is wrong now. rest: nothing runs, so that what is shown must be complete."""
    checks = [stays(window, expected), panes_fit(window), texts_fit(window), focus_seen(window)]
    if rest:
        checks += [told(window, expected), nothing_over(window), nothing_awaited(window)]
        checks += [fresh(window), bars_true(window), controls_true(window), named(window), offered(window)]
    return [complaint for check in checks for complaint in check]


def stays(window: Window, expected: Expected) -> Iterator[str]:
    """The window keeps its size and place, and is not made anew."""
    now = Expected.of(window)
    if now.geometry != expected.geometry:
        yield f"the window is {_said(now.geometry)}, it was {_said(expected.geometry)}"
    if now.native != expected.native:
        yield "the native window was made anew"
    if now.state != expected.state:
        yield f"the window's state is {now.state}, it was {expected.state}"
    screen = window.screen().availableGeometry()
    # A window manager may leave the borders of a maximised window outside the screen.
    seen = window.geometry() if window.isMaximized() else window.frameGeometry()
    if not screen.contains(seen):
        yield f"the window {_said(seen)} leaves the screen {_said(screen)}"


def panes_fit(window: Window) -> Iterator[str]:
    """Every visible pane lies in the window, overlaps no other, and has the room that it needs."""
    deck = window.deck
    if deck is None or not deck.isVisible():
        return
    if deck.size() != window.pages.size():
        yield f"the panes' room is {deck.size()}, the window has {window.pages.size()}"
    room = QRect(QPoint(), deck.size())
    taken: list[tuple[str, QRect]] = []
    for name, dock in deck.docks.items():
        if not dock.isVisible() or dock.isFloating() or dock.visibleRegion().isEmpty():
            continue
        place, content = dock.geometry(), dock.content()
        if not room.contains(place):
            yield f"pane {name} {_said(place)} leaves the panes' room {_said(room)}"
        for other, their in taken:
            if their.intersects(place):
                yield f"panes {name} and {other} overlap"
        taken.append((name, place))
        needed = content.minimumSizeHint().expandedTo(content.minimumSize())
        if content.width() + SLACK < needed.width() or content.height() + SLACK < needed.height():
            yield f"what pane {name} holds is {_size(content.size())} and needs {_size(needed)}"
    if not taken and window.session.current is not None:
        yield "there is no pane"


def texts_fit(window: Window) -> Iterator[str]:
    """At the standard sizes no text is elided or cut off."""
    if theme.chosen()[1] != 1.0 or window.size().expandedTo(STANDARD) != window.size():
        return
    if list(_cut_off(window)):
        QApplication.processEvents()  # rows that have just come are laid out before anybody sees them
        yield from _cut_off(window)


def _cut_off(window: Window) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and widget.window() is window and (found := cut(widget)):
            yield f"{found} in {where(widget)}"


def _in_sight(widget: QWidget) -> bool:
    """Whether any of it is seen that no opaque child covers."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def focus_seen(window: Window) -> Iterator[str]:
    """What has the keyboard can be seen; nothing has it after a click on what is reached by Tab alone."""
    if QApplication.activeWindow() is not window or QApplication.activePopupWidget() is not None:
        return
    focus = QApplication.focusWidget()
    if focus is None:
        return
    if not focus.isVisible():
        yield f"the focus is on {where(focus)}, which is hidden"
    elif not focus.isEnabled():
        yield f"the focus is on {where(focus)}, which is disabled"
    elif window.isAncestorOf(focus) and not any(map(_in_sight, [focus, *focus.findChildren(QWidget)])):
        yield f"the focus is on {where(focus)}, which is out of sight"


def told(window: Window, expected: Expected) -> Iterator[str]:
    """No error was told but those that were to be expected."""
    for message in window.messages.all():
        if message.kind == "error" and message.text not in expected.errors:
            expected.errors.append(message.text)
            yield f"it was told: {message.text}"


def nothing_over(window: Window) -> Iterator[str]:
    """No list or dialog stands over the window that nobody opened."""
    for widget in QApplication.topLevelWidgets():
        dock = window.deck is not None and widget in window.deck.docks.values()
        tip = widget.inherits("QTipLabel") or widget.windowType() == Qt.WindowType.ToolTip
        if widget.isVisible() and widget is not window and not dock and not tip:
            yield f"{type(widget).__name__} “{widget.windowTitle()}” stands over the window"
    if window.palette_popup.isVisible():
        yield "the palette is open"


def nothing_awaited(window: Window) -> Iterator[str]:
    """Where a model has read the document, no pane waits for it."""
    document = window.session.current
    if document is None or document.trace is None or window.deck is None:
        return
    for name, dock in window.deck.docks.items():
        if dock.isVisible() and dock.waiting() is not None:
            yield f"pane {name} says “{dock.waiting().says}”, and nothing runs"


def _said(rect: QRect) -> str:
    return f"{rect.width()} × {rect.height()} at {rect.x()}, {rect.y()}"


def _size(size: QSize) -> str:
    return f"{size.width()} × {size.height()}"
