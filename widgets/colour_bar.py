"""The colours of a scale, from its low end to its high one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme
from widgets.colormap import Scale
from widgets.labels import percent, short_number


class ColourBar(QWidget):
    """The colours of a scale with its ends, what it clips, and "log" where it is logarithmic."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lut: np.ndarray | None = None
        self._texts = ("", "", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def set_scale(self, scale: Scale, lut: np.ndarray) -> None:
        """Show this scale in these colours, uint8 (256, 4)."""
        self._lut = lut
        clipped = f"clipped {percent(scale.clipped)}" if scale.clipped else "nothing clipped"
        middle = f"log · {clipped}" if scale.log else clipped
        self._texts = (short_number(scale.low), middle, short_number(scale.high))
        self.setAccessibleDescription(f"{self._texts[0]} to {self._texts[2]}, {middle}")
        self.setToolTip(f"{middle[0].upper()}{middle[1:]}: more than {self._texts[2]} gets the last colour")
        self.update()

    def texts(self) -> tuple[str, str, str]:
        """What stands at the left, in the middle and at the right."""
        return self._texts

    def sizeHint(self) -> QSize:
        return QSize(theme.em(12), theme.em(1.0) + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(6), self.sizeHint().height())

    def paintEvent(self, _event: object) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            bar = QRectF(0.5, 0.5, self.width() - 1, theme.em(0.7))
            shape = QPainterPath()
            shape.addRoundedRect(bar, bar.height() / 2, bar.height() / 2)
            colours = theme.current()
            if self._lut is not None:
                strip = QImage(self._lut.tobytes(), 256, 1, 1024, QImage.Format.Format_RGBA8888)
                painter.save()
                painter.setClipPath(shape)
                painter.drawImage(bar, strip)
                painter.restore()
            painter.setPen(colours.line)
            painter.drawPath(shape)
            painter.setPen(colours.dim)
            self._paint_texts(painter)

    def _paint_texts(self, painter: QPainter) -> None:
        low, middle, high = self._texts
        metrics = self.fontMetrics()
        base = QPoint(0, theme.em(1.0) + metrics.ascent())
        left, right = metrics.horizontalAdvance(low), self.width() - metrics.horizontalAdvance(high)
        painter.drawText(base, low)
        painter.drawText(QPoint(right, base.y()), high)
        gap = theme.em(0.6)
        room = right - left - 2 * gap
        middle = metrics.elidedText(middle, Qt.TextElideMode.ElideRight, room)
        width = metrics.horizontalAdvance(middle)
        x = min(max((self.width() - width) // 2, left + gap), right - gap - width)
        painter.drawText(QPoint(x, base.y()), middle)
