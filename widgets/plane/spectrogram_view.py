"""A picture along whose lower edge time runs, and up whose left edge frequencies do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.plane_view import cosmetic

_FINEST = 0.01
"""Seconds between two labels, at least."""


class SpectrogramView(ImageView):
    """As ImageView, filling its room in both directions: a second is as long as no number of hertz."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._since, self._scale = 0.0, 0.0
        self._levels: tuple[tuple[float, str], ...] = ()
        self.setAccessibleName("Spectrogram with attention")

    def set_axes(self, since: float, scale: float, levels: Sequence[tuple[float, str]]) -> None:
        """since: the second at the left edge. scale: pixels of the picture in a second. levels: (y in pixels
        of the picture, what stands there), the most important first."""
        self._since, self._scale, self._levels = since, scale, tuple(levels)
        self.relayout()
        self.update()

    def set_content(self, width: int, height: int, square: bool = False) -> None:
        super().set_content(width, height, False)

    def area(self) -> QRectF:
        if not self._scale:
            return super().area()
        metrics, gap = QFontMetricsF(self._font()), theme.em(0.4)
        left = max((metrics.horizontalAdvance(label) for _, label in self._levels), default=0) + 2 * gap
        return QRectF(self.rect()).adjusted(round(left), 0, 0, -round(metrics.height() + gap))

    def paint_over(self, painter: QPainter) -> None:
        painter.setClipRect(self.area())
        super().paint_over(painter)
        painter.setClipping(False)
        if self._content.isEmpty() or not self._scale:
            return
        whole = QRectF(0, 0, self._content.width(), self._content.height())
        seen = self.region_to_widget(whole).intersected(self.area())
        painter.setFont(self._font())
        painter.setPen(cosmetic(QColor(theme.current().dim), 1))
        self._paint_times(painter, seen)
        self._paint_levels(painter, seen)

    def _paint_times(self, painter: QPainter, seen: QRectF) -> None:
        metrics, gap = QFontMetricsF(self._font()), theme.em(0.4)
        a_second = self._camera.m11() * self._scale
        step = nice_step((metrics.horizontalAdvance("000.00 s") + gap) / a_second)
        first, last = (self.to_plane(at).x() / self._scale for at in (seen.topLeft(), seen.topRight()))
        number = math.ceil((first + self._since) / step - 1e-6)
        while (time := number * step) <= last + self._since + 1e-6:
            x = self.to_widget((time - self._since) * self._scale, 0).x()
            painter.drawLine(QLineF(x, seen.bottom(), x, seen.bottom() + gap / 2))
            label = f"{time:.2f} s" if step < 0.1 else f"{time:.1f} s" if step < 1 else f"{time:.0f} s"
            half = metrics.horizontalAdvance(label) / 2
            x = min(max(x, half), self.width() - half)
            box = QRectF(x - half, seen.bottom() + gap / 2, 2 * half + 1, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)
            number += 1

    def _paint_levels(self, painter: QPainter, seen: QRectF) -> None:
        height, gap = QFontMetricsF(self._font()).height(), theme.em(0.4)
        taken: list[float] = []
        for place, label in self._levels:
            y = self.to_widget(0, place).y()
            inside = seen.top() - 1 <= y <= seen.bottom() + 1
            if not inside or any(abs(y - other) < height for other in taken):
                continue
            taken.append(y)
            painter.drawLine(QLineF(seen.left() - gap / 2, y, seen.left(), y))
            top = min(max(y - height / 2, 0), seen.bottom() - height / 2)
            box = QRectF(0, top, seen.left() - gap, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)

    def _font(self) -> QFont:
        return theme.text_font(0.88)


def nice_step(least: float) -> float:
    """The smallest of 0.01, 0.02, 0.05, 0.1, … that is at least `least`, in seconds."""
    step = _FINEST
    for factor in (2, 2.5, 2) * 12:
        if step >= least:
            break
        step *= factor
    return step
