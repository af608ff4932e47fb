"""AttentionLayer: what every layer of attention answers, whatever its kind, and whether it is believed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

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


@runtime_checkable
class AttentionLayer(Protocol):
    """One layer's attention, whatever its kind: full, causal, cross, windowed or over neighbourhoods."""

    name: str
    """The module's name, unique in the model."""
    kind: Literal["self", "cross", "window", "neighbourhood"]
    heads: int
    queries: Tokens
    keys: Tokens

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

    def block(self, head: Head, start: int, stop: int) -> Any:
        """float32 [stop − start, keys] on the device, a tensor: a few rows of what goes through all."""
        ...

    def check(self) -> float:
        """Largest |A·V − what the layer really returned| over sampled rows; draw nothing if it is large.

        NaN where numbers of the layer are none, or infinite.
        """
        ...
