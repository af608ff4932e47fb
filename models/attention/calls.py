"""Attention calls: what one call of a forward pass was given, and the weights that follow from it.

Scaled dot-product attention as in Vaswani et al. 2017, section 3.2.1, with what later models add to it:
grouped keys, additive position biases, soft-capped scores and sinks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from headlight.models.attention.same_answer import beyond_rounding
from headlight.models.attention.turns import Turn
from headlight.models.core.layers import Vector

Kind = Literal["self", "cross", "window", "neighbourhood"]
Index = int | slice | Sequence[int] | Tensor
ALL = slice(None)
CHUNK_ELEMENTS = 2**20
"""Elements of one block of weights of all heads while many rows are computed: 4 MB of float32."""
HEAD_ELEMENTS = 2**18
"""The same of one head: 1 MB, which stays in the caches while it is worked on."""

CROSS = re.compile(r"(^|\.)[^.]*(cross|enc(oder)?_(att|dec)|encdec)", re.IGNORECASE)
"""How modules are called that attend to another sequence."""
_ROUNDING = 1e-4
"""Below so much a row sums to 1."""
LOWEST = torch.finfo(torch.float32).min
_EXPONENT = 50
"""Powers of 2 with exponents from −50 to 50 can be summed and divided as they are."""
_LANES = 64
"""Queries at a time are a multiple of so many."""


class Call(Protocol):
    """One attention call of a forward pass, however its weights come to be known."""

    name: str
    """Qualified name of the module; a module that runs again in the same pass gets ":2", ":3", ..."""
    kind: Kind
    step: int
    """Which forward pass of the recording, from 1: generation makes one for every token."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(batch, heads, queries, keys)."""
        ...

    @property
    def device(self) -> torch.device: ...

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys], on the device: rows sum to 1 less the share of a sink."""
        ...

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: the share that goes to no key (0 without a sink)."""
        ...

    def error(self, batch: int = 0) -> float:
        """Largest absolute deviation of what is shown from what the layer returned; NaN where that is NaN."""
        ...

    def sums(self, queries: Tensor, batch: int = 0) -> Tensor | None:
        """float32 [heads, m]: what the rows of these queries sum to; None where the weights alone tell."""
        ...

    def carried(self, shares: Tensor, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: shares · A, the mean of rows where queries hold like shares [m] of 1."""
        ...


def carried_by_weights(call: Call, shares: Tensor, queries: Tensor, batch: int) -> Tensor:
    """`Call.carried` of any call."""
    _, heads, _, keys = call.shape
    step = max(1, CHUNK_ELEMENTS // (heads * keys))
    parts = zip(shares.split(step), queries.split(step), strict=True)
    return sum(share @ call.weights(part, batch=batch) for share, part in parts)


def _as_slice(index: Index) -> slice | Sequence[int] | Tensor:
    return slice(index, index + 1 or None) if isinstance(index, int) else index


@dataclass(frozen=True, eq=False)
class Projection:
    """W_O of an attention layer, float [d, H · dv]: what multiplies the joined outputs of its heads.

    bias: float [d], added then, or None.
    """

    weight: Tensor
    bias: Tensor | None = None
    _inner: dict[int, Tensor] = field(default_factory=dict)
    nbytes = 0
    """Of a trace that refers to it: it is the model's."""

    def of_heads(self, heads: int) -> Tensor:
        """float32 [H, dv, d]: what multiplies the output of each head."""
        return self.weight.float().unflatten(1, (heads, -1)).permute(1, 2, 0)

    def inner(self, heads: int) -> Tensor:
        """float32 [H, dv, dv]: W_O W_Oᵀ of each head, so that ‖z W_O‖² = z (W_O W_Oᵀ) zᵀ."""
        if heads not in self._inner:
            parts = self.of_heads(heads)
            self._inner[heads] = parts @ parts.transpose(1, 2)
        return self._inner[heads]


@dataclass(eq=False)
class AttentionCall:
    """What one call was given: q [B, H, Nq, d], k and v [B, Hkv, Nk, d], as they were multiplied.

    mask: bool (True where a query may look) or additive float, broadcastable to [B, H, Nq, Nk], or None.
    bias: additive position bias, broadcastable to the same, or None. softcap: scores become
    softcap·tanh(scores / softcap). sinks [H]: one more score a row, whose share no key gets.
    rows, outputs: sampled query rows and what the call returned for them, [B, rows, H, dv]. projection: what
    was multiplied with all that it returned, None where that was not seen. out: all that it returned, with
    its graph, where gradients are to be taken.
    turn: the rotary embedding that turned q and k before, None where none was seen.
    level: bool [H], heads that look at all keys alike that the mask allows. factors: float [H], what the
    outputs of each head were multiplied by, and so its weights. Both None of a model as it is.
    """

    name: str
    kind: Kind
    q: Tensor
    k: Tensor
    v: Tensor
    scaling: float
    mask: Tensor | None = None
    bias: Tensor | None = None
    softcap: float | None = None
    sinks: Tensor | None = None
    rows: Tensor | None = None
    outputs: Tensor | None = None
    step: int = 1
    projection: Projection | None = None
    out: Tensor | None = None
    turn: Turn | None = None
    level: Tensor | None = None
    factors: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        batch, heads, queries, _ = self.q.shape
        return batch, heads, queries, self.k.shape[2]

    @property
    def device(self) -> torch.device:
        return self.q.device

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: softmax(scale·QKᵀ + bias → softcap → mask), sink dropped.

        A row whose mask allows nothing is uniform, as an additive mask makes it.
        """
        scores = self.scores(queries, heads, batch)
        if self.sinks is None:
            weights = torch.softmax(scores, -1)
        else:
            weights = (scores - self._log_sum(scores, heads)).exp_()
        return weights if self.factors is None else weights * self.factors[_as_slice(heads)][:, None, None]

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: the share of the sink (gpt-oss; Xiao et al. 2023), 0 without one."""
        if self.sinks is None:
            heads, queries = _as_slice(heads), _as_slice(queries)
            return torch.zeros_like(self.q[batch, :, :, 0][heads][:, queries], dtype=torch.float32)
        scores = self.scores(queries, heads, batch)
        return (self._sink_scores(heads) - self._log_sum(scores, heads)).exp_().squeeze(-1)

    def error(self, batch: int = 0) -> float:
        """Largest |A·V − returned| over the sampled rows and all heads.

        Rows whose mask allows nothing are left out: kernels disagree about them and no token reads them. NaN
        where a query, a key or a value is no number, or infinite, in whichever row.
        """
        if self.rows is None or self.outputs is None:
            raise ValueError(f"{self.name} was recorded without output rows")
        if not all(x[batch].isfinite().all() for x in (self.q, self.k, self.v)):
            return math.nan
        weights = self.weights(self.rows, batch=batch)  # [H, r, Nk]
        rebuilt = weights @ self.values(batch)  # [H, r, dv]
        returned = self.outputs[batch].transpose(0, 1).float()  # [H, r, dv]
        deviation = (rebuilt - returned).abs().amax(-1)  # [H, r]
        deviation = deviation[~self._nothing_allowed(self.rows, batch).expand_as(deviation)]
        return beyond_rounding(deviation.max(), self.v[batch]) if deviation.numel() else 0.0

    def sums(self, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, m]: 1 less the share of a sink, as far as heads were not changed."""
        sums = 1 - self.sink(queries, batch=batch)
        return sums if self.factors is None else sums * self.factors[:, None]

    def carried(self, shares: Tensor, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: shares · A; many rows a few at a time, and none is divided by its sum.

        The scores lie with keys down and queries across: so their product takes three quarters of the time.
        """
        _, heads, _, keys = self.shape
        more = (self.mask, self.bias, self.softcap, self.sinks, self.level)
        if heads * len(queries) * keys <= CHUNK_ELEMENTS or any(x is not None for x in more):
            return carried_by_weights(self, shares, queries, batch)
        reached = torch.zeros(heads, keys, device=self.device)
        step = -(-HEAD_ELEMENTS // (keys * _LANES)) * _LANES
        for head, row in enumerate(reached):
            q = self.q[batch, head, queries].float() * (self.scaling / math.log(2))  # [m, d]
            k = self.of_heads(self.k, slice(head, head + 1), batch)[0].contiguous()  # [Nk, d]
            is_safe = bool(q.norm(dim=1).amax() * k.norm(dim=1).amax() < _EXPONENT)  # so are all scores
            for part, share in zip(q.split(step), shares.split(step), strict=True):
                powers = k @ part.T  # [Nk, m]
                powers = (powers if is_safe else powers.sub_(powers.amax(0))).exp2_()
                row.addmv_(powers, share / powers.sum(0))
        return reached if self.factors is None else reached * self.factors[:, None]

    def value_norms(self, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: ‖v W_O‖ of each key's value, by its head's part of the output projection.

        Raises ValueError where that was not seen.
        """
        if self.projection is None:
            raise ValueError(f"{self.name}: its output projection was not seen")
        shares = self.projection.of_heads(self.q.shape[1])
        values = self.values(batch)
        norms = [(values[h] @ shares[h]).norm(dim=-1) for h in range(len(values))]
        return torch.stack(norms)

    def values(self, batch: int = 0) -> Tensor:
        """float32 [H, Nk, dv]: what each query head takes up of each key."""
        return self.of_heads(self.v, ALL, batch)

    def vectors(self, kind: Vector, batch: int = 0) -> Tensor:
        """float32 [H, n, d]: each query head's queries, keys or values, or what is written for each, A·V."""
        if kind == "query":
            return self.q[batch].float()
        if kind == "written":
            return self._written(batch)
        return self.of_heads(self.k if kind == "key" else self.v, ALL, batch)

    def _written(self, batch: int) -> Tensor:
        """By a fused kernel where one can."""
        if self.out is not None:
            return self.out[batch].detach().transpose(0, 1).float()
        q, values = self.q[batch].float(), self.values(batch)
        if any(x is not None for x in (self.bias, self.softcap, self.sinks, self.level)):
            step = max(1, CHUNK_ELEMENTS // (len(q) * self.shape[3]))
            parts = [self.weights(slice(at, at + step), batch=batch) for at in range(0, q.shape[1], step)]
            return torch.cat([part @ values for part in parts], 1)
        keys = self.of_heads(self.k, ALL, batch)
        mask = None if self.mask is None else self.part(self.mask, ALL, ALL, batch)
        if mask is not None and mask.dtype != torch.bool:
            mask = mask.float().clamp_min(LOWEST)
        out = scaled_dot_product_attention(q, keys, values, mask, scale=self.scaling)
        return out if self.factors is None else out * self.factors[:, None, None]

    def scores(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: what the softmax is taken of."""
        heads, queries = _as_slice(heads), _as_slice(queries)
        q = self.q[batch][heads][:, queries].float() * self.scaling  # [h, m, d]
        scores = q @ self.of_heads(self.k, heads, batch).transpose(1, 2)  # [h, m, Nk]
        if self.bias is not None:
            scores += self.part(self.bias, queries, heads, batch)
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        alike = None if self.level is None else self.level[heads][:, None, None]
        if alike is not None:
            scores = scores.masked_fill_(alike, 0)
        if self.mask is not None:
            mask = self.part(self.mask, queries, heads, batch)
            if mask.dtype == torch.bool:
                return scores.masked_fill_(~mask, LOWEST)
            if alike is not None:  # a position bias may have come with the mask
                mask = mask.masked_fill(alike & allows(mask), 0)
            scores.add_(mask)
        return scores

    def attend(self) -> Tensor:
        """[B, Nq, H, dv]: A·V from the weights themselves, for calls that no fused kernel takes."""
        batch, heads, queries, keys = self.shape
        step = max(1, CHUNK_ELEMENTS // (heads * keys))
        out = [
            torch.cat(
                [
                    self.weights(slice(start, start + step), batch=b) @ self.values(b)
                    for start in range(0, queries, step)
                ],
                dim=1,
            ).transpose(0, 1)
            for b in range(batch)
        ]
        return torch.stack(out).to(self.q.dtype)

    def of_heads(self, keys: Tensor, heads: Index, batch: int) -> Tensor:
        """float32 [h, Nk, d]: each query head's own keys or values of [B, Hkv, Nk, d]."""
        return _of_heads(keys, self.q.shape[1], heads, batch)

    def part(self, tensor: Tensor, queries: Index, heads: Index, batch: int) -> Tensor:
        """Of a tensor broadcastable to [B, H, Nq, Nk]: what broadcasts to [heads, queries, keys]."""
        tensor = tensor[(None,) * (4 - tensor.ndim)]
        tensor = tensor[batch if tensor.shape[0] > 1 else 0]
        tensor = tensor[heads] if tensor.shape[0] > 1 else tensor
        return tensor[:, queries] if tensor.shape[1] > 1 else tensor

    def _nothing_allowed(self, queries: Index, batch: int) -> Tensor:
        """bool [1 or H, 1 or m]: rows that the mask forbids every key."""
        if self.mask is None:
            return torch.zeros(1, 1, dtype=torch.bool, device=self.device)
        mask = self.part(self.mask, queries, ALL, batch)
        return ~(mask if mask.dtype == torch.bool else allows(mask)).any(-1)

    def _sink_scores(self, heads: Index) -> Tensor:
        return self.sinks.reshape(-1)[_as_slice(heads)].float()[:, None, None]  # [h, 1, 1]

    def _log_sum(self, scores: Tensor, heads: Index) -> Tensor:
        return torch.logaddexp(scores.logsumexp(-1, keepdim=True), self._sink_scores(heads))  # [h, m, 1]


@cache
def sampled_rows(count: int, device: torch.device) -> Tensor:
    """A few evenly spaced rows, from the first to the last: 4 of a short sequence, 16 of a long one."""
    rows = torch.linspace(0, count - 1, min(count, max(4, min(16, count // 16)))).round().long().unique()
    return rows.to(device)


def _of_heads(keys: Tensor, count: int, heads: Index, batch: int) -> Tensor:
    """float32 [h, Nk, d]: each query head's own keys or values of [B, Hkv, Nk, d]; copies only where heads
    share them. count: of all query heads."""
    groups = count // keys.shape[1]
    if groups == 1:
        return keys[batch][heads].float()
    return keys[batch][torch.arange(count, device=keys.device)[heads] // groups].float()


def allows(mask: Tensor) -> Tensor:
    """bool: where an additive mask lets a query look."""
    return mask > torch.finfo(mask.dtype).min / 2


@dataclass(frozen=True, eq=False)
class FlowCall:
    """How a number changes with the weights of one call: ∂y/∂A = ∂y/∂O · Vᵀ, in rows as they are asked for.

    v: [B, Hkv, Nk, dv]. flow: ∂y/∂O [B, Nq, H, dv].
    """

    name: str
    kind: Kind
    v: Tensor
    flow: Tensor
    step: int = 1

    @classmethod
    def of(cls, call: AttentionCall, flow: Tensor) -> FlowCall:
        return cls(call.name, call.kind, call.v, flow.detach(), call.step)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        batch, queries, heads, _ = self.flow.shape
        return batch, heads, queries, self.v.shape[2]

    @property
    def device(self) -> torch.device:
        return self.flow.device

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: what the number gains where a weight grows by 1, so to speak."""
        heads, queries = _as_slice(heads), _as_slice(queries)
        flow = self.flow[batch][queries].transpose(0, 1)[heads].float()  # [h, m, dv]
        return flow @ _of_heads(self.v, self.flow.shape[2], heads, batch).transpose(1, 2)

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: 0, since a sink has no value."""
        return torch.zeros_like(self.flow[batch, :, :, 0].T[_as_slice(heads)][:, _as_slice(queries)]).float()

    def sums(self, queries: Tensor, batch: int = 0) -> None:
        """Of gradients nothing is known."""

    def carried(self, shares: Tensor, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: shares · ∂y/∂A."""
        return carried_by_weights(self, shares, queries, batch)

    def error(self, batch: int = 0) -> float:
        """0: there is nothing that it could be compared with; NaN where it is no number."""
        return 0.0 if self.flow[batch].isfinite().all() else math.nan


@dataclass(eq=False)
class GivenCall:
    """Weights [B, H, Nq, Nk] that the model handed out itself, taking no attention function from outside.

    v [B, H, Nk, dv]: what the model multiplied them with; rows, outputs [B, rows, H, dv]: sampled query rows
    and what came of it. None where no product of these weights was seen.
    """

    name: str
    kind: Kind
    given: Tensor
    step: int = 1
    v: Tensor | None = None
    rows: Tensor | None = None
    outputs: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return tuple(self.given.shape)

    @property
    def device(self) -> torch.device:
        return self.given.device

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys], as given."""
        return self.given[batch][_as_slice(heads)][:, _as_slice(queries)].float()

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: what rows sum to below 1, beyond rounding, where the values are known."""
        if self.v is None:
            zeros = torch.zeros_like(self.given[batch, :, :, 0][_as_slice(heads)][:, _as_slice(queries)])
            return zeros.float()
        missing = 1 - self.weights(queries, heads, batch).sum(-1)
        return missing * (missing > _ROUNDING)

    def sums(self, queries: Tensor, batch: int = 0) -> None:
        """What was given need not sum to 1."""

    def carried(self, shares: Tensor, queries: Tensor, batch: int = 0) -> Tensor:
        """float32 [heads, keys]: shares · A."""
        return carried_by_weights(self, shares, queries, batch)

    def error(self, batch: int = 0) -> float:
        """Largest |A·V − returned|, |sum of a row − 1| or weight below 0, the first where v is known: a sink
        may take its share then.

        NaN where a weight is no number. A row of nothing is one whose mask allows nothing.
        """
        weights = self.given[batch].float()
        beside = (weights.sum(-1) - 1) * weights.any(-1)
        beside = beside.abs() if self.v is None else beside
        wrong = torch.maximum(beside.max(), -weights.min())
        if self.v is not None:
            rebuilt = weights[:, self.rows] @ self.v[batch].float()  # [H, r, dv]
            wrong = torch.maximum(wrong, (rebuilt - self.outputs[batch].transpose(0, 1)).abs().max())
        return beyond_rounding(wrong, self.given if self.v is None else self.v[batch])
