"""One step of a rollout: how a row's weights and its residual share it, and how steps meet across grids.

With α and β of `shares` a layer's matrix is Â = diag(α) A + diag(β) I, which is never written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import Task
from headlight.models.core.tokens import PatchTokens, Tokens

if TYPE_CHECKING:
    from headlight.models.attention.windows import WindowLayer

CHUNK = 1 << 22
"""Numbers of the product that go through windows at once."""


def shares(weights: Tensor, settings: RolloutSettings) -> tuple[Tensor, Tensor]:
    """(α, β), each [...]: of rows of weights [..., keys], the lowest of which are set to 0 in place.

    Discarded are ⌊discard · keys⌋ of each row: of those that it has, which in a window are w². What is
    missing of a row (the share of padding) is missing in its sum as well: α · sum + β = 1.
    """
    if settings.discard:
        lowest = int(settings.discard * weights.shape[-1])
        threshold = weights.kthvalue(lowest + 1, dim=-1, keepdim=True).values
        weights.masked_fill_(weights < threshold, 0)
    total = weights.sum(dim=-1)
    if settings.residual == "add":
        share = 1 / (total + 1)
        return share, share
    looks = (total > 0).to(total.dtype)
    past = 1 / (1 + looks) if settings.residual == "mix" else torch.zeros_like(total)
    return looks * (1 - past) / total.clamp_min(torch.finfo(total.dtype).tiny), past


def through_windows(layer: WindowLayer, product: Tensor, settings: RolloutSettings, task: Task) -> Tensor:
    """product · Â, [m, n] · [n, n]: window by window, as each token lies in one of them alone."""
    touched = torch.nonzero(product.abs().amax(dim=0)).flatten().cpu().numpy()
    windows = np.unique(layer.windows_of(touched))
    size = len(layer.queries)
    padded = torch.nn.functional.pad(product, (0, 1))  # [m, n + 1]: padding is the last column, always 0
    total = torch.zeros_like(padded)
    step = max(1, CHUNK // (max(len(product), layer.window**2) * layer.window**2))
    for start in range(0, len(windows), step):
        task.check()
        part = windows[start : start + step]
        slots = torch.as_tensor(layer.slots[part])  # [c, w²]
        weights = layer.windows(settings.fusion, part).clone()  # [c, w², w²]
        weights.masked_fill_((slots < 0).to(weights.device)[:, None], 0)
        through, past = shares(weights, settings)
        if total.device != weights.device:
            padded, total = padded.to(weights.device), total.to(weights.device)
        here = padded[:, slots % (size + 1)].transpose(0, 1)  # [c, m, w²]
        there = torch.bmm(here * through[:, None], weights) + here * past[:, None]
        total[:, slots.flatten() % (size + 1)] = there.transpose(0, 1).flatten(1)
    return total[:, :size]


def spread(product: Tensor, coarse: Tokens, fine: Tokens) -> Tensor:
    """[m, coarse] → [m, fine]: what a coarse token has is shared evenly by the fine ones in its place."""
    if coarse is fine or not isinstance(coarse, PatchTokens) or coarse.grid == fine.grid:
        return product
    owner = _owners(coarse, fine)
    share = 1 / np.bincount(owner, minlength=len(coarse))[owner]
    weights = torch.as_tensor(share, dtype=product.dtype, device=product.device)
    return product[:, torch.as_tensor(owner, device=product.device)] * weights


def can_spread(coarse: Tokens, fine: Tokens) -> bool:
    """Whether the fine tokens are the coarse ones or parts of them, rows and columns alike."""
    if coarse is fine or list(coarse.labels) == list(fine.labels):
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
