"""A whole number that is typed, dragged or turned with the wheel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QSpinBox, QWidget

from widgets import theme
from widgets.arrow_keys import KeepsArrows

_PIXELS_A_STEP = 7
_TURN_A_STEP = 120  # eighths of a degree: a notch; a touch pad sends many smaller turns


class NumberField(KeepsArrows, QSpinBox):
    """Dragging up or to the right makes it larger. Every number from `low` can be typed, so that what is
    wrong can be said; mouse and arrow keys stop at `least`.
    """

    changed = Signal(int)
    """Set by the user."""

    def __init__(
        self,
        name: str,
        low: int = 0,
        high: int = 999,
        least: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least = low if least is None else least
        self._press: tuple[QPointF, int] | None = None
        self._dragging = False
        self._turned = 0
        self.wheel_needs_focus: Callable[[], bool] = lambda: False
        """Whether a turn of the wheel over the field scrolls what it lies in instead."""
        self.setRange(low, high)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        self.setAccessibleName(name)
        self.setToolTip(f"{name}: type, drag or turn the wheel")
        self.lineEdit().installEventFilter(self)
        self.lineEdit().setCursor(Qt.CursorShape.SizeVerCursor)
        self.valueChanged.connect(self.changed)

    def set_value(self, value: int) -> None:
        """Set without a signal."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)

    def sizeHint(self) -> QSize:
        return QSize(
            QFontMetrics(self.font()).horizontalAdvance("000") + theme.em(1.3), super().sizeHint().height()
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def stepBy(self, steps: int) -> None:
        if steps < 0:  # never below `least`, but what was typed may stand below it
            steps = max(steps, min(0, self._least - self.value()))
        super().stepBy(steps)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.isEnabled() or (self.wheel_needs_focus() and not self.hasFocus()):
            event.ignore()
            return
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        steps = int(self._turned / _TURN_A_STEP)
        if steps:
            self._turned -= steps * _TURN_A_STEP
            self.stepBy(steps)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Drags on the figures move the value; a plain click goes on to the text."""
        if isinstance(event, QMouseEvent) and watched is self.lineEdit() and self.isEnabled():
            kind, at = event.type(), event.globalPosition()
            if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._press, self._dragging = (at, self.value()), False
            elif kind == QEvent.Type.MouseMove and self._press is not None:
                self._drag(at)
                return True
            elif kind == QEvent.Type.MouseButtonRelease and self._press is not None:
                self._press = None
                if self._dragging:
                    self._dragging = False
                    return True
        return super().eventFilter(watched, event)

    def _drag(self, at: QPointF) -> None:
        start, value = self._press
        way = (at.x() - start.x()) + (start.y() - at.y())
        self._dragging = self._dragging or abs(way) >= _PIXELS_A_STEP
        if self._dragging:
            wanted = value + int(way / _PIXELS_A_STEP)
            self.setValue(min(max(wanted, min(self._least, value)), self.maximum()))
