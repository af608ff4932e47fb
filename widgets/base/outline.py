"""The outline of a set of rectangles, so that many neighbouring patches are seen as one shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.widgets.base.token_axis import runs

Rect = tuple[float, float, float, float]
Segment = tuple[float, float, float, float]


def mask_outline(mask: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> list[Segment]:
    """Lines (x0, y0, x1, y1) between True and False cells of `mask`, straight stretches in one piece.

    mask: bool (rows, columns). xs: (columns + 1,), ys: (rows + 1,): the borders of its cells.
    """
    framed = np.pad(mask, 1)
    segments: list[Segment] = []
    across = framed[1:, 1:-1] != framed[:-1, 1:-1]  # (rows + 1, columns): an edge above cell (row, column)
    for row in np.flatnonzero(across.any(1)):
        for first, last in runs(np.flatnonzero(across[row])):
            segments.append((float(xs[first]), float(ys[row]), float(xs[last]), float(ys[row])))
    down = framed[1:-1, 1:] != framed[1:-1, :-1]  # (rows, columns + 1): an edge left of cell (row, column)
    for column in np.flatnonzero(down.any(0)):
        for first, last in runs(np.flatnonzero(down[:, column])):
            segments.append((float(xs[column]), float(ys[first]), float(xs[column]), float(ys[last])))
    return segments


def boxes_outline(boxes: Sequence[Rect]) -> list[Segment]:
    """The outline of the union of boxes (x0, y0, x1, y1); those that touch are one shape."""
    if not len(boxes):
        return []
    corners = np.round(np.asarray(boxes, float), 6)
    xs, ys = np.unique(corners[:, [0, 2]]), np.unique(corners[:, [1, 3]])
    mask = np.zeros((len(ys) - 1, len(xs) - 1), bool)
    left, right = np.searchsorted(xs, corners[:, 0]), np.searchsorted(xs, corners[:, 2])
    top, bottom = np.searchsorted(ys, corners[:, 1]), np.searchsorted(ys, corners[:, 3])
    for x0, y0, x1, y1 in zip(left, top, right, bottom, strict=True):
        mask[y0:y1, x0:x1] = True
    return mask_outline(mask, xs, ys)
