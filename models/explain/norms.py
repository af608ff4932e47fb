"""Attention weighted by what it carries: ‖α f(x)‖, f(x) = (x W_V + b_V) W_O.

Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms", section 3:
what much attention goes to adds little where its value is short, as that of [CLS] often is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.recorded import BlockLayer
from headlight.models.core.cache import CACHE
from headlight.models.core.layers import AttentionLayer, Groups, Head
from headlight.models.core.trace import Trace


def normed(trace: Trace) -> Trace:
    """The trace with the norms of what passes from key to query in place of each weight.

    Layers stay as they are whose output projection was not seen: ask `AttentionLayer.value_norms`.
    """
    return replace(trace, layers=tuple(map(normed_layer, trace.layers)))


def normed_layer(layer: AttentionLayer) -> AttentionLayer:
    """One layer of `normed`."""
    norms = layer.value_norms()
    return layer if norms is None else NormLayer(layer, norms)


class NormLayer(BlockLayer):
    """α · ‖f(x)‖ in place of α, head by head; of several heads fused the mean, the largest or the least norm.

    norms: float32 (heads, keys). Rows sum to no 1: they are lengths of vectors.
    """

    def __init__(self, layer: AttentionLayer, norms: np.ndarray) -> None:
        super().__init__(layer.name, layer.heads, layer.queries, layer.keys, CACHE)
        self.stack, self.depth = layer.stack, layer.depth
        self._layer, self._norms = layer, np.array(norms)
        self.group_count, self.group_of, self.said = layer.group_count, layer.group_of, layer.said
        self.borders, self.figures, self.check = layer.borders, layer.figures, layer.check

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), norms float32 (heads, k)), the mean over several queries."""
        keys, weights = self._layer.rows(queries)
        return keys, weights * self._norms[:, keys]

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), norms float32 (k,)); heads are fused before queries are averaged."""
        if not isinstance(head, str) or head == "mean":
            keys, norms = self.rows(query)
            return keys, norms.mean(0) if head == "mean" else norms[int(head)]
        rows = [self._layer.rows(int(one)) for one in np.atleast_1d(query)]
        total = np.zeros((len(rows), len(self.keys)), np.float32)
        for place, (keys, weights) in enumerate(rows):
            total[place, keys] = getattr(np, head)(weights * self._norms[:, keys], axis=0)
        keys = np.unique(np.concatenate([keys for keys, _ in rows]))
        return keys, total[:, keys].mean(0)

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), norms float32 (k,)); several keys are averaged."""
        heads = range(self.heads) if isinstance(head, str) else [int(head)]
        total, keys = np.zeros(len(self.queries), np.float32), np.atleast_1d(key)
        for one in keys:
            found = [self._layer.column(h, int(one)) for h in heads]
            norms = np.stack([w * self._norms[h, one] for h, (_, w) in zip(heads, found, strict=True)])
            fused = getattr(np, head)(norms, axis=0) if isinstance(head, str) else norms[0]
            total[found[0][0]] += fused / len(keys)
        return np.arange(len(self.queries)), total

    def groups(self, head: Head | None = None, queries: np.ndarray | None = None) -> Iterator[Groups]:
        """As the layer's own, with norms in place of weights."""
        for part in self._layer.groups(None if isinstance(head, str) else head, queries):
            chosen = slice(None) if head is None or isinstance(head, str) else [int(head)]
            lengths = torch.as_tensor(self._norms[chosen][:, part.keys], device=part.weights.device)
            norms = part.weights * lengths[:, :, None]  # [h, g, m, k]
            if isinstance(head, str):
                norms = norms.mean(0, True) if head == "mean" else getattr(norms, f"a{head}")(0, True)
            yield Groups(part.queries, part.keys, norms)

    def group(self, head: Head, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(queries int (m,), keys int (k,), norms float32 (m, k)) of one group."""
        if self.group_count == 1:
            return super().group(head, number)
        heads = range(self.heads) if isinstance(head, str) else [int(head)]
        parts = [self._layer.group(h, number) for h in heads]
        queries, keys, _ = parts[0]
        norms = np.stack([part[2] * self._norms[h, keys] for h, part in zip(heads, parts, strict=True)])
        return queries, keys, getattr(np, head)(norms, axis=0) if isinstance(head, str) else norms[0]

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        weights = self._layer.block(head, start, stop)
        norms = torch.as_tensor(self._norms if head is None else self._norms[[head]], device=weights.device)
        return weights * norms[:, None]
