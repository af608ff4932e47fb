"""The colours of a scale, from its low end to its high one, with its numbers and what it does not show."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from headlight.models.core.colours import Scale
from headlight.models.core.relevance import percent
from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font, short_number

_LONGEST, _SHORTEST = 15.0, 7.0
"""Ems of the bar itself; what is said of the scale stands at its right, and the bar makes room for it."""


_GAP = 0.8
_APART = 0.6
"""Ems between the numbers of the two ends, at least."""
MOST_DIGITS = 6


class ColourBar(QWidget):
    """What a map's colours mean, painted from its `Scale` alone: two low lines, to stand under the map.

    The bar with its ends and, where it is logarithmic, its powers of ten; at its right what is clipped and
    what was left out of the scale.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lut: np.ndarray | None = None
        self._scale: Scale | None = None
        self._of = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def set_scale(self, scale: Scale | None, lut: np.ndarray, of: str = "") -> None:
        """Show this scale in these colours, uint8 (256, 4); None for nothing, in the same room.

        of: what it is the scale of where that is not plain, said before all else.
        """
        same = self._lut is lut and (scale, of) == (self._scale, self._of)
        self._scale, self._lut, self._of = scale, lut, of
        if same:  # as at every move of the cursor
            return
        low, high = self.ends()
        said = "\n".join(part for part in self.said() if part)
        self.setAccessibleDescription(f"{low} to {high}, {said}" if scale else "")
        # What is too long for its line is read here.
        beyond = f"Less than {low} gets the first colour, more" if scale and scale.low < 0 else "More"
        self.setToolTip(f"{said}\n{beyond} than {high} gets the last colour" if scale else "")
        self.update()

    def ends(self) -> tuple[str, str]:
        """What stands at the left and at the right of the bar: as many digits as tell the two apart."""
        if self._scale is None:
            return "", ""
        digits, low, high = 2, self._scale.low, self._scale.high
        while low < high and digits < MOST_DIGITS and short_number(low, digits) == short_number(high, digits):
            digits += 1
        return short_number(low, digits), short_number(high, digits)

    def said(self) -> tuple[str, str]:
        """The two lines beside the bar: of what kind the scale is, and what it leaves out."""
        scale = self._scale
        if scale is None:
            return "", ""
        clipped = f"{percent(scale.clipped)} clipped" if scale.clipped else "nothing clipped"
        kind = f"log · {clipped}" if scale.log else clipped
        return (f"{self._of} · {kind}" if self._of else kind), scale.left_out

    def bar_rect(self) -> QRectF:
        """Where the colours are, in pixels."""
        metrics = QFontMetricsF(label_font())
        said = max((metrics.horizontalAdvance(line) for line in self._lines()), default=0.0)
        room = self.width() - said - theme.em(_GAP) - 1
        longest = min(theme.em(_LONGEST), self.width() - 1)
        return QRectF(0.5, 1.5, min(max(room, self._shortest()), longest), theme.em(0.55))

    def _shortest(self) -> float:
        """The length below which the bar is not seen, or the numbers of its ends would touch."""
        metrics = QFontMetricsF(label_font())
        numbers = sum(metrics.horizontalAdvance(end) for end in self.ends()) + theme.em(_APART)
        return max(theme.em(_SHORTEST), numbers)

    def shown(self) -> list[str]:
        """The lines beside the bar as they are drawn: shorter where they have no room, "…" at the worst."""
        metrics, elide = QFontMetricsF(label_font()), Qt.TextElideMode.ElideRight
        room = self.width() - self.bar_rect().right() - theme.em(_GAP)
        return [metrics.elidedText(line, elide, room) for line in self._lines()]

    def _lines(self) -> list[str]:
        """The longest form of each line that fits beside the shortest bar."""
        metrics = QFontMetricsF(label_font())
        room = self.width() - self._shortest() - theme.em(_GAP) - 1
        kind, left_out = self.said()
        forms = [[kind, kind.rpartition(" · ")[2]], _shorter(left_out)]
        fitting = ([form for form in some if metrics.horizontalAdvance(form) <= room] for some in forms)
        return [next(iter(fits), some[-1]) for fits, some in zip(fitting, forms, strict=True) if some[-1]]

    def sizeHint(self) -> QSize:
        return QSize(theme.em(16), theme.em(0.75) + round(QFontMetricsF(label_font()).height()) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(8), self.sizeHint().height())

    def paintEvent(self, _event: object) -> None:
        if self._scale is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(label_font())
            bar = self.bar_rect()
            self._paint_bar(painter, bar)
            self._paint_numbers(painter, bar)
            self._paint_said(painter, bar)

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        shape, colours = QPainterPath(), theme.current()
        shape.addRoundedRect(bar, 3, 3)
        if self._scale.high > self._scale.low:
            strip = QImage(self._lut.tobytes(), 256, 1, 1024, QImage.Format.Format_RGBA8888)
            painter.save()
            painter.setClipPath(shape)
            painter.drawImage(bar, strip)
            painter.restore()
        painter.setPen(colours.line)
        painter.drawPath(shape)

    def _paint_numbers(self, painter: QPainter, bar: QRectF) -> None:
        """The ends, and between them what has room of the scale's marks."""
        metrics = QFontMetricsF(label_font())
        base = self.height() - metrics.descent() - 1
        low, high = self.ends()
        painter.setPen(theme.current().dim)
        painter.drawText(QPointF(bar.left(), base), low)
        right = bar.right() - metrics.horizontalAdvance(high)
        painter.drawText(QPointF(right, base), high)
        taken, gap = bar.left() + metrics.horizontalAdvance(low), theme.em(0.5)
        for value in self._scale.marks():
            x = bar.left() + self._scale.position(value) * bar.width()
            if bar.left() + 1 < x < bar.right() - 1:
                painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
            text = short_number(value, 1)
            start = x - metrics.horizontalAdvance(text) / 2
            if start > taken + gap and start + metrics.horizontalAdvance(text) + gap < right:
                painter.drawText(QPointF(start, base), text)
                taken = start + metrics.horizontalAdvance(text)

    def _paint_said(self, painter: QPainter, bar: QRectF) -> None:
        metrics = QFontMetricsF(label_font())
        left = bar.right() + theme.em(_GAP)
        lines = self.shown()
        step = metrics.height() * 0.95
        base = (self.height() - step * len(lines)) / 2 + metrics.ascent()
        for line in lines:
            painter.drawText(QPointF(left, base), line)
            base += step


def _shorter(left_out: str) -> list[str]:
    """“[CLS] and [SEP] hold 67 %, left out of the scale”, and its shorter forms: “… left out”, “without [CLS]
    and [SEP]”, “without 2 tokens”.
    """
    forms = [left_out, left_out.removesuffix(" of the scale")]
    names, hold, _ = left_out.rpartition(" hold")
    if hold:
        forms.append(f"without {names}")
    if hold and " and " in names:
        forms.append("without 2 tokens")
    return forms


def with_bar(view: QWidget, bar: QWidget) -> QWidget:
    """A view with its colour bar, or several, under it."""
    both = QWidget()
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(_above())
    column.addWidget(view, 1)
    column.addWidget(bar)
    return both


def bar_height(bar: QWidget) -> int:
    """Pixels that `with_bar` takes from its view."""
    return bar.sizeHint().height() + _above()


def _above() -> int:
    return theme.em(0.35)
