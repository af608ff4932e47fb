"""Small clouds and networks with random weights, norms included, for the tests of point networks."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from headlight.models.points.point_transformer import PointTransformer


def cloud(count: int, seed: int = 0) -> np.ndarray:
    """float32 (count, 3): a floor and a wall."""
    points = np.random.default_rng(seed).random((count, 3)) * [3, 2, 2]
    points[::2, 2], points[1::2, 0] = 0, 0
    return points.astype(np.float32)


def randomised(net: nn.Module, seed: int = 0) -> nn.Module:
    """In eval mode, with norms that have seen something, so that leaving one out shows."""
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(module.bias, 0, 0.2, generator=generator)
    return net.eval().requires_grad_(False)


def small_net(in_channels: int = 6, classes: int = 4) -> PointTransformer:
    torch.manual_seed(0)
    net = PointTransformer(in_channels, classes, planes=(32, 24, 32, 72, 80), blocks=(2, 2, 3, 2, 2))
    return randomised(net)


def features(count: int, channels: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, channels, generator=torch.Generator().manual_seed(seed))
