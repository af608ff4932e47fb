"""RecordedLayer: one recorded attention call as every pane asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import ALL, CHUNK_ELEMENTS, HEAD_ELEMENTS, AttentionCall, Call
from headlight.models.attention.products import no_product, product_of
from headlight.models.core.cache import CACHE, Cache
from headlight.models.core.errors import TooLarge
from headlight.models.core.layers import Carrier, Fusion, Groups, Head, Lines, Vector
from headlight.models.core.product import Product
from headlight.models.core.tokens import Tokens

MATRIX_LIMIT = 64_000_000
"""Elements of the largest matrix handed out: 256 MB of float32."""


def read_only(array: np.ndarray) -> np.ndarray:
    """The array, which many will hold."""
    array.setflags(write=False)
    return array


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def fuse(weights: Tensor, fusion: Fusion) -> Tensor:
    """[heads, ...] → [...], elementwise."""
    return weights.mean(0) if fusion == "mean" else getattr(weights, f"a{fusion}")(0)


class BlockLayer(ABC):
    """What follows for a layer from its blocks of rows: matrices and thumbnails, in chunks and cached.

    Its queries are one group, unless it says otherwise.
    """

    stack = "encoder"
    depth = 0
    group_count = 1
    has_norms = False
    call: Call

    def __init__(self, name: str, heads: int, queries: Tokens, keys: Tokens, cache: Cache):
        self.name = name
        self.heads = heads
        self.queries = queries
        self.keys = keys
        self._cache = cache

    def block(self, head: Head | None, start: int, stop: int) -> Tensor:
        """float32 [stop − start, keys] on the device: rows of one head, or of all heads fused elementwise.

        None: of every head, [heads, stop − start, keys].
        """
        if head is None:
            return self._block(None, start, stop)
        if not isinstance(head, str):
            return self._block(int(head), start, stop)[0]
        if self.heads * (stop - start) * len(self.keys) <= CHUNK_ELEMENTS:
            return fuse(self._block(None, start, stop), head)
        fused = self._block(0, start, stop)[0]
        for h in range(1, self.heads):  # the first may lie in what the layer was given
            fused = _INTO[head](fused, self._block(h, start, stop)[0], out=fused if h > 1 else None)
        return fused.div_(self.heads) if head == "mean" and self.heads > 1 else fused

    def matrix(self, head: Head) -> np.ndarray:
        """float32 (queries, keys), read-only. Raises TooLarge above 64 million weights."""
        rows, columns = len(self.queries), len(self.keys)
        if rows * columns > MATRIX_LIMIT:
            raise TooLarge(
                f"The matrix of {rows:,} × {columns:,} tokens has {rows * columns:,} weights; "
                f"the limit is {MATRIX_LIMIT:,}.",
                "Look at single rows, or make the input smaller.",
            )
        if self._is_small and not isinstance(head, str):
            return self._matrices()[head]
        return self._cache.kept(self, ("matrix", head), lambda: self._whole(head))

    @property
    def _is_small(self) -> bool:
        """Whether the matrices of all heads are one block, which takes little longer than that of one."""
        return self.heads * len(self.queries) * len(self.keys) <= CHUNK_ELEMENTS

    def _matrices(self) -> np.ndarray:
        """float32 (heads, queries, keys), read-only, of a small layer."""

        def computed() -> np.ndarray:
            return read_only(np.ascontiguousarray(_numpy(self._block(None, 0, len(self.queries)))))

        return self._cache.kept(self, "matrices", computed)

    def _whole(self, head: Head) -> np.ndarray:
        matrix = np.empty((len(self.queries), len(self.keys)), np.float32)
        for start, stop in self._chunks(HEAD_ELEMENTS):
            matrix[start:stop] = _numpy(self.block(head, start, stop))
        return read_only(matrix)

    def thumbnail(self, size: int) -> np.ndarray:
        """float32 (heads, h, w), read-only; h = min(size, queries), w = min(size, keys).

        Every pixel is the exact mean of an equal area of the matrix, so their mean is the matrix's.
        """
        if self._is_small and size >= max(len(self.queries), len(self.keys)):
            return self._matrices()
        return self._cache.kept(self, ("thumbnail", size), lambda: read_only(self._thumbnail(size)))

    def _thumbnail(self, size: int) -> np.ndarray:
        rows, columns = len(self.queries), len(self.keys)
        h, w = min(size, rows), min(size, columns)
        down, across = area_means(rows, h), area_means(columns, w).T  # [h, Nq], [Nk, w]
        pixels = np.zeros((self.heads, h, w), np.float32)
        for start, stop in self._chunks(CHUNK_ELEMENTS // self.heads):
            first, last = start * h // rows, -(-stop * h // rows)  # the pixels these rows lie in
            weights = self._block(None, start, stop)  # [heads, m, Nk]
            part = down[first:last, start:stop].to(weights.device) @ weights @ across.to(weights.device)
            pixels[:, first:last] += _numpy(part)
        return pixels

    def groups(self, head: Head | None = None, queries: np.ndarray | None = None) -> Iterator[Groups]:
        """Rows of these queries and of those that lie between them, all keys alike."""
        wanted = np.arange(len(self.queries)) if queries is None else np.unique(queries)
        keys = np.arange(len(self.keys))[None]
        elements = CHUNK_ELEMENTS // (self.heads if head is None else 1)
        for start, stop in _stretches_of(wanted, max(1, elements // max(1, len(self.keys)))):
            weights = self.block(head, start, stop).unflatten(-2, (1, -1))
            yield Groups(np.arange(start, stop)[None], keys, weights if head is None else weights[None])

    def group_of(self, query: int) -> int:
        return 0

    def group(self, head: Head, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(queries int (m,), keys int (k,), float32 (m, k)): all of them."""
        return np.arange(len(self.queries)), np.arange(len(self.keys)), self.matrix(head)

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        return {}

    def said(self, group: int | None = None) -> str:
        return ""

    def borders(self) -> tuple[Lines, Lines] | None:
        return None

    def figures(self) -> dict[str, np.ndarray]:
        return {}

    def value_norms(self) -> np.ndarray | None:
        return None

    def vectors(self, kind: Vector) -> Tensor | None:
        return None

    def inner(self) -> Tensor | None:
        return self.call.projection.inner(self.heads) if self.has_norms else None

    def carrier(self, queries: np.ndarray) -> Carrier | None:
        return None

    def product(self, head: int, query: int, key: int) -> Product:
        raise no_product(self.name)

    def over(self, call: Call) -> Self:
        """The same layer over another call of its shape."""
        other = copy(self)
        other.call, other.has_norms = call, False
        return other

    @abstractmethod
    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        """float32 [heads, stop − start, keys] of every head, [1, …] of one."""

    def _chunks(self, elements: int) -> list[tuple[int, int]]:
        """[start, stop) of blocks of rows of about so many weights a head."""
        count = len(self.queries)
        step = max(1, elements // max(1, len(self.keys)))
        return [(start, min(start + step, count)) for start in range(0, count, step)]


L = TypeVar("L", bound=BlockLayer)


def numbered(layers: Iterable[L], stack: str = "") -> tuple[L, ...]:
    """Layers in their order, each with its depth. stack: of them all, "" where each has its own."""
    counts: Counter[str] = Counter()
    for layer in (layers := tuple(layers)):
        layer.stack = stack or layer.stack
        layer.depth = counts[layer.stack]
        counts[layer.stack] += 1
    return layers


_INTO = {"mean": torch.add, "max": torch.maximum, "min": torch.minimum}


class RecordedLayer(BlockLayer):
    """The AttentionLayer over item `batch` of a recorded call.

    queries, keys: the tokens of the call's rows and columns. Raises ValueError where their numbers differ.
    """

    def __init__(self, call: Call, queries: Tokens, keys: Tokens, batch: int = 0, cache: Cache = CACHE):
        batches, heads, rows, columns = call.shape
        if (rows, columns) != (len(queries), len(keys)):
            raise ValueError(f"{call.name}: {rows} × {columns} weights, {len(queries)} × {len(keys)} tokens")
        if not 0 <= batch < batches:
            raise ValueError(f"{call.name}: item {batch} of {batches}")
        super().__init__(call.name, heads, queries, keys, cache)
        self.call, self._batch = call, batch
        self.has_norms = getattr(call, "projection", None) is not None

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (heads, k)); several queries are averaged."""
        index = self._index(queries)
        shares = torch.full((len(index),), 1 / len(index), device=index.device)
        return np.arange(len(self.keys)), _numpy(self.call.carried(shares, index, self._batch))

    def carrier(self, queries: np.ndarray) -> Carrier | None:
        """As `AttentionLayer.carrier`, of a call whose rows have known sums."""
        index = self._index(queries)
        sums = self.call.sums(index, self._batch)

        def carry(shares: Tensor) -> Tensor:
            return self.call.carried(shares, index, self._batch).mean(0)

        return None if sums is None else (sums.mean(0), carry)

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,)); heads are fused before queries are averaged."""
        index = self._index(query)
        step = max(1, CHUNK_ELEMENTS // (self.heads * len(self.keys)))
        total = sum(self._fused_rows(head, part).sum(0) for part in index.split(step))
        return np.arange(len(self.keys)), _numpy(total / len(index))

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,)); several keys are averaged."""
        matrix = self.matrix(head) if self._is_small else self._cache.get(self, ("matrix", head))
        if matrix is not None:
            return np.arange(len(self.queries)), matrix[:, np.atleast_1d(key)].mean(1)
        index = self._index(key)
        chunks = self._chunks(HEAD_ELEMENTS)
        parts = [self.block(head, start, stop)[:, index].mean(1) for start, stop in chunks]
        return np.arange(len(self.queries)), _numpy(torch.cat(parts))

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        """float32 (m,): of each query's row the share that goes to a "sink" instead of a key, if to any."""
        share = self.call.sink(self._index(queries), batch=self._batch)  # [H, m]
        if not share.any():
            return {}
        return {"sink": _numpy(fuse(share, head) if isinstance(head, str) else share[int(head)])}

    def value_norms(self) -> np.ndarray | None:
        """float32 (heads, keys): ‖f(x)‖ of each key, of a call whose output projection was seen."""
        if not self.has_norms:
            return None
        return self._cache.kept(self, "norms", lambda: read_only(_numpy(self.call.value_norms(self._batch))))

    def product(self, head: int, query: int, key: int) -> Product:
        """All numbers between query and key. Raises HeadlightError of a call that was given its weights."""
        return product_of(self.call, head, (query, key), (query, key), np.arange(len(self.keys)), self._batch)

    def vectors(self, kind: Vector) -> Tensor | None:
        """As `AttentionLayer.vectors`, of a call that was given them."""
        return self.call.vectors(kind, self._batch) if isinstance(self.call, AttentionCall) else None

    def check(self) -> float:
        """Largest |A·V − what the layer returned| over sampled rows of every head."""
        return self.call.error(self._batch)

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        return self.call.weights(slice(start, stop), ALL if head is None else head, self._batch)

    def _fused_rows(self, head: Head, index: Tensor) -> Tensor:
        if isinstance(head, str):
            return fuse(self.call.weights(index, batch=self._batch), head)  # [m, Nk]
        return self.call.weights(index, int(head), self._batch)[0]

    def _index(self, index: np.ndarray | int) -> Tensor:
        return torch.as_tensor(np.atleast_1d(index), device=self.call.device)


