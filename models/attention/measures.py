"""Figures of every head: the patterns that it follows, and how sharply, how far and how strongly it looks.

Weights are gone through once, a few rows at a time: what is kept is a number a query and measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.patterns import FIGURES, MEASURES, USUAL, Pairs
from headlight.models.attention.statistics import located_queries, sinks
from headlight.models.core.layers import NOWHERE, AttentionLayer, Groups
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Task

TINY = torch.finfo(torch.float32).tiny
BY_QUERY = tuple(one.id for one in FIGURES if one.id != "sink")


@dataclass(frozen=True, eq=False)
class Rows:
    """What is measured of each query of a layer.

    values: float32 (measures, heads, queries), NaN where there is none: of special tokens, and of queries
    without a key of the pattern. sink: float32 (heads,), a figure of whole heads.
    """

    names: tuple[str, ...]
    values: np.ndarray
    sink: np.ndarray

    def means(self) -> dict[str, np.ndarray]:
        """float64 (heads,) a measure: its mean, NaN over no query."""
        sums, counts = self.sums()
        found = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
        return {**dict(zip(self.names, found, strict=True)), "sink": self.sink}

    def sums(self) -> tuple[np.ndarray, np.ndarray]:
        """float64 (measures, heads), int (measures, heads): over how many queries."""
        known = ~np.isnan(self.values)
        return np.where(known, self.values, 0).sum(-1, dtype=np.float64), known.sum(-1)


def names_of(pairs: Pairs) -> tuple[str, ...]:
    """What is measured query by query: patterns, then figures."""
    return (*pairs.names, *BY_QUERY)


def rows_of(layer: AttentionLayer, pairs: Pairs) -> Rows:
    """All measures of a layer's heads, query by query. pairs: between its tokens."""
    names, count = names_of(pairs), len(layer.queries)
    values = torch.full((len(names), layer.heads, count), torch.nan)
    received = torch.zeros(layer.heads, len(layer.keys))
    located = np.zeros(count, bool)
    located[located_queries(layer.queries)] = True
    for part in layer.groups():
        there = part.queries != NOWHERE
        of_part = Columns.of(*pairs.at(part.queries, part.keys), part.weights.device)
        found = by_query(part.weights, of_part).cpu()
        values[:-1, :, part.queries[there]] = found[:, :, torch.from_numpy(there)]
        _receive(received, part, torch.from_numpy(there & located[part.queries]))
    vectors, inner = layer.vectors("written"), layer.inner()
    if vectors is not None and inner is not None:
        values[-1] = lengths(vectors, inner).cpu()
    values[len(pairs.names) :, :, ~located] = torch.nan
    share = received.numpy() / located.sum()
    return Rows(names, values.numpy(), sink_share(share, layer.keys.special, layer.group_count == 1))


def sink_share(received: np.ndarray, special: np.ndarray, all_keys: bool = True) -> np.ndarray:
    """(heads, keys), bool (keys,) → (heads,): what lies on special tokens, on sinks and on no key.

    all_keys: every query may look at every key; of windows what lies on no key is padding.
    """
    taken = np.where(special | sinks(received), received, 0).sum(-1)
    return np.clip(taken + (1 - received.sum(-1) if all_keys else 0), 0, 1)


@dataclass(frozen=True, eq=False)
class Columns:
    """Pairs as weights are multiplied with them. of_keys: float32 [g, m, k, patterns + 2]. exists: bool
    [patterns, 1, g, m]."""

    of_keys: Tensor
    exists: Tensor

    @classmethod
    def of(cls, pairs: np.ndarray, exists: np.ndarray, device: torch.device) -> Columns:
        """Of what `Pairs.at` finds."""
        of_keys = torch.from_numpy(pairs).permute(1, 2, 3, 0).contiguous()
        return cls(of_keys.to(device), torch.from_numpy(exists).to(device)[:, None])


def by_query(weights: Tensor, columns: Columns) -> Tensor:
    """float32 [patterns + 3, h, g, m] of weights [h, g, m, k]: patterns, sharpness, entropy, distance."""
    shares = (weights.permute(1, 2, 0, 3) @ columns.of_keys).permute(3, 2, 0, 1)
    distance = shares[-1] / shares[-2]
    logarithms = weights.clamp_min(TINY).log_()  # torch.special.entr takes twice the time
    entropy = logarithms.mul_(weights).sum(-1).neg_()
    on_patterns = shares[:-2].where(columns.exists, torch.nan)
    return torch.cat([on_patterns, torch.stack([weights.amax(-1), entropy, distance])])


def lengths(written: Tensor, inner: Tensor) -> Tensor:
    """float32 [h, m]: ‖z W_O‖ of what heads write, [h, m, dv]. inner: W_O W_Oᵀ, [h, dv, dv]."""
    return torch.linalg.vecdot(written @ inner, written).clamp_(min=0).sqrt_()


def _receive(received: Tensor, part: Groups, counted: Tensor) -> None:
    """Add to `received` [h, keys] what the rows give that count, bool [g, m]."""
    sums = torch.einsum("hgmk,gm->hgk", part.weights, counted.to(part.weights.device, torch.float32))
    keys = torch.from_numpy(np.maximum(part.keys, 0)).flatten()
    received.index_add_(1, keys, sums.flatten(1).cpu())


def measured(
    layers: Sequence[AttentionLayer], settings: PatternSettings = USUAL, task: Task = SILENT
) -> dict[str, np.ndarray]:
    """float64 (layers, most heads of a layer) a measure: means over queries, NaN where there is none.

    After each layer `task.partial` gets all so far.
    """
    most = max((layer.heads for layer in layers), default=0)
    found: dict[str, np.ndarray] = {}
    between = pairs_of(layers, settings)
    for number, (layer, pairs) in enumerate(zip(layers, between, strict=True)):
        task.progress(number / len(layers), f"What the heads of layer {number} look for")
        for name, mean in rows_of(layer, pairs).means().items():
            array = found.setdefault(name, np.full((len(layers), most), np.nan))
            array[number, : layer.heads] = mean
        task.partial({name: array.copy() for name, array in found.items()})
    return {name: found[name] for name in MEASURES if name in found}


def pairs_of(layers: Iterable[AttentionLayer], settings: PatternSettings) -> list[Pairs]:
    """Of each layer; layers over the same tokens share theirs."""
    known: dict[tuple[int, int, str], Pairs] = {}
    found = []
    for layer in layers:
        key = id(layer.queries), id(layer.keys), layer.stack
        if key not in known:
            known[key] = Pairs(layer.queries, layer.keys, layer.stack == "decoder", settings)
        found.append(known[key])
    return found
