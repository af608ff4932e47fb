"""Windows and stages on the picture: where windows end, and what is said of them. No Qt, no torch."""

from __future__ import annotations

import numpy as np

from headlight.models.core.layers import AttentionLayer
from headlight.models.core.tokens import PatchTokens


def window_lines(layer: AttentionLayer) -> tuple[np.ndarray, np.ndarray] | None:
    """(edges of the windows in which a layer attends, the map's borders over which masked windows reach).

    Both float (n, 4): x0, y0, x1, y1 in pixels of the picture, no line in both; None without windows.
    """
    tokens, borders = layer.queries, layer.borders()
    if borders is None or not isinstance(tokens, PatchTokens):
        return None
    between, seams = borders
    edges = (np.setdiff1d(*pair) for pair in zip(between, seams, strict=True))
    return _lines(tokens, *edges), _lines(tokens, *seams)


def _lines(tokens: PatchTokens, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """float (n, 4): lines above these rows and left of these columns of tokens."""
    region, (height, width) = tokens.region, tokens.patch_size
    across = [(region.x0, y, region.x1, y) for y in region.y0 + rows * height]
    down = [(x, region.y0, x, region.y1) for x in region.x0 + columns * width]
    return np.array([*across, *down], float).reshape(-1, 4)