def _stretches_of(rows: np.ndarray, step: int) -> Iterator[tuple[int, int]]:
    """[start, stop) of at most `step` rows that together hold all of `rows` (sorted), from one to another."""
    position = 0
    while position < len(rows):
        start = int(rows[position])
        position = int(np.searchsorted(rows, start + step))
        yield start, int(rows[position - 1]) + 1


def area_means(count: int, size: int) -> Tensor:
    """float32 [size, count]: row i averages the i-th of `size` equal stretches of `count` cells."""
    edges = torch.arange(size + 1, dtype=torch.float64) * count / size
    cells = torch.arange(count, dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], cells + 1) - torch.maximum(edges[:-1, None], cells)
    return (overlap.clamp_(min=0) * size / count).float()


def sparse_means(
    pixels: np.ndarray, queries: np.ndarray, keys: np.ndarray, weights: np.ndarray, shape: tuple[int, int]
) -> None:
    """Add to `pixels` (heads, h, w) what these entries of a matrix of `shape` make of its area means.

    queries, keys: int (m,). weights: (heads, m). Entries that are not given are 0.
    """
    _, h, w = pixels.shape
    down, down_share = _stretches(shape[0], h)
    across, across_share = _stretches(shape[1], w)
    area = (shape[0] / h) * (shape[1] / w)
    for i, row_share in enumerate(down_share):
        for j, column_share in enumerate(across_share):
            share = row_share[queries] * column_share[keys]
            some = np.flatnonzero(share)  # few cells lie on the border between two stretches
            where = (down[queries[some]] + i) * w + across[keys[some]] + j
            for head, of_head in enumerate(weights):
                pixels[head] += np.bincount(where, of_head[some] * share[some] / area, h * w).reshape(h, w)


def _stretches(count: int, size: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """(first stretch (count,), (share in it (count,), share in the next one)) of `size` equal stretches.

    With size ≤ count a cell lies in at most two.
    """
    cells = np.arange(count)
    first = cells * size // count
    over = np.maximum((cells + 1) * size - (first + 1) * count, 0) / size
    return first, (1 - over, over)
