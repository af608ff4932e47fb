"""Where in a picture lies what a model is given of it: patches of one grid, or of several tiles.

Image processors resize, crop, squash, pad, cut into tiles and lay out in patches, each in its own way. So
they are not imitated but asked: a picture whose red grows from left to right and whose green from top to
bottom goes through the same processor, and the colours of what comes out say where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.tokens import Box, PatchTokens
from headlight.models.engines.paired.processors import Prepare

SMALLEST = 8
"""Pixels of a side of the smallest picture."""
GRAIN, GRAIN_PIXELS = 0.002, 0.3
"""How exactly an edge is known: a part of the picture's side, and pixels."""
MASK = "pixel_attention_mask"
"""What of a tile is picture, a number a pixel."""
OFF = 0.25
"""Of a patch: more than so far off its place in a grid, patches form none."""


@dataclass(frozen=True)
class Grid:
    """rows × columns patches in reading order, over `region` in pixels of the picture. name: its layers’."""

    rows: int
    columns: int
    region: Box
    name: str = "vision"

    @property
    def count(self) -> int:
        return self.rows * self.columns

    def merged(self, times: int) -> Grid:
        """With `times` × `times` patches in one."""
        return Grid(self.rows // times, self.columns // times, self.region, self.name)

    def boxes(self) -> np.ndarray:
        """float64 (rows · columns, 4)"""
        x = np.linspace(self.region.x0, self.region.x1, self.columns + 1)
        y = np.linspace(self.region.y0, self.region.y1, self.rows + 1)
        row, column = (one.ravel() for one in np.mgrid[: self.rows, : self.columns])
        return np.stack([x[column], y[row], x[column + 1], y[row + 1]], 1)

    def labels(self, before: str = "patch") -> list[str]:
        return [f"{before} ({row}, {column})" for row in range(self.rows) for column in range(self.columns)]

    def tokens(self, prefix: tuple[str, ...] = ()) -> PatchTokens:
        labels = (*prefix, *self.labels())
        special = np.arange(len(labels)) < len(prefix)
        return PatchTokens(labels, special, grid=(self.rows, self.columns), region=self.region)


@dataclass(frozen=True, eq=False)
class Fed:
    """inputs: what a model is given of a picture. grids: its tiles, in the order in which they are given.

    order: int (n,), where a tower goes through patches in another order than reading: the place of each.
    rows, columns: of tiles, where the processor says them. size: (height, width) of the picture.
    """

    inputs: Mapping[str, torch.Tensor]
    grids: tuple[Grid, ...]
    order: np.ndarray | None = None
    rows: int = 0
    columns: int = 0
    size: tuple[int, int] = (0, 0)

    @property
    def patches(self) -> int:
        return sum(grid.count for grid in self.grids)


class Feeder:
    """Prepares pictures for the model called `title`. patch: (height, width) of one in pixels; merge: patches
    along the side of a block in which they lie together, where they are given one by one; window: such blocks
    along the side of a window, where a tower goes through them window after window."""

    def __init__(
        self, prepare: Prepare, patch: tuple[int, int], merge: int, title: str, window: int = 0
    ) -> None:
        self._prepare, self._patch, self._merge, self._title = prepare, patch, merge, title
        self._window = window
        self._placed = lru_cache(16)(self._place)

    def small(self, pixels: np.ndarray) -> Fed:
        """As `fed`, of few patches: not cut into tiles where that can be left out."""
        return self.fed(pixels, small=True)

    def fed(self, pixels: np.ndarray, small: bool = False) -> Fed:
        """Of a picture, uint8 (H, W, 3). HeadlightError for one that it cannot prepare."""
        height, width = pixels.shape[:2]
        if min(height, width) < SMALLEST:
            raise HeadlightError(
                f"The picture is {width:,} × {height:,} pixels, and {self._title} needs at least "
                f"{SMALLEST} × {SMALLEST}.",
                "Choose a larger one.",
            )
        found = self._prepared(pixels, small)
        grids, order = self._placed(height, width, small)
        tensors = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
        if MASK in tensors:  # eight bytes a pixel, kept with each trace, say no more than one
            tensors[MASK] = tensors[MASK].bool()
        rows, columns = (_first(found.get(name)) for name in ("rows", "cols"))
        if rows and len(grids) == rows * columns + 1:
            grids = (*grids[:-1], replace(grids[-1], name="overview"))
        return Fed(tensors, grids, order, rows, columns, (height, width))

    def _prepared(self, pixels: np.ndarray, small: bool) -> Mapping[str, Any]:
        try:
            return self._prepare(pixels, small)
        except MODEL_ERRORS as error:
            height, width = pixels.shape[:2]
            raise HeadlightError(
                f"{self._title} cannot be given a picture of {width:,} × {height:,} pixels: "
                f"{first_sentence(error)}",
                "Choose another picture, such as a larger or less extreme one.",
            ) from error

    def _place(self, height: int, width: int, small: bool) -> tuple[tuple[Grid, ...], np.ndarray | None]:
        ramp = np.full((height, width, 3), 255, np.uint8)
        ramp[..., 0] = np.round(255 * (np.arange(width) + 0.5) / width)
        ramp[..., 1] = np.round(255 * (np.arange(height) + 0.5) / height)[:, None]
        black, white = (np.full_like(ramp, level) for level in (0, 255))
        found = [self._prepared(one, small) for one in (ramp, black, white)]
        values, low, high = (_tiles(one["pixel_values"]) for one in found)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = (values - low) / (high - low)  # (tiles, 3, h, w) or (patches, 3, pixels); NaN of padding
        shares[~(np.abs(high - low) > 1e-6)] = np.nan
        scaled = shares[:, :2] * np.array([width, height]).reshape(1, 2, *([1] * (shares.ndim - 2)))
        if scaled.ndim == 3:
            grids, order = self._of_patches(scaled, found[0]["image_grid_thw"][0].tolist())
        else:
            order = None
            grids = tuple(self._of_tile(tile, number, len(scaled)) for number, tile in enumerate(scaled))
        return _joined(grids, height, width), order

    def _of_tile(self, where: np.ndarray, number: int, count: int) -> Grid:
        """where: float (2, h, w), the x and y of each pixel."""
        _, h, w = where.shape
        rows, columns = h // self._patch[0], w // self._patch[1]
        if not rows or not columns:
            raise self._unplaced(f"a tile of {w} × {h} pixels holds no patch")
        x, y = _line(where[0], 0, columns * self._patch[1]), _line(where[1], 1, rows * self._patch[0])
        name = "vision" if count == 1 else f"tile {number + 1}"
        return Grid(rows, columns, Box(x[0], y[0], x[1], y[1]), name)

    def _of_patches(self, where: np.ndarray, grid: list[int]) -> tuple[tuple[Grid, ...], np.ndarray]:
        """where: float (n, 2, pixels), the x and y of pixels of each patch. grid: frames, rows, columns."""
        frames, rows, columns = (int(one) for one in grid)
        side = self._merge
        if frames != 1 or rows % side or columns % side or rows * columns != len(where):
            raise self._unplaced(f"{len(where):,} patches are no grid of {frames} × {rows} × {columns}")
        order = np.arange(rows * columns).reshape(rows // side, side, columns // side, side)
        order = order.transpose(0, 2, 1, 3).ravel()
        centres = np.nanmean(where, axis=2)
        edges = []
        for axis, number, count in ((0, order % columns, columns), (1, order // columns, rows)):
            slope, start = _fitted(number + 0.5, centres[:, axis])
            off = np.abs(start + slope * (number + 0.5) - centres[:, axis]).max()
            if off > OFF * abs(slope) + 1:
                raise self._unplaced("its patches come in an order that is not known")
            edges += [start, start + slope * count]
        if self._window:
            order = order.reshape(-1, side * side)[
                _windowed(rows // side, columns // side, self._window)
            ].ravel()
        return (Grid(rows, columns, Box(edges[0], edges[2], edges[1], edges[3])),), order

    def _unplaced(self, why: str) -> HeadlightError:
        return HeadlightError(
            f"Where in the picture the patches of {self._title} lie cannot be told: {why}.",
            "Choose another model.",
        )


def _windowed(rows: int, columns: int, side: int) -> np.ndarray:
    """int (rows · columns,): cells of a grid window after window of side × side, in reading order in each."""
    row, column = (one.ravel() for one in np.mgrid[:rows, :columns])
    return np.lexsort((column, row, column // side, row // side))


def _joined(grids: tuple[Grid, ...], height: int, width: int) -> tuple[Grid, ...]:
    """The same, edges that are one up to the grain of the colours being one: those of neighbouring tiles, and
    of the picture."""
    corners = np.array([grid.region.corners for grid in grids]).reshape(-1, 2, 2)  # tiles, ends, x and y
    for axis, extent in enumerate((width, height)):
        edges, near = corners[..., axis], GRAIN * extent + GRAIN_PIXELS
        known = [0.0, float(extent)]
        for value in np.sort(edges[~np.isnan(edges)]):
            if min(abs(value - one) for one in known) > near:
                known.append(float(value))
        for one in known:
            edges[np.abs(edges - one) <= near] = one
    boxes = (Box(*(float(v) for v in pair.ravel())) for pair in corners)
    return tuple(replace(grid, region=box) for grid, box in zip(grids, boxes, strict=True))


def _first(value: Any) -> int:
    """The number in nested lists."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return int(value) if isinstance(value, int | float | torch.Tensor) else 0


def _tiles(values: torch.Tensor) -> np.ndarray:
    """float64 (tiles, 3, h, w), or (patches, 3, pixels) of what comes patch by patch."""
    found = values.double().numpy()
    while found.ndim > 4:
        found = found.reshape(-1, *found.shape[2:])
    return found.reshape(len(found), 3, -1) if found.ndim == 2 else found


def _line(where: np.ndarray, axis: int, length: int) -> tuple[float, float]:
    """Where the first of `length` pixels of a tile begins and the last one ends, along x (0) or y (1)."""
    held = ~np.isnan(where)
    counts = held.sum(axis)
    means = np.where(held, where, 0).sum(axis) / np.maximum(counts, 1)
    there = np.flatnonzero(counts)
    if len(there) > 8:  # what is resampled at the border is drawn to the middle
        there = there[2:-2]
    if len(there) < 2:
        return float("nan"), float("nan")
    slope, start = _fitted(there + 0.5, means[there])
    return start, start + slope * length


def _fitted(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(slope, value at 0) of the line of least squares."""
    slope, start = np.polyfit(x, y, 1)
    return float(slope), float(start)
