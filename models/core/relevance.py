"""Relevance: what a method says of an input, whichever the method and whatever the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.layers import Head
from headlight.models.core.tokens import Tokens

DISTRIBUTION = 1e-3
"""How far the sum of shares may be from 1: rounding of 16 bit weights takes that much."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Relevance:
    """values: float32 (n,) of `tokens`, or int (n,), numbers of steps, -1 where there is no way; without
    tokens float32 (h, w) in 0 to 1, a picture of what the model saw.

    what: what the values are, "" for a layer's own weights; unit: of the values. at: the layer and the head
    that they are of, None of many layers. shares: they are parts of one whole, as weights are and lengths are
    not. seen: bool (n,), the tokens that can matter at all, None for all. said: what else there is to say, in
    a few words. box: float64 (2, 3), metres, the corners outside of which nothing matters.
    """

    values: np.ndarray
    tokens: Tokens | None = None
    what: str = ""
    unit: str = ""
    at: tuple[int, Head] | None = None
    shares: bool = True
    seen: np.ndarray | None = None
    said: str = ""
    box: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = self.values.shape
        if (len(shape) != 2) if self.tokens is None else (shape != (len(self.tokens),)):
            of = "a picture" if self.tokens is None else f"{len(self.tokens):,} tokens"
            raise ValueError(f"Values of shape {shape} are not those of {of}.")
        if self.seen is not None and self.seen.shape != shape:
            raise ValueError(f"What is seen, of shape {self.seen.shape}, is not of the values.")

    @property
    def counts(self) -> bool:
        """Whether the values are numbers of steps, of which the smallest are the nearest."""
        return self.values.dtype.kind == "i"

    @property
    def total(self) -> float:
        return float(self.values.sum(dtype=np.float64))

    @property
    def is_distribution(self) -> bool:
        """Whether the values sum to 1, so that they have an entropy."""
        return self.shares and abs(self.total - 1) <= DISTRIBUTION


def percent(share: float) -> str:
    """A share (0 to 1) as "0 %", "< 0.1 %", "0.4 %", "31 %"."""
    if share <= 0:
        return "0 %"
    if share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share * 100:.0f} %"
