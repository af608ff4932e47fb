"""An array on a rectangle of the plane, reduced to what the screen can show without losing what matters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform


def pool_farthest(levels: np.ndarray, down: int, across: int, middle: int) -> np.ndarray:
    """uint8, as `pool_max`: the level of each block that is farthest from `middle`, the higher of two."""
    every = np.arange(256)
    rank = np.argsort(np.argsort(np.abs(every - middle) * 2 + (every > middle)))
    return np.argsort(rank).astype(np.uint8)[pool_max(rank.astype(np.uint8)[levels], down, across)]


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


class Raster:
    """uint8 levels (rows, columns) through a table of 256 colours, or a picture uint8 (rows, columns, 3).

    Every pixel of the screen shows the cell in which its centre lies: Qt's own scaling counts in 1/65536 of a
    cell and is some pixels off at the far end of a large zoom. Where cells are smaller than a pixel, levels
    show the largest of each block (so a single bright cell never vanishes), or what is farthest from the
    middle of a scale about zero, and pictures the mean. Pictures
    are blended up to three times their size and show their pixels beyond; levels are blended if `smooth`.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """changed: called when it is to be painted anew."""
        self._changed = changed
        self._array: np.ndarray | None = None
        self._region = QRectF()
        self._smooth, self._middle = False, 0
        self._camera, self._window, self._density = QTransform(), QRectF(), 1.0
        self._factor = (0, 0)
        self._reduced: tuple[tuple[int, int], np.ndarray] | None = None
        self._colours: list[int] = []
        self._image: QImage | None = None
        self._place, self._clip = QTransform(), QRectF()

    def set_array(
        self, array: np.ndarray | None, region: QRectF, smooth: bool = False, middle: int = 0
    ) -> None:
        """Show `array` on `region` of the plane (row 0 at its top), or nothing. middle: the level that says
        nothing.
        """
        self._array = array if array is not None and array.size else None
        self._region, self._smooth, self._reduced = QRectF(region), smooth, None
        self._middle = middle
        self._arrange()

    def pooled(self) -> tuple[int, int]:
        """(rows, columns) of the array in one dot that is painted."""
        across, down = self._factor
        return (max(down, 1), max(across, 1)) if self._array is not None else (1, 1)

    def set_colours(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level."""
        red, green, blue, alpha = lut.astype(np.uint32).T
        self._colours = (alpha << 24 | red << 16 | green << 8 | blue).tolist()
        self._arrange()

    def set_camera(self, camera: QTransform, window: QRectF, density: float) -> None:
        """camera: plane → widget pixels. window: what of the widget is to be filled. density: device pixels
        in one of the widget's.
        """
        self._camera, self._window, self._density = camera, window, density
        self._arrange()

    def paint(self, painter: QPainter) -> None:
        """Paint it in widget pixels."""
        if self._array is None or not self._window.intersects(self._where()):
            return
        if self._image is None:
            self._prepare()
        painter.save()
        painter.setTransform(self._place, True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._blended())
        painter.setClipRect(self._clip, Qt.ClipOperation.IntersectClip)
        painter.drawImage(0, 0, self._image)
        painter.restore()

    def _where(self) -> QRectF:
        """What it covers, in pixels of the widget."""
        return self._camera.mapRect(self._region)

    def _element(self) -> tuple[float, float]:
        """(width, height) of an element of the array in device pixels."""
        rows, columns = self._array.shape[:2]
        place = self._where()
        return place.width() * self._density / columns, place.height() * self._density / rows

    def _blended(self) -> bool:
        return self._smooth or (self._array.ndim == 3 and min(self._element()) <= 3)

    def _arrange(self) -> None:
        """Something is different: by how much to reduce is known now, the pixels once they are painted."""
        self._image = None
        self._changed()
        if self._array is None:
            self._reduced = None
            return
        width, height = self._element()
        if width <= 0 or height <= 0:
            return
        whole = math.floor if self._array.ndim == 3 else math.ceil
        slack = 1e-6 if self._array.ndim == 3 else -1e-6
        self._factor = max(1, whole(1 / width + slack)), max(1, whole(1 / height + slack))

    def _prepare(self) -> None:
        if self._reduced is None or self._reduced[0] != self._factor:
            self._reduced = (self._factor, self._reduce(*self._factor))
        if self._blended():
            self._place_whole(self._where(), self._reduced[1])
        else:
            self._place_cells(self._where(), self._reduced[1])

    def _reduce(self, across: int, down: int) -> np.ndarray:
        if (across, down) == (1, 1):
            return self._array
        if self._array.ndim == 2:
            pool = partial(pool_farthest, middle=self._middle) if self._middle else pool_max
            return pool(self._array, down, across)
        from PIL import Image  # large pictures alone need it

        return np.asarray(Image.fromarray(self._array).reduce((across, down)))

    def _place_whole(self, place: QRectF, reduced: np.ndarray) -> None:
        """What is in sight, with what its edge is blended with."""
        rows, columns = self._array.shape[:2]
        across, down = self._factor
        width, height = place.width() / columns * across, place.height() / rows * down
        seen = place.intersected(self._window).translated(-place.topLeft())
        x = _around(seen.left() / width, seen.right() / width, reduced.shape[1])
        y = _around(seen.top() / height, seen.bottom() / height, reduced.shape[0])
        self._image = self._painted(reduced[y, x])
        self._place = QTransform.fromTranslate(place.x() + x.start * width, place.y() + y.start * height)
        self._place.scale(width, height)
        # The last block of a reduced array may reach past the region.
        self._clip = QRectF(0, 0, columns / across - x.start, rows / down - y.start)

    def _place_cells(self, place: QRectF, reduced: np.ndarray) -> None:
        rows, columns = self._array.shape[:2]
        across, down = self._factor
        seen, density = place.intersected(self._window), self._density
        x0, x = _cells(seen.left(), seen.right(), place.left(), place.width() / columns * across, density)
        y0, y = _cells(seen.top(), seen.bottom(), place.top(), place.height() / rows * down, density)
        self._image = self._painted(reduced.take(y, 0).take(x, 1))
        self._place = QTransform.fromTranslate(x0 / density, y0 / density)
        self._place.scale(1 / density, 1 / density)
        self._clip = QRectF(self._image.rect())

    def _painted(self, pixels: np.ndarray) -> QImage:
        """Converted here once: Qt would convert tables and three bytes a pixel whenever it paints."""
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        if pixels.ndim == 3:
            image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            return image.convertToFormat(QImage.Format.Format_RGB32)
        image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8)
        image.setColorTable(self._colours)
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _around(first: float, last: float, count: int) -> slice:
    """Those of `count` cells of length 1 in [first, last], and one more on either side; never none."""
    start = min(max(math.floor(first) - 1, 0), count - 1)
    return slice(start, max(min(math.ceil(last) + 1, count), start + 1))


def _cells(first: float, last: float, start: float, cell: float, density: float) -> tuple[int, np.ndarray]:
    """Which cell each device pixel shows whose centre lies in [first, last): (first pixel, int (pixels,)).

    Lengths in widget pixels; cells of length `cell` stand side by side from `start` on.
    """
    low, high = math.ceil(first * density - 0.5), math.ceil(last * density - 0.5)
    centres = np.arange(low, max(low, high)) + 0.5
    end = math.ceil((last - start) / cell - 1e-9) - 1  # rounding may go past it
    return low, np.clip(np.floor((centres / density - start) / cell).astype(np.intp), 0, max(end, 0))
