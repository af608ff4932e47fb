"""Which tokens lie in the groups of networks that lay them out in an order of their own.

Hiera (Ryali et al. 2023, section 3.2) keeps the tokens of a unit side by side and takes the largest of four
as a query where it goes on to a coarser map. MobileViT (Mehta and Rastegari 2022, section 3.1) lets tokens
look at those that lie at the same place in their own little squares.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from torch import nn
from transformers import PreTrainedModel

from headlight.models.attention.asking.scattered import ScatteredCall
from headlight.models.attention.calls import Call, GivenCall
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.attention.stages import Stages
from headlight.models.core.tokens import PatchTokens

Groups = tuple[PatchTokens, np.ndarray]
"""Tokens, and which of them are in each group, int (groups, k)."""


class Placing(ABC):
    """unit: pixels of a square whose tokens lie in whole groups."""

    unit: int

    def layer(self, call: Call, stages: Stages) -> RecordedLayer | None:
        """A call [groups, H, m, k] over the grids of its stages; None where it fits none."""
        groups, _, queries, keys = call.shape
        asks, looks = (self._placed(groups, count, stages) for count in (queries, keys))
        if asks is None or looks is None or not isinstance(call, GivenCall):
            return None
        return RecordedLayer(ScatteredCall.of(call, asks[1], looks[1]), asks[0], looks[0])

    def _placed(self, groups: int, size: int, stages: Stages) -> Groups | None:
        tokens = stages.tokens(groups * size)
        if tokens is None or tokens.prefix:
            return None
        return tokens, self._groups(groups, tokens.grid, tokens.grid[0] // stages.grid[0])

    @abstractmethod
    def _groups(self, groups: int, grid: tuple[int, int], times: int) -> np.ndarray:
        """int (groups, k): the tokens of a grid. times: tokens on a side of a unit."""


class Unrolled(Placing):
    """Hiera's: square in square in square, and the same place of all windows side by side."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.unit = model.config.patch_stride[0] * 2 ** len(model.unroll_schedule)

    def _groups(self, groups: int, grid: tuple[int, int], times: int) -> np.ndarray:
        order = np.arange(grid[0] * grid[1]).reshape(1, *grid)
        while times > 1:
            count, rows, columns = order.shape
            halves = order.reshape(count, rows // 2, 2, columns // 2, 2)
            order = halves.transpose(0, 2, 4, 1, 3).reshape(4 * count, rows // 2, columns // 2)
            times //= 2
        return order.reshape(-1, groups).T


class Unfolded(Placing):
    """MobileViT's: a group for each place in the little squares."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.unit = model.config.output_stride * model.config.patch_size

    def _groups(self, groups: int, grid: tuple[int, int], times: int) -> np.ndarray:
        side = round(groups**0.5)
        squares = np.arange(grid[0] * grid[1]).reshape(grid[0] // side, side, grid[1] // side, side)
        return squares.transpose(1, 3, 0, 2).reshape(groups, -1)


def placing_of(model: nn.Module) -> Placing | None:
    """How a model lays out its tokens; None of one that does as others do."""
    if hasattr(model, "unroll_schedule"):
        return Unrolled(model)
    return Unfolded(model) if any(hasattr(part, "unfolding") for part in model.modules()) else None
