"""Dots at any two values, coloured by a third."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.plots.axes import Axis, frame_in
from headlight.widgets.plots.dot_plot import DotPlot, Key, paint_dot_mark

AIR = 0.05
"""Of the span of the values, what is left free at either end."""


class ValueScatter(DotPlot):
    """A dot's key is what the caller names it by."""

    def __init__(self, name: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.nothing = nothing
        self._values = np.zeros((0, 2))
        self._colours = np.zeros((0, 3), np.uint8)
        self._titles = ("", "")
        self._whole = False
        self.setAccessibleName(name)

    def set_dots(
        self,
        keys: list[Key],
        values: np.ndarray,
        colours: np.ndarray,
        titles: tuple[str, str],
        whole: bool = False,
    ) -> None:
        """values: float (n, 2), across and up, all finite. colours: uint8 (n, 3). whole: those across are."""
        if not len(keys) == len(values) == len(colours):
            raise ValueError(f"{len(keys)} keys, {len(values)} values and {len(colours)} colours")
        self._values, self._colours, self._titles, self._whole = values, colours, titles, whole
        self.setAccessibleDescription(f"{len(keys):,} dots, {titles[1]} over {titles[0]}")
        self._set_keys(keys)

    def _arrange(self) -> None:
        across, up = (_axis(self._values[:, side]) for side in (0, 1))
        self._frame = frame_in(QRectF(self.rect()), across, up, *self._titles, whole=self._whole)
        self._places = np.stack([self._frame.x(self._values[:, 0]), self._frame.y(self._values[:, 1])], 1)
        crowd = np.sqrt(self._frame.area.width() * self._frame.area.height() / max(len(self._keys), 1))
        self._radius = float(np.clip(crowd * 0.16, theme.em(0.14), theme.em(0.36)))

    def _paint_ground(self, painter: QPainter) -> None:
        self._frame.paint(painter)
        painter.setPen(QPen(QColor(theme.current().dim), 1))
        for (x, y), colour in zip(self._places.tolist(), self._colours.tolist(), strict=True):
            painter.setBrush(QColor(*colour))
            painter.drawEllipse(QPointF(x, y), self._radius, self._radius)

    def _paint_mark(self, painter: QPainter, key: Key, colour: QColor, selected: bool) -> None:
        paint_dot_mark(painter, self.dot(key), self._radius, colour, selected)

    def _tip_text(self, key: Key) -> str:
        across, up = self._values[self._index[key]]
        return f"{self._titles[0]}\t{across:.3g}\n{self._titles[1]}\t{up:.3g}"

    def _walk(self, key: Key, right: int, up: int) -> Key:
        """The nearest dot on that side."""
        step = (self._places - self._places[self._index[key]]) * (right, -up)
        ahead, aside = step[:, 0 if right else 1], np.abs(self._places - self._places[self._index[key]])
        aside = aside[:, 1 if right else 0]
        away = np.where(ahead > 0.5, ahead + 2 * aside, np.inf)
        nearest = int(away.argmin())
        return self._keys[nearest] if np.isfinite(away[nearest]) else key


def _axis(values: np.ndarray) -> Axis:
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    return Axis(low - AIR * (high - low), high + AIR * (high - low))
