"""The strongest links of a layer: of each token the fewest that hold a share of its weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.attention.statistics import ROUNDING, mass_mask
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import ArcsSettings, MapSettings
from headlight.viewer.slices.maps import shown

MOST = 1024
"""Tokens of either column."""
ROWS = 64
"""Queries whose weights of all heads are held at once."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """A link an entry: head, query, key uint16 (n,), weight float32 (n,), the strongest first.

    heads: those that they are of, of so many `layer_heads`.
    """

    head: np.ndarray
    query: np.ndarray
    key: np.ndarray
    weight: np.ndarray
    heads: tuple[int, ...]
    layer_heads: int
    queries: Tokens
    keys: Tokens

    def __len__(self) -> int:
        return len(self.weight)

    def of(self, query: int | None = None, key: int | None = None) -> np.ndarray:
        """int (m,): the links from this query, or to this key, the strongest first."""
        return np.flatnonzero(self.query == query if key is None else self.key == key)


def strongest(weights: np.ndarray, mass: float) -> np.ndarray:
    """bool (rows, keys): of each row the fewest that hold at least `mass` of it, as `mass_mask`."""
    falling = -np.sort(-weights, axis=1)
    held = np.cumsum(falling, axis=1, dtype=np.float64)
    wanted = (mass - ROUNDING if mass < 1 else 1.0) * held[:, -1:]
    count = np.minimum((held < wanted).sum(1) + 1, weights.shape[1])
    least = falling[np.arange(len(weights)), count - 1]
    mask = (weights >= least[:, None]) & (weights > 0)
    for row in np.flatnonzero(mask.sum(1) > count):  # of equal weights the earlier ones
        mask[row] = mass_mask(weights[row], mass)
    return mask


def arcs(trace: Trace, number: int, settings: ArcsSettings, seen: MapSettings, task: Task = SILENT) -> Arcs:
    """The links of the chosen heads of a layer, or of all. HeadlightError for more tokens than MOST."""
    layer = shown(trace, seen).layers[number]
    heads = tuple(head for head in settings.heads if head < layer.heads) or tuple(range(layer.heads))
    most = max(len(layer.queries), len(layer.keys))
    if most > MOST:
        raise HeadlightError(
            f"These are {most:,} tokens, and arcs are drawn of up to {MOST:,}.",
            "Look at the matrix, or at a shorter text.",
        )

    def made() -> Arcs:
        parts = []
        for start in range(0, len(layer.queries), ROWS):
            task.progress(start / len(layer.queries), "Finding the strongest links")
            block = layer.block(None, start, min(start + ROWS, len(layer.queries)))
            weights = block.float().cpu().numpy()[list(heads)]
            kept = strongest(weights.reshape(-1, weights.shape[2]), settings.mass).reshape(weights.shape)
            head, query, key = np.nonzero(kept)
            parts.append((np.take(heads, head), query + start, key, weights[kept]))
        head, query, key, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(-weight, kind="stable")
        head, query, key = (one[order].astype(np.uint16) for one in (head, query, key))
        return Arcs(head, query, key, weight[order], heads, layer.heads, layer.queries, layer.keys)

    key = ("arcs", number, heads, settings.mass, seen.whole_words, seen.hide_special, seen.step)
    return derived(trace, key, made)
