"""A stack of convolutions as a person builds it: kernel, stride, padding and dilation a layer. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ConvLayer:
    """One layer, the same on all axes. kind: a convolution, or a pooling over the same window."""

    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    kind: Literal["convolution", "max pooling", "average pooling"] = "convolution"


@dataclass(frozen=True)
class ConvStack:
    """Layers in order over an input of `side` units per axis. axes: 2 for pictures, 3 for voxels."""

    layers: tuple[ConvLayer, ...] = (ConvLayer(), ConvLayer(), ConvLayer())
    side: int = 15
    axes: Literal[2, 3] = 2
