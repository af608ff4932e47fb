"""What layers cost in closed form: table 1 of "Attention Is All You Need" (Vaswani et al. 2017), and more.

n: length of the sequence; d: width; k: kernel; r: neighbourhood of restricted attention. numpy only.
"""

from __future__ import annotations

from typing import Literal

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
