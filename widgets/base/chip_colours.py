"""Contrast between colours, and texts that stay legible on the colours of a map."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor


def luminance(colour: QColor) -> float:
    """Relative luminance (WCAG 2), 0 to 1."""
    return float(_luminance(np.array([colour.redF(), colour.greenF(), colour.blueF()])))


def _luminance(channels: np.ndarray) -> np.ndarray:
    """float (..., 3) in 0 to 1 → float (...)."""
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio (WCAG 2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def inks(table: np.ndarray) -> tuple[QColor, ...]:
    """Of each of 256 colours, uint8 (256, 4), the text that is legible on it: black or white."""
    black, white = QColor("#000000"), QColor("#ffffff")
    light = _luminance(table[:, :3] / 255) + 0.05
    return tuple(black if darker else white for darker in light / 0.05 > 1.05 / light)
