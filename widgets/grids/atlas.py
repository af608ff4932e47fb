"""Many small maps in one picture: each resampled by area to its place, coloured, ready to paint."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage


@lru_cache(maxsize=64)
def area_weights(size: int, out: int) -> np.ndarray:
    """float32 (out, size): how much each of `size` equal stretches covers of each of `out`; rows sum to 1.

    Enlarging keeps edges crisp, reducing takes area means, and the mean of the whole never changes.
    """
    edges = np.linspace(0, size, out + 1)
    start, stop = edges[:-1, None], edges[1:, None]
    stretch = np.arange(size)
    overlap = np.minimum(stop, stretch + 1) - np.maximum(start, stretch)
    return (np.clip(overlap, 0, None) / (stop - start)).astype(np.float32)


def resample(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 (n, h, w) to uint8 (n, height, width) by area."""
    _, h, w = maps.shape
    fitted = area_weights(h, height) @ maps.astype(np.float32) @ area_weights(w, width).T
    return (fitted + 0.5).astype(np.uint8)


def colours_of(lut: np.ndarray) -> np.ndarray:
    """uint8 (256, 4) red, green, blue, alpha to uint32 (256,) opaque pixels of a QImage."""
    red, green, blue = (lut[:, channel].astype(np.uint32) for channel in range(3))
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


class Atlas:
    """A transparent picture of `width` × `height` device pixels into which maps are put."""

    def __init__(self, width: int, height: int) -> None:
        self._pixels = np.zeros((max(1, height), max(1, width)), np.uint32)

    def put(self, maps: np.ndarray, boxes: list[tuple[int, int, int, int]], colours: np.ndarray) -> None:
        """Paint uint8 (n, h, w) into n boxes (x, y, width, height) of one size; the aspect is kept."""
        _, h, w = maps.shape
        _, _, box_width, box_height = boxes[0]
        scale = min(box_width / w, box_height / h)
        width, height = max(1, round(w * scale)), max(1, round(h * scale))
        painted = colours[resample(maps, height, width)]
        if min(width, height) >= 8:
            for corner in (painted, painted[:, ::-1], painted[:, :, ::-1], painted[:, ::-1, ::-1]):
                corner[:, 0, :2] = corner[:, 1, 0] = 0
        for picture, (x, y, _, _) in zip(painted, boxes, strict=True):
            self._pixels[y : y + box_height, x : x + box_width] = 0
            x, y = x + (box_width - width) // 2, y + (box_height - height) // 2
            self._pixels[y : y + height, x : x + width] = picture

    def clear(self, boxes: list[tuple[int, int, int, int]]) -> None:
        """Make boxes transparent again."""
        for x, y, width, height in boxes:
            self._pixels[y : y + height, x : x + width] = 0

    def image(self, ratio: float) -> QImage:
        """The picture, sharing its pixels with this atlas, for a screen of `ratio` device pixels a pixel."""
        height, width = self._pixels.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        return image
