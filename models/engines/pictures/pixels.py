"""From a picture's pixels to what a network takes: one resampling of a region, then its normalisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from transformers.image_utils import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from headlight.models.catalogue.folders import read_preprocessor
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hidden
from headlight.models.core.tokens import Box, PatchTokens


@dataclass(frozen=True, eq=False)
class Normalisation:
    """(value · factor − mean) / std. mean, std: float32 (3,), red first; (1,) of a model that sees grey."""

    mean: np.ndarray
    std: np.ndarray
    factor: float

    @classmethod
    def of(cls, folder: Path | None, channels: int = 3, config: Any = None) -> Normalisation:
        """As the model's preprocessor says, else its configuration, else ImageNet's and 1/255. channels: 3,
        or 1 of grey."""
        every = {} if folder is None else read_preprocessor(folder)
        said = {name: value for name, value in every.items() if value is not None}
        mean = said.get("image_mean", getattr(config, "image_mean", IMAGENET_DEFAULT_MEAN))
        std = said.get("image_std", getattr(config, "image_std", IMAGENET_DEFAULT_STD))
        if said.get("do_normalize") is False:
            mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        factor = 1.0 if said.get("do_rescale") is False else said.get("rescale_factor", 1 / 255)
        mean, std = (np.broadcast_to(np.asarray(one, np.float32), (3,)) for one in (mean, std))
        if channels == 1:  # three equal channels before have one mean
            mean, std = mean.mean(keepdims=True), std.mean(keepdims=True)
        return cls(mean, std, float(factor))

    @property
    def channels(self) -> int:
        """Numbers of a pixel: 3, or 1 of grey."""
        return len(self.mean)

    def values(self, pixels: np.ndarray, region: Box, height: int, width: int) -> np.ndarray:
        """float32 (channels, height, width) of the region of a picture uint8 (H, W, 3)."""
        picture = Image.fromarray(pixels).resize(
            (width, height), Image.Resampling.BICUBIC, box=region.corners
        )
        if self.channels == 1:
            picture = picture.convert("L")
        values = np.asarray(picture, np.float32).reshape(height, width, -1) * np.float32(self.factor)
        values = (values - self.mean) / self.std  # (height, width, channels)
        return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)


def covered(tokens: PatchTokens, which: np.ndarray, seen: Box, shape: tuple[int, int]) -> np.ndarray:
    """bool (v, H, W): the pixels in the cells of these tokens, bool (v, n).

    seen: the part of the picture that the H × W pixels are, which a network saw. HeadlightError for tokens
    without pixels.
    """
    if which[:, : tokens.prefix].any():
        raise HeadlightError(f"{tokens.labels[0]} covers no pixels.", "Hide patches.")
    rows, columns = _cells(tokens, seen, shape)
    cells = np.pad(which[:, tokens.prefix :].reshape(-1, *tokens.grid), ((0, 0), (1, 1), (1, 1)))
    return cells[:, rows + 1][:, :, columns + 1]


def summed(tokens: PatchTokens, values: np.ndarray, seen: Box) -> np.ndarray:
    """float32 (n,): the sum of values (C, H, W) in the cell of each token; 0 of tokens without pixels."""
    rows, columns = _cells(tokens, seen, values.shape[1:])
    found = np.zeros((tokens.grid[0] + 2, tokens.grid[1] + 2))
    np.add.at(found, (rows[:, None] + 1, columns[None] + 1), values.sum(0, dtype=np.float64))
    return np.concatenate([np.zeros(tokens.prefix), found[1:-1, 1:-1].ravel()]).astype(np.float32)


def _cells(tokens: PatchTokens, seen: Box, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(int (H,), int (W,)): the row and the column of the grid in which pixels lie, −1 and the number of
    these for pixels beyond it."""
    (y0, x0, y1, x1), box = (seen.y0, seen.x0, seen.y1, seen.x1), tokens.region
    y = y0 + (np.arange(shape[0]) + 0.5) * (y1 - y0) / shape[0]
    x = x0 + (np.arange(shape[1]) + 0.5) * (x1 - x0) / shape[1]
    rows = np.floor((y - box.y0) / (box.y1 - box.y0) * tokens.grid[0]).astype(int)
    columns = np.floor((x - box.x0) / (box.x1 - box.x0) * tokens.grid[1]).astype(int)
    return tuple(np.clip(n, -1, count) for n, count in zip((rows, columns), tokens.grid, strict=True))


SMALLEST, LARGEST = 224, 1022
"""Pixels of the short side that can be asked for."""
USUAL = 518
"""Pixels of the short side where nothing is asked for, of a model that has no size of its own."""
MAX_PATCHES = 5400
"""A little more than the 73 × 73 patches of 14 pixels in the largest square picture."""


