"""Layers over a sound that silence was put behind: its frames are tokens, those of the silence are none."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import HEAD_ELEMENTS, Call
from headlight.models.attention.products import product_of
from headlight.models.attention.recorded import BlockLayer, RecordedLayer, fuse
from headlight.models.core.cache import CACHE, Cache
from headlight.models.core.layers import NOWHERE, Carrier, Head, Vector
from headlight.models.core.product import Product
from headlight.models.core.tokens import Tokens


class PaddedLayer(RecordedLayer):
    """The AttentionLayer of a call whose last queries, or last keys, are padding.

    queries, keys: the tokens of the first of them. What a row gives to the others it gives to "padding", so
    that it sums to 1 less that share.
    """

    def __init__(self, call: Call, queries: Tokens, keys: Tokens, cache: Cache = CACHE):
        _, heads, rows, columns = call.shape
        if rows < len(queries) or columns < len(keys):
            raise ValueError(f"{call.name}: {rows} × {columns} weights, {len(queries)} × {len(keys)} tokens")
        BlockLayer.__init__(self, call.name, heads, queries, keys, cache)
        self.call, self._batch = call, 0
        self.has_norms = getattr(call, "projection", None) is not None

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        keys, weights = super().rows(queries)
        return keys, weights[:, : len(keys)]

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        keys, weights = super().row(head, query)
        return keys, weights[: len(keys)]

    def carrier(self, queries: np.ndarray) -> Carrier | None:
        """None: what a row sums to is known of all keys alone."""
        return None

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        """float32 (m,): of each query's row the share on "padding", and on a "sink" if any is."""
        shares = super().elsewhere(head, queries)
        count = len(self.keys)
        if count == self.call.shape[3]:
            return shares
        index = self._index(queries)
        step = max(1, HEAD_ELEMENTS // (self.heads * self.call.shape[3]))
        found = []
        for part in index.split(step):
            behind = self._weights(part, head)[..., count:].sum(-1)  # [h, m], of one head [1, m]
            found.append(fuse(behind, head) if isinstance(head, str) else behind[0])
        return {**shares, "padding": torch.cat(found).cpu().numpy()}

    def _weights(self, index: Tensor, head: Head) -> Tensor:
        if isinstance(head, str):
            return self.call.weights(index)
        return self.call.weights(index, int(head))

    def value_norms(self) -> np.ndarray | None:
        norms = super().value_norms()
        return None if norms is None else norms[:, : len(self.keys)]

    def product(self, head: int, query: int, key: int) -> Product:
        places = np.arange(self.call.shape[3])
        places[len(self.keys) :] = NOWHERE
        return product_of(self.call, head, (query, key), (query, key), places)

    def vectors(self, kind: Vector) -> Tensor | None:
        found = super().vectors(kind)
        count = len(self.keys if kind in ("key", "value") else self.queries)
        return None if found is None else found[:, :count]

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        return super()._block(head, start, stop)[..., : len(self.keys)]
