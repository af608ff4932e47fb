"""The colours of bars, to compare what is painted with."""

from __future__ import annotations

import numpy as np

from headlight.widgets.controls.colour_bar import ColourBar


def on_bar(bar: ColourBar, value: float) -> np.ndarray:
    """The colour that a bar has for a value, and its neighbours: int (3, 3)."""
    image, rect, scale = bar.grab().toImage(), bar.bar_rect(), bar._scale
    x = rect.left() + scale.position(value) * (rect.width() - 1)
    around = (min(max(round(x + dx), 2), round(rect.right()) - 2) for dx in (-1, 0, 1))
    return np.array([image.pixelColor(at, round(rect.center().y())).getRgb()[:3] for at in around], int)
