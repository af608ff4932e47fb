"""A picture of a cloud, seen from a corner above: its points in colours, the nearer before the farther."""

from __future__ import annotations

import numpy as np

from headlight.models.core.colours import Scale, lut
from headlight.models.core.tokens import PointTokens
from headlight.viewer.export.figures import PAPER, Drawing, painted, picture_drawing
from headlight.viewer.inputs.cloud import CloudInput

SIDE = 560
"""Pixels of a picture's longer side."""
TURNED, RAISED = np.radians(-60.0), np.radians(35.0)
"""Where it is seen from: turned about the vertical from +x, raised from the ground."""
STEEP, OPEN = np.radians(58.0), 0.6
"""A room with a ceiling is seen from higher up, and opened: this share of its height is drawn."""
CEILING = 0.08, 0.12
"""The share of the height in which a ceiling lies, and of the points that it has at least."""
MOST = 300_000
"""Points that are drawn at most."""
WIDE = 3
"""Pixels of a point."""


def cloud_drawing(cloud: CloudInput, title: str, rgb: np.ndarray | None = None) -> Drawing:
    """rgb: uint8 (n, 3) of its points; as they are coloured in the file, else by height."""
    if rgb is None:
        rgb = cloud.colours if cloud.colours is not None else by_height(cloud.points)
    return picture_drawing(seen(cloud.points, rgb), title)


def relevance_drawing(
    tokens: PointTokens, values: np.ndarray, title: str, scale: Scale, colours: str
) -> Drawing:
    """float (tokens,), over the points that the model saw."""
    return picture_drawing(seen(tokens.positions, painted(values, scale, colours)), title, scale, colours)


def by_height(points: np.ndarray) -> np.ndarray:
    """uint8 (n, 3)"""
    heights = points[:, 2]
    low, high = np.percentile(heights, (1, 99)) if len(heights) else (0.0, 1.0)
    share = np.clip((heights - low) / max(high - low, 1e-9), 0, 1)
    return lut("viridis")[(share * 255).astype(int)][:, :3]


def seen(points: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float (n, 3), uint8 (n, 3) → uint8 (h, w, 3): by a parallel projection, on paper.

    The bulk of the points fills it: what lies far from all others is not seen, nor is a ceiling.
    """
    step = -(-len(points) // MOST)
    points, rgb = points[::step], rgb[::step]
    low, high = np.percentile(points[:, 2], (0.5, 99.5))
    slab, most = CEILING
    is_room = bool((points[:, 2] > high - slab * (high - low)).mean() > most)
    if is_room:
        kept = points[:, 2] < low + OPEN * (high - low)
        points, rgb = points[kept], rgb[kept]
    raised = STEEP if is_room else RAISED
    c, s = np.cos(TURNED), np.sin(TURNED)
    right, ahead = points @ (-s, c, 0.0), points @ (c, s, 0.0)
    up = points[:, 2] * np.cos(raised) - ahead * np.sin(raised)
    near = points[:, 2] * np.sin(raised) + ahead * np.cos(raised)
    low, high = np.percentile(np.stack([right, up]), (0.2, 99.8), axis=1)
    size = max(float((high - low).max()), 1e-9) / (SIDE - 2 * WIDE)
    width, height = (int(side) + 2 * WIDE + 1 for side in (high - low) / size)
    found = np.full((height, width, 3), PAPER, np.uint8)
    order = np.argsort(near, kind="stable")
    x = ((right - low[0]) / size).astype(int)[order, None] + np.tile(np.arange(WIDE), WIDE) + WIDE
    y = ((high[1] - up) / size).astype(int)[order, None] + np.repeat(np.arange(WIDE), WIDE) + WIDE
    there = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found[y[there], x[there]] = np.broadcast_to(rgb[order, None], (*x.shape, 3))[there]  # the last stays
    return found
