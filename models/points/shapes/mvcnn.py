"""A small multi-view network (MVCNN, Su et al. 2015): a residual network sees every view of a shape alone,
and the largest of each feature over the views says what the shape is.

Widths 32, 64, 128, 256, one block each (He et al. 2016, figure 5 left). 1,230,959 parameters with 15 classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PLANES = (32, 64, 128, 256)


@dataclass(frozen=True, eq=False)
class Viewed:
    """logits [B, classes]; winner int64 [B, C], the view that each feature's maximum comes from; features
    float [B, views, C] before the maximum; alone [B, views, classes], what each view by itself would say.
    """

    logits: Tensor
    winner: Tensor
    features: Tensor
    alone: Tensor


class Residual(nn.Module):
    """Two 3 × 3 convolutions around an identity, or around a 1 × 1 one where size or width change."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Identity()
        if stride > 1 or before != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class MultiView(nn.Module):
    """views [B, views, side, side] of one channel, 0 to 1 → logits [B, classes]."""

    def __init__(self, classes: int = 15, planes: Sequence[int] = PLANES, dropout: float = 0.5) -> None:
        super().__init__()
        self.classes, self.planes = classes, tuple(planes)
        first = planes[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, first, 7, 2, 3, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        self.stages = nn.Sequential(
            *(
                Residual(before, width, 1 if number == 0 else 2)
                for number, (before, width) in enumerate(zip((first, *planes), planes, strict=False))
            )
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(planes[-1], classes)

    def forward(self, views: Tensor) -> Tensor:
        return self.classifier(self.dropout(self.encoded(views).amax(1)))

    def encoded(self, views: Tensor) -> Tensor:
        """[B, views, C], each view's mean over its pixels."""
        batch, count, *side = views.shape
        x = self.stages(self.stem(views.reshape(batch * count, 1, *side)))
        return x.mean((2, 3)).view(batch, count, -1)

    @torch.no_grad()
    def looked(self, views: Tensor) -> Viewed:
        features = self.encoded(views)
        largest, winner = features.max(1)
        return Viewed(self.classifier(largest), winner, features, self.classifier(features))
