"""Axes of plots: round ticks, linear or logarithmic, and where values stand in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from headlight.widgets.base import theme

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
CENTRE = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` > low; both above 0 where it is logarithmic."""

    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def share(self, values: np.ndarray | float) -> np.ndarray | float:
        """Where values stand between the ends, 0 to 1; what a logarithm cannot show stands at 0."""
        if not self.log:
            return (np.asarray(values, float) - self.low) / (self.high - self.low)
        safe = np.maximum(np.asarray(values, float), self.low)
        return np.log(safe / self.low) / math.log(self.high / self.low)

    def ticks(self, most: int, whole: bool = False) -> list[float]:
        """At most `most` (at least 2) round values within the axis, evenly spaced on it.

        Linear: steps of 1, 2 or 5; whole: no parts of 1. Logarithmic: decades, or 1, 2, 5 of each where there
        is room.
        """
        most = max(2, most)
        slack = min(1e-9 * (abs(self.low) + abs(self.high)), 5e-7 * (self.high - self.low))
        if not self.log:
            step = self._step(most, whole)
            first, last = math.ceil((self.low - slack) / step), math.floor((self.high + slack) / step)
            return [index * step for index in range(first, last + 1)]
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        sparse: list[float] = []
        for parts in ((1, 2, 5), (1, 3), (1,)):
            found = [part * 10.0**power for power in range(first, last + 1) for part in parts]
            found = [v for v in found if self.low * (1 - 1e-9) <= v <= self.high * (1 + 1e-9)]
            sparse = found if len(found) >= 2 else sparse
            if 2 <= len(found) <= most:
                return found
        if sparse:
            return sparse[:: math.ceil(len(sparse) / most)]
        return Axis(self.low, self.high).ticks(most, whole)  # a small part of a decade

    def text(self, value: float) -> str:
        """A tick as it is written."""
        return text_of(value)

    def _step(self, most: int, whole: bool) -> float:
        least = (self.high - self.low) / (most - 1)
        if whole and least <= 1:
            return 1.0
        power = 10.0 ** math.floor(math.log10(least))
        return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def text_of(value: float) -> str:
    """A tick as it is written: "0", "0.5", "200", "3,000", "20k", "5M"."""
    for limit, letter in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e6 if letter == 'M' else 1e3):g}{letter}"
    return f"{value:,.0f}" if value == round(value) else f"{value:.6g}"


def tick_font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    return theme.text_font(0.85, weight)


@dataclass(frozen=True, slots=True)
class Frame:
    """Two axes on a rectangle of the widget, x to the right, y up."""

    area: QRectF
    across: Axis
    up: Axis
    across_title: str = ""
    up_title: str = ""
    whole: bool = True
    """Ticks across are whole numbers."""

    def x(self, values: np.ndarray | float) -> np.ndarray | float:
        return self.area.left() + self.across.share(values) * self.area.width()

    def y(self, values: np.ndarray | float) -> np.ndarray | float:
        return self.area.bottom() - self.up.share(values) * self.area.height()

    def up_ticks(self) -> list[float]:
        room = QFontMetricsF(tick_font()).height() * 1.9
        return self.up.ticks(int(self.area.height() / room) + 1)

    def across_ticks(self) -> list[tuple[float, QRectF]]:
        """Values and where their texts stand."""
        metrics = QFontMetricsF(tick_font())
        widest = metrics.horizontalAdvance(self.across.text(round(self.across.high))) + theme.em(0.8)
        found = []
        for value in self.across.ticks(int(self.area.width() / widest) + 1, self.whole):
            width = metrics.horizontalAdvance(self.across.text(value))
            left = float(self.x(value)) - width / 2
            found.append((value, QRectF(left, self._text_top(), width, metrics.height())))
        return found

    def paint(self, painter: QPainter) -> None:
        """Level lines with figures at the left, figures below, both titles above."""
        colours, metrics = theme.current(), QFontMetricsF(tick_font())
        painter.setFont(tick_font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(colours.line), 1))
        ticks = self.up_ticks()
        levels = [float(self.y(value)) for value in ticks]
        for y in {*map(round, levels), round(self.area.bottom())}:
            painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.dim))
        for value, y in zip(ticks, levels, strict=True):
            room = QRectF(0, y - metrics.height() / 2, self.area.left() - theme.em(0.5), metrics.height())
            painter.drawText(room, RIGHT, self.up.text(value))
        for value, rect in self.across_ticks():
            painter.drawText(rect, CENTRE, self.across.text(value))
        if self.up_title or self.across_title:
            top = self.area.top() - metrics.height() * 1.6
            room = QRectF(0, top, self.area.right(), metrics.height())
            painter.drawText(room, LEFT, self.up_title)
            painter.drawText(room, RIGHT, f"{self.across_title} →" if self.across_title else "")

    def paint_level(self, painter: QPainter, value: float, _label: str = "") -> None:
        """A dashed line across at a value to compare with."""
        y = round(float(self.y(value))) + 0.5
        painter.setPen(QPen(QColor(theme.current().dim), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))

    def paint_level_label(self, painter: QPainter, value: float, label: str) -> None:
        """What the line stands for, above its right end, legible over what is drawn there."""
        metrics, colours = QFontMetricsF(tick_font()), theme.current()
        width, height = metrics.horizontalAdvance(label), metrics.height()
        top = max(0.0, float(self.y(value)) - height - 1)
        room = QRectF(self.area.right() - width, top, width, height)
        ground = QColor(colours.panel)
        ground.setAlphaF(0.8)
        painter.fillRect(room, ground)
        painter.setFont(tick_font())
        painter.setPen(QColor(colours.dim))
        painter.drawText(room, RIGHT, label)

    def _text_top(self) -> float:
        return self.area.bottom() + theme.em(0.3)


def frame_in(
    room: QRectF,
    across: Axis,
    up: Axis,
    across_title: str = "",
    up_title: str = "",
    whole: bool = True,
) -> Frame:
    """The axes within a rectangle of the widget, its figures and titles included."""
    metrics = QFontMetricsF(tick_font())
    above = metrics.height() * (1.6 if up_title or across_title else 0.5)
    below = metrics.height() + theme.em(0.35)
    area = room.adjusted(0, round(above), -theme.em(0.4), -round(below))
    frame = Frame(area, across, up, across_title, up_title, whole)
    left = max((metrics.horizontalAdvance(up.text(v)) for v in frame.up_ticks()), default=0) + theme.em(0.6)
    area = area.adjusted(round(left), 0, 0, 0)
    return Frame(area, across, up, across_title, up_title, whole)
