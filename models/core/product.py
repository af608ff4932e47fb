"""The arithmetic of one attention weight, from q and k to its part of the layer's output, and what would
follow from another number.

Vaswani et al. 2017, section 3.2.1: softmax(QKᵀ/√d)V, then W_O of section 3.2.2, with what later models add:
rotary positions, additive biases, a soft cap on scores, sinks. numpy only; float64 within, float32 without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

Number = Literal["product", "bias", "score", "sink"]
"""What of a row can be another number: q·k of the key, its bias, its score, the score of the sink."""
FORBIDDEN = -1e37
"""Below it no score lies: a mask that adds less forbids."""


@dataclass(frozen=True, eq=False)
class Row:
    """The scores of one query, and what the softmax makes of them.

    keys: int (n,), the token in each place; -1 of padding. products: q·k. bias, mask: what is added, before
    the soft cap and after it, or None; a mask forbids with -inf, and a model may put a bias into it. sink:
    one more score, that of no key. level: all keys count alike that the mask allows. factor: of the weights.
    score: (place, score) that stands there by hand. All other arrays float32 (n,).
    """

    keys: np.ndarray
    products: np.ndarray
    scale: float
    bias: np.ndarray | None = None
    softcap: float | None = None
    mask: np.ndarray | None = None
    sink: float | None = None
    level: bool = False
    factor: float = 1.0
    score: tuple[int, float] | None = None

    @property
    def biased(self) -> np.ndarray:
        """float32 (n,): scale · q·k + bias."""
        scaled = self.products.astype(np.float64) * self.scale
        return (scaled if self.bias is None else scaled + self.bias).astype(np.float32)

    @property
    def capped(self) -> np.ndarray:
        """float32 (n,): c · tanh(biased / c), where there is a soft cap c."""
        biased = self.biased
        return biased if self.softcap is None else np.tanh(biased / self.softcap) * self.softcap

    @property
    def allowed(self) -> np.ndarray:
        """bool (n,): the keys that the mask lets the query see."""
        return np.ones(len(self.keys), bool) if self.mask is None else self.mask > FORBIDDEN

    @property
    def scores(self) -> np.ndarray:
        """float32 (n,): what the softmax is taken of; -inf where the mask forbids."""
        scores = np.zeros_like(self.products) if self.level else self.capped
        if self.mask is not None:
            forbidding = np.where(self.allowed, 0, -np.inf).astype(np.float32)
            scores = scores + (forbidding if self.level else self.mask)
        if self.score is not None:
            scores = scores.copy()
            scores[self.score[0]] = self.score[1]
        return scores.astype(np.float32)

    @property
    def weights(self) -> np.ndarray:
        """float32 (n,); of a row that may see nothing all alike, as an additive mask makes it."""
        return self._shares[0]

    @property
    def sink_share(self) -> float:
        """What no key gets."""
        return self._shares[1]

    @cached_property
    def _shares(self) -> tuple[np.ndarray, float]:
        scores = self.scores.astype(np.float64)
        top = max(scores.max(), -np.inf if self.sink is None else self.sink)
        if top == -np.inf:
            scores, top = np.zeros_like(scores), 0.0
        powers = np.exp(scores - top)
        rest = 0.0 if self.sink is None else float(np.exp(self.sink - top))
        total = powers.sum() + rest
        return (powers / total * self.factor).astype(np.float32), rest / total

    def by_hand(self, place: int, number: Number, value: float) -> Row:
        """With another number at a place of the row, or as the score of the sink."""
        if number == "score":
            return replace(self, score=(place, value))
        if number == "sink":
            return replace(self, sink=value)
        name = "products" if number == "product" else "bias"
        before = getattr(self, name)
        after = np.zeros_like(self.products) if before is None else before.copy()
        after[place] = value
        return replace(self, **{name: after})


@dataclass(frozen=True, eq=False)
class Product:
    """One weight of one head, from `query` to `key`, tokens of its layer; `place`: the key's in the row.

    q, k: float32 (d,), as they were multiplied. turned: rotary positions turned them before; unturned: q and
    k as they were then, None where that cannot be known. values: float32 (n, dv). projection: float32
    (D, dv), the head's part of W_O, and parts: float32 (H + 1, D), what each head, and last the bias, gives
    to the layer's output at the query; None where W_O was not seen.
    """

    head: int
    query: int
    key: int
    place: int
    q: np.ndarray
    k: np.ndarray
    row: Row
    values: np.ndarray
    turned: bool = False
    unturned: tuple[np.ndarray, np.ndarray] | None = None
    projection: np.ndarray | None = None
    parts: np.ndarray | None = None

    @property
    def terms(self) -> np.ndarray:
        """float32 (d,): what each dimension adds to the scaled score, scale · qᵢ kᵢ."""
        return (self.q.astype(np.float64) * self.k * self.row.scale).astype(np.float32)

    @property
    def order(self) -> np.ndarray:
        """int (d,): the dimensions, the one that adds most first."""
        return np.argsort(-self.terms, kind="stable")

    @property
    def weight(self) -> float:
        return float(self.row.weights[self.place])

    @property
    def carried(self) -> np.ndarray:
        """float32 (dv,): α v, what passes from the key to the query."""
        return self.weight * self.values[self.place]

    @property
    def output(self) -> np.ndarray:
        """float32 (dv,): Σ α v, what the head returns for the query."""
        return (self.row.weights.astype(np.float64) @ self.values).astype(np.float32)

    @property
    def layer_output(self) -> np.ndarray | None:
        """float32 (D,): what the layer adds to the query, all heads together."""
        return None if self.parts is None else self.parts.sum(0, dtype=np.float64).astype(np.float32)

    @cached_property
    def norms(self) -> np.ndarray:
        """float32 (n,): ‖α v W_O‖ of each key; ‖α v‖ where W_O was not seen."""
        # W = QR: ‖W v‖ = ‖R v‖, and R is small.
        carried = self.values
        if self.projection is not None:
            carried = carried @ np.linalg.qr(self.projection).R.T
        return self.row.weights * np.linalg.norm(carried, axis=1)

    @property
    def shares(self) -> np.ndarray | None:
        """float32 (H + 1,): ⟨o W_O, y⟩ / ‖y‖², what part of the layer's output y each is; their sum is 1."""
        if self.parts is None:
            return None
        whole = self.parts.sum(0, dtype=np.float64)
        length = float(whole @ whole)
        return (self.parts @ whole / length if length else np.zeros(len(self.parts))).astype(np.float32)

    def by_hand(self, number: Number, value: float) -> Product:
        """What would follow from another number at this place of the row."""
        changed = replace(self, row=self.row.by_hand(self.place, number, value))
        if self.parts is None or self.projection is None:
            return changed
        parts = self.parts.copy()
        parts[self.head] = self.projection @ changed.output
        return replace(changed, parts=parts)


def moved(before: Product, after: Product) -> tuple[float, float | None]:
    """‖Δ‖ of the head's output and of the layer's, in parts of the length that each had."""
    of_layer = None
    if before.layer_output is not None and after.layer_output is not None:
        of_layer = _relative(before.layer_output, after.layer_output)
    return _relative(before.output, after.output), of_layer


def _relative(before: np.ndarray, after: np.ndarray) -> float:
    length, way = float(np.linalg.norm(before)), float(np.linalg.norm(after.astype(np.float64) - before))
    return way / length if length else (np.inf if way else 0.0)
