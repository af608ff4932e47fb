"""Lines with marks, a legend above them: what plots over layers share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.plots import series_style
from headlight.widgets.plots.axes import LEFT, Axis, frame_in, tick_font
from headlight.widgets.plots.dot_plot import DotPlot, Key


class Series(NamedTuple):
    """depths, sizes: float (n,), where its dots stand across and up. labels: n texts, the layers' names.

    colour: an index into `series_style`. whole_from: from this index on its dots are hollow, and the line
    dashed.
    """

    name: str
    depths: np.ndarray
    sizes: np.ndarray
    labels: Sequence[str]
    colour: int
    whole_from: int | None = None


class LinePlot(DotPlot):
    """A line a series. A dot's key is (series, index in it)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: list[Series] = []
        self._sizes: list[np.ndarray] = []
        self._lit: int | None = None
        self._legend: list[QRectF] = []

    # What a subclass says.

    @abstractmethod
    def _axes(self) -> tuple[Axis, Axis, str, str]:
        """Across and up, and their titles."""

    @abstractmethod
    def _figure(self, series: int, index: int) -> str:
        """What a dot stands for, as it is written."""

    def _said(self, series: int) -> str:
        """A series in a sentence."""
        one, count = self._series[series], len(self._sizes[series])
        return f"{one.name}: {self._figure(series, count - 1)} at {one.labels[-1]}" if count else one.name

    def _paint_behind(self, painter: QPainter) -> None:
        """What lies on the axes, below the lines."""

    # What panes call.

    def legend_rect(self, series: int) -> QRectF:
        """Where a series' name stands, in pixels."""
        return self._legend[series]

    def _take(self, series: Sequence[Series], sizes: list[np.ndarray]) -> None:
        """Show these, with these sizes. ValueError where one of them is not whole."""
        for one, size in zip(series, sizes, strict=True):
            if not len(size) == len(one.depths) == len(one.labels):
                raise ValueError(
                    f"{one.name}: {len(one.depths)} depths, {len(size)} sizes and {len(one.labels)} labels"
                )
        self._series, self._sizes, self._lit = list(series), sizes, None
        keys = [(s, index) for s, size in enumerate(sizes) for index in range(len(size))]
        self.setAccessibleDescription("; ".join(map(self._said, range(len(series)))))
        self._set_keys(keys)

    # Geometry.

    def _arrange(self) -> None:
        self._place_legend()
        below = max(rect.bottom() for rect in self._legend) + theme.em(0.3)
        room = QRectF(self.rect()).adjusted(0, below, 0, 0)
        self._frame = frame_in(room, *self._axes())
        x = [self._frame.x(np.asarray(one.depths, float)) for one in self._series]
        y = [self._frame.y(one) for one in self._sizes]
        self._places = np.stack([np.concatenate(x), np.concatenate(y)], 1)

    def _place_legend(self) -> None:
        """Names in rows above the plot."""
        metrics = QFontMetricsF(tick_font())
        x = y = 0.0
        row, gap = metrics.height() + 2, theme.em(1.0)
        self._legend = []
        for one in self._series:
            width = theme.em(1.3) + metrics.horizontalAdvance(one.name)
            if x and x + width > self.width():
                x, y = 0.0, y + row
            self._legend.append(QRectF(x, y, width, row))
            x += width + gap

    def _at(self, point: QPointF) -> Key | None:
        for series, rect in enumerate(self._legend):
            if rect.contains(point) and len(self._sizes[series]):
                return series, len(self._sizes[series]) - 1
        return super()._at(point)

    def _line_of(self, series: int) -> np.ndarray:
        """(n, 2): the dots of a series in pixels."""
        start = sum(len(sizes) for sizes in self._sizes[:series])
        return self._places[start : start + len(self._sizes[series])]

    def _marked(self, series: int) -> list[int]:
        """The dots that get a mark: all where there is room, the last always."""
        points = self._line_of(series)
        least, chosen = theme.em(0.75), []
        for index in range(len(points) - 1, -1, -1):
            if not chosen or np.hypot(*(points[index] - points[chosen[-1]])) >= least:
                chosen.append(index)
        return chosen

    # Painting.

    def set_hovered(self, key: Key | None) -> None:
        super().set_hovered(key)
        lit = None if key is None else key[0]
        if lit != self._lit:  # the others step back
            self._lit = lit
            self._ground = None

    def _paint_ground(self, painter: QPainter) -> None:
        self._frame.paint(painter)
        self._paint_behind(painter)
        order = [series for series in range(len(self._series)) if series != self._lit]
        for series in order + [self._lit] * (self._lit is not None):
            painter.setOpacity(1.0 if self._lit in (None, series) else 0.3)
            self._paint_series(painter, series)
        painter.setOpacity(1.0)
        painter.setFont(tick_font())
        for series, (one, rect) in enumerate(zip(self._series, self._legend, strict=True)):
            at = QPointF(rect.left() + theme.em(0.5), rect.center().y())
            self._paint_symbol(painter, series, at, hollow=False)
            painter.setPen(
                QColor(theme.current().text if self._lit in (None, series) else theme.current().dim)
            )
            painter.drawText(rect.adjusted(theme.em(1.2), 0, 0, 0), LEFT, one.name)

    def _paint_series(self, painter: QPainter, series: int) -> None:
        one, points = self._series[series], self._line_of(series)
        if not len(points):
            return
        whole = len(points) if one.whole_from is None else one.whole_from
        colour = series_style.colour(one.colour)
        # Dashed from the last dot that is not hollow.
        for part, style in (
            (points[:whole], Qt.PenStyle.SolidLine),
            (points[max(whole - 1, 0) :], Qt.PenStyle.DashLine),
        ):
            if len(part) < 2 or (style == Qt.PenStyle.DashLine and whole == len(points)):
                continue
            path = QPainterPath(QPointF(*part[0]))
            for x, y in part[1:].tolist():
                path.lineTo(x, y)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.8, style))
            painter.drawPath(path)
        for index in self._marked(series):
            self._paint_symbol(painter, series, QPointF(*points[index]), index >= whole)

    def _paint_symbol(
        self, painter: QPainter, series: int, at: QPointF, hollow: bool, size: float = 0
    ) -> None:
        colours = theme.current()
        colour = series_style.colour(self._series[series].colour)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(QColor(colours.panel) if hollow else colour)
        painter.drawPath(series_style.mark(self._series[series].colour, at, size or theme.em(0.24)))

    def _paint_mark(self, painter: QPainter, key: Key, colour: QColor, selected: bool) -> None:
        series, index = key
        at = self.dot(key)
        whole = self._series[series].whole_from
        self._paint_symbol(painter, series, at, whole is not None and index >= whole, theme.em(0.32))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        size = theme.em(0.62 if selected else 0.5)
        painter.setPen(QPen(QColor(theme.current().panel), 4))
        painter.drawEllipse(at, size, size)
        painter.setPen(QPen(colour, 2))
        painter.drawEllipse(at, size, size)

    # Reading.

    def _tip_text(self, key: Key) -> str:
        series, index = key
        one = self._series[series]
        return f"{one.name}\t{self._figure(series, index)}\n{one.labels[index]}"

    def _walk(self, key: Key, right: int, up: int) -> Key:
        series, index = key
        if right:
            return series, min(max(index + right, 0), len(self._sizes[series]) - 1)
        depth = self._series[series].depths[index]
        others = [s for s in range(len(self._series)) if len(self._sizes[s])]
        series = others[(others.index(series) - up) % len(others)]
        depths = np.asarray(self._series[series].depths, float)
        return series, int(np.abs(depths - depth).argmin())
