"""PointNet (Qi et al. 2017), segmentation: the baseline that point networks are compared with.

Every point goes alone through shared layers; the maximum over all points is the one thing they share.
Shapes: B clouds of n points.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def shared(*widths: int) -> nn.Sequential:
    """Linear → norm → ReLU for each step from width to width, over rows [points, width]."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class Transform(nn.Module):
    """A square matrix for each cloud, foretold from all its points; begins as the identity (T-Net)."""

    def __init__(self, channels: int, size: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.size = size
        *local, deep, wide = widths
        self.local = shared(channels, *local)
        self.whole = shared(local[-1], deep, wide)
        self.last = nn.Linear(wide, size * size)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, channels] → [B, size, size]."""
        batch, n, _ = x.shape
        x = self.local(x.reshape(batch * n, -1)).view(batch, n, -1).amax(1)
        matrix = self.last(self.whole(x)).view(batch, self.size, self.size)
        return matrix + torch.eye(self.size, device=x.device, dtype=matrix.dtype)


class PointNet(nn.Module):
    """features [B, n, in_channels] and positions [B, n, 3] → logits [B, n, classes].

    The paper's widths are point (64, 64), feature (64, 128, 1024), transforms (64, 128, 1024, 512, 256) and
    head (512, 256, 128). The input transform turns the positions, which stand before the features in the
    network's input; the feature transform turns the last width of `point`.
    """

    def __init__(
        self,
        in_channels: int = 5,
        classes: int = 13,
        point: Sequence[int] = (64, 64),
        feature: Sequence[int] = (64, 128, 1024),
        transform: Sequence[int] = (64, 128, 512, 256, 128),
        head: Sequence[int] = (384, 192, 128),
    ) -> None:
        super().__init__()
        self.in_channels, self.classes = in_channels, classes
        self.widths = {
            "point": tuple(point),
            "feature": tuple(feature),
            "transform": tuple(transform),
            "head": tuple(head),
        }
        self.turn = Transform(3 + in_channels, 3, transform)
        self.point = shared(3 + in_channels, *point)
        self.turn_features = Transform(point[-1], point[-1], transform)
        self.feature = shared(point[-1], *feature)
        self.head = nn.Sequential(
            *shared(point[-1] + feature[-1], *head),
            nn.Dropout(0.3),
            nn.Linear(head[-1], classes),
        )

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        local, deep = self.features(features, positions)[:2]
        return self.classified(local, deep.amax(1))

    def features(self, features: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(turned features [B, n, 64], features before the maximum [B, n, 1024], matrix [B, 64, 64])."""
        batch, n, _ = positions.shape
        x = torch.cat([positions, features], 2)
        turned = positions @ self.turn(x).to(positions.dtype)
        x = torch.cat([turned, features], 2).view(batch * n, -1)
        x = self.point(x).view(batch, n, -1)
        matrix = self.turn_features(x)
        x = torch.bmm(x, matrix.to(x.dtype))
        deep = self.feature(x.view(batch * n, -1)).view(batch, n, -1)
        return x, deep, matrix

    def classified(self, local: Tensor, whole: Tensor) -> Tensor:
        """Turned features [B, n, 64] and global features [B, 1024] → logits [B, n, classes]."""
        batch, n, _ = local.shape
        x = torch.cat([local, whole[:, None].expand(-1, n, -1)], 2)
        return self.head(x.view(batch * n, -1)).view(batch, n, -1)
