"""Attention in windows of torchvision's Swin, SwinV2 and MaxViT, taken apart so that it can be recorded.

torchvision cuts a map, attends in its windows and lays them back in one go, with a product written by hand:
nothing of it comes by from outside. While somebody records, the same is computed from the same weights in
parts that have names. Whoever does not record gets what torchvision computes.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig

from headlight.models.catalogue.networks.attending import Asked, Held, PartedAttention

SEAM = -100.0
"""What torchvision adds to scores between tokens that came beside each other by the shift alone."""


class Windows(nn.Module):
    """Cuts a map into windows, or spreads them over it, and lays back what their tokens became.

    partition_size, shift_size: as the map before was cut. partition_block: whether windows lie together.
    """

    def __init__(self, heads: PartedAttention, window: int, shift: int = 0, spread: bool = False) -> None:
        super().__init__()
        self.attn, self.partition_size, self.partition_block = heads, window, not spread
        self.shift_size: Any = shift
        self.largest = shift

    def forward(self, x: Tensor) -> Tensor:
        """[b, rows, columns, C] → the same."""
        rows, columns = x.shape[1:3]
        side = self.partition_size
        x = nn.functional.pad(x, (0, 0, 0, -columns % side, 0, -rows % side))
        # An axis of one window is not shifted.
        shift = [self.largest if length > side else 0 for length in x.shape[1:3]]
        self.shift_size = shift[0] if shift[0] == shift[1] else tuple(shift)
        turned = x.roll([-by for by in shift], (1, 2))
        out = self.attn(self._cut(turned), self._seams(turned, shift) if any(shift) else None)
        return self._laid(out, turned.shape).roll(shift, (1, 2))[:, :rows, :columns]

    def _parts(self, length: int) -> tuple[int, int]:
        """An axis as two: windows and tokens, or tokens and windows where these are spread."""
        side = self.partition_size
        return (length // side, side) if self.partition_block else (side, length // side)

    def _cut(self, x: Tensor) -> Tensor:
        """[b, rows, columns, C] → [b · windows, w², C]."""
        parts = x.unflatten(2, self._parts(x.shape[2])).unflatten(1, self._parts(x.shape[1]))
        order = (0, 1, 3, 2, 4, 5) if self.partition_block else (0, 2, 4, 1, 3, 5)
        return parts.permute(order).flatten(3, 4).flatten(0, 2)

    def _laid(self, windows: Tensor, shape: torch.Size) -> Tensor:
        """The other way round."""
        side, (down, across) = self.partition_size, (length // self.partition_size for length in shape[1:3])
        parts = windows.reshape(shape[0], down, across, side, side, shape[3])
        order = (0, 1, 3, 2, 4, 5) if self.partition_block else (0, 3, 1, 4, 2, 5)
        return parts.permute(order).reshape(shape)

    def _seams(self, x: Tensor, shift: list[int]) -> Tensor:
        """[b · windows, 1, w², w²]: SEAM between tokens of different parts of the map before the shift."""
        part = x.new_zeros(1, *x.shape[1:3], 1)
        for axis, by in zip((1, 2), shift, strict=True):
            if by:
                place = torch.arange(x.shape[axis], device=x.device)
                of_axis = (place >= len(place) - self.partition_size).int() + (place >= len(place) - by)
                part = part * 3 + of_axis.view(-1, *(1,) * (3 - axis))
        of_windows = self._cut(part.expand(len(x), -1, -1, -1)).squeeze(-1)
        return SEAM * (of_windows[:, None, :, None] != of_windows[:, None, None, :]).to(x.dtype)


class _Parted:
    """Mixed into a layer of torchvision's that cuts a map itself."""

    def is_watched(self) -> bool:
        return self.config_of_route.config._attn_implementation != "sdpa"


class _Swin(_Parted):
    """Liu et al. 2021; with `logit_scale` the cosine attention of Swin V2 (Liu et al. 2022, section 3.3)."""

    def forward(self, x: Tensor) -> Tensor:
        return self.windows(x) if self.is_watched() else super().forward(x)

    def asks(self, windows: Tensor) -> Asked:
        bias = self.qkv.bias
        if hasattr(self, "logit_scale") and bias is not None:  # keys have none in Swin V2
            bias = torch.cat(
                [bias[: len(bias) // 3], bias.new_zeros(len(bias) // 3), bias[-len(bias) // 3 :]]
            )
        qkv = nn.functional.linear(windows, self.qkv.weight, bias)
        q, k, v = qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        scaling = q.shape[-1] ** -0.5
        if hasattr(self, "logit_scale"):
            q, k, scaling = nn.functional.normalize(q, dim=-1), nn.functional.normalize(k, dim=-1), 1.0
            q = q * self.logit_scale.clamp(max=math.log(100.0)).exp()
        return Asked(q, k, v, self.get_relative_position_bias(), scaling)

    def joins(self, out: Tensor) -> Tensor:
        return self.proj(out)


class _MaxViT(_Parted):
    """Tu et al. 2022, section 3.2: blocks, and grids of tokens that lie far from each other."""

    def forward(self, x: Tensor) -> Tensor:
        """[b, C, rows, columns] → the same."""
        if not self.is_watched():
            return super().forward(x)
        norm, _, drop = self.attn_layer
        x = x.permute(0, 2, 3, 1)
        x = x + self.stochastic_dropout(drop(self.windows(norm(x))))
        return (x + self.stochastic_dropout(self.mlp_layer(x))).permute(0, 3, 1, 2)

    def asks(self, windows: Tensor) -> Asked:
        layer = self.attn_layer[1]
        q, k, v = layer.to_qkv(windows).unflatten(-1, (3, layer.n_heads, -1)).permute(2, 0, 3, 1, 4)
        return Asked(q, k, v, layer.get_relative_positional_bias(), layer.scale_factor)

    def joins(self, out: Tensor) -> Tensor:
        return self.attn_layer[1].merge(out)


def cuts(module: nn.Module) -> bool:
    """Whether this is a layer of torchvision's that attends in windows."""
    return _kind(module) is not None


def part(module: Any, config: PreTrainedConfig) -> None:
    """Let such a layer go through parts wherever the configuration says that somebody looks on."""
    own, mixed = type(module), _kind(module)
    assert mixed is not None
    module.__class__ = type(own.__name__, (mixed, own), {"__module__": __name__})
    module.config_of_route = Held(config)
    if mixed is _Swin:
        module.windows = Windows(PartedAttention(module), module.window_size[0], module.shift_size[0])
    else:
        spread = module.partition_type == "grid"
        side = module.g if spread else module.p
        module.windows = Windows(PartedAttention(module), side, spread=spread)


def _kind(module: nn.Module) -> type[_Swin] | type[_MaxViT] | None:
    if type(module).__name__.startswith("ShiftedWindowAttention"):
        return _Swin
    return _MaxViT if type(module).__name__ == "PartitionAttentionLayer" else None
