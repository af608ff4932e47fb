"""Queries, keys, values and what is written of all heads over many inputs, and their principal components.

Mean and covariance are of everything, in float64; what is drawn are tokens of a sample (seeded), of which the
vectors are kept: as many as SAMPLE and BYTES allow, whatever the order of inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, get_args

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call
from headlight.models.core.layers import AttentionLayer, Vector

KINDS: tuple[Vector, ...] = get_args(Vector)
SAMPLE = 2000
"""Tokens of which vectors are kept."""
BYTES = 32_000_000
"""Of these vectors, and at most of what is summed."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The first two principal components: float64 mean (d,), axes (2, d), shares (2,) of all variance.

    basis: float64 (d, d), what vectors are multiplied with first so that their lengths are those of what is
    written to the stream; None where they are as they are.
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray
    basis: np.ndarray | None = None

    def of(self, vectors: np.ndarray) -> np.ndarray:
        """float64 (n, 2) of (n, d)."""
        vectors = np.asarray(vectors, np.float64)
        return ((vectors if self.basis is None else vectors @ self.basis) - self.mean) @ self.axes.T


@dataclass(frozen=True)
class Sampled:
    """Where a vector of the sample stands: the input, the token, its characters."""

    text: int
    token: int
    start: int
    stop: int


def _summed(sizes: Sequence[tuple[int, int, int]]) -> int:
    """Bytes of the sums of all products."""
    return sum(16 * heads * (query**2 + value**2) for heads, query, value in sizes)


class Moments:
    """Sum and products of vectors of one kind in one layer, about the mean of the first that came."""

    def __init__(self, heads: int, size: int) -> None:
        self.count = 0
        self.shift = np.zeros((heads, size))
        self.sums = np.zeros((heads, size))
        self.products = np.zeros((heads, size, size))

    def add(self, vectors: Tensor) -> None:
        """float32 [h, m, d]"""
        some = vectors.cpu().double()
        if not self.count:
            self.shift = some.mean(1).numpy()
        some = some - torch.from_numpy(self.shift)[:, None]
        self.count += some.shape[1]
        self.sums += some.sum(1).numpy()
        self.products += (some.transpose(1, 2) @ some).numpy()

    def of(self, head: int) -> tuple[np.ndarray, np.ndarray]:
        """float64 (mean (d,), covariance (d, d), each product divided by the count)."""
        off = self.sums[head] / self.count
        return self.shift[head] + off, self.products[head] / self.count - np.outer(off, off)


