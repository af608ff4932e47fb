"""Sliders of the side column, each with its label and the value that it stands at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.labels import ColumnLabel, ElidedLabel
from headlight.widgets.base.wheel import pass_wheel_on
from headlight.widgets.controls.number_text import TypedNumber, mark, number_in
from headlight.widgets.controls.range_slider import RangeSlider

ROW_GAP = 10
"""Pixels between the parts of a slider in one row."""


def _lay_out(row: QWidget, label: str, value: QWidget, slider: QWidget, beside: Sequence[str] | None) -> None:
    """A grey label at the left, its value at the right, the slider under both, or between them where the
    labels of the column, of which this is one, are given.
    """
    name = ElidedLabel(label) if beside is None else ColumnLabel(label, beside)
    name.setProperty("role", "dim")
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.addWidget(name, 0, 0)
    if beside is None:
        grid.setSpacing(theme.em(0.1))
        grid.addWidget(value, 0, 1)
        grid.addWidget(slider, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
    else:
        grid.setHorizontalSpacing(ROW_GAP)
        grid.addWidget(slider, 0, 1)
        grid.addWidget(value, 0, 2)
        grid.setColumnStretch(1, 1)


class LabelledSlider(QWidget):
    """A label, its value (which can be typed) and a slider under both. Double click resets."""

    changed = Signal(float)
    """The value set by the user."""

    def __init__(
        self,
        label: str,
        low: float,
        high: float,
        step: float,
        format: str | Callable[[float], str] = "{:.2f}",
        value: float | None = None,
        parent: QWidget | None = None,
        first: int = 0,
        beside: Sequence[str] | None = None,
    ) -> None:
        """low, high, step in the value's unit; value: where it starts and what a double click restores.

        format: how the value is written, as a format string or a function. first: what is written for 0,
        where that is counted from another number than the value. beside: the labels of the column, of
        which this is one; the slider stands between label and value then, in one row.
        """
        super().__init__(parent)
        self._low, self._step, self._first = low, step, first
        self._format = format.format if isinstance(format, str) else format
        self._unit = 0.01 if "%" in self._format(high) else 1
        self._default = low if value is None else value
        self._slider = _Slider()
        self._slider.setRange(0, round((high - low) / step))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._slider.setAccessibleName(label)
        self._field = _ValueField([self._format(low), self._format(high)], self._wrong)
        self._field.setAccessibleName(f"{label}, value")
        _lay_out(self, label, self._field, self._slider, beside)
        self._note = ElidedLabel()
        self._note.setProperty("role", "dim")
        self._note.hide()
        self.layout().addWidget(self._note, 2, 0, 1, -1)
        self.set_value(self._default)
        self._slider.valueChanged.connect(self._moved)
        self._slider.reset.connect(self.reset)
        self._field.typed.connect(self._typed)
        self._field.stepped.connect(lambda by: self._slider.setValue(self._slider.value() + by))
        self._say_range()

    def value(self) -> float:
        return self._low + self._slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Move to the nearest step without a signal."""
        self._slider.blockSignals(True)
        self._slider.setValue(round((value - self._low) / self._step))
        self._slider.blockSignals(False)
        self._show()

    def set_note(self, text: str) -> None:
        """What is to be known of the value, on a line below; "" for nothing."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def note(self) -> str:
        return self._note.text()

    def set_range(self, low: float, high: float, step: float | None = None) -> None:
        """Other ends, the step as before where it is not given; without a signal."""
        value = self.value()
        self._low, self._step = low, step or self._step
        self._slider.blockSignals(True)
        self._slider.setRange(0, round((high - low) / self._step))
        self._slider.blockSignals(False)
        self._field.set_widest([self._format(low), self._format(high)])
        self._say_range()
        self.set_value(value)

    def reset(self) -> None:
        """Back to the value it started with."""
        self._slider.setValue(round((self._default - self._low) / self._step))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset()
        event.accept()

    def _show(self) -> None:
        self._field.show_text(self._format(self.value()))

    def _moved(self) -> None:
        self._show()
        self.changed.emit(self.value())

    def _high(self) -> float:
        return self._low + self._slider.maximum() * self._step

    def _read(self, text: str) -> float | None:
        """The value that a text is, whether or not it is in the range; None if it is none."""
        for end in (self._low, self._high()):
            if text.strip() == self._format(end):  # which may be a word
                return end
        number = number_in(text, self._format(self._high()), grouped=self._step >= 1)
        return None if number is None else (number - self._first) * self._unit

    def _wrong(self, text: str) -> str:
        """Why a text cannot be taken, or nothing."""
        value, leeway = self._read(text), self._step * 1e-6
        if value is not None and self._low - leeway <= value <= self._high() + leeway:
            return ""
        return self._slider.accessibleDescription()

    def _say_range(self) -> None:
        low, high = self._format(self._low), self._format(self._high())
        self._slider.setAccessibleDescription(f"From {low} to {high}.")
        self._field.setAccessibleDescription(f"From {low} to {high}.")

    def _typed(self, text: str) -> None:
        self._slider.setValue(round((self._read(text) - self._low) / self._step))
        self._show()


class _Slider(KeepsArrows, QSlider):
    reset = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        pass_wheel_on(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            # The handle comes to the cursor at once, then follows it.
            half = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self) // 2
            span = self.width() - 2 * half
            x = round(event.position().x()) - half
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, span))
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()
        event.accept()


_FIELD_MARGIN = 2
"""What a QLineEdit keeps free beside its text; figures end where those of other rows end."""


class _ValueField(TypedNumber, QLineEdit):
    """A value that can be typed over; the arrows up and down step it. wrong: why a text cannot be taken."""

    typed = Signal(str)
    stepped = Signal(int)

    def __init__(self, widest: Sequence[str], wrong: Callable[[str], str]) -> None:
        super().__init__()
        self._widest, self._wrong = widest, wrong
        self._shown = ""
        self.setProperty("role", "value")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setTextMargins(0, 0, -_FIELD_MARGIN, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.textEdited.connect(lambda text: mark(self, self, self._wrong(text)))
        self.returnPressed.connect(self._take)

    def set_widest(self, widest: Sequence[str]) -> None:
        self._widest = widest
        self.updateGeometry()

    def show_text(self, text: str) -> None:
        self._shown = text
        self.setText(text)
        mark(self, self, "")

    def sizeHint(self) -> QSize:
        width = max(self.fontMetrics().horizontalAdvance(text) for text in self._widest)
        return QSize(width + theme.em(1.0), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def is_typed(self) -> bool:
        return self.text() != self._shown

    def give_up(self) -> None:
        self.show_text(self._shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(event.key())
        if step is not None:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._take()
            self.give_up()  # what could not be taken goes

    def _take(self) -> None:
        if self.is_typed() and not self._wrong(self.text()):
            self.typed.emit(self.text())


class RangeRow(QWidget):
    """A label, the range as text and a slider with two handles for whole numbers. Double click takes all."""

    changed = Signal(int, int)
    """First and last, both included, set by the user."""

    def __init__(
        self,
        label: str,
        low: int,
        high: int,
        parent: QWidget | None = None,
        format: Callable[[int], str] = str,
        beside: Sequence[str] | None = None,
    ) -> None:
        """beside: as of a `LabelledSlider`."""
        super().__init__(parent)
        self._format = format
        self._slider = RangeSlider(low, high)
        self._slider.setAccessibleName(label)
        self._field = _ValueField([], self._wrong)
        self._field.setAccessibleName(f"{label}, range")
        self._field.typed.connect(lambda text: self._slider.choose(*self._read(text)))
        self._field.stepped.connect(self._slider.step)
        _lay_out(self, label, self._field, self._slider, beside)
        self._slider.changed.connect(self._moved)
        self._say_limits()

    def value(self) -> tuple[int, int]:
        return self._slider.value()

    def set_limits(self, low: int, high: int) -> None:
        """New limits, the whole of them chosen; no signal."""
        self._slider.set_limits(low, high)
        self._say_limits()

    def set_value(self, first: int, last: int) -> None:
        """Choose without a signal; held within the limits."""
        self._slider.set_value(first, last)
        self._show()

    def _say_limits(self) -> None:
        low, high = (self._format(limit) for limit in self._slider.limits())
        for widget in (self._slider, self._field):
            widget.setAccessibleDescription(f"From {low} to {high}.")
        self._field.set_widest([f"{low} to {high}", f"{high} to {high}"])
        self._show()

    def _show(self) -> None:
        first, last = self.value()
        text = self._format(first)
        self._field.show_text(f"{text} to {self._format(last)}" if first != last else text)

    def _read(self, text: str) -> tuple[int, int] | None:
        """First and last as they are written, or one number for both; None if it is no range."""
        low, high = self._slider.limits()
        written = {_plain(self._format(number)): number for number in range(low, high + 1)}
        ends = [written.get(_plain(part)) for part in re.split(r"\bto\b|[-–—]", text)]
        if len(ends) > 2 or None in ends or ends[0] > ends[-1]:
            return None
        return ends[0], ends[-1]

    def _wrong(self, text: str) -> str:
        return "" if self._read(text) is not None else self._field.accessibleDescription()

    def _moved(self, first: int, last: int) -> None:
        self._show()
        self.changed.emit(first, last)


def _plain(number: str) -> str:
    """Without the marks between thousands, which nobody need type."""
    return number.replace(",", "").replace(" ", "")
