"""PNG files: what their colours are, and the samples of 16 bits of which Pillow drops the lower half."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from headlight.viewer.inputs.pictures.depth import Samples
from headlight.viewer.inputs.pictures.pillow_images import bands, opened, orientation
from headlight.viewer.inputs.pictures.repairs import PNG_MAGIC, png_chunks

if TYPE_CHECKING:
    from PIL import Image

_DARK_BYTE = 64
"""Below it lie the high bytes of a 16-bit picture that would be shown all but black."""
_CICP_SRGB = (1, 13)
"""Primaries and transfer function of sRGB by ITU-T H.273."""
_NO_PROFILE = (None, None, None)


def png_colours(data: bytes, image: Image.Image, name: str) -> tuple[tuple, tuple[str, ...]]:
    """((profile, gamma, primaries), what to say) of a PNG; what says more goes before the rest."""
    for chunk, start, _, _ in png_chunks(data):
        if chunk == b"IDAT":
            break
        if chunk == b"cICP":
            primaries, transfer = data[start + 8 : start + 10]
            if (primaries, transfer) == _CICP_SRGB:
                return _NO_PROFILE, ()
            return _NO_PROFILE, (
                f"{name} says that its colours are not sRGB (H.273: {primaries}, {transfer}): read as sRGB.",
            )
    profile = image.info.get("icc_profile")
    if profile or "srgb" in image.info:
        return (profile, None, None), ()
    return (None, image.info.get("gamma"), image.info.get("chromaticity")), ()


def deep_png(data: bytes, image: Image.Image) -> Samples | None:
    """The samples of a PNG of 16 bits, where their high bytes, which Pillow keeps of colours, do not do."""
    if data[len(PNG_MAGIC) + 16] != 16:
        return None
    hidden = image.info.get("transparency")
    turned = orientation(image)
    if image.mode.startswith("I;16"):
        values = np.asarray(image)[..., None]
        alpha = None if hidden is None else _not_hidden(values, hidden)
        return Samples(values, "L", 65535.0, alpha, orientation=turned)
    channels = image.getbands()
    grey = data[len(PNG_MAGIC) + 17] == 4
    brightest = max(most for band, (_, most) in zip(channels, image.getextrema(), strict=True) if band != "A")
    if not 0 < brightest < _DARK_BYTE and hidden is None:
        return None
    high = np.asarray(image)
    alpha = np.array(high[..., -1]) if channels[-1] == "A" else None
    values = high[..., : 1 if grey else 3].astype(np.uint16) << 8
    for top, part in bands(_low_bytes(data, image, grey)):
        rows = np.asarray(part)
        values[top : top + len(rows)] |= rows[..., 1:2] if grey else rows[..., :3]
    if hidden is not None:
        alpha = _not_hidden(values, hidden)
    return Samples(values, "L" if grey else "RGB", 65535.0, alpha, orientation=turned)


def _low_bytes(data: bytes, image: Image.Image, grey: bool) -> Image.Image:
    """The low bytes of colours of 16 bits, or all four bytes of a grey and its alpha."""
    if grey:  # two samples of 16 bits lie in the file as four of 8 do
        at = len(PNG_MAGIC)
        header = data[at + 4 : at + 16] + bytes([8, 6]) + data[at + 18 : at + 21]
        check = struct.pack(">I", zlib.crc32(header))
        return opened(data[: at + 4] + header + check + data[at + 25 :], "PNG")
    low = opened(data, "PNG")
    low.tile = [tile._replace(args=tile.args.replace("16B", "16L")) for tile in low.tile]
    return low


def _not_hidden(values: np.ndarray, hidden: int | tuple[int, ...]) -> np.ndarray:
    """uint8 (h, w): 0 where a pixel has the one colour that a PNG calls transparent."""
    alpha = np.full(values.shape[:2], 255, np.uint8)
    alpha[(values == np.asarray(hidden, values.dtype)).all(axis=-1)] = 0
    return alpha
