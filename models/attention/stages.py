"""The token grids of a transformer that works in stages: finer first, coarser later, over one region.

Pictures are cut to whole units, squares that become one token of the coarsest grid there is, keys included.
So every grid of the model has (rows · f) × (columns · f) tokens for some whole f, and no stage sees an edge
that another does not.
"""

from __future__ import annotations

import math
from itertools import accumulate
from operator import mul

import numpy as np
from transformers import PreTrainedConfig

from headlight.models.core.tokens import Box, PatchTokens

MAX_UNITS = 1024
"""With units of 32 pixels as much as 1,024 × 1,024 pixels."""


def unit_of(config: PreTrainedConfig) -> int | None:
    """Pixels of a unit's side; None for a model with one grid.

    Swin's kin halve the map after every stage but the last; pyramid transformers (SegFormer, PVT) name the
    stride of every stage and by how much its keys are fewer.
    """
    depths = getattr(config, "depths", None)
    if not isinstance(depths, list | tuple):
        return None
    strides = getattr(config, "strides", None)
    if isinstance(strides, list | tuple) and len(strides) == len(depths):
        reductions = next(
            (
                ratios
                for name in ("sr_ratios", "sequence_reduction_ratios")
                if isinstance(ratios := getattr(config, name, None), list | tuple)
            ),
            [1] * len(depths),
        )
        sides = accumulate(_whole(strides), mul)
        return math.lcm(*(side * ratio for side, ratio in zip(sides, _whole(reductions), strict=True)))
    patch = getattr(config, "patch_size", None)
    if isinstance(patch, list | tuple) and len(set(patch)) == 1:
        patch = patch[0]
    return patch * 2 ** (len(depths) - 1) if isinstance(patch, int) else None


def _whole(numbers: list | tuple) -> list[int]:
    return [int(number) for number in numbers]


class Stages:
    """The grids over one picture of `grid` units that cover `region`; one PatchTokens for each."""

    def __init__(self, grid: tuple[int, int], region: Box) -> None:
        self.grid, self.region = grid, region
        self._made: dict[tuple[int, int], PatchTokens] = {}

    def tokens(self, count: int) -> PatchTokens | None:
        """The grid of `count` tokens, a class token before it where that makes it one; None if none fits."""
        units = self.grid[0] * self.grid[1]
        for prefix in (0, 1):
            times = math.isqrt((count - prefix) // units)
            if times and times**2 * units == count - prefix:
                return self._tokens(times, prefix)
        return None

    def _tokens(self, times: int, prefix: int) -> PatchTokens:
        if (times, prefix) not in self._made:
            rows, columns = (side * times for side in self.grid)
            labels = (
                *("[CLS]",) * prefix,
                *(f"patch ({row}, {column})" for row in range(rows) for column in range(columns)),
            )
            special = np.arange(len(labels)) < prefix
            self._made[times, prefix] = PatchTokens(labels, special, (rows, columns), self.region)
        return self._made[times, prefix]
