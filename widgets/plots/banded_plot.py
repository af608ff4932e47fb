"""Curves over a share, with the band in which others lie behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from headlight.widgets.base import theme
from headlight.widgets.plots.axes import Axis
from headlight.widgets.plots.line_plot import LinePlot, Series

ALPHA = 70
"""Of 255, the band's."""


class BandedPlot(LinePlot):
    """The axis up holds all curves and the band."""

    def __init__(self, name: str, nothing: str, titles: tuple[str, str]) -> None:
        """titles: of the axes across and up."""
        super().__init__()
        self.nothing, self._titles = nothing, titles
        self._band: np.ndarray | None = None
        self.setAccessibleName(name)

    def set_curves(self, curves: Sequence[Series], band: np.ndarray | None = None) -> None:
        """band: float (2, n), the least and the most at the places of the first curve."""
        self._band = band
        self._take(curves, [np.asarray(one.sizes, float) for one in curves])

    def _axes(self) -> tuple[Axis, Axis, str, str]:
        values = np.concatenate([*self._sizes, *([] if self._band is None else [self._band.ravel()])])
        low, high = float(values.min()), float(values.max())
        spare = 0.05 * max(high - low, 1e-6)
        across = float(max(np.max(one.depths) for one in self._series))
        return Axis(0.0, across * 1.02), Axis(min(low - spare, 0.0), high + spare), *self._titles

    def _figure(self, series: int, index: int) -> str:
        return f"{self._sizes[series][index]:.3f}"

    def _paint_behind(self, painter: QPainter) -> None:
        if self._band is None:
            return
        x = self._frame.x(np.asarray(self._series[0].depths, float))
        low, high = (self._frame.y(edge) for edge in self._band)
        corners = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        colour = QColor(theme.current().dim)
        colour.setAlpha(ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
