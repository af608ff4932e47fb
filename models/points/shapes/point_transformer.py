"""The classifier of Zhao et al., Point Transformer (2021): the encoder of the segmentation network, a mean
over the coarsest points, and a small perceptron.

Names and order of modules are those of the widely used public implementation (Pointcept's Cls26, 38 and 50),
so that its checkpoints fit: 2,153,904 parameters with blocks (1, 2, 2, 2, 2), 3 inputs and 40 classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headlight.models.points.neighbours import Geometry
from headlight.models.points.point_transformer import SHARE, Block, Near, TransitionDown

PLANES = (32, 64, 128, 256, 512)
CLS38 = (1, 2, 2, 2, 2)
HEAD = (256, 128)
"""Widths of the perceptron."""


class ShapeTransformer(nn.Module):
    """features [n, in_channels] of several clouds and their geometry → logits [clouds, classes].

    blocks: modules of each encoder stage, its transition counted.
    """

    def __init__(
        self,
        in_channels: int = 3,
        classes: int = 40,
        planes: Sequence[int] = PLANES,
        blocks: Sequence[int] = CLS38,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if len(planes) != len(blocks) or any(width % SHARE for width in planes) or min(blocks) < 1:
            raise ValueError(f"planes {tuple(planes)} and blocks {tuple(blocks)} make no network")
        self.in_channels, self.classes = in_channels, classes
        self.planes, self.blocks = tuple(planes), tuple(blocks)
        channels = in_channels
        for number, (width, count) in enumerate(zip(planes, blocks, strict=True), 1):
            down = TransitionDown(channels, width, number == 1)
            self.add_module(f"enc{number}", nn.ModuleList([down, *(Block(width) for _ in range(count - 1))]))
            channels = width
        layers: list[nn.Module] = []
        for width in HEAD:
            layers += [
                nn.Linear(channels, width),
                nn.BatchNorm1d(width),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
            ]
            channels = width
        self.cls = nn.Sequential(*layers, nn.Linear(channels, classes))

    def forward(self, features: Tensor, geometry: Geometry) -> Tensor:
        x, finer = features, None
        for number, stage in enumerate(geometry.stages, 1):
            down, *blocks = self.get_submodule(f"enc{number}")
            x = down(x, stage, finer)
            if blocks:
                near = Near.of(stage)
                for block in blocks:
                    x = block(x, near)
            finer = stage
        return self.cls(means(x, geometry.stages[-1].counts))


def means(x: Tensor, counts: Sequence[int]) -> Tensor:
    """[n, C] of several clouds, one after the other → [clouds, C]."""
    return torch.stack([part.mean(0) for part in x.split(list(counts))])
