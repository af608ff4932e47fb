"""Modules as people write them, and the weights of their attention computed by hand in float64."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, HEADS = 32, 4


def by_hand(q: Tensor, k: Tensor, mask: Tensor | None = None, scale: float | None = None) -> Tensor:
    """softmax(q·kᵀ / √d), of [..., n, d]. mask: bool, True where a query may look."""
    scores = q.double() @ k.double().transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    return torch.softmax(scores if mask is None else scores.masked_fill(~mask, -math.inf), -1)


class Attention(nn.Module):
    """As minGPT has it: everything by hand, causal, dropout on the weights."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.drop = nn.Dropout(dropout)
        self.q = self.k = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        self.q, self.k = q.detach(), k.detach()
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        below = torch.tril(torch.ones(n, n)).view(1, 1, n, n)
        weights = self.drop(F.softmax(scores.masked_fill(below == 0, float("-inf")), dim=-1))
        return self.proj((weights @ v).transpose(1, 2).contiguous().view(b, n, width))


class ByEinsum(nn.Module):
    """Tokens before heads, capped scores and a float mask, heads summed by einsum."""

    def __init__(self, cap: float = 3.0) -> None:
        super().__init__()
        self.qkv, self.proj, self.cap = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), cap
        self.q = self.k = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, HEADS, width // HEADS).unbind(2)
        self.q, self.k = q.detach().transpose(1, 2), k.detach().transpose(1, 2)
        scores = torch.tanh(torch.einsum("bihd,bjhd->bhij", q, k) / 2 / self.cap) * self.cap
        weights = (scores + torch.zeros(n, n).masked_fill(torch.ones(n, n).triu(1).bool(), -1e9)).softmax(-1)
        return self.proj(torch.einsum("bhij,bjhd->bihd", weights, v).flatten(2))


class OwnScale(nn.Module):
    """A learned scale a head, as Swin v2 has it, and a learned one of all."""

    def __init__(self) -> None:
        super().__init__()
        self.each, self.all = nn.Parameter(torch.rand(HEADS, 1, 1) + 1), nn.Parameter(torch.tensor(0.7))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return ((q @ k.transpose(-2, -1)) * self.each / self.all).softmax(dim=-1) @ v


class Head(nn.Module):
    """One head, as lectures write it."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(WIDTH, WIDTH // HEADS, bias=False) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        k, q = self.key(x), self.query(x)
        weights = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        weights = weights.masked_fill(torch.tril(torch.ones(x.shape[1], x.shape[1])) == 0, float("-inf"))
        return F.softmax(weights, dim=-1) @ self.value(x)


class ManyHeads(nn.Module):
    """Heads beside each other in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.heads, self.proj = nn.ModuleList(Head() for _ in range(HEADS)), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(torch.cat([head(x) for head in self.heads], dim=-1))


class Odd(nn.Module):
    """Scores to a power before the softmax: what nobody foresees."""

    def forward(self, x: Tensor) -> Tensor:
        scores = x @ x.transpose(-1, -2)
        return torch.softmax(scores.sigmoid() ** 2, -1) @ x


class Classifier(nn.Module):
    """A softmax that weighs no values."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.head(x), -1)
