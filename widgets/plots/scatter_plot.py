"""How far heads look: one dot a head, its mean attention distance in pixels over the layer it is in.

Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", figure 7 (right).
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.plots.axes import Axis, frame_in
from headlight.widgets.plots.dot_plot import DotPlot, Key, paint_dot_mark


class DistanceScatter(DotPlot):
    """A dot's key is (layer, head). Heads of a layer stand side by side in order: none hides another."""

    nothing = "No attention distances yet"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = self._head = np.zeros(0, int)
        self._distance = np.zeros(0)
        self._layers = 0
        self._line: tuple[float, str] | None = None
        self.setAccessibleName("Attention distance of each head")

    def set_dots(
        self, layer: np.ndarray, head: np.ndarray, distance: np.ndarray, layers: int | None = None
    ) -> None:
        """layer, head: int (n,). distance: float (n,) in pixels; what is not finite has no dot.

        layers: how many there are in all, if more than those with dots.
        """
        layer, head = np.asarray(layer, int), np.asarray(head, int)
        distance = np.asarray(distance, float)
        if not len(layer) == len(head) == len(distance):
            raise ValueError(f"{len(layer)} layers, {len(head)} heads and {len(distance)} distances")
        known = np.isfinite(distance)
        self._layer, self._head, self._distance = layer[known], head[known], distance[known]
        self._layers = max(int(self._layer.max(initial=-1)) + 1, layers or 0)
        keys = list(zip(self._layer.tolist(), self._head.tolist(), strict=True))
        far = f", up to {self._distance.max():.0f} px" if len(keys) else ""
        self.setAccessibleDescription(f"{len(keys)} heads in {self._layers} layers{far}")
        self._set_keys(keys)

    def set_line(self, value: float | None, label: str = "") -> None:
        """A level to compare with, the distance of uniform attention say; None for none."""
        self._line = None if value is None else (value, label)
        self._renew()

    def _arrange(self) -> None:
        top = max(float(self._distance.max(initial=0)), self._line[0] if self._line else 0) * 1.06 or 1.0
        across = Axis(-0.5, self._layers - 0.5)
        self._frame = frame_in(QRectF(self.rect()), across, Axis(0, top), "layer", "distance, px")
        pitch = self._frame.area.width() / self._layers
        heads = np.bincount(self._layer, minlength=self._layers)
        most = max(1, int(heads.max(initial=1)))
        # All layers spread their heads over the same width, a head at the same place where they are as many.
        ranks = np.zeros(len(self._layer))
        for layer in range(self._layers):
            mine = np.flatnonzero(self._layer == layer)
            ranks[mine[np.argsort(self._head[mine], kind="stable")]] = np.arange(len(mine))
        spread = (ranks - (heads[self._layer] - 1) / 2) / most * 0.8
        x = self._frame.x(self._layer.astype(float)) + spread * pitch
        self._places = np.stack([x, self._frame.y(self._distance)], 1)
        self._radius = float(np.clip(pitch * 0.8 / most * 0.75, theme.em(0.16), theme.em(0.32)))

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_bands(painter)
        self._frame.paint(painter)
        if self._line is not None:
            self._frame.paint_level(painter, *self._line)
        painter.setPen(Qt.PenStyle.NoPen)
        fill = QColor(theme.current().blue)
        fill.setAlphaF(0.8)
        painter.setBrush(fill)
        for x, y in self._places.tolist():
            painter.drawEllipse(QPointF(x, y), self._radius, self._radius)
        if self._line is not None:
            self._frame.paint_level_label(painter, *self._line)

    def _paint_bands(self, painter: QPainter) -> None:
        """Every second layer on a ground of its own, so that each dot is seen to be in one."""
        area = self._frame.area
        pitch = area.width() / self._layers
        for layer in range(1, self._layers, 2):
            band = QRectF(area.left() + layer * pitch, area.top(), pitch, area.height())
            painter.fillRect(band, QColor(theme.current().raised))

    def _paint_mark(self, painter: QPainter, key: Key, colour: QColor, selected: bool) -> None:
        paint_dot_mark(painter, self.dot(key), self._radius, colour, selected)

    def _tip_text(self, key: Key) -> str:
        return f"layer {key[0]}, head {key[1]}\t{self._distance[self._index[key]]:.1f} px"

    def _walk(self, key: Key, right: int, up: int) -> Key:
        distance = self._distance[self._index[key]]
        if right:
            others = self._layer[self._layer > key[0]] if right > 0 else self._layer[self._layer < key[0]]
            if not len(others):
                return key
            layer = others.min() if right > 0 else others.max()
            mine = np.flatnonzero(self._layer == layer)
            found = mine[np.abs(self._distance[mine] - distance).argmin()]
            return int(layer), int(self._head[found])
        mine = np.flatnonzero(self._layer == key[0])
        order = self._head[mine[np.argsort(self._distance[mine], kind="stable")]].tolist()
        return key[0], order[min(max(order.index(key[1]) + up, 0), len(order) - 1)]
