"""Weights within groups of tokens that lie anywhere: written out over all tokens a few rows at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import ALL, GivenCall, Index
from headlight.models.attention.windows.layer import as_one


@dataclass(eq=False)
class ScatteredCall(GivenCall):
    """Weights [groups, H, m, k] of one input. queries_at: int (groups, m), keys_at: int (groups, k), the
    token in each place; every query is in one group."""

    queries_at: np.ndarray = field(default_factory=lambda: np.empty((0, 0), int))
    keys_at: np.ndarray = field(default_factory=lambda: np.empty((0, 0), int))

    @classmethod
    def of(cls, call: GivenCall, queries_at: np.ndarray, keys_at: np.ndarray) -> ScatteredCall:
        """A call whose items are groups."""
        parts = (call.name, "self", call.given, call.step, call.v, call.rows, call.outputs)
        return cls(*parts, queries_at, keys_at)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return 1, self.given.shape[1], self.queries_at.size, self.keys_at.size

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """As `GivenCall.weights`: 0 for keys of other groups."""
        asked = slice(queries, queries + 1 or None) if isinstance(queries, int) else queries
        some = slice(heads, heads + 1 or None) if isinstance(heads, int) else heads
        order = np.argsort(self.queries_at.ravel())  # of each token its place
        places = torch.from_numpy(order).to(self.device)[asked]
        group, slot = places // self.queries_at.shape[1], places % self.queries_at.shape[1]
        weights = self.given[group, :, slot].float().transpose(0, 1)[some]  # [h, m, k]
        keys = torch.from_numpy(self.keys_at).to(self.device)[group]  # [m, k]
        whole = weights.new_zeros(*weights.shape[:2], self.keys_at.size)
        return whole.scatter_(2, keys.expand_as(weights), weights)

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: 0."""
        return torch.zeros_like(self.weights(queries, heads)[..., 0])

    def error(self, batch: int = 0) -> float:
        """As `GivenCall.error`, over all groups."""
        plain = GivenCall(self.name, self.kind, self.given, self.step, self.v, self.rows, self.outputs)
        return as_one(plain, slice(None)).error()
