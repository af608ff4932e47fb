"""What colours mean: the bar of a scale, or swatches with their words, in the same low room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from headlight.models.core.colours import Scale
from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font
from headlight.widgets.controls.colour_bar import ColourBar

_LINES = 2
Swatch = tuple[str, tuple[int, int, int]]
"""A word and its colour: red, green, blue."""


class ColourKey(QStackedWidget):
    """Always as high as a colour bar, so that what stands above does not move with what it shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar, self.swatches = ColourBar(), Swatches()
        self.addWidget(self.bar)
        self.addWidget(self.swatches)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_scale(self, scale: Scale | None, lut: np.ndarray, of: str = "") -> None:
        """Values in these colours, as `ColourBar.set_scale`."""
        self.bar.set_scale(scale, lut, of)
        self.setCurrentWidget(self.bar)

    def set_swatches(self, swatches: Sequence[Swatch], of: str = "") -> None:
        """A few colours, or none; of: what is said before them."""
        self.swatches.set_swatches(swatches, of)
        self.setCurrentWidget(self.swatches)


class Swatches(QWidget):
    """Colours with their words, from the left, in two lines; what has no room is counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._swatches: list[Swatch] = []
        self._of = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colours")

    def set_swatches(self, swatches: Sequence[Swatch], of: str = "") -> None:
        self._swatches, self._of = list(swatches), of
        words = ", ".join(word for word, _ in swatches)
        said = ": ".join(part for part in (of, words) if part)
        self.setAccessibleDescription(said)
        self.setToolTip(said)
        self.update()

    def swatch_rects(self) -> list[QRectF]:
        """Where the colours are, in pixels, of those that have room."""
        return [rect for rect, _, _ in self._placed()[0]]

    def sizeHint(self) -> QSize:
        return QSize(theme.em(16), _LINES * self._line())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(8), self.sizeHint().height())

    def _line(self) -> int:
        return round(QFontMetricsF(label_font()).height())

    def _placed(self) -> tuple[list[tuple[QRectF, Swatch, QPointF]], int]:
        """(of each swatch that has room its square and where its word starts, how many have none)."""
        metrics, side, gap = QFontMetricsF(label_font()), theme.em(0.65), theme.em(0.35)
        more = metrics.horizontalAdvance(f"and {len(self._swatches)} more")
        x = metrics.horizontalAdvance(self._of) + gap * 2 if self._of else 0.0
        line, step, placed = 0, self._line(), []
        for number, swatch in enumerate(self._swatches):
            wide = side + gap + metrics.horizontalAdvance(swatch[0])
            last = number == len(self._swatches) - 1
            kept = more if line == _LINES - 1 and not last else 0.0
            if x and x + wide + kept > self.width():
                if line == _LINES - 1:
                    return placed, len(self._swatches) - number
                line, x = line + 1, 0.0
            top = line * step
            square = QRectF(x, top + (step - side) / 2, side, side)
            placed.append((square, swatch, QPointF(x + side + gap, top + metrics.ascent())))
            x += wide + gap * 2.5
        return placed, 0

    def paintEvent(self, _event: object) -> None:
        colours, metrics = theme.current(), QFontMetricsF(label_font())
        placed, missing = self._placed()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(label_font())
            end = QPointF(0, metrics.ascent())
            if self._of:
                painter.setPen(QColor(colours.dim))
                said = metrics.elidedText(self._of, Qt.TextElideMode.ElideRight, self.width())
                painter.drawText(end, said)
            for square, (word, colour), at in placed:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(*colour))
                painter.drawRoundedRect(square, 2, 2)
                painter.setPen(QColor(colours.dim))
                painter.drawText(at, word)
                end = at + QPointF(metrics.horizontalAdvance(word) + theme.em(0.9), 0)
            if missing:
                painter.drawText(end, f"and {missing} more")
