"""Bars from zero: the weights of a neighbourhood, the point itself first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import LOG_FLOOR
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import CENTRE, RIGHT, UNCLIPPED, label_font, short_number
from headlight.widgets.base.token_axis import round_step
from headlight.widgets.plots.figure import Figure


def ticks(top: float, log: bool = False) -> list[float]:
    """Two or three round values for an axis that ends at `top` > 0: 0 and steps of 1, 2 or 5, or decades."""
    if log:
        power = math.floor(math.log10(top) + 1e-9)
        return [10.0 ** (power - 2 * back) for back in (1, 0)]
    power = 10.0 ** math.floor(math.log10(top))
    step = max(m * power for m in (0.1, 0.2, 0.5, 1, 2, 5) if 2 * m * power <= top * (1 + 1e-9))
    return [0.0, step, 2 * step]


class BarChart(Figure):
    """One bar a value: the emphasised one amber, the others blue, a band behind the one under the cursor."""

    hovered = Signal(object)
    """The bar under the cursor or with the keyboard's focus, or None."""
    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Weights of the neighbourhood", parent)
        self._values = np.zeros(0)
        self._labels: list[str] = []
        self._emphasised: int | None = 0
        self._log, self._floor = False, 0.0
        self._explain: Callable[[int], str] | None = None
        self._room: QRectF | None = None

    # What panes call.

    def set_bars(
        self, values: np.ndarray, labels: Sequence[str] | None = None, emphasised: int | None = 0
    ) -> None:
        """values: float (k,), at least 0; what is not finite has no bar. labels: k texts, else 1 to k.

        emphasised: the bar in amber, or None.
        """
        values = np.asarray(values, float)
        if labels is not None and len(labels) != len(values):
            raise ValueError(f"{len(values)} bars, but {len(labels)} labels")
        self._values = values
        self._labels = [str(1 + index) for index in range(len(values))] if labels is None else list(labels)
        self._emphasised = emphasised
        self._room = None
        if self._hovered is not None and self._hovered >= len(values):
            self._hovered = None
        known = np.flatnonzero(np.isfinite(values))
        most = known[values[known].argmax()] if len(known) else None
        said = "" if most is None else f", the largest {read_out(values[most])} at {self._labels[most]}"
        self.setAccessibleDescription(f"{len(values)} bars{said}")
        self.update()

    def set_log(self, log: bool, floor: float = 0.0) -> None:
        """A logarithmic axis from `floor` on, or of four decades below the largest value without one; less
        than that has no bar."""
        self._log, self._floor = log, floor
        self._room = None
        self.update()

    def set_tip(self, function: Callable[[int], str] | None) -> None:
        """What the read-out says of a bar: lines of `label` or `label<tab>value`."""
        self._explain = function

    def bar_rect(self, index: int) -> QRectF:
        """The bar, in pixels; of no height where the value is 0."""
        area, pitch = self._area(), self._pitch()
        width = max(1.0, min(pitch - max(1.0, min(pitch * 0.22, theme.em(0.5))), theme.em(4)))
        height = self._share(self._values[index]) * area.height()
        middle = area.left() + (index + 0.5) * pitch
        return QRectF(middle - width / 2, area.bottom() - height, width, height)

    # Geometry.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(40), theme.em(13))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(14), theme.em(6))

    def _resized(self) -> None:
        self._room = None

    def _top(self) -> float:
        """The value at the upper end: the largest and a little air; 1 where no value is above 0."""
        known = self._values[np.isfinite(self._values)]
        largest = float(known.max(initial=0))
        if largest <= 0:
            return 1.0
        return largest if self._log else largest * 1.04

    def _share(self, value: float) -> float:
        """Height of a value, 0 to 1 of the axis."""
        if not np.isfinite(value) or value <= 0:
            return 0.0
        top = self._top()
        if self._log:
            lowest = min(self._floor / top, 0.5) or LOG_FLOOR
            return min(1.0, max(0.0, 1 - math.log(value / top) / math.log(lowest)))
        return value / top

    def _ticks(self) -> list[float]:
        found = ticks(self._top(), self._log)
        if self._log and self._floor:
            powers = range(math.ceil(math.log10(self._floor)), math.floor(math.log10(self._top()) + 1e-9) + 1)
            found = [10.0**power for power in powers]
        return found

    def _area(self) -> QRectF:
        """Where bars stand."""
        if self._room is not None:
            return self._room
        metrics = QFontMetricsF(label_font())
        texts = [*map(_tick_text, self._ticks()), "log" * self._log]
        widest = max(map(metrics.horizontalAdvance, texts))
        left, half = widest + theme.em(0.7), metrics.height() / 2
        below = metrics.height() + theme.em(0.35)
        self._room = QRectF(self.rect()).adjusted(round(left), round(half), -theme.em(0.3), -round(below))
        return self._room

    def _pitch(self) -> float:
        return self._area().width() / max(1, len(self._values))

    def _at(self, point: QPointF) -> int | None:
        """The bar whose column a pixel is in, from the top down to its label."""
        area = self._area()
        index = math.floor((point.x() - area.left()) / max(self._pitch(), 1e-9))
        return index if 0 <= index < len(self._values) else None

    # Pointing.

    def _choose(self, index: int) -> bool:
        self.clicked.emit(index)
        return True

    def _start(self) -> None:
        if len(self._values) and self._hovered is None:
            self._point_at(0)

    def _walk(self, right: int, down: int) -> bool:
        last = len(self._values) - 1
        if not right or last < 0:
            return False
        before = self._hovered if self._hovered is not None else -right
        self._point_at(min(max(before + right, 0), last))
        return True

    def _point_at(self, index: int) -> None:
        self._point(index, QPointF(self.bar_rect(index).center().x(), self._area().center().y()))

    def _point(self, index: int | None, cursor: QPointF | None = None) -> None:
        if index != self._hovered:
            self.set_hovered(index)
            self.hovered.emit(index)
        self._tip.show_at(cursor or QPointF(), "" if index is None else self._tip_text(index))

    def _tip_text(self, index: int) -> str:
        if self._explain is not None:
            return self._explain(index)
        return f"{self._labels[index]}\t{read_out(float(self._values[index]))}"

    # Painting.

    def _paint(self, painter: QPainter) -> None:
        if len(self._values):
            self._paint_axis(painter)
            self._paint_bars(painter)
            self._paint_labels(painter)

    def _paint_axis(self, painter: QPainter) -> None:
        colours, area, metrics = theme.current(), self._area(), QFontMetricsF(label_font())
        painter.setFont(label_font())
        if self._hovered is not None:
            band = QRectF(
                area.left() + self._hovered * self._pitch(), area.top(), self._pitch(), area.height()
            )
            painter.fillRect(band, QColor(colours.hover))
        for tick in self._ticks():
            y = round(area.bottom() - self._share(tick) * area.height()) - 0.5
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.dim))
            room = QRectF(0, y - metrics.height() / 2, area.left() - theme.em(0.5), metrics.height())
            painter.drawText(room, RIGHT, _tick_text(tick))
        if self._log:
            y = round(area.bottom()) - 0.5
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.dim))
            room = QRectF(0, area.bottom() + theme.em(0.3), area.left() - theme.em(0.5), metrics.height())
            painter.drawText(room, RIGHT, "log")

    def _paint_bars(self, painter: QPainter) -> None:
        colours, floor = theme.current(), self._area().bottom()
        painter.setPen(Qt.PenStyle.NoPen)
        for index in range(len(self._values)):
            bar = self.bar_rect(index)
            if bar.height() <= 0:
                continue
            bar.setTop(min(bar.top(), floor - 1))  # what is more than nothing is seen
            radius = min(2.0, bar.width() / 3, bar.height())
            shape = QPainterPath()  # rounded above, square on the ground
            shape.addRoundedRect(bar.adjusted(0, 0, 0, radius), radius, radius)
            ground = QPainterPath()
            ground.addRect(bar)
            painter.setBrush(QColor(colours.amber if index == self._emphasised else colours.blue))
            painter.drawPath(shape.intersected(ground))

    def _paint_labels(self, painter: QPainter) -> None:
        colours = theme.current()
        for index, box in self.drawn_labels():
            pointed, first = index == self._hovered, index == self._emphasised
            painter.setFont(label_font(QFont.Weight.DemiBold) if pointed or first else label_font())
            ink = colours.text if pointed else colours.amber_text if first else colours.dim
            painter.setPen(QColor(ink))
            painter.drawText(box, CENTRE | UNCLIPPED, self._labels[index])

    def drawn_labels(self) -> list[tuple[int, QRectF]]:
        """The bars whose labels have room, and where these stand; the hovered one's always has."""
        area, pitch, bold = self._area(), self._pitch(), QFontMetricsF(label_font(QFont.Weight.DemiBold))
        widths = [bold.horizontalAdvance(label) for label in self._labels]
        widest = max(widths) + bold.horizontalAdvance("0")
        every, hovered = round_step(widest / pitch), self._hovered
        drawn = []
        for index, width in enumerate(widths):
            # The first, then 5, 10, …, say; neighbours of the hovered one give way.
            regular = index == 0 or ((index + 1) % every == 0 and index * pitch >= widest)
            close = hovered is not None and abs(index - hovered) * pitch < widest
            if index == hovered or (regular and not close):
                middle = area.left() + (index + 0.5) * pitch
                middle = min(max(middle, width / 2), self.width() - width / 2)
                top = area.bottom() + theme.em(0.3)
                drawn.append((index, QRectF(middle - width / 2, top, width, bold.height())))
        return drawn


def _tick_text(value: float) -> str:
    return short_number(value, 1)
