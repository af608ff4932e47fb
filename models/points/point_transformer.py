"""The segmentation network of Zhao et al., Point Transformer (2021), in plain torch.

Names and order of modules are those of the widely used public implementation, so that its checkpoints fit:
7,767,729 parameters with 6 input channels and 13 classes. Shapes: n points of a stage, k neighbours each,
C planes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from headlight.models.points.neighbours import Geometry, Stage

SHARE = 8
"""So many channels have one weight in common: channel c of C uses map c mod C/8."""


@dataclass(frozen=True, eq=False)
class Near:
    """A stage's neighbours as the layers take them: all first neighbours, then all second ones, ...

    So what belongs to the points themselves adds to k long stretches, and norms run over rows of a matrix.
    """

    k: int
    index: Tensor
    """int64 [k·n]."""
    offsets: Tensor
    """float32 [k·n, 3]: pⱼ − pᵢ."""
    absent: Tensor | None
    """bool [k, n], or None."""

    @classmethod
    def of(cls, stage: Stage) -> Near:
        index = stage.neighbours.T.reshape(-1)
        absent = None if stage.absent is None else stage.absent.T
        return cls(stage.neighbours.shape[1], index, offsets(stage.points, index, stage.points), absent)


def offsets(finer: Tensor, index: Tensor, points: Tensor) -> Tensor:
    """[k·n, 3]: from each of n points to its k neighbours among the finer ones."""
    return (finer.index_select(0, index).view(-1, *points.shape) - points).view(-1, 3)


class PointAttention(nn.Module):
    """Vector attention over neighbours (equation 3).

    out = Σₖ (vⱼ + δ) · softmaxₖ(γ(kⱼ − qᵢ + δ)), δ = θ(pⱼ − pᵢ), γ = `linear_w`, θ = `linear_p`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        maps = channels // SHARE
        self.linear_q = nn.Linear(channels, channels)
        self.linear_k = nn.Linear(channels, channels)
        self.linear_v = nn.Linear(channels, channels)
        self.linear_p = nn.Sequential(
            nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU(inplace=True), nn.Linear(3, channels)
        )
        self.linear_w = nn.Sequential(
            nn.BatchNorm1d(channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, maps),
            nn.BatchNorm1d(maps),
            nn.ReLU(inplace=True),
            nn.Linear(maps, maps),
        )

    def forward(self, features: Tensor, near: Near) -> Tensor:
        """features [n, C] → [n, C]."""
        n, k = len(features), near.k
        q, key, v = self.linear_q(features), self.linear_k(features), self.linear_v(features)
        delta = self.linear_p(near.offsets)  # [k·n, C]
        score = key.index_select(0, near.index).add_(delta).view(k, n, -1).sub_(q)
        score = self.linear_w(score.view(k * n, -1)).view(k, n, -1)  # [k, n, C/8]
        if near.absent is not None:
            score = score.masked_fill(near.absent[..., None], -torch.inf)
        weight = torch.softmax(score, 0)
        value = v.index_select(0, near.index).add_(delta).view(k, n, SHARE, -1)
        return (value * weight[:, :, None]).sum(0).view(n, -1)


