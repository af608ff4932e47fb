"""Colours of a file → sRGB, by its colour profile, its gamma or its primaries."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

Convert = Callable[["Image.Image"], "Image.Image"]
"""A part of the picture, of the mode that `to_srgb` was told → RGB in sRGB."""

_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
_SRGB_PRIMARIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""CIE 1931 x and y of white, red, green and blue (IEC 61966-2-1)."""
_SRGB_GAMMA = 0.45455
"""What PNG files write for sRGB (PNG 3rd edition, 11.3.2.2)."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_srgb(
    mode: str, profile: bytes | None, name: str, gamma: float | None = None, primaries: tuple | None = None
) -> tuple[Convert, tuple[str, ...]]:
    """What turns a picture of this mode (L, RGB, CMYK, LAB) into sRGB, and what the user should know.

    gamma, primaries: as a PNG states them; a profile goes before them.
    """
    if profile:
        converted = _by_profile(mode, profile)
        if converted is not None:
            return converted, ()
        return _plain, (f"{name} has a colour profile that cannot be used: read as sRGB.",)
    if mode == "CMYK":
        return _plain, (f"{name} has inks without a colour profile: its colours are approximate.",)
    if mode in ("L", "RGB") and gamma is not None:
        return _by_gamma(gamma, primaries, name)
    return _plain, ()


def _plain(part: Image.Image) -> Image.Image:
    return part.convert("RGB")


def _by_profile(mode: str, profile: bytes) -> Convert | None:
    """By an ICC profile; None where it is broken or of other colours than the picture."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        needed = _MODE_OF_SPACE.get(source.profile.xcolor_space.strip())
        if needed != mode and (mode, needed) != ("L", "RGB"):
            return None
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            needed,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except Exception:  # a broken or foreign profile must not cost the user the picture
        return None
    return lambda part: ImageCms.applyTransform(part.convert(needed), transform)


def _by_gamma(gamma: float, primaries: tuple | None, name: str) -> tuple[Convert, tuple[str, ...]]:
    """By a PNG's gamma (sample = light ** gamma) and the primaries it may state."""
    if not 0.1 <= gamma <= 10:
        return _plain, (f"{name} states a gamma of {gamma:g}, which cannot be: read as sRGB.",)
    matrix = _matrix(primaries)
    if matrix is None and abs(gamma / _SRGB_GAMMA - 1) < 0.02:
        return _plain, ()
    from PIL import Image

    light = (np.arange(256) / 255) ** (1 / gamma)
    if matrix is None:
        table = _encoded(light)
        return lambda part: Image.fromarray(table[np.asarray(part.convert("RGB"))]), ()
    table = light.astype(np.float32)

    def convert(part: Image.Image) -> Image.Image:
        return Image.fromarray(_encoded(table[np.asarray(part.convert("RGB"))] @ matrix.T))

    return convert, ()


def _encoded(light: np.ndarray) -> np.ndarray:
    """uint8 sRGB of linear light (IEC 61966-2-1)."""
    light = light.clip(0, 1)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(values * 255).astype(np.uint8)


def _matrix(primaries: tuple | None) -> np.ndarray | None:
    """float32 (3, 3): linear light of these primaries → of sRGB; None if they are the same, or none."""
    if primaries is None or len(primaries) != 8 or np.allclose(primaries, _SRGB_PRIMARIES, atol=0.004):
        return None
    try:
        source, white = _to_xyz(primaries)
        target, srgb_white = _to_xyz(_SRGB_PRIMARIES)
        adapt = np.diag((_BRADFORD @ srgb_white) / (_BRADFORD @ white))
        matrix = np.linalg.inv(target) @ np.linalg.inv(_BRADFORD) @ adapt @ _BRADFORD @ source
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    return matrix.astype(np.float32) if np.isfinite(matrix).all() and np.abs(matrix).max() < 20 else None


def _to_xyz(primaries: tuple) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) linear RGB → XYZ, and XYZ of its white."""
    columns = [
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    ]
    white, colours = columns[0], np.stack(columns[1:], axis=1)
    return colours * np.linalg.solve(colours, white), white
