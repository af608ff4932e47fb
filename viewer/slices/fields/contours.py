"""Contours of a map: lines along which it has one level."""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator


def contours(values: np.ndarray, level: float) -> list[np.ndarray]:
    """Polylines float64 (n, 2) of (x, y) around all that is at least `level`, each closed.

    values: (rows, columns); sample (row, column) lies at (column + ½, row + ½). Beyond its edge the map is
    taken to be below the level, so that every line is closed.
    """
    rows, columns = values.shape
    lowest = min(float(values.min()), level) - 1.0
    framed = np.pad(values.astype(np.float64), 1, constant_values=lowest)
    lines = contour_generator(z=framed, name="serial").lines(level)
    return [np.clip(np.asarray(line) - 0.5, 0, (columns, rows)) for line in lines]
