"""PointNet (Qi et al. 2017), segmentation: the baseline that point networks are compared with.

Every point goes alone through shared layers; the maximum over all points is the one thing they share.
Shapes: B clouds of n points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

_AT_ONCE = 2**15
"""Points whose features are computed at once: 128 MB of them."""


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


@dataclass(frozen=True, eq=False)
class Transforms:
    """What a cloud as a whole does to its points: turn [B, 3, 3] of positions, features [B, 64, 64]."""

    turn: Tensor
    features: Tensor

    def penalty(self) -> Tensor:
        """How far the feature transforms are from orthogonal: mean of ‖I − A·Aᵀ‖² (equation 2)."""
        matrix = self.features.float()
        square = matrix @ matrix.transpose(1, 2)
        one = torch.eye(square.shape[1], device=square.device, dtype=square.dtype)
        return (one - square).square().sum((1, 2)).mean()


class PointNet(nn.Module):
    """features [B, n, in_channels] and positions [B, n, 3] → logits [B, n, classes].

    The paper's widths are point (64, 64), feature (64, 128, 1024), transform (64, 128, 1024, 512, 256) and
    head (512, 256, 128): 3.5 million parameters; these defaults have half as many. The input transform turns
    the positions, which stand before the features in the network's input; the feature transform turns what
    `point` gives.
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
        self._last: Transforms | None = None
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
        local, deep, transforms = self.encoded(features, positions)
        self._last = transforms if self.training else None
        return self.classified(local, deep.amax(1))

    def regulariser(self) -> Tensor:
        """Penalty of the last pass in training; 0.001 of it belongs to the loss. It can be asked for once."""
        if self._last is None:
            raise ValueError("the penalty is that of a pass in training")
        transforms, self._last = self._last, None
        return transforms.penalty()

    def encoded(
        self, features: Tensor, positions: Tensor, transforms: Transforms | None = None
    ) -> tuple[Tensor, Tensor, Transforms]:
        """(turned point features [B, n, 64], features before the maximum [B, n, 1024], the transforms).

        `transforms` of another cloud take the place of this one's own.
        """
        batch, n, _ = positions.shape
        turn = self.turn(torch.cat([positions, features], 2)) if transforms is None else transforms.turn
        x = torch.cat([positions @ turn.to(positions.dtype), features], 2)
        x = self.point(x.view(batch * n, -1)).view(batch, n, -1)
        matrix = self.turn_features(x) if transforms is None else transforms.features
        x = torch.bmm(x, matrix.to(x.dtype))
        deep = self.feature(x.view(batch * n, -1)).view(batch, n, -1)
        return x, deep, Transforms(turn, matrix)

    def classified(self, local: Tensor, whole: Tensor) -> Tensor:
        """Turned features [B, n, 64] and global features [B, 1024] → logits [B, n, classes]."""
        batch, n, _ = local.shape
        x = torch.cat([local, whole[:, None].expand(-1, n, -1)], 2)
        return self.head(x.view(batch * n, -1)).view(batch, n, -1)

    @torch.no_grad()
    def answered(self, features: Tensor, positions: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(logits [B, n, classes], the critical points of each cloud, int64, sorted).

        Critical are the points that the maximum takes its features from (section 5.3). The others do not
        change the global feature, as long as the cloud's transforms stay.
        """
        local, deep, _ = self.encoded(features, positions)
        whole, places = deep.max(1)
        return self.classified(local, whole), [cloud.unique() for cloud in places]

    @torch.no_grad()
    def upper_bound(
        self, features: Tensor, positions: Tensor, other_features: Tensor, others: Tensor
    ) -> Tensor:
        """bool [m]: which of other points ([m, in_channels], [m, 3]) the cloud could have besides its own.

        They change no global feature, since none of theirs is above it. The cloud's transforms stay.
        """
        _, deep, transforms = self.encoded(features[None], positions[None])
        whole = deep[0].amax(0)
        # The same point may come out a rounding error higher in other company.
        limit = whole + 1e-5 * (1 + whole.abs())
        inside = [
            (self.encoded(part[None], place[None], transforms)[1][0] <= limit).all(1)
            for part, place in zip(other_features.split(_AT_ONCE), others.split(_AT_ONCE), strict=True)
        ]
        return torch.cat(inside)
