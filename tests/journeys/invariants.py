"""What must hold after every step, whatever was done: each check yields what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QScrollArea,
    QWidget,
)

from viewer.window import Window
from widgets.labels import ElidedLabel

SLACK = 1
"""Pixels that rounding may take."""


@dataclass(frozen=True)
class Expected:
    """What the window must keep: its place and size, and that it is the same native window."""

    geometry: QRect
    state: Qt.WindowState
    native: int

    @classmethod
    def of(cls, window: Window) -> Expected:
        return cls(QRect(window.geometry()), window.windowState(), int(window.winId()))


def complaints(window: Window, expected: Expected, rest: bool) -> list[str]:
    """All that is wrong now. rest: nothing runs, so that what is shown must be complete."""
    checks = [stays(window, expected), panes_fit(window), texts_fit(window), focus_seen(window)]
    return [complaint for check in checks for complaint in check]


def stays(window: Window, expected: Expected) -> Iterator[str]:
    """The window keeps its size and place, and is not made anew."""
    now = Expected.of(window)
    if now.geometry != expected.geometry:
        yield f"the window is {_said(now.geometry)}, it was {_said(expected.geometry)}"
    if now.native != expected.native:
        yield "the native window was made anew"
    if now.state & ~Qt.WindowState.WindowActive != expected.state & ~Qt.WindowState.WindowActive:
        yield f"the window's state became {now.state}"
    screen = window.screen().availableGeometry()
    if not screen.contains(window.frameGeometry()):
        yield f"the window {_said(window.frameGeometry())} leaves the screen {_said(screen)}"


def panes_fit(window: Window) -> Iterator[str]:
    """Every visible pane lies in the window, overlaps no other, and has the room that it needs."""
    if window.deck is None or not window.deck.isVisible():
        return
    room = QRect(QPoint(), window.deck.size())
    taken: list[tuple[str, QRect]] = []
    for name, dock in window.deck.docks.items():
        if not dock.isVisible() or dock.isFloating() or _tabbed_away(dock):
            continue
        place = QRect(dock.pos(), dock.size())
        if not room.contains(place):
            yield f"pane {name} {_said(place)} leaves the panes' room {_said(room)}"
        for other, their in taken:
            if their.intersects(place):
                yield f"panes {name} and {other} overlap"
        taken.append((name, place))
        content = dock.content()
        least = content.minimumSizeHint().expandedTo(content.minimumSize())
        if content.width() + SLACK < least.width() or content.height() + SLACK < least.height():
            yield (
                f"pane {name} has {content.width()} × {content.height()} px "
                f"and needs {least.width()} × {least.height()}"
            )


def texts_fit(window: Window) -> Iterator[str]:
    """At the standard size no text is elided or cut off."""
    if window.text_scale != 1.0:
        return
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and (cut := _cut(widget)):
            yield f"{cut} in {_where(widget)}"


def focus_seen(window: Window) -> Iterator[str]:
    """What has the focus can be seen."""
    focus = QApplication.focusWidget()
    if focus is None or not window.isActiveWindow():
        return
    if not focus.isVisible():
        yield f"the focus is on {_where(focus)}, which is hidden"
    elif focus.visibleRegion().isEmpty():
        yield f"the focus is on {_where(focus)}, which is out of sight"


def _cut(widget: QWidget) -> str:
    """What of the widget's text does not fit, or nothing."""
    if isinstance(widget, ElidedLabel):
        return f"“{widget.text()}” is elided" if widget.shown() != widget.text() else ""
    if isinstance(widget, QLabel):
        text = widget.text()
        if not text or not widget.pixmap().isNull():
            return ""
        if widget.wordWrap():
            needed = widget.heightForWidth(widget.width())
            return f"“{text[:60]}” is cut below" if needed > widget.height() + SLACK else ""
        short = widget.sizeHint().width() > widget.width() + SLACK
        return f"“{text[:60]}” is cut off" if short else _clipped(widget)
    if isinstance(widget, QAbstractButton):
        needed = widget.sizeHint()
        if widget.text() and needed.width() > widget.width() + SLACK:
            return f"“{widget.text()}” has {widget.width()} of {needed.width()} px"
        return _clipped(widget)
    if isinstance(widget, QComboBox):
        metrics = widget.fontMetrics()
        room = widget.width() - 2 * metrics.height()
        return (
            f"“{widget.currentText()}” is cut"
            if metrics.horizontalAdvance(widget.currentText()) > room
            else ""
        )
    return ""


def _clipped(widget: QWidget) -> str:
    """Whether another widget's edge cuts it, unless it can be scrolled into sight."""
    parent = widget.parentWidget()
    area = widget.geometry()
    while parent is not None and not parent.isWindow():
        if isinstance(parent.parentWidget(), QAbstractScrollArea | QScrollArea):
            return ""
        if not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(area):
            return f"{_where(widget)} reaches over the edge"
        area = area.translated(parent.pos())
        parent = parent.parentWidget()
    return ""


def _tabbed_away(dock: QDockWidget) -> bool:
    return dock.visibleRegion().isEmpty()


def _where(widget: QWidget) -> str:
    """A widget by its kind and the pane or bar that it is in."""
    holder: QWidget | None = widget
    while holder is not None and not isinstance(holder, QDockWidget) and holder.objectName() != "status":
        holder = holder.parentWidget()
    inside = "" if holder is None else f" of {holder.objectName()}"
    return f"{type(widget).__name__}{inside}"


def _said(rect: QRect) -> str:
    return f"{rect.width()} × {rect.height()} at {rect.x()}, {rect.y()}"
