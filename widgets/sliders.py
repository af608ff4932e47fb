"""Sliders of the side column, each with its label and the value that it stands at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QWidget,
)

from widgets import theme
from widgets.arrow_keys import KeepsArrows
from widgets.labels import ElidedLabel
from widgets.range_slider import RangeSlider


def _lay_out(row: QWidget, label: str, value: QWidget, slider: QWidget) -> None:
    """A grey label at the left, its value at the right, the slider under both."""
    name = ElidedLabel(label)
    name.setProperty("role", "dim")
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(theme.em(0.1))
    grid.addWidget(name, 0, 0)
    grid.addWidget(value, 0, 1)
    grid.addWidget(slider, 1, 0, 1, 2)
    grid.setColumnStretch(0, 1)


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
    ) -> None:
        """low, high, step in the value's unit; value: where it starts and what a double click restores.

        format: how the value is written, as a format string or a function.
        """
        super().__init__(parent)
        self._low, self._step = low, step
        self._format = format.format if isinstance(format, str) else format
        self._percent = "%" in self._format(high)
        self._default = low if value is None else value
        self._slider = _Slider()
        self._slider.setRange(0, round((high - low) / step))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._slider.setAccessibleName(label)
        self._field = _ValueField([self._format(low), self._format(high)])
        self._field.setAccessibleName(f"{label}, value")
        _lay_out(self, label, self._field, self._slider)
        self.set_value(self._default)
        self._slider.valueChanged.connect(self._moved)
        self._slider.reset.connect(self.reset)
        self._field.typed.connect(self._typed)

    def value(self) -> float:
        return self._low + self._slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Move to the nearest step without a signal."""
        self._slider.blockSignals(True)
        self._slider.setValue(round((value - self._low) / self._step))
        self._slider.blockSignals(False)
        self._show()

    def set_range(self, low: float, high: float) -> None:
        """Other ends, the step as before; without a signal."""
        value = self.value()
        self._low = low
        self._slider.blockSignals(True)
        self._slider.setRange(0, round((high - low) / self._step))
        self._slider.blockSignals(False)
        self._field.set_widest([self._format(low), self._format(high)])
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

    def _typed(self, number: float) -> None:
        if self._percent:
            number /= 100
        self._slider.setValue(round((number - self._low) / self._step))
        self._show()


class _Slider(KeepsArrows, QSlider):
    reset = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

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

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling the column past a slider must not move it.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


_FIELD_MARGIN = 2
"""What a QLineEdit keeps free beside its text; figures end where those of other rows end."""


class _ValueField(QLineEdit):
    typed = Signal(float)

    def __init__(self, widest: Sequence[str]) -> None:
        super().__init__()
        self._widest = widest
        self._shown = ""
        self.setProperty("role", "value")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setTextMargins(0, 0, -_FIELD_MARGIN, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.editingFinished.connect(self._finished)

    def set_widest(self, widest: Sequence[str]) -> None:
        self._widest = widest
        self.updateGeometry()

    def show_text(self, text: str) -> None:
        self._shown = text
        self.setText(text)

    def sizeHint(self) -> QSize:
        width = max(self.fontMetrics().horizontalAdvance(text) for text in self._widest)
        return QSize(width + theme.em(1.0), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def _finished(self) -> None:
        found = re.search(r"[-−]?\d*[.,]?\d+", self.text())
        if found and self.text() != self._shown:
            self.typed.emit(float(found[0].replace("−", "-").replace(",", ".")))
        else:
            self.setText(self._shown)


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
    ) -> None:
        super().__init__(parent)
        self._format = format
        self._slider = RangeSlider(low, high)
        self._slider.setAccessibleName(label)
        self._text = QLabel()
        self._text.setProperty("role", "value")
        _lay_out(self, label, self._text, self._slider)
        self._slider.changed.connect(self._moved)
        self._show()

    def value(self) -> tuple[int, int]:
        return self._slider.value()

    def set_limits(self, low: int, high: int) -> None:
        """New limits, the whole of them chosen; no signal."""
        self._slider.set_limits(low, high)
        self._show()

    def set_value(self, first: int, last: int) -> None:
        """Choose without a signal; held within the limits."""
        self._slider.set_value(first, last)
        self._show()

    def _show(self) -> None:
        first, last = self.value()
        text = self._format(first)
        self._text.setText(f"{text} to {self._format(last)}" if first != last else text)

    def _moved(self, first: int, last: int) -> None:
        self._show()
        self.changed.emit(first, last)
