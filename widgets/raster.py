"""An array on a rectangle of the plane, reduced to what the screen can show without losing what matters."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem


def pool_max(levels: np.ndarray, down: int, across: int) -> np.ndarray:
    """uint8 (⌈rows/down⌉, ⌈columns/across⌉): the largest level of each block (the last may be smaller)."""
    blocks = levels
    if down > 1:
        blocks = levels[::down].copy()
        for start in range(1, down):
            part = levels[start::down]
            np.maximum(blocks[: len(part)], part, out=blocks[: len(part)])
    if across > 1:
        turned = np.ascontiguousarray(blocks.T)  # whole rows at a time are several times faster
        return np.ascontiguousarray(pool_max(turned, across, 1).T)
    return np.ascontiguousarray(blocks)


class Raster(pg.ImageItem):
    """uint8 levels (rows, columns) through a table of 256 colours, or a picture uint8 (rows, columns, 3).

    Where cells are smaller than a pixel of the screen, levels show the largest of each block (so a single
    bright cell never vanishes) and pictures show the mean. Pictures are smooth up to three times their size
    and show their pixels beyond; levels show their cells unless `smooth`.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(axisOrder="row-major")
        self.setParentItem(parent)
        self._array: np.ndarray | None = None
        self._region = QRectF()
        self._smooth = False
        self._factor = (0, 0)
        self._scale = (1.0, 1.0)

    def set_array(self, array: np.ndarray | None, region: QRectF, smooth: bool = False) -> None:
        """Show `array` on `region` of the plane (row 0 at its top), or nothing."""
        self._array, self._region, self._smooth = array, QRectF(region), smooth
        self._factor = (0, 0)
        if array is None or not array.size:
            self._array = None
            self.clear()
        else:
            self._reduce()

    def set_colours(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level."""
        self.setLookupTable(lut)

    def set_scale(self, across: float, down: float) -> None:
        """Device pixels per unit of the plane, after every zoom."""
        self._scale = (across, down)
        if self._array is not None:
            self._reduce()

    def cell_size(self) -> tuple[float, float]:
        """(width, height) of one element of the array in device pixels."""
        rows, columns = self._array.shape[:2]
        return (
            self._region.width() / columns * self._scale[0],
            self._region.height() / rows * self._scale[1],
        )

    def _reduce(self) -> None:
        width, height = self.cell_size()
        if self._array.ndim == 3:
            factor = (max(1, math.floor(1 / width + 1e-6)), max(1, math.floor(1 / height + 1e-6)))
        else:
            factor = (max(1, math.ceil(1 / width - 1e-6)), max(1, math.ceil(1 / height - 1e-6)))
        if factor == self._factor:
            return
        self._factor = factor
        across, down = factor
        if factor == (1, 1):
            shown = np.ascontiguousarray(self._array)
        elif self._array.ndim == 3:
            shown = np.asarray(Image.fromarray(self._array).reduce(factor))
        else:
            shown = pool_max(self._array, down, across)
        levels = None if shown.ndim == 3 else (0, 255)
        self.setImage(shown, autoLevels=False, levels=levels)
        rows, columns = self._array.shape[:2]
        place = QTransform.fromTranslate(self._region.x(), self._region.y())
        place.scale(self._region.width() / columns * across, self._region.height() / rows * down)
        self.setTransform(place)

    def paint(self, painter: QPainter, *args: object) -> None:
        if self._array is None:
            return
        smooth = self._smooth or (self._array.ndim == 3 and min(self.cell_size()) <= 3)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        rows, columns = self._array.shape[:2]
        across, down = self._factor
        # The last block may reach past the array.
        painter.setClipRect(QRectF(0, 0, columns / across, rows / down), Qt.ClipOperation.IntersectClip)
        super().paint(painter, *args)
