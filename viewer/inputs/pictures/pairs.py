"""Two pictures beside each other in one."""

from __future__ import annotations

import numpy as np

from headlight.models.core.tokens import Box

GAP = 0.01
"""Between them, of their widths together."""
GROUND = 40
"""The grey of what belongs to neither."""


def side_by_side(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, tuple[Box, Box]]:
    """uint8 (h, w, 3) each → (both as they are, their upper edges level, where they stand)."""
    gap = max(1, round(GAP * (left.shape[1] + right.shape[1])))
    start = left.shape[1] + gap
    pixels = np.full((max(len(left), len(right)), start + right.shape[1], 3), GROUND, np.uint8)
    pixels[: len(left), : left.shape[1]] = left
    pixels[: len(right), start:] = right
    ends = Box(0.0, 0.0, float(left.shape[1]), float(len(left)))
    return pixels, (ends, Box(float(start), 0.0, float(pixels.shape[1]), float(len(right))))
