"""An AttentionLayer that is nothing but its weights, for tests without a model."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from headlight.models.attention.recorded import BlockLayer, fuse
from headlight.models.core.cache import CACHE
from headlight.models.core.layers import Head
from headlight.models.core.tokens import Tokens


@cache
def plain(count: int) -> Tokens:
    """The same tokens for the same number: layers over them compose."""
    return Tokens(tuple(map(str, range(count))), np.zeros(count, bool))


class Dense(BlockLayer):
    """weights: float32 (heads, queries, keys). error: what its check says. asked: the blocks computed."""

    def __init__(
        self,
        weights: np.ndarray | torch.Tensor,
        queries: Tokens | None = None,
        keys: Tokens | None = None,
        name: str = "layer",
        error: float = 0.0,
    ) -> None:
        heads, rows, columns = weights.shape
        super().__init__(name, heads, queries or plain(rows), keys or queries or plain(columns), CACHE)
        self._tensor = torch.as_tensor(weights)
        self.weights, self.error = self._tensor.numpy(), error
        self.asked: list[tuple[int, int]] = []

    def rows(self, queries):
        return np.arange(len(self.keys)), self.weights[:, np.atleast_1d(queries)].mean(1)

    def row(self, head: Head, query):
        return np.arange(len(self.keys)), self._fused(head)[np.atleast_1d(query)].mean(0).numpy()

    def column(self, head: Head, key):
        return np.arange(len(self.queries)), self._fused(head)[:, np.atleast_1d(key)].mean(1).numpy()

    def check(self) -> float:
        return self.error

    def block(self, head: Head | None, start: int, stop: int) -> torch.Tensor:
        self.asked.append((start, stop))
        return super().block(head, start, stop)

    def _fused(self, head: Head) -> torch.Tensor:
        return fuse(self._tensor, head) if isinstance(head, str) else self._tensor[head]

    def _block(self, head: int | None, start: int, stop: int) -> torch.Tensor:
        return (self._tensor if head is None else self._tensor[head : head + 1])[:, start:stop]
