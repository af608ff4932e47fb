"""Mouse events as a person makes them, sent to a view (to its viewport, if it has one) without moving the
real cursor."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def surface(view: QWidget) -> QWidget:
    return view.viewport() if isinstance(view, QAbstractScrollArea) else view


def move(view: QWidget, at: QPoint, button=Qt.MouseButton.NoButton, keys=PLAIN) -> None:
    there = QPointF(surface(view).mapToGlobal(at))
    kind = QEvent.Type.MouseMove
    event = QMouseEvent(kind, QPointF(at), there, Qt.MouseButton.NoButton, button, keys)
    QApplication.sendEvent(surface(view), event)


def click(view: QWidget, at: QPoint, button=LEFT, keys=PLAIN) -> None:
    QTest.mouseClick(surface(view), button, keys, at)


def drag(view: QWidget, start: QPoint, stop: QPoint, button=LEFT, keys=PLAIN) -> None:
    QTest.mousePress(surface(view), button, keys, start)
    for share in (0.3, 0.6, 1.0):
        move(view, start + (stop - start) * share, button, keys)
    QTest.mouseRelease(surface(view), button, keys, stop)


def wheel(view: QWidget, at: QPoint, notches: int) -> None:
    there = QPointF(surface(view).mapToGlobal(at))
    turn, phase = QPoint(0, 120 * notches), Qt.ScrollPhase.NoScrollPhase
    no_button = Qt.MouseButton.NoButton
    event = QWheelEvent(QPointF(at), there, QPoint(), turn, no_button, PLAIN, phase, False)
    QApplication.sendEvent(surface(view), event)
