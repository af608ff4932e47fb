"""How the heads and items of a call lie in the leading axes of its tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall


@dataclass(frozen=True)
class Lying:
    """Leading axes that hold `batch` items of `heads` heads, in this order."""

    lead: tuple[int, ...]
    batch: int
    heads: int

    @classmethod
    def of(cls, lead: tuple[int, ...], batch: int | None, heads: int | None = None) -> Lying:
        """Of what is known of the pass: its items, None where it has none; heads, None where nobody says.

        Two axes and more end in heads. One is of items, or of all heads of all items; without items it is of
        heads.
        """
        count = math.prod(lead)
        if heads is None:
            if len(lead) > 1:
                heads = lead[-1]
            elif batch is not None and batch and count % batch == 0:
                heads = count // batch
            else:
                heads = count if batch is None else 1
        return cls(lead, count // max(heads, 1), heads)

    def heads_of(self, tensor: Tensor) -> Tensor:
        """[..., n, d] as [B, H, n, d]; keys and values that several heads share have fewer heads."""
        if tensor.ndim == 4 and len(self.lead) == 2:
            return tensor.expand(self.batch, -1, -1, -1)
        lead = tensor.shape[:-2]
        if len(lead) < len(self.lead):
            tensor = tensor.expand(*self.lead, *tensor.shape[-2:])
        heads = math.prod(tensor.shape[:-2]) // self.batch
        return tensor.reshape(self.batch, heads, *tensor.shape[-2:])

    def spread(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """What was broadcast against scores of this shape, [..., Nq, Nk], as what does to [B, H, Nq, Nk]."""
        lead = tuple(shape[:-2])
        if math.prod(tensor.shape[:-2]) == 1:
            return tensor.reshape(1, 1, *tensor.shape[-2:]) if tensor.ndim != 2 else tensor[None, None]
        if lead == (self.batch, self.heads):
            return tensor[(None,) * (4 - tensor.ndim)]
        tail = (tensor.shape[-2:]) if tensor.ndim > 1 else (1, tensor.shape[-1])
        return tensor.expand(*lead, *tail).reshape(self.batch, self.heads, *tail)

    def mask_of(self, allowed: Sequence[tuple[Tensor, tuple[int, ...]]]) -> Tensor | None:
        """bool: where all of these let a query look."""
        found = [self.spread(one, shape) for one, shape in allowed]
        mask = None
        for one in found:
            mask = one if mask is None else mask & one
        return mask

    def added_to(self, call: AttentionCall, added: Sequence[tuple[Tensor, tuple[int, ...]]]) -> AttentionCall:
        """With what was added to its scores: one thing as its mask where it has none, more as its bias."""
        found = [self.spread(one, shape).detach() for one, shape in added]
        if not found:
            return call
        if len(found) == 1 and call.mask is None and call.softcap is None and _forbids(found[0]):
            return replace(call, mask=found[0])
        total = found[0]
        for one in found[1:]:
            total = total + one
        if call.softcap is not None:
            # What comes after a cap is no bias: the cap would be taken of it.
            return replace(call, mask=_both(call.mask, total))
        return replace(call, bias=total.clamp_min(torch.finfo(torch.float32).min / 4))


def _forbids(added: Tensor) -> bool:
    """Whether it is a mask: nothing but 0 and what is as good as −∞."""
    return bool(((added == 0) | (added <= -1e4)).all())


def _both(mask: Tensor | None, added: Tensor) -> Tensor:
    if mask is None:
        return added
    return added.masked_fill(~mask, torch.finfo(added.dtype).min)
