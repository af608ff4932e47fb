"""The sparse encoder of voxels: SECOND's middle layers with residual blocks, as CenterPoint has them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headlight.models.points.detection.config import DetectionConfig, Voxels
from headlight.models.points.detection.pillars import EPS, MOMENTUM, Batch, means
from headlight.models.points.detection.sparse import (
    Book,
    Sites,
    SparseConvolution,
    Three,
    dense,
    strided,
    submanifold,
)

LAST: Three = (3, 1, 1)
"""Kernel of the last convolution, which has a stride of 2 upwards alone."""


class Normed(nn.Module):
    """A convolution and its norm, and a ReLU."""

    def __init__(self, channels: int, out: int, kernel: Three = (3, 3, 3)) -> None:
        super().__init__()
        self.conv = SparseConvolution(channels, out, kernel)
        self.norm = nn.BatchNorm1d(out, eps=EPS, momentum=MOMENTUM)

    def forward(self, x: Tensor, book: Book) -> Tensor:
        return F.relu(self.norm(self.conv(x, book)))


class Residual(nn.Module):
    """Two submanifold convolutions with a way around them (He et al. 2016)."""

    def __init__(self, width: int, biased: bool) -> None:
        super().__init__()
        self.conv1 = SparseConvolution(width, width, biased=biased)
        self.bn1 = nn.BatchNorm1d(width, eps=EPS, momentum=MOMENTUM)
        self.conv2 = SparseConvolution(width, width, biased=biased)
        self.bn2 = nn.BatchNorm1d(width, eps=EPS, momentum=MOMENTUM)

    def forward(self, x: Tensor, book: Book) -> Tensor:
        inner = F.relu(self.bn1(self.conv1(x, book)))
        return F.relu(x + self.bn2(self.conv2(inner, book)))


class VoxelEncoder(nn.Module):
    """[clouds, out · z, y, x] of a batch: what is left of the height stands among the channels."""

    def __init__(self, config: DetectionConfig, encoder: Voxels) -> None:
        super().__init__()
        x, y, z = config.grid.shape
        self.shape = (z + 1, y, x)  # published encoders have one layer more
        widths = encoder.widths
        self.conv_input = Normed(config.inputs, widths[0])
        self.downs = nn.ModuleList(Normed(*pair) for pair in pairwise(widths))
        self.stages = nn.ModuleList(
            nn.ModuleList(Residual(width, encoder.biased) for _ in range(2)) for width in widths
        )
        self.conv_out = Normed(widths[-1], encoder.out, LAST)
        self.out = encoder.out

    @property
    def channels(self) -> int:
        height = self.shape[0]
        for number in range(len(self.downs)):
            height = (height + 2 * self._padding(number)[0] - 3) // 2 + 1
        return self.out * ((height - 3) // 2 + 1)

    def _padding(self, number: int) -> Three:
        """Of the step behind stage `number`: the last one has none upwards."""
        return (0, 1, 1) if number == len(self.downs) - 1 else (1, 1, 1)

    def forward(self, batch: Batch) -> Tensor:
        sites, order = Sites.of(batch.cells.cpu().numpy(), self.shape)
        x = means(batch)[torch.from_numpy(order).to(batch.points.device)]
        book = submanifold(sites)
        x = self.conv_input(x, book)
        for number, stage in enumerate(self.stages):
            if number:
                step, sites = strided(sites, (3, 3, 3), (2, 2, 2), self._padding(number - 1))
                x = self.downs[number - 1](x, step)
                book = submanifold(sites)
            for block in stage:
                x = block(x, book)
        step, sites = strided(sites, LAST, (2, 1, 1), (0, 0, 0))
        x = self.conv_out(x, step)
        return dense(x, sites, batch.clouds).flatten(1, 2)
