"""The wheel scrolls: over a control it turns what the control lies in, and changes no value."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class _PassesOn(QObject):
    def __init__(self, watched: QWidget, takes: Callable[[], bool]) -> None:
        super().__init__(watched)
        self._takes = takes

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self._takes():
            event.ignore()  # so that it goes on to the parent
            return True
        return False


def pass_wheel_on(control: QWidget, takes: Callable[[], bool] = lambda: False) -> None:
    """Let a turn of the wheel over `control` scroll what it lies in, but where `takes` says otherwise."""
    control.installEventFilter(_PassesOn(control, takes))
