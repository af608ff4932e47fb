"""What must hold after every step, whatever was done: each check yields what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
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

from viewer.panes.base import Pane
from viewer.window import Window
from widgets.colormap import levels
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
    if rest:
        checks += [complete(window), bars_true(window), controls_true(window)]
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


def complete(window: Window) -> Iterator[str]:
    """What is not whole says so: nothing of a cancelled or superseded job stands as complete."""
    for name, pane in _panes(window):
        frame = window.deck.docks[name]
        if not pane.is_whole() and not frame.unfinished():
            yield f"pane {name} shows a part as if it were all"
        if pane.is_whole() and frame.unfinished():
            yield f"pane {name} is whole and says “{frame.unfinished()}”"


def bars_true(window: Window) -> Iterator[str]:
    """Every colour bar is of what is painted in its pane."""
    for name, pane in _panes(window):
        bar = getattr(pane, "bar", None)
        result = getattr(pane, "result", None) or getattr(pane, "_result", None)
        values, painted = getattr(result, "values", None), getattr(result, "levels", None)
        scale = getattr(bar, "_scale", None)
        if scale is None or values is None or painted is None or values.shape != painted.shape:
            continue
        if scale is not result.scale:
            yield f"the bar of {name} is of another scale than its map"
        if not np.array_equal(levels(values, scale), painted):
            yield f"the bar of {name} tells other colours than are painted"


def controls_true(window: Window) -> Iterator[str]:
    """The controls show what is asked for, and the model button what reads."""
    document = window.session.current
    if document is None or window.deck is None or document.page != "attention":
        return
    view, panes = window.session.view, window.deck.panes
    if document.modality in ("text", "image"):
        settings, rollout = panes["settings"], panes["rollout"]
        pairs = [
            ("method", settings.method, view.map.method),
            ("heads", settings.heads, view.map.heads),
            ("direction", settings.direction, view.map.incoming),
            ("scale", settings.scale, view.map.log),
            ("fusion", rollout.fusion, view.rollout.fusion),
            ("residual", rollout.residual, view.rollout.residual),
        ]
        if document.modality == "image":
            pairs.append(("size", settings.size, document.wanted.options.size))
        for name, control, value in pairs:
            if control.isVisible() and control.value() != value:
                yield f"the control of {name} shows {control.value()!r}, it is {value!r}"
    if document.trace is not None and document.trace.model.title not in window.topbar.model_button.text():
        yield f"{document.trace.model.title} reads, the button says “{window.topbar.model_button.text()}”"


def focus_seen(window: Window) -> Iterator[str]:
    """What has the focus can be seen."""
    focus = QApplication.focusWidget()
    if focus is None or not window.isActiveWindow():
        return
    if not focus.isVisible():
        yield f"the focus is on {_where(focus)}, which is hidden"
    elif focus.visibleRegion().isEmpty():
        yield f"the focus is on {_where(focus)}, which is out of sight"


def _panes(window: Window) -> Iterator[tuple[str, Pane]]:
    """The panes in sight that show something of the current document."""
    if window.deck is None or not window.deck.isVisible():
        return
    for name, pane in window.deck.panes.items():
        if isinstance(pane, Pane) and not pane.widget.visibleRegion().isEmpty():
            yield name, pane


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
