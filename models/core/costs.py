"""What was measured of layers, as curves, and where these cross. numpy only, for windows to hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

Kind = Literal["fused", "weights", "recurrent", "convolution"]
KINDS: tuple[Kind, ...] = ("fused", "weights", "recurrent", "convolution")
"""Self-attention in one fused operation; self-attention that makes its weights; an LSTM; a convolution."""
LAYER_OF = {
    "fused": "attention",
    "weights": "attention",
    "recurrent": "recurrent",
    "convolution": "convolution",
}
"""Of each kind, its row of table 1."""


@dataclass(frozen=True)
class Setup:
    """What is measured: one layer of each kind at these lengths, batch 1, float32, without gradients.

    projections: attention with the four d × d products around it, or alone.
    """

    lengths: tuple[int, ...]
    width: int = 512
    kernel: int = 3
    heads: int = 8
    projections: bool = True
    device: str = "cpu"


@dataclass(frozen=True)
class Point:
    """One kind at one length. seconds: the median of `repeats`; memory: bytes, None where none can be had."""

    kind: Kind
    n: int
    seconds: float
    repeats: int
    memory: int | None


@dataclass(frozen=True)
class LeftOut:
    """A kind at a length that was not run, and why, as a person reads it. slow: more time would help."""

    kind: Kind
    n: int
    why: str
    slow: bool = False


@dataclass(frozen=True)
class Measurements:
    """Points in the order in which they were measured. done: nothing more will come."""

    setup: Setup
    points: tuple[Point, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    device: str = ""
    done: bool = False

    def seconds(self, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """(lengths int (m,), seconds float (m,)), lengths rising."""
        found = sorted((point.n, point.seconds) for point in self.points if point.kind == kind)
        return np.array([n for n, _ in found], int), np.array([s for _, s in found], float)

    def memory(self, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """(lengths int (m,), bytes float (m,)), lengths rising."""
        found = sorted((p.n, p.memory) for p in self.points if p.kind == kind and p.memory is not None)
        return np.array([n for n, _ in found], int), np.array([b for _, b in found], float)

    def crossing(self, first: Kind, second: Kind) -> tuple[float, float] | None:
        """(length, seconds) from which on `first` takes longer than `second`, as far as was measured."""
        n, one, other = _shared(self.seconds(first), self.seconds(second))
        found = crossings(n, one, other)
        if not len(found) or one[-1] <= other[-1]:
            return None
        return float(found[-1]), float(at(n, one, found[-1]))

    def comparison(self, first: Kind, second: Kind) -> Literal["dearer", "cheaper", "crosses", "unknown"]:
        """How `first` stands to `second` over the lengths that both were measured at."""
        n, one, other = _shared(self.seconds(first), self.seconds(second))
        if not len(n):
            return "unknown"
        if self.crossing(first, second) is not None:
            return "crosses"
        return "dearer" if one[-1] > other[-1] else "cheaper"

    def rate(self, operations: dict[Kind, np.ndarray]) -> float | None:
        """The most operations a second that any kind reached. operations: of each kind at its lengths."""
        rates = [
            float((operations[kind] / self.seconds(kind)[1]).max())
            for kind in KINDS
            if len(self.seconds(kind)[0])
        ]
        return max(rates, default=None)


def crossings(n: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Lengths, rising, at which two curves change places, interpolated in log n and log cost; float (m,).

    n: rising, (m,); first, second: above 0, (m,). Exact where both are powers of n between two lengths.
    Curves that touch and part again on the same side do not cross; equal over a stretch, they cross at its
    middle.
    """
    place, gap = np.log(np.asarray(n, float)), np.log(first) - np.log(second)
    apart = np.flatnonzero(gap)
    found = []
    for low, high in pairwise(apart):
        if gap[low] * gap[high] > 0:
            continue
        if high == low + 1:
            share = gap[low] / (gap[low] - gap[high])
            found.append(place[low] + share * (place[high] - place[low]))
        else:  # equal at every length between
            found.append((place[low + 1] + place[high - 1]) / 2)
    return np.exp(np.array(found, float))


def at(n: np.ndarray, values: np.ndarray, where: float) -> float:
    """A curve's value at a length between its own, interpolated in log n and log value."""
    return float(np.exp(np.interp(np.log(where), np.log(np.asarray(n, float)), np.log(values))))


def _shared(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two curves at the lengths that both have."""
    n, first, second = np.intersect1d(one[0], other[0], return_indices=True)
    return n, one[1][first], other[1][second]
