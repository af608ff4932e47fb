"""Measures of all heads over many inputs, one batch after the other: what is kept does not grow with them.

Sums and the highest values are of everything. Deciles and what is shown at random are of a sample that is
drawn before the first pass (seeded).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.patterns import MEASURES
from headlight.models.core.tokens import Box
from headlight.models.corpus.vectors import Vectors

SAMPLE = 2000
"""Inputs of which each head's highest values are kept,"""
BYTES = 32_000_000
"""as long as these are no more than that."""
HIGHEST = 12
"""Inputs that are kept of each head and measure for their highest value."""
DECILES = 10


@dataclass(frozen=True)
class Event:
    """Where a measure of a head is so high: the input, the token in it."""

    text: int
    token: int
    value: float


@dataclass(frozen=True)
class Grid:
    """Where the patches of a layer lie. region: of the picture, in its pixels."""

    rows: int
    columns: int
    prefix: int
    region: Box

    def box(self, token: int) -> Box | None:
        """None of a token that is no patch."""
        if token < self.prefix:
            return None
        row, column = divmod(token - self.prefix, self.columns)
        box = self.region
        width, height = (box.x1 - box.x0) / self.columns, (box.y1 - box.y0) / self.rows
        x, y = box.x0 + column * width, box.y0 + row * height
        return Box(x, y, x + width, y + height)


class Gathered:
    """Of the heads of all layers. count: of inputs. seed: of what is drawn."""

    def __init__(self, names: Sequence[str], heads: Sequence[int], count: int, seed: int = 0) -> None:
        self.names, self.heads, self.count = tuple(names), tuple(heads), count
        self.vectors: Vectors | None = None
        """Those of all heads, where they are gathered."""
        self.grids: dict[int, tuple[Grid, ...]] = {}
        """Of each picture that was read, layer by layer."""
        self.seen = 0
        self.cut = 0
        """How many of those seen go on where the model reads no further."""
        self.tokens = 0
        drawn = np.random.default_rng(seed).permutation(count)[: self._room()]
        self.sample = np.sort(drawn)
        """int (kept,): the inputs of the sample."""
        self._row = {int(text): row for row, text in enumerate(self.sample)}
        layers, most, measures = len(heads), max(heads), len(self.names)
        self._sums = np.zeros((layers, measures, most))
        self._counts = np.zeros((layers, measures, most))
        self._sinks = np.zeros((layers, most))
        shape = (layers, measures, most, HIGHEST)
        self._highest = np.full(shape, -np.inf, np.float32)
        self._of = np.full((2, *shape), -1, np.int32)  # the input, the token
        self._best = np.full((len(self.sample), layers, measures, most), np.nan, np.float32)
        self._at = np.full(self._best.shape, -1, np.int32)

    def _room(self) -> int:
        """Inputs of the sample."""
        each = 8 * len(self.heads) * len(self.names) * max(self.heads)
        return max(1, min(SAMPLE, BYTES // each))

    def add(self, layer: int, texts: Sequence[int], values: Tensor, sinks: np.ndarray) -> None:
        """What one layer does in some inputs.

        values: float32 [measures, heads, inputs, tokens], NaN where there is none. sinks: (heads, inputs).
        """
        heads = self.heads[layer]
        known = ~values.isnan()
        counts = known.sum((2, 3)).cpu().numpy()
        self._sums[layer, :, :heads] += torch.nansum(values, (2, 3), dtype=torch.float64).cpu().numpy()
        self._counts[layer, :, :heads] += counts
        queries = known[self.names.index("peak"), 0].sum(-1).cpu().numpy()  # that count, of each input
        self._sinks[layer, :heads] += (sinks * queries).sum(-1)
        best, at = values.where(known, -torch.inf).max(-1)  # [measures, heads, inputs]
        best, at = best.cpu().numpy(), at.cpu().numpy()
        self._keep_highest(layer, np.asarray(texts), best, at)
        for number, text in enumerate(texts):
            if (row := self._row.get(int(text))) is not None:
                self._best[row, layer, :, :heads] = best[..., number]
                self._at[row, layer, :, :heads] = at[..., number]

    def _keep_highest(self, layer: int, texts: np.ndarray, best: np.ndarray, at: np.ndarray) -> None:
        heads = self.heads[layer]
        kept, of = self._highest[layer, :, :heads], self._of[:, layer, :, :heads]
        new = best > kept[..., -1:]
        some = np.flatnonzero(new.any((0, 1)))
        if not len(some):
            return
        values = np.concatenate([kept, best[..., some]], -1)
        numbers = np.broadcast_to(texts[some], (*best.shape[:2], len(some)))
        order = np.argsort(-values, -1, kind="stable")[..., :HIGHEST]
        kept[:] = np.take_along_axis(values, order, -1)
        for side, added in enumerate((numbers, at[..., some])):
            of[side] = np.take_along_axis(np.concatenate([of[side], added], -1), order, -1)

    def means(self) -> dict[str, np.ndarray]:
        """float64 (layers, most heads of a layer) a measure: over all queries, NaN over none."""
        means = np.divide(
            self._sums, self._counts, out=np.full(self._sums.shape, np.nan), where=self._counts > 0
        )
        found = {name: means[:, number] for number, name in enumerate(self.names)}
        queries = self._counts[:, self.names.index("peak")]
        found["sink"] = np.divide(self._sinks, queries, out=np.full(queries.shape, np.nan), where=queries > 0)
        return {name: found[name] for name in MEASURES if name in found}

    def highest(self, layer: int, head: int, name: str) -> list[Event]:
        """Where a measure of a head is highest of all inputs, the highest first: one place an input."""
        at = layer, self.names.index(name), head
        pairs = zip(self._of[(0, *at)].tolist(), self._of[(1, *at)].tolist(), strict=True)
        values = self._highest[at].tolist()
        return [Event(*pair, value) for pair, value in zip(pairs, values, strict=True) if pair[0] >= 0]

    def deciles(self, layer: int, head: int, name: str) -> list[list[Event]]:
        """The inputs of the sample by the highest value in each, lowest tenth first; within it in order."""
        best = self._best[:, layer, self.names.index(name), head]
        known = np.flatnonzero(np.isfinite(best))
        order = known[np.argsort(best[known], kind="stable")]
        return [
            [self._event(row, layer, head, name) for row in part] for part in np.array_split(order, DECILES)
        ]

    def random(self, layer: int, head: int, name: str, count: int, seed: int = 0) -> list[Event]:
        """Inputs of the sample at random, in their order."""
        best = self._best[:, layer, self.names.index(name), head]
        known = np.flatnonzero(np.isfinite(best))
        drawn = np.sort(np.random.default_rng(seed).permutation(len(known))[:count])
        return [self._event(row, layer, head, name) for row in known[drawn]]

    def _event(self, row: int, layer: int, head: int, name: str) -> Event:
        at = row, layer, self.names.index(name), head
        return Event(int(self.sample[row]), int(self._at[at]), float(self._best[at]))

    @property
    def nbytes(self) -> int:
        arrays = (self._sums, self._counts, self._highest, self._of, self._best, self._at)
        return sum(array.nbytes for array in arrays) + (self.vectors.nbytes if self.vectors else 0)
