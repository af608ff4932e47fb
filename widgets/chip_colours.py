"""The tints of a token by weight, and texts that stay legible on them."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtGui import QColor

from widgets import theme

LEAST_CONTRAST = 4.5
"""WCAG AA for text."""


def luminance(colour: QColor) -> float:
    """Relative luminance (WCAG 2), 0 to 1."""
    channels = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio (WCAG 2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@cache
def ramp(colours: theme.Theme) -> tuple[tuple[QColor, QColor, QColor], ...]:
    """For each level 0 to 255: the chip's fill, its text, and the text of a special token.

    Fills go from `raised` to `amber`; texts are the theme's where they stand out enough, else black or white.
    """
    low, high = QColor(colours.raised), QColor(colours.amber)
    table = []
    for level in range(256):
        share = level / 255
        parts = [a + (b - a) * share for a, b in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True)]
        fill = QColor(*(round(part) for part in parts))
        texts = [QColor(c) for c in (colours.text, colours.on_amber, "#000000", "#ffffff")]
        plain = next(c for c in texts if contrast(c, fill) >= LEAST_CONTRAST)
        dim = QColor(colours.dim)
        table.append((fill, plain, dim if contrast(dim, fill) >= LEAST_CONTRAST else plain))
    return tuple(table)
