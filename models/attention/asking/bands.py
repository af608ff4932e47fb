"""Weights that a model returns in another shape than queries × keys: bands along the diagonal, and padding.

Beltagy et al. 2020, "Longformer", section 3.1: a query sees the keys up to w / 2 places before and behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from headlight.models.attention.calls import ALL, Call, GivenCall, Index


@dataclass(eq=False)
class BandCall(GivenCall):
    """Weights [B, H, n, w + 1] of the keys from w / 2 before a query to w / 2 behind it."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        batch, heads, queries, _ = self.given.shape
        return batch, heads, queries, queries

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """As `GivenCall.weights`: written out into [heads, queries, keys], 0 beyond the band."""
        band = super().weights(queries, heads, batch)  # [h, m, w + 1]
        count, width = self.given.shape[2:]
        asked = slice(queries, queries + 1 or None) if isinstance(queries, int) else queries
        rows = torch.arange(count, device=self.device)[asked]
        keys = rows[:, None] + torch.arange(width, device=self.device) - width // 2  # [m, w + 1]
        inside = (keys >= 0) & (keys < count)
        whole = band.new_zeros(*band.shape[:2], count + 1)
        whole.scatter_(2, torch.where(inside, keys, count).expand_as(band), band)
        return whole[..., :count]


def has_band(model: nn.Module, weights: Tensor) -> bool:
    """Whether weights are those of a model that says how many keys about a query it looks at."""
    said = getattr(getattr(model, "config", None), "attention_window", None)
    widths = said if isinstance(said, list | tuple) else (said,)
    return weights.ndim == 4 and weights.shape[-1] - 1 in widths


def without_padding(call: Call, count: int) -> Call:
    """The first `count` queries and keys of a call that a model made longer, where none looks at the rest.

    BigBird raises texts to whole blocks.
    """
    batch, _, queries, keys = call.shape
    if (
        not isinstance(call, GivenCall)
        or isinstance(call, BandCall)
        or batch != 1
        or queries != keys
        or queries <= count
    ):
        return call
    kept = call.given[:, :, :count]
    if kept[..., count:].abs().max() > 0:
        return call
    if call.v is None or call.rows is None or call.outputs is None:
        return replace(call, given=kept[..., :count])
    seen = call.rows < count
    v, outputs = call.v[:, :, :count], call.outputs[:, seen]
    return replace(call, given=kept[..., :count], v=v, rows=call.rows[seen], outputs=outputs)
