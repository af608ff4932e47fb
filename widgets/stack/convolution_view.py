"""One layer of convolution at work: which units of the input each unit of the output is made of.

Drawn after the figures of Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning": the
input below, the output above it, the window joined with the unit that it becomes.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.wheel import pass_wheel_on
from headlight.widgets.stack.convolution_canvas import ConvolutionCanvas, Unit

_SWEEP, _SLOWEST, _FASTEST = 16_000, 650, 60  # milliseconds


class ConvolutionView(QWidget):
    """The layer, stepped through unit by unit with buttons, a slider, the arrow keys or by pointing."""

    stepped = Signal(object)
    """(row, column) of the output unit now shown; not after `set_unit`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = ConvolutionCanvas(self)
        self.canvas.chosen.connect(self._go)
        self.canvas.play.connect(self.toggle)
        self._timer = QTimer(self)
        self._timer.timeout.connect(lambda: self._step(1))
        self.play_button = QPushButton("Play")
        self.play_button.setToolTip("Step through all units of the output (Space)")
        self.play_button.clicked.connect(self.toggle)
        self._back, self._forward = QPushButton("‹"), QPushButton("›")
        for button, name, step in ((self._back, "Step back", -1), (self._forward, "Step forward", 1)):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, step=step: self._pause_and(step))
        self.slider = _Slider()
        self.slider.valueChanged.connect(self._slid)
        self._where = QLabel()
        self._where.setProperty("role", "dim")
        self._where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setSpacing(theme.em(0.5))
        for widget in (self.play_button, self._back, self._forward):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self._where)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.5))
        column.addWidget(self.canvas, 1)
        column.addLayout(row)
        self.setAccessibleName("Convolution, step by step")
        self._renew()

    # What panes call.

    def set_layer(
        self, side_in: int, side_out: int, taps: np.ndarray, padding: int | tuple[int, int] = 0
    ) -> None:
        """taps: int (side_out, k), per axis the input units of each output unit; padding where outside of it.

        padding: units before and after. Both axes are alike. The unit shown stays where there is still one of
        its place, else it is the first.
        """
        taps = np.asarray(taps, int)
        if taps.shape[:1] != (side_out,) or side_in < 1 or side_out < 1:
            raise ValueError(f"taps {taps.shape} for {side_out} units made of {side_in}")
        before, after = (padding, padding) if isinstance(padding, int) else padding
        self.canvas.set_layer(side_in, side_out, taps, (before, after))
        self._renew()

    def set_heat(self, levels: np.ndarray | None, lut: np.ndarray | None = None) -> None:
        """levels: uint8 (side_in, side_in), laid over the input in the colours of `lut` uint8 (256, 4)."""
        self.canvas.set_heat(levels, lut)

    def set_unit(self, unit: Unit) -> None:
        """Show this unit of the output; no signal."""
        self.canvas.set_unit(unit)
        self._say()

    def unit(self) -> Unit:
        """The unit of the output that is shown."""
        return self.canvas.unit

    def playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing():
            self._timer.stop()
        elif self.canvas.side_out:
            self._timer.start(int(min(max(_SWEEP / self.canvas.side_out**2, _FASTEST), _SLOWEST)))
        self.play_button.setText("Pause" if self.playing() else "Play")

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.playing():
            self.toggle()

    # Stepping.

    def _renew(self) -> None:
        count = self.canvas.side_out**2
        for widget in (self.play_button, self._back, self._forward, self.slider):
            widget.setEnabled(count > 0)
        if not count and self.playing():
            self.toggle()
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setPageStep(max(1, self.canvas.side_out))
        self.slider.blockSignals(False)
        widest = f"({self.canvas.side_out - 1}, {self.canvas.side_out - 1}) of {self.canvas.side_out} × "
        self._where.setMinimumWidth(self._where.fontMetrics().horizontalAdvance(widest + "000"))
        self._say()

    def _say(self) -> None:
        side, (row, column) = self.canvas.side_out, self.canvas.unit
        self.slider.blockSignals(True)
        self.slider.setValue(row * side + column)
        self.slider.blockSignals(False)
        self._where.setText(f"({row}, {column}) of {side} × {side}" if side else "")
        self.setAccessibleDescription(self.canvas.said())

    def _go(self, unit: Unit) -> None:
        if unit != self.canvas.unit:
            self.set_unit(unit)
            self.stepped.emit(unit)

    def _step(self, step: int) -> None:
        side = self.canvas.side_out
        row, column = self.canvas.unit
        self._go(divmod((row * side + column + step) % side**2, side))

    def _pause_and(self, step: int) -> None:
        if self.playing():
            self.toggle()
        self._step(step)

    def _slid(self, place: int) -> None:
        self._go(divmod(place, self.canvas.side_out))

    def sizeHint(self) -> QSize:
        return QSize(theme.em(36), theme.em(28))


class _Slider(KeepsArrows, QSlider):
    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName("Unit of the output")
        pass_wheel_on(self)
        self.setMinimumWidth(theme.em(5))
