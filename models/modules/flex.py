"""Flex attention (Dong et al. 2024): a function changes each score, another one says who sees whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from headlight.models.attention.calls import (
    ALL,
    CHUNK_ELEMENTS,
    LOWEST,
    AttentionCall,
    Index,
    carried_by_weights,
)


@dataclass(eq=False)
class FlexCall(AttentionCall):
    """change(score, batch, head, query, key): what becomes of a score. allows(batch, head, query, key): bool.

    Both are of numbers as tensors without axes, as torch.nn.attention.flex_attention has them.
    """

    change: Callable[..., Tensor] | None = None
    allows: Callable[..., Tensor] | None = None

    def scores(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: what the softmax is taken of."""
        scores = super().scores(queries, heads, batch)
        where = self._where(queries, heads)
        number = torch.tensor(batch, device=self.device)
        if self.change is not None:
            scores = _everywhere(self.change, scores, number, *where).float()
        allowed = self._allowed(number, *where)
        return scores if allowed is None else scores.masked_fill(~allowed, LOWEST)

    def carried(self, shares: Tensor, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: shares · A."""
        return carried_by_weights(self, shares, queries, batch)

    def _written(self, batch: int) -> Tensor:
        values = self.values(batch)
        step = max(1, CHUNK_ELEMENTS // (len(values) * self.shape[3]))
        count = self.shape[2]
        parts = [self.weights(slice(at, at + step), batch=batch) for at in range(0, count, step)]
        return torch.cat([part @ values for part in parts], 1)

    def _nothing_allowed(self, queries: Index, batch: int) -> Tensor:
        allowed = self._allowed(torch.tensor(batch, device=self.device), *self._where(queries, ALL))
        if allowed is None:
            return torch.zeros(1, 1, dtype=torch.bool, device=self.device)
        return ~allowed.any(-1)

    def _allowed(self, batch: Tensor, heads: Tensor, queries: Tensor, keys: Tensor) -> Tensor | None:
        """bool [heads, queries, keys]."""
        if self.allows is None:
            return None
        return _everywhere(lambda _, *where: self.allows(*where), None, batch, heads, queries, keys)

    def _where(self, queries: Index, heads: Index) -> tuple[Tensor, Tensor, Tensor]:
        _, most, rows, keys = self.shape
        every = (torch.arange(count, device=self.device) for count in (most, rows, keys))
        head, row, key = every
        if isinstance(heads, int):
            heads = slice(heads, heads + 1 or None)
        if isinstance(queries, int):
            queries = slice(queries, queries + 1 or None)
        return head[heads], row[queries], key


def _everywhere(
    function: Callable[..., Tensor],
    scores: Tensor | None,
    batch: Tensor,
    heads: Tensor,
    queries: Tensor,
    keys: Tensor,
) -> Tensor:
    """[heads, queries, keys]: of a function of a score and where it stands, for all of them."""
    score = None if scores is None else 0
    each = torch.vmap(function, in_dims=(score, None, None, None, 0))
    each = torch.vmap(each, in_dims=(score, None, None, 0, None))
    each = torch.vmap(each, in_dims=(score, None, 0, None, None))
    return each(scores, batch, heads, queries, keys)
