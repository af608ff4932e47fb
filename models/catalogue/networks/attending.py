"""How attention of timm's and torchvision's layers comes to whoever records the model.

It ends in torch's scaled_dot_product_attention, as long as layers are told to fuse it. While such a layer
runs, that one function goes the way that the model's configuration says, so that the numbers it is given are
recorded as those of any other model, and the kernel stays the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedConfig
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

SDPA = nn.functional.scaled_dot_product_attention


def attends(module: nn.Module) -> bool:
    return "Attention" in type(module).__name__ and (
        hasattr(module, "fused_attn") or isinstance(module, nn.MultiheadAttention)
    )


class _Routed:
    """Mixed into a layer of theirs: what it fuses goes the way of the model's configuration.

    It stands in a file that takes attention functions from outside, which tells who records how to look.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        with _Route(self):
            return super().forward(*args, **kwargs)


class _RoutedHeads:
    """The same of torch's own layer of many heads, where it is asked for one sequence and no weights."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **kwargs: Any) -> Any:
        name = self.config_of_route.config._attn_implementation
        masks = [kwargs.get(mask) for mask in ("attn_mask", "key_padding_mask")]
        plain = query is key is value and self.batch_first and not rest and masks == [None, None]
        if name == "sdpa" or not plain or kwargs.get("need_weights", True):
            return super().forward(query, key, value, *rest, **kwargs)
        qkv = nn.functional.linear(query, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        out = through(name, self, q, k, v)
        return self.out_proj(out.transpose(1, 2).flatten(2)), None


def route(module: nn.Module, config: PreTrainedConfig) -> None:
    kind = type(module)
    mixed = _RoutedHeads if isinstance(module, nn.MultiheadAttention) else _Routed
    module.__class__ = type(kind.__name__, (mixed, kind), {"__module__": __name__})
    module.config_of_route = Held(config)
    if hasattr(module, "fused_attn"):
        module.fused_attn = True


class Held:
    """A configuration that no copy of a module takes along."""

    def __init__(self, config: PreTrainedConfig) -> None:
        self.config = config


class _Route(TorchFunctionMode):
    """module: the layer that is running."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = self.module.config_of_route.config._attn_implementation
        if function is not SDPA or name == "sdpa":
            return function(*args, **kwargs)
        return through(name, self.module, *args, **kwargs)


@dataclass(frozen=True)
class Asked:
    """q, k, v: [windows, heads, w², d]; bias: [1, heads, w², w²]; scaling: of q·k."""

    q: Tensor
    k: Tensor
    v: Tensor
    bias: Tensor
    scaling: float


class PartedAttention(nn.Module):
    """What attends within a layer that was taken apart, and has no weights: those are of that layer, which
    `asks` and `joins` what the heads give."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        object.__setattr__(self, "layer", layer)  # not as a part of it, which it would be twice

    def forward(self, windows: Tensor, seams: Tensor | None) -> Tensor:
        """windows [n, w², C], seams [n, 1, w², w²] → [n, w², C]."""
        asked = self.layer.asks(windows)
        mask = asked.bias if seams is None else asked.bias + seams
        name = self.layer.config_of_route.config._attn_implementation
        out = through(name, self, asked.q, asked.k, asked.v, mask, scale=asked.scaling)
        return self.layer.joins(out.transpose(1, 2).flatten(2))


def through(
    name: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    **_: Any,
) -> Tensor:
    """[..., H, Nq, d] by the attention function of this name, which is given what torch's own would be."""
    before, scaling = query.shape[:-3], query.shape[-1] ** -0.5 if scale is None else scale
    q, k, v = (x.flatten(0, -4) if x.ndim > 4 else x for x in (query, key, value))
    mask = attn_mask.flatten(0, -4) if attn_mask is not None and attn_mask.ndim > 4 else attn_mask
    if mask is not None and mask.ndim < 4:
        mask = mask[(None,) * (4 - mask.ndim)]
    if name == "eager":
        scores = q @ k.transpose(-1, -2) * scaling
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
        out = scores.softmax(-1) @ v
    else:
        out = ALL_ATTENTION_FUNCTIONS[name](module, q, k, v, mask, scaling=scaling)[0].transpose(1, 2)
    return out.reshape(*before, *out.shape[-3:]) if len(before) > 1 else out
