"""NFNet: a residual network without any norm (Brock et al. 2021, arXiv 2102.06171; F0 is its table 1).

What norms did is built in: convolutions whose weights are standardised and scaled (Brock et al. 2021b, arXiv
2101.08692), activations scaled to keep a variance of one, a block that divides its input by the deviation it
is expected to have (beta) and adds a fifth (alpha) of what it computed, times a gain that is learnt from zero
(SkipInit: De and Smith 2020, arXiv 2002.10444). Weights have the names that timm gives them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GELU = 1.7015043497085571
"""One over the deviation of GELU of a normal variable: after it the variance is one again."""
LEAST = 1e-4
"""Of a filter's variance times what it sums over, before its root is divided by."""
STEM = (16, 32, 64)
"""Channels of the stem's first three convolutions; its fourth has half of the first stage's."""
STRIDES = (1, 2, 2, 2)


@dataclass(frozen=True)
class NFNetConfig:
    """widths, depths: channels and blocks of each stage. group: channels of a group of the 3 × 3
    convolutions. alpha: the share of what a block computed that is added."""

    widths: tuple[int, ...] = (256, 512, 1536, 1536)
    depths: tuple[int, ...] = (1, 2, 6, 3)
    group: int = 128
    alpha: float = 0.2
    model_type: str = "nfnet"

    def check(self) -> None:
        """ValueError for what makes no NFNet."""
        if len(self.widths) != len(STRIDES) or len(self.depths) != len(STRIDES):
            raise ValueError(f"an NFNet has {len(STRIDES)} stages of widths and depths")
        if (
            not isinstance(self.group, int)
            or self.group < 1
            or any(w % (2 * self.group) for w in self.widths)
        ):
            raise ValueError(f"“widths” are {self.widths}, not multiples of twice the group of {self.group}")


class Standardised(nn.Conv2d):
    """A convolution whose every filter has the mean 0 and, over what it sums, the variance 1, times a gain.

    It pads as TensorFlow does: as many units as the stride divides the map into, rounded up, and of an odd
    padding more at the end.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.weight[0].numel()))
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        over = self.weight[0].numel()
        variance, mean = torch.var_mean(self.weight, (1, 2, 3), correction=0, keepdim=True)
        scale = (variance * over).clamp_min(LEAST).rsqrt() * self.gain
        weight = (self.weight - mean) * scale
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        missing = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:]]
        if any(missing):
            (top, left) = (n // 2 for n in missing)
            x = F.pad(x, (left, missing[1] - left, top, missing[0] - top))
        return F.conv2d(x, weight, self.bias, self.stride, 0, 1, self.groups)


class Active(nn.Module):
    """GELU that keeps the variance."""

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x) * GELU


class Gate(nn.Module):
    """Squeeze and excitation (Hu et al. 2017, arXiv 1709.01507): each channel times what the means of all
    say, from 0 to 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, channels // 2, 1), nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean((2, 3), keepdim=True)
        return x * self.fc2(F.relu(self.fc1(means))).sigmoid()


class Downsample(nn.Module):
    """The way past a block that changes the width or the stride."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        # The mean leaves out what lies beyond the map.
        pool = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
        self.pool = pool if stride > 1 else nn.Identity()
        self.conv = Standardised(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.pool(x))


class Block(nn.Module):
    """alpha · gain · 2 · gate(f(beta · act(x))) beside x, or what its way past makes of it."""

    def __init__(self, inputs: int, outputs: int, stride: int, beta: float, config: NFNetConfig) -> None:
        super().__init__()
        width = outputs // 2
        groups = width // config.group
        self.alpha, self.beta = config.alpha, beta
        changes = stride > 1 or inputs != outputs
        self.downsample = Downsample(inputs, outputs, stride) if changes else None
        self.act1, self.act2, self.act2b, self.act3 = (Active() for _ in range(4))
        self.conv1 = Standardised(inputs, width, 1)
        self.conv2 = Standardised(width, width, 3, stride, groups)
        self.conv2b = Standardised(width, width, 3, 1, groups)
        self.conv3 = Standardised(width, outputs, 1)
        self.attn_last = Gate(outputs)
        self.skipinit_gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out = self.act1(x) * self.beta
        past = x if self.downsample is None else self.downsample(out)
        out = self.conv2(self.act2(self.conv1(out)))
        out = self.conv3(self.act3(self.conv2b(self.act2b(out))))
        out = self.attn_last(out) * 2 * self.skipinit_gain
        return out * self.alpha + past


class NFNet(nn.Module):
    """A stem of four convolutions, four stages and a last convolution; behind it a head, where it has one."""

    head_names = ("head.",)

    def __init__(self, config: NFNetConfig, classes: int | None = None) -> None:
        super().__init__()
        self.config = config
        first, last = config.widths[0] // 2, config.widths[-1]
        self.stem = _stem(first)
        stages, before, deviation = [], first, 1.0
        for width, depth, stride in zip(config.widths, config.depths, STRIDES, strict=True):
            blocks = []
            for number in range(depth):
                blocks.append(Block(before, width, 1 if number else stride, 1 / deviation, config))
                # The way past the first block of a stage starts from a variance of one.
                deviation = math.sqrt((deviation**2 if number else 1.0) + config.alpha**2)
                before = width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.final_conv, self.final_act = Standardised(last, 2 * last, 1), Active()
        self.head = nn.ModuleDict({"fc": nn.Linear(2 * last, classes)}) if classes else None

    def forward(self, pixel_values: Tensor) -> Tensor:
        """[batch, 3, height, width] → the last feature map [batch, channels, rows, columns]."""
        return self.final_act(self.final_conv(self.stages(self.stem(pixel_values))))


def _stem(last: int) -> nn.Sequential:
    layers, before = OrderedDict[str, nn.Module](), 3
    for number, (channels, stride) in enumerate(zip((*STEM, last), (2, 1, 1, 2), strict=True), 1):
        layers[f"conv{number}"] = Standardised(before, channels, 3, stride)
        if number <= len(STEM):
            layers[f"act{number + 1}"] = Active()
        before = channels
    return nn.Sequential(layers)
