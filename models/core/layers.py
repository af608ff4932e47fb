"""AttentionLayer: what every layer of attention answers, whatever its kind, and whether it is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from headlight.models.core.product import Product
from headlight.models.core.tokens import Tokens

CHECK_LIMIT = 1e-3
"""Most that A·V may differ from what a layer returned: beyond it the weights are not what the model used."""


def is_faithful(error: float) -> bool:
    """Whether weights with this error are what the model used. NaN, which no limit catches, is none."""
    return error <= CHECK_LIMIT


def worst(errors: Iterable[float]) -> float:
    """The largest error, 0 where there is none, NaN if any is: `max` would pass over it."""
    return float(np.max([0.0, *errors]))


Fusion = Literal["mean", "max", "min"]
Head = int | Fusion
"""One head by its index, or all heads of a layer fused."""


Vector = Literal["query", "key", "value", "written"]
"""A vector that a head has of each token."""
NOWHERE = -1
"""Where a group holds no token."""
Carrier = tuple[Any, Callable[[Any], Any]]
Lines = tuple[np.ndarray, np.ndarray]
"""(rows, columns), each int (k,): lines of a grid, above these rows and left of these columns."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Some groups of one layer, or a part of one: each query of a group looks at its keys and at no others.

    queries: int (g, m). keys: int (g, k). NOWHERE where a group holds no token. weights: a tensor, float32
    [h, g, m, k] on the device, 0 on keys that are no token; of a query that is none they mean nothing.
    """

    queries: np.ndarray
    keys: np.ndarray
    weights: Any

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(queries int (r,), keys int (r or 1, k), weights float32 (h, r, k)): of the queries there are."""
        held = self.queries != NOWHERE
        keys = self.keys if len(self.keys) == 1 else self.keys.repeat(held.sum(1), axis=0)
        weights = self.weights.cpu().numpy()
        if held.all():  # no copy
            return self.queries.ravel(), keys, weights.reshape(len(weights), held.size, -1)
        return self.queries[held], keys, weights[:, held]

    def split(self, groups: int) -> Iterator[Groups]:
        """The same, so many groups at a time."""
        for start in range(0, len(self.queries), groups):
            part = slice(start, start + groups)
            yield Groups(self.queries[part], self.keys[part], self.weights[:, part])


@runtime_checkable
class AttentionLayer(Protocol):
    """One layer's attention: full, causal, cross, windowed or over neighbourhoods. Nobody need ask which.

    Its queries lie in groups: one of all where every query may look at every key, windows, or a group a query
    where each has a neighbourhood of its own.
    """

    name: str
    """The module's name, unique in the model."""
    stack: str
    """What it stands in: "encoder", "decoder", of a cloud's network "enc1", "dec1" …"""
    depth: int
    """Its number in that stack, from 0."""
    heads: int
    queries: Tokens
    keys: Tokens
    group_count: int
    has_norms: bool
    """Whether `value_norms` are known."""

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Where these queries look, in every head: (key indices int (k,), weights float32 (heads, k)).

        `queries` is one index or several (int (m,)), whose rows are averaged.
        """
        ...

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Where this query looks: (key indices int (k,), weights float32 (k,))."""
        ...

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Who looks at this key: (query indices int (k,), weights float32 (k,))."""
        ...

    def matrix(self, head: Head) -> np.ndarray:
        """float32 (queries, keys). Raises TooLarge above the limit."""
        ...

    def thumbnail(self, size: int) -> np.ndarray:
        """float32 (heads, h, w), h and w at most `size`: area means of every head's matrix."""
        ...

    def block(self, head: Head | None, start: int, stop: int) -> Any:
        """A few rows: a tensor, float32 [stop − start, keys], for what goes through all of them.

        None: of every head, [heads, stop − start, keys].
        """
        ...

    def groups(self, head: Head | None = None, queries: np.ndarray | None = None) -> Iterator[Groups]:
        """The groups of these queries (int (m,)), or of all, in parts that keep memory small.

        Each of the queries is met once; others of their groups may be too. Weights are those of every head,
        or [1, …] of one or of all fused.
        """
        ...

    def group_of(self, query: int) -> int:
        """The number of the group in which this query lies."""
        ...

    def group(self, head: Head, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(queries int (m,), keys int (k,), float32 (m, k)): one group's own matrix."""
        ...

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        """Of the rows of these queries what lies on no key, float32 (m,): on "padding", on a "sink"."""
        ...

    def said(self, group: int | None = None) -> str:
        """“7 × 7 windows shifted by 3”, or of one group “window 3 of 16”; nothing where all see all."""
        ...

    def borders(self) -> tuple[Lines, Lines] | None:
        """(the borders of groups on the grid of queries, the map's own borders over which groups reach)."""
        ...

    def figures(self) -> dict[str, np.ndarray]:
        """What else tells where groups lie, by its name in an export."""
        ...

    def carrier(self, queries: np.ndarray) -> Carrier | None:
        """(what the rows of these queries (int (m,)) sum to, a tensor [m], how shares [m] of theirs come to
        the keys, [keys]), in the mean of all heads; None where going through `groups` is as quick.
        """
        ...

    def value_norms(self) -> np.ndarray | None:
        """float32 (heads, keys): ‖(x W_V + b_V) W_O‖ of each key; None where W_O is not known."""
        ...

    def product(self, head: int, query: int, key: int) -> Product:
        """The arithmetic of one weight. Raises HeadlightError where it was not seen, and across windows."""
        ...

    def vectors(self, kind: Vector) -> Any | None:
        """float32 [heads, tokens, d], a tensor: the query, key or value of each token as they are multiplied,
        or what is written for it, Σ α v, before W_O; None where they are not known.
        """
        ...

    def inner(self) -> Any | None:
        """float32 [heads, dv, dv], a tensor: W_O W_Oᵀ of each head, the inner products of what is written;
        None where W_O is not known.
        """
        ...

    def check(self) -> float:
        """Largest |A·V − what the layer really returned| over sampled rows; draw nothing if it is large.

        NaN where numbers of the layer are none, or infinite.
        """
        ...
