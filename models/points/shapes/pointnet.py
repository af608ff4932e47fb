"""PointNet (Qi et al. 2017), classification: what its global feature says of the whole cloud.

3,471,473 parameters with 3 inputs and 40 classes; the parts are those of the segmentation network. Shapes: B
clouds of n points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from headlight.models.points.pointnet import Transform, Transforms, shared

POINT, FEATURE, TRANSFORM, HEAD = 64, (64, 128, 1024), (64, 128, 1024, 512, 256), (512, 256)


@dataclass(frozen=True, eq=False)
class Looked:
    """logits [B, classes]; critical int64 [B, 1024], the point that each feature's maximum comes from;
    largest float [B, 1024], those maxima.
    """

    logits: Tensor
    critical: Tensor
    largest: Tensor


class ShapePointNet(nn.Module):
    """points [B, n, in_channels] (x, y, z first) → logits [B, classes].

    The input transform turns the positions, the feature transform what the first layer gives.
    """

    def __init__(
        self,
        in_channels: int = 3,
        classes: int = 40,
        feature: Sequence[int] = FEATURE,
        transform: Sequence[int] = TRANSFORM,
        head: Sequence[int] = HEAD,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        self.in_channels, self.classes = in_channels, classes
        self.widths = {"feature": tuple(feature), "transform": tuple(transform), "head": tuple(head)}
        self._last: Transforms | None = None
        first, *middle, last = feature
        self.turn = Transform(in_channels, 3, transform)
        self.point = shared(in_channels, first)
        self.turn_features = Transform(first, first, transform)
        self.feature = nn.Sequential(
            *shared(first, *middle), nn.Linear(middle[-1], last), nn.BatchNorm1d(last)
        )  # no ReLU before the maximum
        deep, wide = head
        self.head = nn.Sequential(
            *shared(last, deep),
            nn.Linear(deep, wide),
            nn.Dropout(dropout),
            nn.BatchNorm1d(wide),
            nn.ReLU(inplace=True),
            nn.Linear(wide, classes),
        )

    def forward(self, points: Tensor) -> Tensor:
        deep, transforms = self.encoded(points)
        self._last = transforms if self.training else None
        return self.head(deep.amax(1))

    def regulariser(self) -> Tensor:
        """Penalty of the last pass in training; 0.001 of it belongs to the loss. It can be asked for once."""
        if self._last is None:
            raise ValueError("the penalty is that of a pass in training")
        transforms, self._last = self._last, None
        return transforms.penalty()

    def encoded(self, points: Tensor, transforms: Transforms | None = None) -> tuple[Tensor, Transforms]:
        """(features before the maximum [B, n, 1024], the transforms). `transforms` of another cloud take the
        place of this one's own.
        """
        batch, n, _ = points.shape
        turn = self.turn(points) if transforms is None else transforms.turn
        x = torch.cat([points[..., :3] @ turn.to(points.dtype), points[..., 3:]], 2)
        x = self.point(x.view(batch * n, -1)).view(batch, n, -1)
        matrix = self.turn_features(x) if transforms is None else transforms.features
        x = torch.bmm(x, matrix.to(x.dtype))
        return self.feature(x.view(batch * n, -1)).view(batch, n, -1), Transforms(turn, matrix)

    @torch.no_grad()
    def looked(self, points: Tensor) -> Looked:
        """The answer and the critical points (section 5.3)."""
        deep, _ = self.encoded(points)
        largest, critical = deep.max(1)
        return Looked(self.head(largest), critical, largest)
