"""The contrastive loss of many truths: captions repeat, and one may be true of several pictures."""

from __future__ import annotations

import torch
from torch.nn import functional


def contrastive(
    pictures: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, true: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy from pictures to texts and back (Radford et al. 2021, figure 3), in nats, each against
    an even spread over all that is true; with one truth a row it is theirs. pictures, texts: (n, d), (m, d);
    true: bool (n, m), at least one a row and a column.
    """
    logits = scale * functional.normalize(pictures, dim=-1) @ functional.normalize(texts, dim=-1).T
    there = functional.cross_entropy(logits, spread(true))
    back = functional.cross_entropy(logits.T, spread(true.T))
    return (there + back) / 2


def spread(true: torch.Tensor) -> torch.Tensor:
    """Rows of bool as distributions."""
    return true / true.sum(-1, keepdim=True)