class Vectors:
    """Of the heads of all layers. sizes: heads, width of a query and of a value, layer by layer.

    inner: float32 [h, dv, dv] of each layer, None where it is not known.
    """

    def __init__(
        self, sizes: Sequence[tuple[int, int, int]], inner: Sequence[Tensor | None], seed: int = 0
    ) -> None:
        self.inner = [None if one is None else one.cpu().double().numpy() for one in inner]
        width = [{"query": d, "key": d, "value": dv, "written": dv} for _, d, dv in sizes]
        heads = [one[0] for one in sizes]
        bytes_ = sum(4 * h * sum(of.values()) for h, of in zip(heads, width, strict=True))
        self.room = max(1, min(SAMPLE, BYTES // max(bytes_, 1)))
        each = [(at, kind) for at in range(len(sizes)) for kind in KINDS]
        self._moments = {(at, kind): Moments(heads[at], width[at][kind]) for at, kind in each}
        self._kept = {
            (at, kind): np.zeros((heads[at], self.room, width[at][kind]), np.float32) for at, kind in each
        }
        self._priority = np.full(self.room, np.inf)
        self._at = np.zeros((self.room, 4), int)
        self._seed = seed
        self._new: tuple[np.ndarray, np.ndarray, np.ndarray] = (np.empty(0, int),) * 3

    @classmethod
    def of(cls, calls: Sequence[Call], seed: int = 0) -> Self | None:
        """For calls such as these; None where not all were given vectors, or these are too long and many."""
        known = [call for call in calls if isinstance(call, AttentionCall)]
        if len(known) < len(calls):
            return None
        sizes = [(call.shape[1], call.q.shape[-1], call.v.shape[-1]) for call in known]
        inner = [call.projection.inner(call.shape[1]) if call.projection else None for call in known]
        return cls(sizes, inner, seed) if _summed(sizes) <= 2 * BYTES else None

    @classmethod
    def of_layers(cls, layers: Sequence[AttentionLayer], seed: int = 0) -> Self | None:
        """The same for layers."""
        sizes = []
        for layer in layers:
            query, value = layer.vectors("query"), layer.vectors("value")
            if query is None or value is None:
                return None
            sizes.append((layer.heads, query.shape[-1], value.shape[-1]))
        return cls(sizes, [layer.inner() for layer in layers], seed) if _summed(sizes) <= 2 * BYTES else None

    @classmethod
    def of_layer(cls, layer: AttentionLayer, which: np.ndarray) -> Self | None:
        """Of one layer over one input, as layer 0; None where they are not known.

        which: bool (n,), the tokens that count.
        """
        made = cls.of_layers([layer])
        if made is not None:
            made.draw((0,), [np.zeros((len(which), 2), int)], which[None])
            for kind in KINDS:
                vectors = layer.vectors(kind)[:, None]
                made.add(0, kind, vectors, torch.from_numpy(which[None]).to(vectors.device))
        return made

    def draw(self, texts: Sequence[int], spans: Sequence[np.ndarray], which: np.ndarray) -> None:
        """Which tokens of these inputs come into the sample: those that have the lowest numbers of all.

        spans: int (n, 2), the characters of each token. which: bool (texts, n), the tokens that count.
        """
        draws = (np.random.default_rng((self._seed, text)) for text in texts)
        numbers = np.stack([draw.random(which.shape[1]) for draw in draws])
        numbers[~which] = np.inf
        rows, tokens = np.nonzero(numbers < self._priority.max())
        every = np.concatenate([self._priority, numbers[rows, tokens]])
        kept = np.argsort(every, kind="stable")[: self.room]
        comes = kept[(kept >= self.room) & np.isfinite(every[kept])] - self.room
        slots = np.setdiff1d(np.arange(self.room), kept)[: len(comes)]
        for slot, number in zip(slots, comes, strict=True):
            row, token = rows[number], tokens[number]
            self._priority[slot] = numbers[row, token]
            self._at[slot] = (texts[row], token, *spans[row][token])
        self._new = slots, rows[comes], tokens[comes]

    def add(self, layer: int, kind: Vector, vectors: Tensor, which: Tensor) -> None:
        """float32 [h, texts, n, d] of the inputs that were drawn from last. which: bool [texts, n]."""
        self._moments[layer, kind].add(vectors[:, which])
        slots, rows, tokens = self._new
        if len(slots):
            index = torch.from_numpy(rows), torch.from_numpy(tokens)
            self._kept[layer, kind][:, slots] = vectors[:, index[0], index[1]].cpu().numpy()

    def has(self, layer: int, kind: Vector) -> bool:
        """Whether there are any: of what is written only where W_O is known."""
        known = kind != "written" or self.inner[layer] is not None
        return known and self.count(layer, kind) > 0

    def count(self, layer: int, kind: Vector) -> int:
        """Of the vectors that were gathered."""
        return self._moments[layer, kind].count

    def plane(self, layer: int, head: int, kind: Vector) -> Plane:
        """By the eigenvectors of the covariance; of each axis the largest number is positive."""
        mean, covariance = self._moments[layer, kind].of(head)
        basis, inner = None, self.inner[layer]
        if kind == "written" and inner is not None:
            values, vectors = np.linalg.eigh(inner[head])
            basis = vectors * np.sqrt(np.maximum(values, 0))
            mean, covariance = mean @ basis, basis.T @ covariance @ basis
        variances, axes = np.linalg.eigh((covariance + covariance.T) / 2)
        axes, total = axes[:, ::-1][:, :2].T, max(float(np.maximum(variances, 0).sum()), 1e-300)
        largest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1)
        axes = axes * np.where(largest < 0, -1, 1)
        shares = np.maximum(variances[::-1][:2], 0) / total
        if len(axes) < 2:
            axes, shares = np.vstack([axes, 0 * axes]), np.append(shares, 0.0)
        return Plane(mean, axes, shares, basis)

    def sample(self, layer: int, head: int, kind: Vector) -> tuple[list[Sampled], np.ndarray]:
        """(where they stand, float32 (m, d)), in the order of inputs."""
        there = np.flatnonzero(np.isfinite(self._priority))
        order = there[np.lexsort((self._at[there, 1], self._at[there, 0]))]
        return [Sampled(*row) for row in self._at[order].tolist()], self._kept[layer, kind][head, order]

    @property
    def nbytes(self) -> int:
        moments = sum(one.products.nbytes + 2 * one.sums.nbytes for one in self._moments.values())
        return moments + sum(one.nbytes for one in self._kept.values())
