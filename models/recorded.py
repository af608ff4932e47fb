"""RecordedLayer: one recorded attention call as every pane asks for it."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from models.attention import Head
from models.calls import CHUNK_ELEMENTS, Call
from models.errors import TooLarge
from models.tokens import Tokens

MATRIX_LIMIT = 64_000_000
"""Elements of the largest matrix handed out: 256 MB of float32."""


class ArrayCache:
    """The last arrays that were computed, up to `limit` bytes; safe between threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._arrays: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple) -> np.ndarray | None:
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: tuple, array: np.ndarray) -> np.ndarray:
        """Keep `array` if it fits at all; it becomes read-only, since many will hold it."""
        array.setflags(write=False)
        with self._lock:
            self._drop(key)
            if array.nbytes <= self.limit:
                self._arrays[key] = array
                self.size += array.nbytes
            while self.size > self.limit:
                self._drop(next(iter(self._arrays)))
        return array

    def forget(self, owner: int) -> None:
        """Drop everything whose key begins with `owner`."""
        with self._lock:
            for key in [key for key in self._arrays if key[0] == owner]:
                self._drop(key)

    def _drop(self, key: tuple) -> None:
        if (array := self._arrays.pop(key, None)) is not None:
            self.size -= array.nbytes


CACHE = ArrayCache(128 * 2**20)
_numbers = itertools.count()


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


class RecordedLayer:
    """The AttentionLayer over item `batch` of a recorded call.

    queries, keys: the tokens of the call's rows and columns; their numbers must match its shape.
    """

    def __init__(
        self, call: Call, queries: Tokens, keys: Tokens, batch: int = 0, cache: ArrayCache = CACHE
    ) -> None:
        batches, self.heads, rows, columns = call.shape
        if (rows, columns) != (len(queries), len(keys)):
            raise ValueError(
                f"{call.name} has {rows}×{columns} weights for {len(queries)}×{len(keys)} tokens"
            )
        if not 0 <= batch < batches:
            raise ValueError(f"{call.name} has {batches} items, but item {batch} was asked for")
        self.name: str = call.name
        self.kind: Literal["self", "cross", "window", "neighbourhood"] = call.kind
        self.queries, self.keys = queries, keys
        self._call, self._batch, self._cache = call, batch, cache
        self._number = next(_numbers)
        weakref.finalize(self, cache.forget, self._number)

    def block(self, head: Head, start: int, stop: int) -> Tensor:
        """float32 [stop − start, keys] on the device: rows of one head, or of all heads fused."""
        part = slice(start, stop)
        if not isinstance(head, str):
            return self._call.weights(part, int(head), self._batch)[0]
        fused = self._call.weights(part, 0, self._batch)[0]
        for h in range(1, self.heads):
            other = self._call.weights(part, h, self._batch)[0]
            fused = {"mean": torch.add, "max": torch.maximum, "min": torch.minimum}[head](fused, other)
        return fused / self.heads if head == "mean" else fused

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (heads, k)); several queries are averaged."""
        index = torch.as_tensor(np.atleast_1d(queries), device=self._call.device)
        step = max(1, CHUNK_ELEMENTS // (self.heads * len(self.keys)))
        total = sum(self._call.weights(part, batch=self._batch).sum(1) for part in index.split(step))
        return np.arange(len(self.keys)), _numpy(total / len(index))

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,)); heads are fused before queries are averaged."""
        index = torch.as_tensor(np.atleast_1d(query), device=self._call.device)
        if not isinstance(head, str):
            weights = self._call.weights(index, int(head), self._batch)[0]  # [m, Nk]
        else:
            every = self._call.weights(index, batch=self._batch)  # [H, m, Nk]
            weights = every.mean(0) if head == "mean" else getattr(every, f"a{head}")(0)
        return np.arange(len(self.keys)), _numpy(weights.mean(0))

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,)); several keys are averaged."""
        keys = np.atleast_1d(key)
        if (matrix := self._cache.get((self._number, "matrix", head))) is not None:
            return np.arange(len(self.queries)), matrix[:, keys].mean(1)
        index = torch.as_tensor(keys, device=self._call.device)
        parts = [self.block(head, a, b)[:, index].mean(1) for a, b in self._chunks()]
        return np.arange(len(self.queries)), _numpy(torch.cat(parts))

    def matrix(self, head: Head) -> np.ndarray:
        """float32 (queries, keys), read-only. Raises TooLarge above 64 million elements."""
        rows, columns = len(self.queries), len(self.keys)
        if rows * columns > MATRIX_LIMIT:
            raise TooLarge(
                f"The matrix of {rows:,} × {columns:,} tokens has {rows * columns:,} weights; "
                f"the limit is {MATRIX_LIMIT:,}.",
                "Look at single rows, or use a smaller input.",
            )
        key = (self._number, "matrix", head)
        if (matrix := self._cache.get(key)) is not None:
            return matrix
        matrix = np.empty((rows, columns), np.float32)
        for start, stop in self._chunks():
            matrix[start:stop] = _numpy(self.block(head, start, stop))
        return self._cache.put(key, matrix)

    def thumbnail(self, size: int) -> np.ndarray:
        """float32 (heads, h, w), read-only; h = min(size, queries), w = min(size, keys).

        Every pixel is the exact mean of an equal area of the matrix, so that all pixels' mean is the matrix's.
        """
        key = (self._number, "thumbnail", size)
        if (pixels := self._cache.get(key)) is not None:
            return pixels
        h, w = min(size, len(self.queries)), min(size, len(self.keys))
        down = area_means(len(self.queries), h).to(self._call.device)  # [h, Nq]
        across = area_means(len(self.keys), w).to(self._call.device).T  # [Nk, w]
        pixels = torch.zeros(self.heads, h, w, device=self._call.device)
        for head in range(self.heads):
            for start, stop in self._chunks():
                first, last = start * h // len(self.queries), -(-stop * h // len(self.queries))
                weights = self.block(head, start, stop)  # [m, Nk]
                pixels[head, first:last] += down[first:last, start:stop] @ weights @ across
        return self._cache.put(key, _numpy(pixels))

    def sink(self, head: Head, query: np.ndarray | int) -> float:
        """Share of the row that goes to a sink instead of a key: 0 to 1, the mean over several queries."""
        index = torch.as_tensor(np.atleast_1d(query), device=self._call.device)
        share = self._call.sink(index, ALL_HEADS if isinstance(head, str) else int(head), self._batch)
        if isinstance(head, str):
            share = share.mean(0) if head == "mean" else getattr(share, f"a{head}")(0)
        return float(share.mean())

    def check(self) -> float:
        """Largest |A·V − what the layer returned| over sampled rows of every head."""
        return self._call.error(self._batch)

    def _chunks(self) -> list[tuple[int, int]]:
        """[start, stop) of blocks of rows that keep memory small."""
        count = len(self.queries)
        step = max(1, CHUNK_ELEMENTS // max(1, len(self.keys)))
        return [(start, min(start + step, count)) for start in range(0, count, step)]


ALL_HEADS = slice(None)


def area_means(count: int, size: int) -> Tensor:
    """float32 [size, count]: row i averages the i-th of `size` equal stretches of `count` cells, cut exactly."""
    edges = torch.arange(size + 1, dtype=torch.float64) * count / size
    cells = torch.arange(count, dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], cells + 1) - torch.maximum(edges[:-1, None], cells)
    return (overlap.clamp_(min=0) * size / count).float()
