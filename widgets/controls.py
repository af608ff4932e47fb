"""The controls of the side column: segments, sliders, ranges, checks and rows of figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.arrow_keys import KeepsArrows
from widgets.labels import ElidedLabel
from widgets.range_slider import RangeSlider


class Segmented(QFrame):
    """One of a few options, all in sight. Arrow keys move the choice."""

    changed = Signal(object)
    """The value chosen by the user."""

    def __init__(
        self,
        options: Sequence[tuple[Hashable, str]],
        name: str = "",
        parent: QWidget | None = None,
        row: int | None = None,
    ) -> None:
        """options: (value, label); the first is chosen. name: what is chosen, for screen readers. row: how
        many stand in a row, all of them unless it is given.
        """
        super().__init__(parent)
        self.setProperty("role", "segmented")
        self.setAccessibleName(name)
        self._values = [value for value, _ in options]
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for index, (_, label) in enumerate(options):
            if index % (row or len(options)) == 0:
                line = QHBoxLayout()
                column.addLayout(line)
            button = _Segment(label)
            button.setAccessibleName(f"{name}: {label}" if name else label)
            button.setChecked(index == 0)
            self._group.addButton(button, index)
            line.addWidget(button, 1)
        self._group.idToggled.connect(self._toggled)

    def value(self) -> Hashable:
        return self._values[self._group.checkedId()]

    def set_value(self, value: Hashable) -> None:
        """Choose without a signal. ValueError if there is no such option."""
        self._group.blockSignals(True)
        self._group.button(self._values.index(value)).setChecked(True)
        self._group.blockSignals(False)

    def set_option_enabled(self, value: Hashable, enabled: bool, why: str = "") -> None:
        """Grey an option out; `why` becomes its tool tip."""
        button = self._group.button(self._values.index(value))
        button.setEnabled(enabled)
        button.setToolTip("" if enabled else why)

    def set_option_visible(self, value: Hashable, visible: bool) -> None:
        """Leave an option out, or bring it back."""
        self._group.button(self._values.index(value)).setVisible(visible)

    def set_label(self, value: Hashable, label: str) -> None:
        """Rename an option."""
        self._group.button(self._values.index(value)).setText(label)

    def _toggled(self, index: int, on: bool) -> None:
        if on:
            self.changed.emit(self._values[index])


class _Segment(KeepsArrows, QPushButton):
    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.setProperty("role", "segment")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        # The chosen segment is bold: room for that always, so that nothing moves when the choice does.
        bold = QFontMetrics(theme.text_font(weight=QFont.Weight.DemiBold))
        return QSize(bold.horizontalAdvance(self.text()) + theme.em(0.9), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        buttons = [b for b in self.group().buttons() if b.isEnabled() and not b.isHidden()]
        following = buttons[(buttons.index(self) + step) % len(buttons)]
        following.setFocus(Qt.FocusReason.OtherFocusReason)
        following.click()


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


class NumberRow(QWidget):
    """What a figure means at the left in grey, the figure at the right."""

    def __init__(self, label: str, value: str = "–", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel(label)
        self._label.setProperty("role", "dim")
        self._value = QLabel(value)
        self._value.setProperty("role", "value")
        self._value.setTextFormat(Qt.TextFormat.PlainText)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label, 1)
        row.addWidget(self._value, 0, Qt.AlignmentFlag.AlignRight)

    def value(self) -> str:
        return self._value.text()

    def set_value(self, value: str) -> None:
        self._value.setText(value)

    def set_label(self, label: str) -> None:
        self._label.setText(label)


class Section(QWidget):
    """A small grey heading; with `rule`, under a thin line that parts it from what stands above."""

    def __init__(self, title: str, rule: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.em(0.3), 0, 0)
        column.setSpacing(theme.em(0.6))
        if rule:
            line = QFrame()
            line.setProperty("role", "rule")
            column.addWidget(line)
        self._title = ElidedLabel(title)
        self._title.setProperty("role", "heading")
        column.addWidget(self._title)

    def set_title(self, title: str) -> None:
        self._title.setText(title)


class Toggle(QCheckBox):
    """A check box that tells user's changes apart from the program's."""

    changed = Signal(bool)

    def __init__(self, label: str, on: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(label, parent)
        self.setChecked(on)
        self.clicked.connect(self.changed)

    def set_on(self, on: bool) -> None:
        """Set without a signal."""
        self.setChecked(on)


class Choice(KeepsArrows, QComboBox):
    """A combo box for longer lists than `Segmented` can show."""

    changed = Signal(str)
    """Chosen by the user."""

    def __init__(self, options: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItems(list(options))
        self.setAccessibleName(name)
        self.textActivated.connect(self.changed)
