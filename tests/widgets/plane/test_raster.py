"""An array under a camera: what is prepared of it for the screen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

from headlight.models.core.colours import lut
from headlight.widgets.plane.raster import Raster, pool_farthest

SIDE = 120
LEVELS = np.random.default_rng(0).integers(0, 256, (23, 31), dtype=np.uint8)
PICTURE = np.random.default_rng(1).integers(0, 256, (23, 31, 3), dtype=np.uint8)


def painted(array: np.ndarray, region: QRectF, camera: QTransform, window: QRectF, smooth: bool) -> QImage:
    """SIDE × SIDE pixels, of which those of `window` are painted."""
    raster = Raster(lambda: None)
    raster.set_colours(lut("viridis"))
    raster.set_array(array, region, smooth)
    raster.set_camera(camera, window, 1.0)
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(0)
    with QPainter(image) as painter:
        painter.setClipRect(window)
        raster.paint(painter)
    return image


@given(st.sampled_from([(LEVELS, False), (LEVELS, True), (PICTURE, False)]), st.integers(0, 2**32 - 1))
def test_a_part_of_the_screen_shows_what_the_whole_shows_there(shown, seed):
    """Only what is in sight is prepared; a level of blending is lost to where Qt begins to count."""
    (array, smooth), rng = shown, np.random.default_rng(seed)
    zoom = float(np.exp(rng.uniform(np.log(0.01), np.log(20))))
    x, y = rng.uniform(-20 * zoom, 60, 2)
    camera, region = QTransform(zoom, 0, 0, zoom, x, y), QRectF(0, 0, 31, 23)
    whole = painted(array, region, camera, QRectF(-900, -900, 2000, 2000), smooth)
    window = QRectF(*rng.integers(0, SIDE // 2, 2).tolist(), *rng.integers(1, SIDE // 2, 2).tolist())
    seen = painted(array, region, camera, window, smooth)
    a, b = (colours(image.copy(window.toRect())) for image in (whole, seen))
    assert np.abs(a - b).max(initial=0) <= 2


def colours(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)


def test_of_values_with_a_sign_the_farthest_from_zero_is_seen():
    levels = np.array([[128, 90, 128, 130], [128, 128, 255, 0], [126, 128, 129, 127]], np.uint8)
    assert pool_farthest(levels, 2, 2, 128).tolist() == [[90, 0], [126, 129]]
    assert pool_farthest(levels, 1, 1, 128).tolist() == levels.tolist()
