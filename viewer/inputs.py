"""Path, bytes or clipboard → TextInput | ImageInput, by content, within limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TextInput:
    """One text or a pair. notices: sentences the user should see."""

    title: str
    text: str
    pair: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageInput:
    """pixels: uint8 (height, width, 3), upright, sRGB. notices: sentences the user should see."""

    title: str
    pixels: np.ndarray
    notices: tuple[str, ...] = ()


Input = TextInput | ImageInput