class Block(nn.Module):
    """Linear, attention, linear, each normed, around an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(channels, channels, bias=False)
        self.bn1 = nn.BatchNorm1d(channels)
        self.transformer2 = PointAttention(channels)
        self.bn2 = nn.BatchNorm1d(channels)
        self.linear3 = nn.Linear(channels, channels, bias=False)
        self.bn3 = nn.BatchNorm1d(channels)

    def forward(self, features: Tensor, near: Near) -> Tensor:
        x = torch.relu(self.bn1(self.linear1(features)))
        x = torch.relu(self.bn2(self.transformer2(x, near)))
        return torch.relu(self.bn3(self.linear3(x)) + features)


class TransitionDown(nn.Module):
    """To the next stage's points: a linear layer over pⱼ − pᵢ and xⱼ, the largest of the neighbours kept.

    The first stage keeps all points and has a plain linear layer.
    """

    def __init__(self, channels: int, planes: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.linear = nn.Linear(channels if first else 3 + channels, planes, bias=False)
        self.bn = nn.BatchNorm1d(planes)

    def forward(self, features: Tensor, stage: Stage, finer: Stage | None) -> Tensor:
        """[n of the finer stage, C] → [n, planes]."""
        if finer is None:
            return torch.relu(self.bn(self.linear(features)))
        index = stage.gathered.T.reshape(-1)
        # Linear in both parts: the features go through it once a point, not once a neighbour.
        near, own = self.linear.weight[:, :3], self.linear.weight[:, 3:]
        x = (features @ own.T).index_select(0, index)
        x = x + offsets(finer.points, index, stage.points) @ near.T
        return torch.relu(self.bn(x)).view(-1, len(stage.points), x.shape[1]).amax(0)


class TransitionUp(nn.Module):
    """Back to the finer points: their own features plus what the coarser points say, interpolated."""

    def __init__(self, coarse: int, planes: int) -> None:
        super().__init__()
        self.linear1 = nn.Sequential(nn.Linear(planes, planes), nn.BatchNorm1d(planes), nn.ReLU(inplace=True))
        self.linear2 = nn.Sequential(nn.Linear(coarse, planes), nn.BatchNorm1d(planes), nn.ReLU(inplace=True))

    def forward(self, skip: Tensor, coarse: Tensor, stage: Stage) -> Tensor:
        """skip [n, planes], coarse [n of `stage`, coarse] → [n, planes]."""
        return self.linear1(skip) + interpolated(self.linear2(coarse), stage.up_index, stage.up_weight)


class Deepest(nn.Module):
    """Each cloud's mean, told to all its points."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.linear1 = nn.Sequential(
            nn.Linear(2 * planes, planes), nn.BatchNorm1d(planes), nn.ReLU(inplace=True)
        )
        self.linear2 = nn.Sequential(nn.Linear(planes, planes), nn.ReLU(inplace=True))

    def forward(self, features: Tensor, counts: Sequence[int]) -> Tensor:
        means = torch.stack([part.mean(0) for part in features.split(list(counts))])  # [clouds, C]
        means = self.linear2(means)
        told = torch.cat([mean.expand(count, -1) for mean, count in zip(means, counts, strict=True)])
        return self.linear1(torch.cat([features, told], 1))


def interpolated(coarse: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """[n, C] from the coarser points [m, C]: index, weight [n, 3] of the nearest."""
    near = coarse.index_select(0, index.flatten()).view(*index.shape, coarse.shape[1])
    return (near * weight[..., None].to(near.dtype)).sum(1)


class PointTransformer(nn.Module):
    """features [n, in_channels] and the cloud's geometry → logits [n, classes].

    blocks: modules of each encoder stage, its transition counted.
    """

    def __init__(
        self,
        in_channels: int = 6,
        classes: int = 13,
        planes: Sequence[int] = (32, 64, 128, 256, 512),
        blocks: Sequence[int] = (2, 3, 4, 6, 3),
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
        for number in range(len(planes), 0, -1):
            width = planes[number - 1]
            up = Deepest(width) if number == len(planes) else TransitionUp(planes[number], width)
            self.add_module(f"dec{number}", nn.ModuleList([up, Block(width)]))
        self.cls = nn.Sequential(
            nn.Linear(planes[0], planes[0]),
            nn.BatchNorm1d(planes[0]),
            nn.ReLU(inplace=True),
            nn.Linear(planes[0], classes),
        )

    def forward(self, features: Tensor, geometry: Geometry) -> Tensor:
        stages = geometry.stages
        near = [Near.of(stage) for stage in stages]
        skips: list[Tensor] = []
        x = features
        for number, stage in enumerate(stages):
            down, *blocks = self.get_submodule(f"enc{number + 1}")
            x = down(x, stage, stages[number - 1] if number else None)
            for block in blocks:
                x = block(x, near[number])
            skips.append(x)
        for number in range(len(stages) - 1, -1, -1):
            up, *blocks = self.get_submodule(f"dec{number + 1}")
            if number == len(stages) - 1:
                x = up(x, stages[number].counts)
            else:
                x = up(skips[number], x, stages[number + 1])
            for block in blocks:
                x = block(x, near[number])
        return self.cls(x)
