"""A map over a picture with a text: the picture with what lies on it, and the words below."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

import numpy as np

from headlight.models.core.colours import Scale
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.viewer.export.figures import (
    Drawing,
    Raster,
    overlay_drawing,
    picture_drawing,
    strip_drawing,
)

LESS, BELOW = 36, 40
"""Pixels that a strip of tokens stands further down by itself; that are left below its last line."""


def mixed_drawing(
    pixels: np.ndarray,
    tokens: MixedTokens,
    row: np.ndarray,
    title: str,
    scale: Scale,
    colours: str,
    opacity: float,
) -> Drawing:
    """uint8 (H, W, 3), float (tokens,): both in the colours of one scale, whose bar stands by the picture."""
    laid = tokens.laid(row)
    if laid is None:
        above = picture_drawing(pixels, title)
    else:
        cells, region = laid
        above = overlay_drawing(pixels, region, cells, title, scale, colours, opacity)
    words = np.flatnonzero(~tokens.on_picture)
    labels = [tokens.labels[int(index)] for index in words]
    below = strip_drawing(labels, tokens.special[words], row[words], "", scale, colours)
    strip = takewhile(lambda item: not isinstance(item, Raster), below.items[1:])  # no title and no bar
    moved = [replace(item, y=item.y + above.height - LESS) for item in strip]
    bottom = max((item.y for item in moved), default=0.0) + BELOW
    height = max(above.height, int(bottom))
    return Drawing(max(above.width, below.width), height, [*above.items, *moved])
