"""A stand-in for timm, which need not be installed: one vision transformer with its names and its ways."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.num_heads, self.fused_attn = heads, False
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        assert self.fused_attn, "it is to be told to fuse"
        return self.proj(F.scaled_dot_product_attention(q, k, v, dropout_p=0.0).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = Attention(width, heads), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Patches(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.img_size, self.patch_size = (32, 32), (8, 8)
        self.proj = nn.Conv2d(3, width, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    num_prefix_tokens, global_pool = 2, "token"

    def __init__(self, num_classes: int, width: int = 12) -> None:
        super().__init__()
        self.default_cfg = {"mean": (0.1, 0.2, 0.3), "std": (0.5, 0.5, 0.25), "input_size": (3, 32, 32)}
        self.patch_embed = Patches(width)
        self.cls_token, self.reg_token = (nn.Parameter(torch.randn(1, 1, width)) for _ in range(2))
        self.pos_embed = nn.Parameter(torch.randn(1, 16, width))
        self.blocks = nn.Sequential(*(Block(width, 3) for _ in range(2)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, num_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x) + self.pos_embed
        before = torch.cat([self.cls_token, self.reg_token], 1).expand(len(x), -1, -1)
        return self.norm(self.blocks(torch.cat([before, x], 1)))

    def forward_head(self, x: Tensor) -> Tensor:
        return self.head(x[:, 0])

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(x))


def create_model(name: str, pretrained: bool = False, num_classes: int = 1000, **more: Any) -> nn.Module:
    if name != "vit_like_patch8_32":
        raise RuntimeError(f"Unknown model ({name})")
    return VisionTransformer(num_classes, **more)


def installed(monkeypatch: Any) -> None:
    """As if it were there."""
    library = ModuleType("timm")
    library.__spec__ = ModuleSpec("timm", None, origin=__file__)
    library.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", library)
