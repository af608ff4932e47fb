"""A stand-in for torchvision, which need not be installed: a Swin and a MaxViT with its names and its ways.

Attention is computed as one matrix over the whole map, of which all is masked that lies in another window: by
another way than torchvision's and Headlight's.
"""

from __future__ import annotations

import math
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn


def over_the_map(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, place: Tensor, part: Tensor) -> Tensor:
    """q, k, v [b, heads, n, d] over all tokens of a map → the same. place [n], part [n, ...]: the number of
    each token within its window, and what those have in common that see each other; bias [heads, w², w²]."""
    scores = q @ k.transpose(-1, -2) + bias[:, place][:, :, place]
    together = (part[:, None] == part[None]).flatten(2).all(-1)
    return scores.masked_fill(~together, -math.inf).softmax(-1) @ v


class ShiftedWindowAttention(nn.Module):
    def __init__(self, width: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.num_heads, self.window_size, self.shift_size = heads, [window] * 2, [shift] * 2
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.randn(heads, window**2, window**2))

    def get_relative_position_bias(self) -> Tensor:
        return self.table[None]

    def heads_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.qkv(x).flatten(1, 2).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return q * q.shape[-1] ** -0.5, k, v

    def forward(self, x: Tensor) -> Tensor:
        rows, columns, side = *x.shape[1:3], self.window_size[0]
        x = nn.functional.pad(x, (0, 0, 0, -columns % side, 0, -rows % side))
        marks, places = [], []
        for length in x.shape[1:3]:
            shift = self.shift_size[0] if length > side else 0
            at = (torch.arange(length) - shift) % length
            marks.append(torch.stack([at // side, (torch.arange(length) < shift).long()], -1))
            places.append(at % side)
        down, across = (len(one) for one in places)
        place = (places[0][:, None] * side + places[1][None]).flatten()
        part = torch.cat(
            [marks[0][:, None].expand(-1, across, -1), marks[1][None].expand(down, -1, -1)], -1
        ).flatten(0, 1)
        bias = self.get_relative_position_bias()[0]
        out = over_the_map(*self.heads_of(x), bias, place, part).transpose(1, 2).flatten(2)
        return self.proj(out).unflatten(1, (down, across))[:, :rows, :columns]


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.logit_scale = nn.Parameter(torch.randn(self.num_heads, 1, 1))

    def heads_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        width = self.qkv.bias.shape[0] // 3
        keyless = self.qkv.bias * torch.cat([torch.ones(width), torch.zeros(width), torch.ones(width)])
        both = nn.functional.linear(x, self.qkv.weight, keyless)
        q, k, v = both.flatten(1, 2).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        of_unit = nn.functional.normalize(q, dim=-1), nn.functional.normalize(k, dim=-1)
        return of_unit[0] * self.logit_scale.clamp(max=math.log(100)).exp(), of_unit[1], v


class SwinBlock(nn.Module):
    def __init__(self, attn: nn.Module, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = attn, nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Permute(nn.Module):
    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


class Merging(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        return self.reduction(torch.cat([x[:, r::2, c::2] for r in (0, 1) for c in (0, 1)], -1))


class SwinTransformer(nn.Module):
    def __init__(self, attention: type[ShiftedWindowAttention], num_classes: int) -> None:
        super().__init__()

        def stage(width: int) -> nn.Sequential:
            return nn.Sequential(*(SwinBlock(attention(width, 2, 4, shift), width) for shift in (0, 2)))

        embeds = nn.Sequential(nn.Conv2d(3, 8, 4, 4), Permute(0, 2, 3, 1), nn.LayerNorm(8))
        self.features = nn.Sequential(embeds, stage(8), Merging(8), stage(16))
        self.norm, self.permute = nn.LayerNorm(16), Permute(0, 3, 1, 2)
        self.avgpool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten(1)
        self.head = nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flatten(self.avgpool(self.permute(self.norm(self.features(x))))))


class RelativePositionalMultiHeadAttention(nn.Module):
    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.n_heads, self.scale_factor = 2, width**-0.5  # of the whole width, as theirs
        self.to_qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.randn(2, side**2, side**2))

    def get_relative_positional_bias(self) -> Tensor:
        return self.table[None]


class PartitionAttentionLayer(nn.Module):
    def __init__(self, width: int, side: int, partition_type: str, grid_size: tuple[int, int]) -> None:
        super().__init__()
        self.partition_type, self.grid_size = partition_type, grid_size
        self.p, self.g = (side, grid_size[0] // side)[:: 1 if partition_type == "window" else -1]
        attention = RelativePositionalMultiHeadAttention(width, side)
        self.attn_layer = nn.Sequential(nn.LayerNorm(width), attention, nn.Dropout(0.0))
        self.mlp_layer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))
        self.stochastic_dropout = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2:] == self.grid_size, "it reads one size alone"
        norm, attention, _ = self.attn_layer
        rows, columns = (torch.arange(length) for length in self.grid_size)
        if self.partition_type == "window":
            parts, places = (rows // self.p, columns // self.p), (rows % self.p, columns % self.p)
        else:
            parts, places = (rows % self.p, columns % self.p), (rows // self.p, columns // self.p)
        side = self.p if self.partition_type == "window" else self.g
        place = (places[0][:, None] * side + places[1][None]).flatten()
        part = torch.stack(torch.meshgrid(*parts, indexing="ij"), -1).flatten(0, 1)
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = attention.to_qkv(norm(tokens)).unflatten(-1, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        bias = attention.get_relative_positional_bias()[0]
        out = over_the_map(q * attention.scale_factor, k, v, bias, place, part)
        tokens = tokens + attention.merge(out.transpose(1, 2).flatten(2))
        tokens = tokens + self.mlp_layer(tokens)
        return tokens.transpose(1, 2).unflatten(2, self.grid_size)


class MaxVitBlock(nn.Module):
    def __init__(self, seen: int, width: int, grid: int) -> None:
        super().__init__()
        attends = (PartitionAttentionLayer(width, 2, kind, (grid, grid)) for kind in ("window", "grid"))
        self.layers = nn.ModuleList([nn.Sequential(nn.Conv2d(seen, width, 2, 2), *attends)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        self.blocks = nn.ModuleList([MaxVitBlock(4, 8, 8), MaxVitBlock(8, 16, 4)])
        pooled = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(16))
        self.classifier = nn.Sequential(*pooled, nn.Linear(16, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


NETWORKS = {
    "swin_like": lambda classes: SwinTransformer(ShiftedWindowAttention, classes),
    "swin_v2_like": lambda classes: SwinTransformer(ShiftedWindowAttentionV2, classes),
    "maxvit_like": MaxVit,
}


def get_model(name: str, weights: None = None, num_classes: int = 1000) -> nn.Module:
    return NETWORKS[name](num_classes)


def installed(monkeypatch: Any) -> None:
    """Let this stand where torchvision is looked for."""
    module: Any = ModuleType("torchvision")
    module.__spec__ = ModuleSpec("torchvision", None, origin="here")
    module.models = SimpleNamespace(get_model=get_model)
    monkeypatch.setitem(sys.modules, "torchvision", module)