def snap_size(size: int, patch: int, least: int = SMALLEST) -> int:
    """The multiple of `patch` nearest to `size`, within `least` to 1022. HeadlightError for sizes outside."""
    if not least <= size <= LARGEST:
        raise HeadlightError(
            f"A size of {size:,} pixels is outside {least:,} to {LARGEST:,}.",
            "Choose a size within that range.",
        )
    return min(max(round(size / patch), -(-least // patch)), LARGEST // patch) * patch


@dataclass(frozen=True)
class Fit:
    """How a picture meets the grid: (rows, columns) patches cover `region`, in the picture's pixels."""

    grid: tuple[int, int]
    region: Box
    notices: tuple[str, ...] = ()


def fit(
    height: int,
    width: int,
    size: int,
    patch: int,
    limit: int = MAX_PATCHES,
    name: str = "patches",
    least: int = SMALLEST,
) -> Fit:
    """The grid for a picture of height × width whose short side becomes `size` pixels.

    The short side is covered whole; of the long side the centred whole patches. Both axes have one scale.
    Where this would make more than `limit` of them the size is lowered, and a notice says so. Raises
    HeadlightError where even a single row of patches would be too long. name: what patches are called.
    least: pixels that the short side has at least.
    """
    short, long = min(height, width), max(height, width)
    wanted = snap_size(size, patch, least) // patch
    across = wanted  # patches on the short side
    while across and across * (long * across // short) > limit:
        across -= 1
    if not across:
        raise HeadlightError(
            f"The picture is {width:,} × {height:,} pixels: one row of {name} has "
            f"{long // short:,} of them, more than {limit:,}.",
            "Crop it to a less extreme shape.",
        )
    notices = ()
    if across < wanted:
        notices = (
            f"The picture is {width:,} × {height:,} pixels: its short side was lowered from "
            f"{wanted * patch:,} to {across * patch:,} pixels, to stay within {limit:,} {name}.",
        )
    along = long * across // short
    covered = along * short / across  # of the long side, in the picture's pixels
    margin = (long - covered) / 2
    if width >= height:
        return Fit((across, along), Box(margin, 0.0, margin + covered, float(height)), notices)
    return Fit((along, across), Box(0.0, margin, float(width), margin + covered), notices)


def in_squares(
    fit: Callable[..., Fit], height: int, width: int, size: int, patch: int, multiple: int, **more: int
) -> Fit:
    """As `fit`, the patches of each axis a multiple of a number: of those that are merged later."""
    if multiple == 1:
        return fit(height, width, size, patch, **more)
    unit = patch * multiple
    fitted = fit(height, width, size, unit, MAX_PATCHES // multiple**2, f"squares of {unit} pixels", **more)
    return replace(fitted, grid=(fitted.grid[0] * multiple, fitted.grid[1] * multiple))


def inner_square(height: int, width: int, fit: Callable[[int], Fit], title: str) -> Fit:
    """The middle of a picture, for a model that reads squares alone. fit: of a square, by its side."""
    side = min(height, width)
    fitted, box = fit(side), Box((width - side) / 2, (height - side) / 2, 0, 0)
    inner = fitted.region
    region = Box(inner.x0 + box.x0, inner.y0 + box.y0, inner.x1 + box.x0, inner.y1 + box.y0)
    said = f"{title} reads square pictures alone: of this one the middle is read."
    return Fit(fitted.grid, region, (*fitted.notices, said))


def exactly(height: int, width: int, made_for: tuple[int, int], grid: tuple[int, int], title: str) -> Fit:
    """The middle of a picture, for a model that reads pictures of one size, (height, width), and no other."""
    sides = f"{made_for[1]:,} × {made_for[0]:,} pixels"
    said = f"{title} reads {sides} and no other size"
    scale = min(height / made_for[0], width / made_for[1])
    across, down = made_for[1] * scale, made_for[0] * scale
    x0, y0 = (width - across) / 2, (height - down) / 2
    whole = max(x0, y0) < 0.5
    said += "." if whole else ": of this picture the middle is read."
    return Fit(grid, Box(x0, y0, x0 + across, y0 + down), (said,))


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network is given of a picture.

    values: float32 (3, H, W), normalised, of the region of `fitted`.
    """

    values: np.ndarray
    fitted: Fit

    def values_without(self, hidden: Hidden | None) -> np.ndarray:
        """float32 (v, 3, H, W): with the cells of hidden tokens in the mean colour."""
        if hidden is None:
            return self.values[None]
        cells = covered(hidden.tokens, hidden.which, self.fitted.region, self.values.shape[1:])
        return np.where(cells[:, None], np.float32(0), self.values)
