"""A whole number that is typed, dragged or turned with the wheel."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QSpinBox, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.wheel import pass_wheel_on
from headlight.widgets.controls.number_text import TypedNumber, mark, number_in

_PIXELS_A_STEP = 7
_TURN_A_STEP = 120  # eighths of a degree: a notch; a touch pad sends many smaller turns


class NumberField(TypedNumber, QSpinBox):
    """Dragging up or to the right makes it larger, as does the wheel once the field was clicked. Every number
    from `low` can be typed, so that what is wrong can be said; mouse and arrow keys stop at `least`. What is
    no such number is marked as it is typed and never taken.
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
        self.setRange(low, high)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a turn of the wheel gives no focus
        self.setAccessibleName(name)
        self.setAccessibleDescription(f"A whole number from {self._least} to {high}.")
        self.setToolTip(f"{name}: type or drag; once clicked, turn the wheel")
        self.lineEdit().installEventFilter(self)
        self.lineEdit().setCursor(Qt.CursorShape.SizeVerCursor)
        self.lineEdit().textChanged.connect(self._mark)
        self.editingFinished.connect(self._mark)  # what the box writes itself is not told as a change of text
        self.valueChanged.connect(self.changed)
        pass_wheel_on(self, self.was_clicked)

    def set_value(self, value: int) -> None:
        """Set without a signal."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)
        self._mark()

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

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Whatever is typed stays as it is typed, and is no number until all of it is one."""
        state = QValidator.State.Intermediate if self._number(text) is None else QValidator.State.Acceptable
        return state, text, at

    def fixup(self, text: str) -> str:
        """Nothing is mended: Qt would leave out the desktop's separator of groups, and make 137 of 1.37."""
        return text

    def valueFromText(self, text: str) -> int:
        number = self._number(text)
        return self.value() if number is None else number

    def _number(self, text: str) -> int | None:
        number = number_in(text, grouped=True)
        in_range = number is not None and self.minimum() <= number <= self.maximum()
        return int(number) if in_range and number == int(number) else None

    def _mark(self) -> None:
        wrong = bool(self.text()) and self._number(self.text()) is None
        mark(self, self.lineEdit(), self.accessibleDescription() if wrong else "")

    def is_typed(self) -> bool:
        return self.text() != self.textFromValue(self.value())

    def give_up(self) -> None:
        self.lineEdit().setText(self.textFromValue(self.value()))

    def wheelEvent(self, event: QWheelEvent) -> None:
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
                self._reached = Qt.FocusReason.MouseFocusReason
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
