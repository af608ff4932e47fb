"""Convolutions over occupied voxels alone (Graham et al. 2018 for the submanifold ones; Yan et al. 2018,
SECOND, section 3.1), without a dense grid: which voxels meet under each place of the kernel is looked up
once, in sorted lists, and then every place is one product of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

CHUNK = 1 << 18
"""Numbers of one product: what is gathered for it stays in the processor's cache."""
Three = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Sites:
    """Occupied cells of several grids of `shape` (z, y, x). keys: int64 (n,), sorted, of which every axis has
    a cell more at both ends, so that a step beyond the grid meets nothing."""

    keys: np.ndarray
    shape: Three

    @classmethod
    def of(cls, cells: np.ndarray, shape: Three) -> tuple[Sites, np.ndarray]:
        """int (n, 4), cloud, z, y, x of n different cells → (sites, int (n,): which of the cells each is)."""
        keys = _keys(cells, shape)
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], shape), order

    @property
    def cells(self) -> np.ndarray:
        """int64 (n, 4): cloud, z, y, x."""
        z, y, x = (length + 2 for length in self.shape)
        rest, column = np.divmod(self.keys, x)
        rest, row = np.divmod(rest, y)
        cloud, layer = np.divmod(rest, z)
        return np.column_stack([cloud, layer - 1, row - 1, column - 1])


def _keys(cells: np.ndarray, shape: Three) -> np.ndarray:
    z, y, x = (length + 2 for length in shape)
    cloud, layer, row, column = np.asarray(cells, np.int64).T
    return ((cloud * z + layer + 1) * y + row + 1) * x + column + 1


@dataclass(frozen=True, eq=False)
class Book:
    """What meets under each place of a kernel. pairs: of the places in C order (of it, int64 [m]: outputs,
    int64 [m]: inputs). centre: the place under which every output meets the input of its own number, if any.
    count: outputs."""

    pairs: Sequence[tuple[int, Tensor, Tensor]]
    count: int
    centre: int | None = None


def submanifold(sites: Sites) -> Book:
    """Of a kernel of 3 × 3 × 3 whose outputs are where its inputs are.

    Three cells along x follow each other in the sorted list, as far as they are there: one search finds them.
    Of two opposite places one is the other with inputs and outputs changed.
    """
    keys, pairs, steps = sites.keys, [], (sites.shape[1] + 2) * (sites.shape[2] + 2)
    padded, here = np.append(keys, (-1, -1, -1)), np.arange(len(keys))
    for layer, row in ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1)):
        first = keys + (layer * steps + row * (sites.shape[2] + 2) - 1)
        at = np.searchsorted(keys, first)
        for column in (-1, 0, 1):
            hit = padded[at] == first + (column + 1)
            place = ((layer + 1) * 3 + row + 1) * 3 + column + 1
            if place > 13:  # behind the centre, to which all before it are opposite
                outputs, inputs = torch.from_numpy(here[hit]), torch.from_numpy(at[hit])
                pairs += [(place, outputs, inputs), (26 - place, inputs, outputs)]
            at = at + hit
    return Book([pair for pair in pairs if len(pair[1])], len(keys), centre=13)


def strided(sites: Sites, kernel: Three, stride: Three, padding: Three) -> tuple[Book, Sites]:
    """Of a kernel whose outputs are wherever it meets an input."""
    shape = tuple(
        (length + 2 * pad - size) // step + 1
        for length, size, step, pad in zip(sites.shape, kernel, stride, padding, strict=True)
    )
    *sizes, across = (length + 2 for length in shape)
    cloud, *axes = sites.cells.T
    # By axis and place of the kernel: which inputs it meets, and what that adds to the output's key.
    units = sizes[1] * across, across, 1
    met, added = [], []
    for cells, unit, length, size, step, pad in zip(axes, units, shape, kernel, stride, padding, strict=True):
        to = [(cells + (pad - at)) for at in range(size)]
        met.append([(one % step == 0) & (one >= 0) & (one // step < length) for one in to])
        added.append([(one // step + 1) * unit for one in to])
    base, each = cloud * (sizes[0] * units[0]), []
    for place, at in enumerate(product(*map(range, kernel))):
        z, y, x = (one[number] for one, number in zip(met, at, strict=True))
        inputs = np.flatnonzero(z & y & x)
        reached = base[inputs]
        for one, number in zip(added, at, strict=True):
            reached = reached + one[number][inputs]
        each.append((place, inputs, reached))
    keys = np.unique(np.concatenate([reached for *_, reached in each]))
    pairs = [
        (place, torch.from_numpy(np.searchsorted(keys, reached)), torch.from_numpy(inputs))
        for place, inputs, reached in each
        if len(inputs)
    ]
    return Book(pairs, len(keys)), Sites(keys, shape)


class SparseConvolution(nn.Module):
    """weight: [*kernel, channels, out]."""

    def __init__(self, channels: int, out: int, kernel: Three = (3, 3, 3), biased: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(*kernel, channels, out))
        nn.init.normal_(self.weight, std=(2 / (np.prod(kernel) * channels)) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(out)) if biased else None

    def forward(self, x: Tensor, book: Book) -> Tensor:
        """[inputs, channels] → [outputs, out]"""
        weights = self.weight.flatten(0, 2)
        out = x.new_zeros(book.count, weights.shape[2]) if book.centre is None else x @ weights[book.centre]
        rows = max(1, CHUNK // max(weights.shape[1:]))
        for place, outputs, inputs in book.pairs:
            outputs, inputs = outputs.to(x.device), inputs.to(x.device)
            for into, of in zip(outputs.split(rows), inputs.split(rows), strict=True):
                out = out.index_add_(0, into, x.index_select(0, of) @ weights[place])
        return out if self.bias is None else out + self.bias


def dense(x: Tensor, sites: Sites, clouds: int) -> Tensor:
    """[n, C] → [clouds, C, z, y, x], zero where nothing is."""
    z, y, x_ = sites.shape
    cloud, layer, row, column = torch.from_numpy(sites.cells).to(x.device).unbind(1)
    flat = x.new_zeros(clouds * z * y * x_, x.shape[1])
    flat = flat.index_copy(0, ((cloud * z + layer) * y + row) * x_ + column, x)
    return flat.view(clouds, z, y, x_, -1).permute(0, 4, 1, 2, 3)
