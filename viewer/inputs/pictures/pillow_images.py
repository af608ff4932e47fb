"""Pillow: imported when the first picture comes, told to be silent, and what is asked of its images."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headlight.viewer.inputs.pictures.overheard import overheard

if TYPE_CHECKING:
    from PIL import Image

_ROWS = 1 << 20
"""Pixels of a band."""
_ORIENTATION = 274


def pillow():
    """Pillow's module of images."""
    from PIL import Image

    # pictures.check_size takes the place of Pillow's limit, which does not know the sides. Its other warnings
    # speak of metadata, and a picture is whole without them.
    Image.MAX_IMAGE_PIXELS = None
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Image


@contextmanager
def quiet(kind: str) -> Iterator[None]:
    """Keep libtiff and resvg from writing about damage to stderr themselves: it is reported as well."""
    if kind not in ("TIFF", "SVG"):
        yield
        return
    with overheard():
        yield


def opened(data: bytes, kind: str) -> Image.Image:
    """The picture, of which the pixels are not read yet."""
    return pillow().open(io.BytesIO(data), formats=[kind])


def bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """(first row, a band of rows)"""
    width, height = image.size
    step = max(1, _ROWS // width)
    for top in range(0, height, step):
        yield top, image.crop((0, top, width, min(height, top + step)))


def orientation(image: Image.Image) -> int:
    """How the camera was held (EXIF 2.32, tag 274)."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # torn metadata: the pixels are whole
        return 1


def with_alpha(image: Image.Image) -> Image.Image:
    """The same picture in a mode that has its transparency as a channel."""
    if image.mode in ("La", "L"):
        return image.convert("LA")
    return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
