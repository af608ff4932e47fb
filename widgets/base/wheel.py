"""The wheel scrolls: over a control it turns what the control lies in, and changes no value. What then lies
under the pointer is what is pointed at.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QCursor, QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget


class _PassesOn(QObject):
    def __init__(self, watched: QWidget, takes: Callable[[], bool]) -> None:
        super().__init__(watched)
        self._takes = takes

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and not self._takes():
            event.ignore()  # so that it goes on to the parent
            return True
        return False


def pass_wheel_on(control: QWidget, takes: Callable[[], bool] = lambda: False) -> None:
    """Let a turn of the wheel over `control` scroll what it lies in, but where `takes` says otherwise."""
    control.installEventFilter(_PassesOn(control, takes))


class _PointsAgain(QObject):
    """Qt tells widgets of the pointer when it moves, not when they move under it."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self._at, self._cursor = QPoint(), QPoint()
        self._soon = QTimer(self, singleShot=True, interval=0)  # once it has scrolled
        self._soon.timeout.connect(self._point)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and not event.buttons():  # a drag goes on
            self._at, self._cursor = event.globalPosition().toPoint(), QCursor.pos()
            self._soon.start()
        return False

    def _point(self) -> None:
        viewport, window = self._viewport, self._viewport.window()
        at = self._at + QCursor.pos() - self._cursor  # it may have moved since
        under = window.childAt(window.mapFromGlobal(at))
        if under is None:
            return
        inside = [viewport, *viewport.findChildren(QWidget)]
        pointed = [widget for widget in inside if widget is under or widget.isAncestorOf(under)]
        for widget in inside:
            if widget.underMouse() and widget not in pointed:
                QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
        there = QPointF(at)
        for widget in pointed:
            if not widget.underMouse():
                here = widget.mapFromGlobal(there)
                QApplication.sendEvent(widget, QEnterEvent(here, widget.mapTo(window, here), there))
        if under in pointed and under.hasMouseTracking():
            none, plain = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
            moved = (under.mapFromGlobal(there), there, none, none, plain)
            QApplication.sendEvent(under, QMouseEvent(QEvent.Type.MouseMove, *moved))


def point_after_wheel(area: QAbstractScrollArea) -> None:
    """Tell what lies in `area` when the wheel has brought something else under the pointer."""
    area.viewport().installEventFilter(_PointsAgain(area.viewport()))
