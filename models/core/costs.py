"""What layers cost: in closed form, and as it was measured, as curves and where these cross. numpy only.

Closed forms: table 1 of "Attention Is All You Need" (Vaswani et al. 2017), and more. n: length of the
sequence; d: width; k: kernel; r: neighbourhood of restricted attention.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

Layer = Literal["attention", "restricted", "recurrent", "convolution"]
LAYERS: tuple[Layer, ...] = ("attention", "recurrent", "convolution", "restricted")
"""The rows of table 1, in its order."""
Terms = Literal["table", "all"]
"""Which operations are counted: the leading term of table 1, or every multiplication of the layer."""

OPERATIONS = {
    "attention": "n²·d",
    "recurrent": "n·d²",
    "convolution": "k·n·d²",
    "restricted": "r·n·d",
}
SEQUENTIAL = {"attention": "1", "recurrent": "n", "convolution": "1", "restricted": "1"}
PATHS = {"attention": "1", "recurrent": "n", "convolution": "logₖ n", "restricted": "n/r"}
"""As the table has them; a stack of convolutions reaches logₖ n where they are dilated, else n/k (§4)."""
CONTIGUOUS_PATH = "n/k"

GATES = 4
"""An LSTM makes this many products with the input and as many with its last output, d × d each."""
PROJECTIONS = 4
"""Of attention: queries, keys, values and the output, d × d each."""

Number = float | np.ndarray


def operations(layer: Layer, n: Number, d: int, k: int = 3, r: int = 64) -> Number:
    """Operations of one layer: the leading term of table 1, of the shape of `n`."""
    length = np.asarray(n, float)
    return {
        "attention": length**2 * d,
        "recurrent": length * d**2,
        "convolution": k * length * d**2,
        "restricted": np.minimum(length, r) * length * d,
    }[layer]


def multiply_adds(
    layer: Layer, n: Number, d: int, k: int = 3, r: int = 64, projections: bool = True
) -> Number:
    """Multiplications of matrices in one layer as it is built, each with its addition.

    Attention: q·kᵀ and weights·v, and, with `projections`, four products with d × d. recurrent: an LSTM.
    convolution: as many channels out as in, padded to length n; those that meet the padding count too.
    """
    length = np.asarray(n, float)
    within = projections * PROJECTIONS * length * d**2
    return {
        "attention": 2 * length**2 * d + within,
        "recurrent": 2 * GATES * length * d**2,
        "convolution": k * length * d**2,
        "restricted": 2 * np.minimum(length, r) * length * d + within,
    }[layer]


def counted(terms: Terms, layer: Layer, n: Number, d: int, k: int, r: int, projections: bool) -> Number:
    """`operations` or `multiply_adds`, as `terms` says."""
    if terms == "table":
        return operations(layer, n, d, k, r)
    return multiply_adds(layer, n, d, k, r, projections)


def sequential(layer: Layer, n: Number) -> Number:
    """Operations that must wait for each other: the third column of table 1."""
    length = np.asarray(n, float)
    return length if layer == "recurrent" else np.ones_like(length)


def path_length(layer: Layer, n: Number, k: int = 3, r: int = 64, dilated: bool = True) -> Number:
    """Layers, or steps, between the two tokens that are farthest apart: the last column of table 1.

    A stack of convolutions needs logₖ n layers where each is dilated k times as far as the one before, n/k
    where none is (§4); infinitely many where k is 1. Never less than 1.
    """
    length = np.asarray(n, float)
    if layer == "attention":
        return np.ones_like(length)
    if layer == "recurrent":
        return length
    if layer == "restricted":
        return np.maximum(1.0, length / r)
    if k == 1:
        return np.where(length > 1, np.inf, 1.0)
    # log(243) / log(3) is 5.000000000000001: what is whole but for that stays whole.
    stack = np.round(np.log(length) / np.log(k), 12) if dilated else length / k
    return np.maximum(1.0, stack)


def crossing(
    other: Layer, d: int, k: int = 3, r: int = 64, terms: Terms = "table", projections: bool = True
) -> float | None:
    """The length from which on self-attention costs more operations than `other`, or None.

    By table 1: d for recurrence, k·d for convolution, r for restricted attention. With every term counted,
    attention's projections weigh too: 2n²d + 4nd² = c·n·d² at n = (c − 4)·d/2, and where c is at most 4
    attention costs more at every length.
    """
    if other == "attention":
        return None
    if other == "restricted":
        return float(r)
    if terms == "table":
        return float(d if other == "recurrent" else k * d)
    weight = 2 * GATES if other == "recurrent" else k
    n = (weight - projections * PROJECTIONS) * d / 2
    return n if n > 0 else None


def crossing_formula(other: Layer, k: int = 3, terms: Terms = "table", projections: bool = True) -> str:
    """How `crossing` is written: "d", "k·d", "2·d", …; empty where there is none."""
    if other == "restricted":
        return "r"
    if terms == "table":
        return {"recurrent": "d", "convolution": "k·d"}.get(other, "")
    at = crossing(other, 2, k, terms=terms, projections=projections)
    if at is None:
        return ""
    return "d" if at == 2 else f"{at / 2:g}·d"


def live_bytes(
    layer: Layer, weights: bool, n: Number, d: int, heads: int = 8, projections: bool = True, item: int = 4
) -> Number:
    """Bytes that one pass must hold at once, beyond its input and parameters, `item` bytes a number.

    weights: attention that makes its matrix: scores and weights, n × n for each head, stand side by side
    while the softmax runs. What a library sets aside inside an operation comes on top.
    """
    length = np.asarray(n, float)
    inward = projections * 3 * length * d  # q, k and v
    if layer == "attention" and weights:
        scores = heads * length**2
        return item * (inward + np.maximum(2 * scores, scores + length * d))
    return item * (inward * (layer == "attention") + length * d)


Kind = Literal["fused", "weights", "recurrent", "convolution"]
KINDS: tuple[Kind, ...] = ("fused", "weights", "recurrent", "convolution")
"""Self-attention in one fused operation; self-attention that makes its weights; an LSTM; a convolution."""
LAYER_OF: dict[Kind, Layer] = {
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


Unit = Literal["s", "B", "operations"]
_PREFIXES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "B": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "operations": ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")),
}


def amount(value: float, unit: Unit, digits: int = 3) -> str:
    """A cost as it is read: "1.24 ms", "17 MB", "2.1 G"; "0" for nothing."""
    if not value or not math.isfinite(value):
        return "0" if value == 0 else "∞" if value == math.inf else "–"
    value = float(f"{value:.{digits - 1}e}")  # 999.6 ms are 1 s
    scale, letter = next((pair for pair in _PREFIXES[unit] if value >= pair[0]), _PREFIXES[unit][-1])
    shown = value / scale
    decimals = max(0, digits - 1 - math.floor(math.log10(shown)))
    text = f"{shown:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {letter}".rstrip()


def tokens(n: float) -> str:
    """A length as ticks have it: "128", "1k" for 1,024, "16k"; "1,370" for what is no power of two."""
    whole = round(n)
    return f"{whole // 1024}k" if whole and whole % 1024 == 0 else f"{whole:,}"


class Curve(NamedTuple):
    """n: lengths, float (m,), rising; values: costs, float (m,), above 0.

    colour: an index into `series_style`. dashed: in closed form: a thin line, its marks hollow.
    named: written at its right end.
    """

    name: str
    n: np.ndarray
    values: np.ndarray
    colour: int
    dashed: bool = False
    named: bool = True


class Crossing(NamedTuple):
    """Where two curves change places. label: what is written beside it. tip: what the read-out says.

    measured: a full ring; else a small one.
    """

    n: float
    value: float
    label: str
    tip: str
    measured: bool
