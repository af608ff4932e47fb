"""Clouds as an encoder is fed them, and the pillar feature net (Lang et al. 2019, PointPillars, section
2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headlight.models.points.detection.config import DetectionConfig, Pillars
from headlight.models.points.representations.cells import Grid, listed

EPS, MOMENTUM = 1e-3, 0.01
"""Of the norms of published encoders and backbones."""


@dataclass(frozen=True, eq=False)
class Batch:
    """One cloud or several, and the occupied cells of each.

    points: float32 [N, F], those that cells keep. row: int64 [N], the cell of each. cells: int64 [P, 4], the
    cloud and the place along z, y, x of every occupied cell. full: bool [P], the cell has as many points as
    it may. clouds: their number. placed: int64 [all points], the cell of each, or OUTSIDE or DROPPED.
    """

    points: Tensor
    row: Tensor
    cells: Tensor
    full: Tensor
    clouds: int
    placed: Tensor

    @property
    def kept(self) -> Tensor:
        """int64 [N]: which of all points these are."""
        return torch.nonzero(self.placed >= 0).flatten()

    def to(self, device: str) -> Batch:
        return replace(
            self, **{name: getattr(self, name).to(device) for name in ("points", "row", "cells", "full")}
        )


def batch_of(clouds: Sequence[np.ndarray], config: DetectionConfig) -> Batch:
    """float (n, F) each, x y z first, in metres."""
    points, rows, cells, full, placed, before = [], [], [], [], [], 0
    hard = config.hard
    for number, cloud in enumerate(clouds):
        found = listed(
            config.grid.numbers(cloud[:, :3]), *((hard.most_points, hard.most_cells) if hard else ())
        )
        kept = found.row >= 0
        points.append(np.asarray(cloud[kept, : config.inputs], np.float32))
        rows.append(found.row[kept] + before)
        places = config.grid.unravelled(found.numbers)
        cells.append(np.column_stack([np.full(len(places), number), places]))
        full.append(found.counts == (hard.most_points if hard else -1))
        placed.append(np.where(kept, found.row + before, found.row))
        before += len(places)
    arrays = (torch.from_numpy(np.concatenate(each)) for each in (points, rows, cells, full, placed))
    *rest, where = arrays
    return Batch(*rest, len(clouds), where)


def means(batch: Batch) -> Tensor:
    """[P, F]: of the points of each cell, what a sparse encoder is fed."""
    return _mean(batch.points, batch.row, len(batch.cells))


def decorated(batch: Batch, grid: Grid, centre: str) -> Tensor:
    """[N, F + 5 or 6]: features, offsets from the mean of the cell's points and from its middle."""
    where = batch.points[:, :3]
    mean = _mean(where, batch.row, len(batch.cells))
    # Not every device has numbers of 64 bits, which cells far from zero take.
    low, edge = (torch.tensor(side, dtype=torch.float64) for side in (grid.low, grid.edge))
    middle = (low + (batch.cells[:, [3, 2, 1]].cpu() + 0.5) * edge).to(where)
    count = len(centre)
    offsets = where - mean[batch.row], where[:, :count] - middle[batch.row][:, :count]
    return torch.cat([batch.points, *offsets], dim=1)


def _mean(values: Tensor, row: Tensor, count: int) -> Tensor:
    sums = values.new_zeros(count, values.shape[1]).index_add_(0, row, values)
    return sums / torch.bincount(row, minlength=count).clamp(min=1)[:, None]


class PillarLayer(nn.Module):
    """Linear, norm, ReLU and the maximum over each pillar. All but the last have half the width, and every
    point goes on with the maximum of its pillar beside what is its own."""

    def __init__(self, channels: int, out: int, last: bool) -> None:
        super().__init__()
        self.last = last
        width = out if last else out // 2
        self.linear = nn.Linear(channels, width, bias=False)
        self.norm = nn.BatchNorm1d(width, eps=EPS, momentum=MOMENTUM)

    def forward(self, x: Tensor, row: Tensor, count: int) -> Tensor:
        """[N, channels] → [P, out] of the last, else [N, out]."""
        x = F.relu(self.norm(self.linear(x)))
        # What a ReLU gives is never below zero, from which the maximum starts.
        most = x.new_zeros(count, x.shape[1])
        most = most.scatter_reduce(0, row[:, None].expand_as(x), x, "amax")
        return most if self.last else torch.cat([x, most[row]], dim=1)


class PillarEncoder(nn.Module):
    """[clouds, widths[-1], ny, nx] of a batch: the bird's-eye view, zero where nothing is."""

    def __init__(self, config: DetectionConfig, encoder: Pillars) -> None:
        super().__init__()
        self.grid, self.cells, self.encoder = config.grid, config.cells, encoder
        widths = (config.inputs + 3 + len(encoder.centre), *encoder.widths)
        pairs = pairwise(widths)
        last = len(encoder.widths) - 1
        self.pfn_layers = nn.ModuleList(
            PillarLayer(channels, out, number == last) for number, (channels, out) in enumerate(pairs)
        )

    @property
    def channels(self) -> int:
        return self.encoder.widths[-1]

    def forward(self, batch: Batch) -> Tensor:
        x, row, count = decorated(batch, self.grid, self.encoder.centre), batch.row, len(batch.cells)
        if self.encoder.padded:
            # Published readers set what pads a pillar to zero before the first layer, and never after it.
            empty = torch.nonzero(~batch.full).flatten()
            x, row = torch.cat([x, x.new_zeros(len(empty), x.shape[1])]), torch.cat([row, empty])
        for layer in self.pfn_layers:
            x = layer(x, row, count)
        rows, columns = self.cells
        number, _, y, which = batch.cells.unbind(1)
        canvas = x.new_zeros(batch.clouds * rows * columns, x.shape[1])
        canvas = canvas.index_copy(0, (number * rows + y) * columns + which, x)
        return canvas.view(batch.clouds, rows, columns, -1).permute(0, 3, 1, 2).contiguous()
