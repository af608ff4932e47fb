"""A network on a range image, as LaserNet is built (Meyer et al. 2019, section 3.2): residual units at three
widths of the image, joined by deep layer aggregation (Yu et al. 2018).

Only columns are halved, a sensor having few rows, and they go round: what is beyond the last column is the
first. Shapes: B images of H rows and W columns; W is a multiple of SHRINK.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headlight.models.points.representations.range_image import CHANNELS

STREET_CLASSES = ("background", "car", "truck", "pedestrian", "cycle")
"""What the network that Headlight trains tells apart."""
WIDTHS = (32, 48, 64)
SHRINK = 4
"""By how much the columns of the coarsest stage are fewer."""
SCALE = {"range": 20.0, "height": 2.0, "azimuth": np.pi, "intensity": 0.5, "occupied": 1.0}
"""What each channel is divided by, so that all are of one order: metres, radians, a share, a flag."""


def seen(image: np.ndarray) -> np.ndarray:
    """float32 (5, H, W): the `image` of `range_image` as the network is fed it, 0 where nothing was hit.

    Intensities go from 0 to 1. A cloud that is turned by whole columns is the same image rolled, but for the
    azimuth, which belongs to the columns.
    """
    scale = np.array([SCALE[name] for name in CHANNELS], np.float32)[:, None, None]
    return np.where(image[-1] > 0, image / scale, 0).astype(np.float32)


class Round(nn.Conv2d):
    """3 × 3, zeros above and below, left and right going round."""

    def __init__(self, channels: int, out: int, halved: bool = False) -> None:
        super().__init__(channels, out, 3, (1, 2 if halved else 1), (1, 0), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (1, 1, 0, 0), mode="circular"))


class Twice(nn.ConvTranspose2d):
    """[B, C, H, W] → [B, out, H, 2 W]: a transposed convolution of four columns that go round."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, (1, 4), (1, 2), (0, 3))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (1, 1, 0, 0), mode="circular"))


class Unit(nn.Module):
    """Two convolutions with a way around them, which is projected where widths or columns change."""

    def __init__(self, channels: int, out: int, halved: bool = False) -> None:
        super().__init__()
        self.conv1, self.norm1 = Round(channels, out, halved), nn.BatchNorm2d(out)
        self.conv2, self.norm2 = Round(out, out), nn.BatchNorm2d(out)
        self.around = nn.Identity()
        if halved or channels != out:
            step = (1, 2 if halved else 1)
            self.around = nn.Sequential(nn.Conv2d(channels, out, 1, step, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(inner + self.around(x))


class Joined(nn.Module):
    """A fine stage and a coarse one, half as wide, made into one that is as wide as the fine one."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.twice, self.unit = Twice(coarse, fine), Unit(2 * fine, fine)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        return self.unit(torch.cat([fine, self.twice(coarse)], 1))


class RangeNet(nn.Module):
    """[B, 5, H, W] as of `seen` → logits [B, classes, H, W]."""

    def __init__(
        self,
        channels: int = len(CHANNELS),
        classes: int = len(STREET_CLASSES),
        widths: Sequence[int] = WIDTHS,
    ) -> None:
        super().__init__()
        one, two, three = widths
        self.channels, self.classes, self.widths = channels, classes, (one, two, three)
        self.stage1 = nn.Sequential(Unit(channels, one), Unit(one, one))
        self.stage2 = nn.Sequential(Unit(one, two, halved=True), Unit(two, two))
        self.stage3 = nn.Sequential(Unit(two, three, halved=True), Unit(three, three))
        self.join12, self.join23, self.join = Joined(one, two), Joined(two, three), Joined(one, two)
        self.last = nn.Conv2d(one, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.stage1(x)
        two = self.stage2(one)
        fine, coarse = self.join12(one, two), self.join23(two, self.stage3(two))
        return self.last(self.join(fine, coarse))
