"""The network over the bird's-eye view: SECOND's blocks, and their maps joined at one size (Yan et al. 2018;
Lang et al. 2019, section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from headlight.models.points.detection.config import Backbone
from headlight.models.points.detection.pillars import EPS, MOMENTUM


def norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=EPS, momentum=MOMENTUM)


class BirdsEye(nn.Module):
    """[B, channels, ny, nx] → [B, sum of up_widths, ny / stride, nx / stride]."""

    def __init__(self, channels: int, config: Backbone) -> None:
        super().__init__()
        into = (channels, *config.widths[:-1])
        each = zip(into, config.widths, config.strides, config.layers, strict=True)
        self.blocks = nn.ModuleList(_block(*one) for one in each)
        ups = zip(config.widths, config.up_widths, config.ups, strict=True)
        self.deblocks = nn.ModuleList(_up(*one) for one in ups)
        self.channels = sum(config.up_widths)

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for block, up in zip(self.blocks, self.deblocks, strict=True):
            x = block(x)
            found.append(up(x))
        return torch.cat(found, dim=1)


def _block(channels: int, out: int, stride: int, layers: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for number in range(layers + 1):
        first = number == 0
        convolution = nn.Conv2d(
            channels if first else out, out, 3, stride if first else 1, padding=1, bias=False
        )
        parts += [convolution, norm(out), nn.ReLU(inplace=True)]
    return nn.Sequential(*parts)


def _up(channels: int, out: int, up: float) -> nn.Sequential:
    if up < 1:
        step = round(1 / up)
        moved: nn.Module = nn.Conv2d(channels, out, step, step, bias=False)
    else:
        moved = nn.ConvTranspose2d(channels, out, int(up), int(up), bias=False)
    return nn.Sequential(moved, norm(out), nn.ReLU(inplace=True))
