"""One step of a rollout: how a row's weights and its residual share it, and how steps meet across grids.

With α and β of `shares` a layer's matrix is Â = diag(α) A + diag(β) I, which is never written out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.layers import AttentionLayer
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.tokens import PatchTokens, Tokens


def discarded(weights: Tensor, settings: RolloutSettings) -> Tensor:
    """[..., keys]: rows without the ⌊discard · keys⌋ lowest of those keys that each has; in a window w²."""
    if not settings.discard:
        return weights
    lowest = int(settings.discard * weights.shape[-1])
    threshold = weights.kthvalue(lowest + 1, dim=-1, keepdim=True).values
    return weights.masked_fill(weights < threshold, 0)


def shares(total: Tensor, settings: RolloutSettings) -> tuple[Tensor, Tensor]:
    """(α, β), each [...]: of rows of weights with these sums, [...].

    What is missing of a row (the share of padding) is missing in its sum as well: α · sum + β = 1.
    """
    if settings.residual == "add":
        share = 1 / (total + 1)
        return share, share
    looks = (total > 0).to(total.dtype)
    past = 1 / (1 + looks) if settings.residual == "mix" else torch.zeros_like(total)
    return looks * (1 - past) / total.clamp_min(torch.finfo(total.dtype).tiny), past


def spread(product: Tensor, coarse: Tokens, fine: Tokens) -> Tensor:
    """[m, coarse] → [m, fine]: what a coarse token has is shared evenly by the fine ones in its place."""
    if coarse is fine or not isinstance(coarse, PatchTokens) or coarse.grid == fine.grid:
        return product
    owner = _owners(coarse, fine)
    share = 1 / np.bincount(owner, minlength=len(coarse))[owner]
    weights = torch.as_tensor(share, dtype=product.dtype, device=product.device)
    return product[:, torch.as_tensor(owner, device=product.device)] * weights


def entering(layer: AttentionLayer) -> Tokens:
    """The tokens that enter a layer: its queries, or its keys where a query is the largest of several of
    them (Hiera)."""
    queries, keys = layer.queries, layer.keys
    return keys if len(keys) > len(queries) and can_spread(queries, keys) else queries


def on_finer(values: np.ndarray, coarse: Tokens, fine: Tokens) -> np.ndarray:
    """float32 (coarse,) → (fine,), as `spread`."""
    return spread(torch.from_numpy(values)[None], coarse, fine)[0].numpy()


def can_spread(coarse: Tokens, fine: Tokens) -> bool:
    """Whether the fine tokens are the coarse ones or parts of them, rows and columns alike."""
    if coarse is fine:
        return True
    if not isinstance(coarse, PatchTokens) or not isinstance(fine, PatchTokens):
        return False
    if coarse.prefix or fine.prefix or coarse.region != fine.region:
        return False
    times = [-(-f // c) for f, c in zip(fine.grid, coarse.grid, strict=True)]
    whole = all(-(-f // t) == c for f, c, t in zip(fine.grid, coarse.grid, times, strict=True))
    return times[0] == times[1] and whole


def _owners(coarse: PatchTokens, fine: PatchTokens) -> np.ndarray:
    """int (fine,): the coarse token in which each fine one lies. At an odd border it holds fewer."""
    times = -(-fine.grid[0] // coarse.grid[0])
    rows, columns = (np.arange(count) // times for count in fine.grid)
    return (rows[:, None] * coarse.grid[1] + columns).ravel()
