"""Attention whose position bias is a sum of one along rows and one along columns (Li et al. 2022, "MViTv2",
section 4.1; in SAM encoders). It is kept as these two: over 64 × 64 cells all biases of a layer would take
as much memory as all its weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from headlight.models.attention.calls import ALL, AttentionCall, Call, Index, Projection, sampled_rows
from headlight.models.core.task import SILENT, Task


@dataclass(frozen=True, eq=False)
class Decomposed:
    """rows: float [B, H, Nq, r], columns: float [B, H, Nq, c], what is added to the scores of each query with
    the keys of a row, and with those of a column, of r × c."""

    rows: Tensor
    columns: Tensor

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self.columns.nbytes

    def dense(self, queries: Index, heads: Index, batch: int) -> Tensor:
        """float32 [heads, queries, r · c]"""
        down, across = (one[batch][heads][:, queries].float() for one in (self.rows, self.columns))
        return (down[..., :, None] + across[..., None, :]).flatten(-2)


@dataclass(eq=False)
class DecomposedCall(AttentionCall):
    """As AttentionCall; bias: Decomposed."""

    def part(self, tensor: Any, queries: Index, heads: Index, batch: int) -> Tensor:
        """As of AttentionCall, of either kind of bias."""
        if isinstance(tensor, Decomposed):
            return tensor.dense(queries, heads, batch)
        return super().part(tensor, queries, heads, batch)


def decomposes(model: nn.Module) -> bool:
    """Whether all attention of a model is of this kind."""
    every = [one for one in model.modules() if "Attention" in type(one).__name__]
    return bool(every) and all(hasattr(one, "get_decomposed_rel_pos") for one in every)


@contextmanager
def watching(model: nn.Module, task: Task = SILENT) -> Iterator[list[Call]]:
    """The calls of such a model's passes in this thread, which runs as it would by itself."""
    calls: list[Call] = []
    thread = threading.get_ident()
    with ExitStack() as stack:
        for name, module in model.named_modules():
            if not hasattr(module, "get_decomposed_rel_pos"):
                continue
            watch = _Watch(name, module, calls, thread, task)
            stack.callback(module.qkv.register_forward_hook(watch.multiplied).remove)
            stack.callback(module.proj.register_forward_pre_hook(watch.attended).remove)
        yield calls


class _Watch:
    """One module, between the product that gives queries, keys and values and that of what is carried."""

    def __init__(self, name: str, module: Any, calls: list[Call], thread: int, task: Task) -> None:
        self._name, self._module, self._calls = name, module, calls
        self._thread, self._task = thread, task
        self._qkv: Tensor | None = None

    def multiplied(self, _: nn.Module, args: tuple, output: Tensor) -> None:
        """output: [B, rows, columns, 3 · H · d]"""
        if threading.get_ident() == self._thread:
            self._task.check()
            self._qkv = output.detach()

    def attended(self, _: nn.Module, args: tuple) -> None:
        """args: what is carried, [B, rows, columns, H · d]."""
        if threading.get_ident() != self._thread or self._qkv is None:
            return
        module, heads = self._module, self._module.num_attention_heads
        batch, down, across, _ = self._qkv.shape
        parts = self._qkv.reshape(batch, down * across, 3, heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = parts.unbind(0)
        rows = sampled_rows(down * across, q.device)
        bias = None
        if module.use_rel_pos:
            along = q.reshape(batch, heads, down, across, -1)
            of_rows = module.get_rel_pos(down, down, module.rel_pos_h).detach()
            of_columns = module.get_rel_pos(across, across, module.rel_pos_w).detach()
            bias = Decomposed(
                torch.einsum("bnhwc,hkc->bnhwk", along, of_rows).flatten(2, 3),
                torch.einsum("bnhwc,wkc->bnhwk", along, of_columns).flatten(2, 3),
            )
        make = partial(DecomposedCall, bias=bias) if batch == 1 else partial(AttentionCall, bias=_all(bias))
        carried = args[0].detach().reshape(batch, down * across, heads, -1)
        weight, added = module.proj.weight.detach(), module.proj.bias
        call = make(
            *(self._name, "self" if batch == 1 else "window", q, k, v, module.scale),
            rows=rows,
            outputs=carried[:, rows],
            projection=Projection(weight, None if added is None else added.detach()),
        )
        self._calls.append(call)
        self._qkv = None


def _all(bias: Decomposed | None) -> Tensor | None:
    """[B, H, Nq, Nk]: of small windows."""
    if bias is None:
        return None
    return torch.stack([bias.dense(ALL, ALL, item) for item in range(len(bias.rows))])
