"""Value zeroing (Mohebbi et al. 2023, “Quantifying Context Mixing in Transformers”, section 3).

How far each token's vector behind a layer turns where another token's value is nothing in that layer alone:
C_ij = 1 − cos(x̃_i without j, x̃_i), rows divided by their sums. The skip connection and the MLP take part, so
that layers are composed by their product, as in a rollout without a residual of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.attention.capture import blocks_of, without_values
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace

BATCH = 1 << 13
"""Tokens that go through a layer at once."""


@dataclass(frozen=True, eq=False)
class _Ran:
    """One block of a pass: what it was given, and gave [1, n, d]."""

    block: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    gave: Tensor


class _Watch(ExitStack):
    """Notes what blocks were given and gave, while a model runs inside."""

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        super().__init__()
        self._blocks, self.ran = blocks, list[_Ran]()

    def __enter__(self) -> Self:
        super().__enter__()
        for block in self._blocks:
            self.callback(block.register_forward_hook(self._note, with_kwargs=True).remove)
        return self

    def _note(self, block: nn.Module, args: tuple, kwargs: dict[str, Any], gave: Any) -> None:
        self.ran.append(_Ran(block, args, kwargs, _first(gave)))


def zeroing(trace: Trace, queries: np.ndarray, task: Task = SILENT) -> Relevance:
    """Each token's share in these, in their mean, through all layers: n passes of each layer."""
    row = torch.zeros(len(trace.tokens))
    row[queries.tolist()] = 1 / len(queries)
    for matrix in reversed(mixings(trace, task)):
        row = row @ torch.from_numpy(matrix)
    return Relevance(values=row.numpy(), tokens=trace.tokens)


def mixings(trace: Trace, task: Task = SILENT) -> list[np.ndarray]:
    """float32 (n, n) of each layer: rows, of what reads, sum to 1."""
    return derived(trace, "value-zeroing", lambda: _mixings(trace, task))


def _mixings(trace: Trace, task: Task) -> list[np.ndarray]:
    engine = trace.run.engine(task)
    watch = _Watch(blocks_of(engine.model))
    _, _, seen = engine.watched(trace.run, watch, Part(task, 0.0, 0.05))
    count = len(trace.tokens)
    if len(seen.ran) != len(trace.layers) or any(one.gave.shape[:2] != (1, count) for one in seen.ran):
        raise HeadlightError(
            f"{trace.model.title} does not hand a vector of each token from layer to layer.",
            "Choose another method.",
        )
    share, every = 0.95 / len(seen.ran), range(len(seen.ran))
    parts = [Part(task, 0.05 + at * share, 0.05 + (at + 1) * share) for at in every]
    return [_mixing(engine.model, one, part) for one, part in zip(seen.ran, parts, strict=True)]


@torch.no_grad()
def _mixing(model: nn.Module, ran: _Ran, task: Task) -> np.ndarray:
    count, found = ran.gave.shape[1], []
    for some in torch.arange(count, device=ran.gave.device).split(max(1, BATCH // count)):
        task.progress(int(some[0]) / count, f"Without the value of token {int(some[0]) + 1:,} of {count:,}")
        without = nn.functional.one_hot(some, count).bool()
        with without_values(model, without):
            gave = _again(ran, len(some))  # [b, n, d]
        found.append(1 - torch.cosine_similarity(gave.double(), ran.gave.double(), dim=-1))
    turned = torch.cat(found).T.clamp_min(0)  # [n, n]: how far i turns without j
    sums = turned.sum(1, keepdim=True)
    still = torch.eye(count, dtype=turned.dtype, device=turned.device)
    return torch.where(sums > 0, turned / sums.clamp_min(1e-300), still).float().cpu().numpy()


def _again(ran: _Ran, times: int) -> Tensor:
    """What the block gives of the same vectors so many times over."""

    def repeated(value: Any) -> Any:
        same = isinstance(value, Tensor) and value.shape == ran.gave.shape
        return value.expand(times, -1, -1) if same else value

    kwargs = {name: repeated(value) for name, value in ran.kwargs.items()}
    return _first(ran.block(*map(repeated, ran.args), **kwargs))


def _first(gave: Any) -> Tensor:
    return gave if isinstance(gave, Tensor) else gave[0]
