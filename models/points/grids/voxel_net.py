"""The 3D CNN that PointNet was compared with (Qi et al. 2017, figure 10): occupied cells in, a class a cell.

Five convolutions without strides, then layers that look at one cell each. Only occupied cells have an answer,
and they are few, so that the last convolution is made of their surroundings alone. Shapes: B grids of
Z × Y × X cells, as those of `occupancy`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNELS = (3, 5, 5, 5, 5)
"""The sizes that make the published receptive field of 19 cells."""
WIDTH, WIDE = 32, 128
TOGETHER = 1 << 13
"""Cells whose surroundings are gathered at once: 130 MB of them."""


class Chosen3d(nn.Conv3d):
    """A convolution with zeros around, of those cells alone that are asked for."""

    def __init__(self, channels: int, out: int, kernel: int) -> None:
        super().__init__(channels, out, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor, cells: Tensor) -> Tensor:
        """[B, C, Z, Y, X], numbers of cells int64 [m] in C order through all grids → [m, out]."""
        kernel = self.kernel_size[0]
        batch, z, y, column = torch.unravel_index(cells, (x.shape[0], *x.shape[2:]))
        rows = F.pad(x, (kernel // 2,) * 6).movedim(1, -1)
        _, tall, wide, deep, channels = rows.shape
        rows, step = rows.reshape(-1, channels), torch.arange(kernel, device=x.device)
        first = ((batch * tall + z) * wide + y) * deep + column
        around = ((step[:, None, None] * wide + step[:, None]) * deep + step).flatten()
        weight = self.weight.permute(2, 3, 4, 1, 0).flatten(0, 3)
        found = [
            rows[part[:, None] + around].flatten(1) @ weight
            for part in first.split(TOGETHER)  # [m, k³ · C] each
        ]
        return torch.cat(found)


class VoxelNet(nn.Module):
    """occupancy [B, Z, Y, X] → logits of those cells that are asked for."""

    def __init__(
        self, classes: int, kernels: Sequence[int] = KERNELS, width: int = WIDTH, wide: int = WIDE
    ) -> None:
        super().__init__()
        *early, last = kernels
        self.classes, self.kernels, self.width, self.wide = classes, tuple(kernels), width, wide
        layers: list[nn.Module] = []
        for number, kernel in enumerate(early):
            before = width if number else 1
            layers += [
                nn.Conv3d(before, width, kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm3d(width),
                nn.ReLU(inplace=True),
            ]
        self.early = nn.Sequential(*layers)
        self.chosen, self.norm = Chosen3d(width, width, last), nn.BatchNorm1d(width)
        self.single = nn.Sequential(
            nn.Linear(width, wide, bias=False), nn.BatchNorm1d(wide), nn.ReLU(inplace=True)
        )
        self.last = nn.Linear(wide, classes)

    @property
    def field(self) -> int:
        """Cells along an axis that an answer depends on."""
        return 1 + sum(kernel - 1 for kernel in self.kernels)

    def forward(self, occupancy: Tensor, cells: Tensor) -> Tensor:
        """[m, classes]. cells: int64 [m], numbers in C order through all B grids."""
        local = self.chosen(self.early(occupancy[:, None]), cells)
        return self.last(self.single(F.relu(self.norm(local))))
