"""NeighbourhoodLayer: the vector attention of a point network, as every pane asks for it.

Each point has k weights in each of C/8 maps, which stand where other layers have heads. The matrix of n × n
is never made: what there is of it are n · k · C/8 numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.recorded import BlockLayer, fuse, numbered, sparse_means
from headlight.models.core.cache import CACHE, Cache
from headlight.models.core.layers import Groups, Head
from headlight.models.core.tokens import PointTokens
from headlight.models.points.inference import NeighbourhoodCall
from headlight.models.points.neighbours import Geometry

_FUSE = {"mean": np.mean, "max": np.max, "min": np.min}


class NeighbourhoodLayer(BlockLayer):
    """The AttentionLayer over weights [n, k, maps] of each query's neighbours, int [n, k].

    rows [r], values [r, k, C], outputs [r, C]: sampled queries, vⱼ + δ of their neighbours and what the layer
    returned for them; channel c takes map c mod `maps`. Raises ValueError where numbers differ.
    """

    queries: PointTokens
    keys: PointTokens

    def __init__(
        self,
        name: str,
        queries: PointTokens,
        keys: PointTokens,
        neighbours: Tensor,
        weights: Tensor,
        rows: Tensor,
        values: Tensor,
        outputs: Tensor,
        cache: Cache = CACHE,
    ) -> None:
        if len(queries) != len(weights) or neighbours.shape != weights.shape[:2]:
            raise ValueError(
                f"{name}: weights {tuple(weights.shape)}, neighbours {tuple(neighbours.shape)}, "
                f"{len(queries)} tokens"
            )
        super().__init__(name, weights.shape[2], queries, keys, cache)
        self.stack = name.partition(".")[0]
        self.group_count = len(queries)
        self._neighbours, self._weights = neighbours, weights
        self._rows, self._values, self._outputs = rows, values, outputs

    @cached_property
    def neighbours(self) -> np.ndarray:
        """int32 (n, k), nearest first, read-only."""
        neighbours = self._neighbours.cpu().numpy().astype(np.int32)
        neighbours.setflags(write=False)
        return neighbours

    def groups(self, head: Head | None = None, queries: np.ndarray | None = None) -> Iterator[Groups]:
        """Each of these queries with its neighbours, nearest first; one that is there twice stands twice."""
        index = np.arange(self.group_count) if queries is None else np.unique(queries)
        weights = self._weights if queries is None else self._weights[self._index(index)]  # [m, k, maps]
        weights = weights.permute(2, 0, 1)
        if head is not None:
            weights = (fuse(weights, head) if isinstance(head, str) else weights[int(head)])[None]
        yield Groups(index[:, None], self.neighbours[index], weights[:, :, None])

    def group_of(self, query: int) -> int:
        return int(query)

    def group(self, head: Head, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(the query int (1,), its neighbours int (k,), float32 (1, k)), nearest first."""
        (found,) = self.groups(head, np.array([number]))
        query, keys, weights = found.rows()
        return query, keys[0], weights[0]

    def said(self, group: int | None = None) -> str:
        """16 nearest neighbours"""
        return f"{self.neighbours.shape[1]} nearest neighbours"

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (maps, k)): of one query its neighbours, nearest first.

        Of several queries all their neighbours, sorted, and averaged weights. A neighbour that is there twice
        has the sum.
        """
        keys, weights = self._merged(queries)
        return keys, weights.mean(1)

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,)); maps are fused before queries are averaged."""
        keys, weights = self._merged(query)
        return keys, (_FUSE[head](weights, 0) if isinstance(head, str) else weights[int(head)]).mean(0)

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,)): only queries that have the key as a neighbour.

        Several keys are averaged.
        """
        keys = np.unique(np.atleast_1d(key))
        wanted = np.zeros(len(self.keys), bool)
        wanted[keys] = True
        queries = np.flatnonzero(wanted[self.neighbours].any(1))
        near = self.neighbours[queries]
        part = self._weights[self._index(queries)].cpu().numpy()
        # Fusing is elementwise over the matrix: entries of one key that is there twice are summed before.
        total = np.zeros(len(queries), np.float32)
        first = _first_columns(near)
        for column in range(near.shape[1]):
            chosen = wanted[near[:, column]] & (first[:, column] == column)
            weights = (part[chosen] * (first[chosen] == column)[..., None]).sum(1)  # [m, maps]
            fused = _FUSE[head](weights, 1) if isinstance(head, str) else weights[:, int(head)]
            total[chosen] += fused
        return queries, total / len(keys)

    def _thumbnail(self, size: int) -> np.ndarray:
        """Exact area means of every map's matrix, zeros counted."""
        n, columns = self.neighbours.shape
        pixels = np.zeros((self.heads, min(size, n), min(size, len(self.keys))))
        query = np.repeat(np.arange(n), columns)
        values = self._weights.permute(2, 0, 1).reshape(self.heads, -1).cpu().numpy()
        sparse_means(pixels, query, self.neighbours.ravel(), values, (n, len(self.keys)))
        return pixels.astype(np.float32)

    def check(self) -> float:
        """Largest |Σₖ (vⱼ + δ)·w − what the layer returned| over sampled rows, in all channels.

        NaN where a weight is no number, in whichever row.
        """
        if not self._weights.isfinite().all():
            return math.nan
        weights = self._weights[self._rows].float()  # [r, k, maps]
        rebuilt = (self._values.unflatten(2, (-1, self.heads)) * weights[:, :, None]).sum(1).flatten(1)
        return float((rebuilt - self._outputs).abs().max())

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        weights = self._weights[start:stop].permute(2, 0, 1)  # [heads, m, k]
        weights = weights if head is None else weights[head : head + 1]
        near = self._neighbours[start:stop].expand_as(weights)
        return self._weights.new_zeros(*weights.shape[:2], len(self.keys)).scatter_add_(2, near, weights)

    def _index(self, queries: np.ndarray) -> Tensor:
        return torch.as_tensor(queries, device=self._weights.device)

    def _merged(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(keys (k,), float32 (maps, m, k)): each query's weights of all these keys."""
        index = np.atleast_1d(queries)
        near = self.neighbours[index]  # [m, k]
        weights = self._weights[self._index(index)].cpu().numpy()
        keys, position = np.unique(near, return_inverse=True)
        position = position.reshape(near.shape)
        if len(index) == 1:
            # Nearest first, not sorted.
            _, first = np.unique(near, return_index=True)
            order = np.argsort(first)
            keys, position = keys[order], np.argsort(order)[position]
        merged = np.zeros((self.heads, len(index), len(keys)), np.float32)
        for column in range(near.shape[1]):
            merged[:, np.arange(len(index)), position[:, column]] += weights[:, column].T
        return keys.astype(np.int64), merged


def neighbourhood_layers(
    calls: Iterable[NeighbourhoodCall], geometry: Geometry, tokens: PointTokens
) -> tuple[NeighbourhoodLayer, ...]:
    """The layers of one cloud's pass. tokens: of stage 1, in the network's order."""
    stages = stage_tokens(geometry, tokens)
    return numbered(
        NeighbourhoodLayer(
            call.name,
            stages[call.stage],
            stages[call.stage],
            call.neighbours,
            call.weights,
            call.rows,
            call.values,
            call.outputs,
        )
        for call in calls
    )


def stage_tokens(geometry: Geometry, tokens: PointTokens) -> tuple[PointTokens, ...]:
    """The tokens of every stage, each a part of the first."""
    found = [tokens]
    for stage in geometry.stages[1:]:
        index = stage.index.cpu().numpy()
        labels = tuple(tokens.labels[i] for i in index.tolist())
        found.append(PointTokens(labels, tokens.special[index], tokens.positions[index]))
    return tuple(found)


def _first_columns(near: np.ndarray) -> np.ndarray:
    """int (m, k): the first column of the row in which the same key stands."""
    return (near[:, :, None] == near[:, None, :]).argmax(2)
