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

    Every pixel of the screen shows the cell in which its centre lies: Qt's own scaling counts in 1/65536 of a
    cell and is some pixels off at the far end of a large zoom. Where cells are smaller than a pixel, levels
    show the largest of each block (so a single bright cell never vanishes) and pictures the mean. Pictures
    are blended up to three times their size and show their pixels beyond; levels are blended if `smooth`.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(axisOrder="row-major")
        self.setParentItem(parent)
        self._array: np.ndarray | None = None
        self._region = QRectF()
        self._smooth = False
        self._reduced: np.ndarray | None = None
        self._blended = False
        self._factor = (0, 0)
        self._camera, self._window, self._density = QTransform(), QRectF(), 1.0

    def set_array(self, array: np.ndarray | None, region: QRectF, smooth: bool = False) -> None:
        """Show `array` on `region` of the plane (row 0 at its top), or nothing."""
        self._array = array if array is not None and array.size else None
        self._region, self._smooth, self._factor = QRectF(region), smooth, (0, 0)
        self._arrange()

    def pooled(self) -> tuple[int, int]:
        """(rows, columns) of the array in one dot that is painted."""
        across, down = self._factor
        return (max(down, 1), max(across, 1)) if self._array is not None else (1, 1)

    def set_colours(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level."""
        self.setLookupTable(lut)

    def set_camera(self, camera: QTransform, window: QRectF, density: float) -> None:
        """camera: plane → widget pixels. window: what of the widget is to be filled. density: device pixels
        in one of the widget's.
        """
        self._camera, self._window, self._density = camera, window, density
        self._arrange()

    def _arrange(self) -> None:
        if self._array is None:
            self._reduced = None
            self.clear()
            return
        rows, columns = self._array.shape[:2]
        place = self._camera.mapRect(self._region)  # widget pixels
        width, height = (place.width() * self._density / columns, place.height() * self._density / rows)
        if width <= 0 or height <= 0:
            return
        self._blended = self._smooth or (self._array.ndim == 3 and min(width, height) <= 3)
        self._reduce(width, height)
        if self._blended:
            self._place_whole(place)
        else:
            self._place_cells(place)

    def _reduce(self, width: float, height: float) -> None:
        """width, height: of an element of the array in device pixels."""
        whole = math.floor if self._array.ndim == 3 else math.ceil
        slack = 1e-6 if self._array.ndim == 3 else -1e-6
        factor = max(1, whole(1 / width + slack)), max(1, whole(1 / height + slack))
        if factor == self._factor:
            return
        self._factor = factor
        if factor == (1, 1):
            self._reduced = np.ascontiguousarray(self._array)
        elif self._array.ndim == 3:
            self._reduced = np.asarray(Image.fromarray(self._array).reduce(factor))
        else:
            self._reduced = pool_max(self._array, factor[1], factor[0])

    def _show(self, image: np.ndarray) -> None:
        self.setImage(image, autoLevels=False, levels=None if image.ndim == 3 else (0, 255))

    def _place_whole(self, place: QRectF) -> None:
        rows, columns = self._array.shape[:2]
        across, down = self._factor
        if self.image is not self._reduced:
            self._show(self._reduced)
        transform = QTransform.fromTranslate(place.x(), place.y())
        transform.scale(place.width() / columns * across, place.height() / rows * down)
        self.setTransform(transform)

    def _place_cells(self, place: QRectF) -> None:
        rows, columns = self._array.shape[:2]
        across, down = self._factor
        seen, density = place.intersected(self._window), self._density
        x0, x = _cells(seen.left(), seen.right(), place.left(), place.width() / columns * across, density)
        y0, y = _cells(seen.top(), seen.bottom(), place.top(), place.height() / rows * down, density)
        if not len(x) or not len(y):
            self.clear()
            return
        self._show(self._reduced.take(y, 0).take(x, 1))
        transform = QTransform.fromTranslate(x0 / density, y0 / density)
        transform.scale(1 / density, 1 / density)
        self.setTransform(transform)

    def paint(self, painter: QPainter, *args: object) -> None:
        if self._array is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._blended)
        if self._blended:  # the last block of a reduced array may reach past the region
            rows, columns = self._array.shape[:2]
            across, down = self._factor
            clip = QRectF(0, 0, columns / across, rows / down)
            painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        super().paint(painter, *args)


def _cells(first: float, last: float, start: float, cell: float, density: float) -> tuple[int, np.ndarray]:
    """Which cell each device pixel shows whose centre lies in [first, last): (first pixel, int (pixels,)).

    Lengths in widget pixels; cells of length `cell` stand side by side from `start` on.
    """
    low, high = math.ceil(first * density - 0.5), math.ceil(last * density - 0.5)
    centres = np.arange(low, max(low, high)) + 0.5
    end = math.ceil((last - start) / cell - 1e-9) - 1  # rounding may go past it
    return low, np.clip(np.floor((centres / density - start) / cell).astype(np.intp), 0, max(end, 0))
