"""What became of a product of queries and keys on its way to a softmax, and of the weights after it.

Scores are followed while they are scaled, masked, capped and reshaped, so that the weights can be computed
again from q and k, and need not be kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from headlight.models.modules.products import Product

NEVER = -1e4
"""A score below which a key counts as one that must not be seen."""
_SHAPES = {
    "view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "contiguous", "clone", "expand",
    "to", "float", "half", "bfloat16", "type", "type_as", "detach",
}  # fmt: skip
_TIMES, _DIVIDED = (
    {"mul", "mul_", "__mul__", "__rmul__", "__imul__"},
    {"div", "div_", "__truediv__", "__itruediv__"},
)
_PLUS, _LESS = {"add", "add_", "__add__", "__radd__", "__iadd__"}, {"sub", "sub_", "__sub__", "__isub__"}
_DROPS = {"dropout", "dropout_", "alpha_dropout", "feature_dropout"}
_KEEPS = _SHAPES | {"nan_to_num", "nan_to_num_"}


@dataclass(frozen=True, eq=False)
class Scores:
    """factor · q·kᵀ and what was added, as far as that is understood.

    added: additive tensors, each with the shape of the scores when it came. allowed: the same of bool
    tensors, True where a query may look. capped: 0 before a tanh, 1 right after it, 2 when it was multiplied
    by `cap`. is_known: all that was done to them stands here.
    """

    product: Product
    factor: float = 1.0
    scales: tuple[Tensor, ...] = ()
    added: tuple[tuple[Tensor, tuple[int, ...]], ...] = ()
    allowed: tuple[tuple[Tensor, tuple[int, ...]], ...] = ()
    capped: int = 0
    cap: float | None = None
    is_known: bool = True

    @classmethod
    def of(cls, product: Product, out: Tensor) -> Scores:
        added = () if product.added is None else ((product.added, tuple(out.shape)),)
        return cls(product, product.factor, added=added, is_known=product.order is None)

    def after(
        self, name: str, me: int, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor
    ) -> Scores | None:
        """What they are once `name` was done to them, its argument `me`; None where they are gone."""
        if not isinstance(out, Tensor) or not out.is_floating_point():
            return None
        shape = tuple(out.shape)
        other = next(
            (one for at, one in enumerate(args) if at != me), kwargs.get("other", kwargs.get("value"))
        )
        if name in _SHAPES:
            before = args[me].shape
            return self if before[-2:] == shape[-2:] and out.numel() == before.numel() else None
        if out.shape[-2:] != args[me].shape[-2:]:
            return None
        if name in _TIMES:
            return self._times(other, 1)
        if name in _DIVIDED and me == 0 and "rounding_mode" not in kwargs:
            return self._times(other, -1)
        if name in _PLUS and kwargs.get("alpha", 1) == 1:
            return self._plus(other, shape, 1)
        if name in _LESS and me == 0 and kwargs.get("alpha", 1) == 1:
            return self._plus(other, shape, -1)
        if name in ("masked_fill", "masked_fill_") and me == 0:
            where, value = kwargs.get("mask", other), args[2] if len(args) > 2 else kwargs.get("value")
            return self._only(where, value, shape, inverted=True)
        if name == "where" and me > 0 and len(args) == 3:
            return self._only(args[0], args[3 - me], shape, inverted=me == 2)
        if name in ("tanh", "tanh_") and not (self.capped or self.added or self.allowed):
            return replace(self, capped=1)
        return replace(self, is_known=False)

    def _times(self, other: Any, power: int) -> Scores:
        if isinstance(other, Tensor) and other.numel() > 1:
            flat = other.ndim == 0 or (other.shape[-1] == 1 and (other.ndim < 2 or other.shape[-2] == 1))
            if not flat or self.added or self.allowed or self.capped or other.ndim > self.product.left.ndim:
                return replace(self, is_known=False)
            return replace(self, scales=(*self.scales, other if power > 0 else other.reciprocal()))
        by = float(other.detach() if isinstance(other, Tensor) else other) ** power
        if self.capped == 1:
            return replace(self, capped=2, cap=by)
        if self.added or self.allowed or self.capped:
            return replace(self, is_known=False)
        return replace(self, factor=self.factor * by)

    def _plus(self, other: Any, shape: tuple[int, ...], sign: int) -> Scores:
        if not isinstance(other, Tensor) or self.capped == 1:
            return replace(self, is_known=False)
        return replace(self, added=(*self.added, (other if sign > 0 else -other, shape)))

    def _only(self, where: Any, value: Any, shape: tuple[int, ...], inverted: bool) -> Scores:
        if not isinstance(where, Tensor) or where.dtype != torch.bool or not _is_never(value):
            return replace(self, is_known=False)
        return replace(self, allowed=(*self.allowed, (~where if inverted else where, shape)))

    def way(self) -> tuple[int, ...]:
        """How they were computed, but for the numbers."""
        return len(self.scales), len(self.added), len(self.allowed), self.capped

    def scaling(self) -> float:
        return self.factor * (self.cap or 1.0)

    def queries(self) -> Tensor:
        """As they were multiplied, by tensors of scales too."""
        left = self.product.left
        for scale in self.scales:
            left = left * scale
        return left


@dataclass(frozen=True, eq=False)
class Weights:
    """What a softmax gave. dropped: some of them were set to 0 at random since. changed: some were set to
    another number, such as those of rows that see nothing."""

    scores: Scores
    rows: Tensor
    dropped: bool = False
    changed: bool = False

    def after(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any) -> Weights | None:
        """What they are once `name` was done to them."""
        if not isinstance(out, Tensor) or not out.is_floating_point() or out.numel() != args[0].numel():
            return None
        if out.shape[-2:] != args[0].shape[-2:]:
            return None
        if name in _DROPS:
            share = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            acts = args[2] if len(args) > 2 else kwargs.get("training", kwargs.get("train", True))
            return replace(self, dropped=self.dropped or bool(acts and share > 0))
        if name in ("masked_fill", "masked_fill_", "where"):  # rows that see nothing, most often
            return self if self.dropped else replace(self, rows=out, changed=True)
        return self if name in _KEEPS else None


@dataclass(frozen=True, eq=False)
class Joined:
    """What a call gave, until it is multiplied with the output projection. tell: the call of that. row: what
    it gave for the first query of all heads, [H · dv]."""

    tell: Callable[[Tensor, Tensor | None], None]
    row: Tensor

    def is_of(self, given: Tensor) -> bool:
        """Whether this is the outputs of all heads beside each other."""
        if given.shape[-1] != self.row.numel():
            return False
        return torch.equal(given.detach().reshape(-1, given.shape[-1])[0], self.row)


SHAPES_OF_OUTPUTS = _SHAPES | {"transpose", "permute", "swapaxes", "movedim"}


def _is_never(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.numel() == 1 and float(value.detach()) <= NEVER
    return isinstance(value, int | float) and (value <= NEVER or value == -math.inf)
