"""What layers cost by the length of the sequence, both axes logarithmic: dots measured, dashes computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from headlight.models.core.costs import Crossing, Curve, Unit, amount, tokens
from headlight.widgets.base import theme
from headlight.widgets.plots import series_style
from headlight.widgets.plots.axes import CENTRE, LEFT, Axis, frame_in, tick_font
from headlight.widgets.plots.dot_plot import DotPlot, Key


@dataclass(frozen=True, slots=True)
class _Lengths(Axis):
    """Powers of two."""

    def ticks(self, most: int, whole: bool = False) -> list[float]:
        first, last = math.ceil(math.log2(self.low) - 1e-9), math.floor(math.log2(self.high) + 1e-9)
        every = max(1, math.ceil((last - first + 1) / max(2, most)))
        return [2.0**power for power in range(first, last + 1) if power % every == 0]

    def text(self, value: float) -> str:
        return tokens(value)


@dataclass(frozen=True, slots=True)
class _Costs(Axis):
    """Powers of ten with their unit."""

    unit: Unit = "s"

    def ticks(self, most: int, whole: bool = False) -> list[float]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        if last - first < 2:
            return Axis.ticks(self, min(most, 6), whole)
        every = max(1, math.ceil((last - first + 1) / max(2, most)))
        return [10.0**power for power in range(first, last + 1) if power % every == 0]

    def text(self, value: float) -> str:
        return amount(value, self.unit)


class CostPlot(DotPlot):
    """A line with marks for each layer. A dot's key is (curve, index in it), a crossing's (curves, index)."""

    nothing = "Nothing to compare"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: list[Curve] = []
        self._crossings: list[Crossing] = []
        self._unit: Unit = "s"
        self._own: tuple[float, str] | None = None
        self._labels: list[tuple[Crossing, QRectF]] = []
        self._names: list[tuple[Curve, QRectF]] = []
        self.setAccessibleName("Cost by length of the sequence")

    # What panes call.

    def set_curves(
        self,
        curves: Sequence[Curve],
        unit: Unit,
        crossings: Sequence[Crossing] = (),
        own: tuple[float, str] | None = None,
    ) -> None:
        """own: a length to mark on the axis and what it is, such as (18, "this text")."""
        for curve in curves:
            if len(curve.n) != len(curve.values):
                raise ValueError(f"{curve.name}: {len(curve.n)} lengths, but {len(curve.values)} values")
        self._curves = [curve for curve in curves if len(curve.n)]
        self._crossings, self._unit, self._own = list(crossings), unit, own
        dots = [(s, index) for s, curve in enumerate(self._curves) for index in range(len(curve.n))]
        extra = [(len(self._curves), index) for index in range(len(self._crossings))] if dots else []
        said = [
            f"{curve.name}: {amount(curve.values[-1], unit)} at {curve.n[-1]:,.0f} tokens"
            for curve in self._curves
            if curve.named
        ]
        self.setAccessibleDescription(
            "; ".join([*said, *(c.tip.replace("\t", " ") for c in self._crossings)])
        )
        self._set_keys(dots + extra)

    def length(self, key: Key) -> float:
        """How many tokens a dot stands for."""
        series, index = key
        if series == len(self._curves):
            return self._crossings[index].n
        return float(self._curves[series].n[index])

    def named(self, key: Key) -> Curve | Crossing:
        """What a dot is of."""
        series, index = key
        return self._crossings[index] if series == len(self._curves) else self._curves[series]

    def dot_at(self, n: float) -> Key | None:
        """A dot at this length, of the first curve that has one."""
        for series, curve in enumerate(self._curves):
            found = np.flatnonzero(curve.n == n)
            if len(found):
                return series, int(found[0])
        return None

    def name_rect(self, curve: int) -> QRectF:
        """Where the name of a curve stands, in pixels. LookupError for one that is not named."""
        return next(rect for named, rect in self._names if named is self._curves[curve])

    def label_rects(self) -> list[QRectF]:
        """Where labels of crossings stand, in pixels; what has no room has none."""
        return [rect for _, rect in self._labels]

    # Geometry.

    def _arrange(self) -> None:
        own = [self._own[0]] if self._own else []
        n = np.concatenate([*(curve.n for curve in self._curves), own])
        costs = np.concatenate([curve.values for curve in self._curves])
        across = _Lengths(float(n.min()) / 1.12, float(n.max()) * 1.12, True)
        up = _Costs(float(costs.min()) / 1.5, float(costs.max()) * 1.5, True, self._unit)
        metrics = QFontMetricsF(tick_font())
        named = [curve for curve in self._curves if curve.named]
        beside = max((metrics.horizontalAdvance(curve.name) for curve in named), default=0) + theme.em(1.6)
        room = QRectF(self.rect()).adjusted(0, 0, -round(beside), 0)
        self._frame = frame_in(room, across, up, "tokens", " ")
        x = [self._frame.x(curve.n) for curve in self._curves]
        y = [self._frame.y(curve.values) for curve in self._curves]
        if self._crossings:
            x.append(self._frame.x(np.array([crossing.n for crossing in self._crossings])))
            y.append(self._frame.y(np.array([crossing.value for crossing in self._crossings])))
        self._places = np.stack([np.concatenate(x), np.concatenate(y)], 1)
        self._place_names(named)
        self._place_labels()

    def _place_names(self, named: list[Curve]) -> None:
        """At the heights of the curves' ends, pushed apart where these are close."""
        metrics, area = QFontMetricsF(tick_font()), self._frame.area
        row = metrics.height()
        order = sorted(named, key=lambda curve: float(self._frame.y(curve.values[-1])))
        wanted = np.array([float(self._frame.y(curve.values[-1])) for curve in order])
        tops = apart(wanted - row / 2, row, area.top() - row / 2, area.bottom() + row / 2)
        left = area.right() + theme.em(0.2)
        self._names = [
            (curve, QRectF(left, top, self.width() - left, row))
            for curve, top in zip(order, tops, strict=True)
        ]

    def _place_labels(self) -> None:
        """Beside the crossings, where they hide neither one another nor, if that can be had, a curve."""
        lines = self._along()
        metrics, area, gap = QFontMetricsF(tick_font(QFont.Weight.DemiBold)), self._frame.area, theme.em(0.7)
        self._labels = []
        for index, crossing in enumerate(self._crossings):
            at = self.dot((len(self._curves), index))
            width, height = metrics.horizontalAdvance(crossing.label), metrics.height()
            places = [
                QRectF(at.x() + dx * gap - (dx < 0) * width - (dx == 0) * width / 2, y, width, height)
                for dx, y in (
                    (1, at.y() + gap / 2),
                    (-1, at.y() - gap / 2 - height),
                    (1, at.y() + 2 * gap),
                    (-1, at.y() - 2 * gap - height),
                    (0, at.y() + 1.6 * gap),
                    (0, at.y() - 1.6 * gap - height),
                )
            ]
            free = [
                place
                for place in places
                if area.contains(place) and not any(place.intersects(other) for _, other in self._labels)
            ]
            if free:
                self._labels.append((crossing, min(free, key=lambda place: _under(place, lines))))

    def _along(self) -> np.ndarray:
        """(m, 2): places along all curves, a few pixels apart."""
        shares, places = np.linspace(0, 1, 24)[:, None, None], [self._places]
        for series in range(len(self._curves)):
            points = self._points(series)
            places.append((points[:-1] + shares * np.diff(points, axis=0)).reshape(-1, 2))
        return np.concatenate(places)

    def _points(self, series: int) -> np.ndarray:
        """(m, 2): the dots of a curve in pixels."""
        start = sum(len(curve.n) for curve in self._curves[:series])
        return self._places[start : start + len(self._curves[series].n)]

    # Painting.

    def _paint_ground(self, painter: QPainter) -> None:
        self._frame.paint(painter)
        if self._own is not None:
            self._paint_own(painter)
        order = sorted(range(len(self._curves)), key=lambda series: not self._curves[series].dashed)
        for series in order:
            self._paint_curve(painter, series)
        self._paint_names(painter)
        for index, crossing in enumerate(self._crossings):
            self._paint_crossing(painter, self.dot((len(self._curves), index)), crossing)
        for crossing, rect in self._labels:
            self._paint_label(painter, crossing, rect)

    def _paint_own(self, painter: QPainter) -> None:
        n, what = self._own
        colours, area, metrics = theme.current(), self._frame.area, QFontMetricsF(tick_font())
        x = round(float(self._frame.x(n))) + 0.5
        painter.setPen(QPen(QColor(colours.amber), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        text = f"{what}, {round(n):,}"
        width = metrics.horizontalAdvance(text)
        room = area.right() - metrics.horizontalAdvance("tokens →  ")  # the axis' title stands at the right
        left = max(min(x - width / 2, room - width), 0.0)
        painter.setFont(tick_font())
        painter.setPen(QColor(colours.amber_text))
        painter.drawText(QRectF(left, 0, width, metrics.height()), CENTRE, text)

    def _paint_curve(self, painter: QPainter, series: int) -> None:
        curve, points = self._curves[series], self._points(series)
        colour = series_style.colour(curve.colour)
        path = QPainterPath(QPointF(*points[0]))
        for x, y in points[1:].tolist():
            path.lineTo(x, y)
        style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.2 if curve.dashed else 1.8, style))
        painter.drawPath(path)
        if not curve.dashed or curve.named:
            for x, y in points.tolist():
                self._paint_symbol(painter, series, QPointF(x, y), theme.em(0.24))

    def _paint_symbol(self, painter: QPainter, series: int, at: QPointF, size: float) -> None:
        curve = self._curves[series]
        colour = series_style.colour(curve.colour)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(QColor(theme.current().panel) if curve.dashed else colour)
        painter.drawPath(series_style.mark(curve.colour, at, size))

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(tick_font())
        for curve, rect in self._names:
            series = next(index for index, other in enumerate(self._curves) if other is curve)
            middle = rect.center().y()
            self._paint_symbol(painter, series, QPointF(rect.left() + theme.em(0.5), middle), theme.em(0.24))
            painter.setPen(QColor(theme.current().text))
            painter.drawText(rect.adjusted(theme.em(1.1), 0, 0, 0), LEFT, curve.name)

    def _paint_crossing(self, painter: QPainter, at: QPointF, crossing: Crossing) -> None:
        colours = theme.current()
        size = theme.em(0.5 if crossing.measured else 0.34)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.panel), 4))
        painter.drawEllipse(at, size, size)
        painter.setPen(QPen(QColor(colours.text if crossing.measured else colours.dim), 1.8))
        painter.drawEllipse(at, size, size)

    def _paint_label(self, painter: QPainter, crossing: Crossing, rect: QRectF) -> None:
        colours = theme.current()
        ground = QColor(colours.panel)
        ground.setAlphaF(0.85)
        painter.fillRect(rect.adjusted(-2, 0, 2, 0), ground)
        painter.setFont(tick_font(QFont.Weight.DemiBold if crossing.measured else QFont.Weight.Normal))
        painter.setPen(QColor(colours.text if crossing.measured else colours.dim))
        painter.drawText(rect, CENTRE, crossing.label)

    def _paint_mark(self, painter: QPainter, key: Key, colour: QColor, selected: bool) -> None:
        """A line at the dot's length, and the dot itself larger."""
        at, area = self.dot(key), self._frame.area
        painter.setPen(QPen(colour, 1))
        x = round(at.x()) + 0.5
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.current().panel), 4))
        painter.drawEllipse(at, theme.em(0.55), theme.em(0.55))
        painter.setPen(QPen(colour, 2))
        painter.drawEllipse(at, theme.em(0.55), theme.em(0.55))

    # Reading.

    def _tip_text(self, key: Key) -> str:
        """All that is known at the dot's length, the dearest first, as the curves stand."""
        series, index = key
        if series == len(self._curves):
            return self._crossings[index].tip
        n = self._curves[series].n[index]
        rows = []
        for curve in self._curves:
            if curve.named or curve is self._curves[series]:
                found = np.flatnonzero(curve.n == n)
                rows += [(float(curve.values[i]), curve.name) for i in found]
        lines = [f"{name}\t{amount(value, self._unit)}" for value, name in sorted(rows, reverse=True)]
        return "\n".join([f"{round(n):,} tokens", *lines])

    def _walk(self, key: Key, right: int, up: int) -> Key:
        series, index = key
        if right:
            last = len(self._crossings if series == len(self._curves) else self._curves[series].n) - 1
            return series, min(max(index + right, 0), last)
        series = (series - up) % (len(self._curves) + bool(self._crossings))
        if series == len(self._curves):
            return series, 0
        return series, int(np.abs(np.log(self._curves[series].n / self.length(key))).argmin())


def _under(rect: QRectF, places: np.ndarray) -> int:
    """How many of the places a rectangle covers."""
    x, y = places.T
    inside = (x > rect.left()) & (x < rect.right()) & (y > rect.top()) & (y < rect.bottom())
    return int(inside.sum())


def apart(tops: np.ndarray, height: float, low: float, high: float) -> np.ndarray:
    """`tops` (rising) moved as little as needed: rows of `height` neither overlap nor leave low to high.

    Where they cannot all be had they start at `low`.
    """
    moved = np.array(tops, float)
    count = np.arange(len(moved))
    # A row a step taken off, what is left must not fall: the nearest such values are means of blocks.
    blocks: list[list[float]] = []
    for value in moved - count * height:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, m), (other, k) = blocks[-2:]
            blocks[-2:] = [[(one * m + other * k) / (m + k), m + k]]
    base = np.repeat([value for value, _ in blocks], [int(k) for _, k in blocks]) if blocks else moved
    base = np.maximum(np.minimum(base, high - len(moved) * height), low)
    return base + count * height
