"""The arithmetic of one weight in lines of numbers, and what would follow from others set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose, sqrt
from typing import Literal

import numpy as np

from headlight.models.core.layers import NOWHERE, AttentionLayer
from headlight.models.core.product import Product, Row, moved
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, Place, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import ByHand, Selection
from headlight.viewer.slices.maps import query_indices
from headlight.viewer.slices.names import short_labels, token

Axis = Literal["dimension", "key", "head"]
NOTHING = ByHand()
PAIRS = 16
"""Of so many selected queries the one with the largest weight is looked for."""


@dataclass(frozen=True, eq=False)
class Line:
    """One step. values: float32, one a place of its axis; -inf where the mask forbids. total: the number that
    it comes to, which is what `sign` says of the values: Σ, their length, or "" for the chosen one.
    symbols: those of the formula that it is. by_hand: it follows from numbers set by hand.
    """

    title: str
    symbols: tuple[str, ...]
    values: np.ndarray
    total: float
    sign: str = ""
    by_hand: bool = False


@dataclass(frozen=True, eq=False)
class Steps:
    """Lines with one axis. places: what is at each; chosen: which of them is spoken of, or None."""

    title: str
    axis: Axis
    places: tuple[str, ...]
    lines: tuple[Line, ...]
    chosen: int | None = None


@dataclass(frozen=True, eq=False)
class Follows:
    """weight: before and after. head, layer: how far the outputs move, in parts of their length; None where
    W_O was not seen."""

    weight: tuple[float, float]
    head: float
    layer: float | None


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """of: (layer, head, query, key). query, name: what the query, and the pair, are called. steps: from q and
    k to the layer's output. formula: its parts, and the symbol that each is, "" of none. keys: int (n,), the
    token of each key place; row: their weights. numbers: what can be set by hand, as the model has it.
    said: what is to be known. follows: of numbers set by hand, None without any.
    """

    of: tuple[int, int, Place, Place]
    query: str
    name: str
    steps: tuple[Steps, ...]
    formula: tuple[tuple[str, str], ...]
    keys: np.ndarray
    row: np.ndarray
    numbers: Mapping[str, float]
    figures: Mapping[str, float]
    said: tuple[str, ...] = ()
    follows: Follows | None = None


def arithmetic(
    trace: Trace, selection: Selection, by_hand: ByHand = NOTHING, task: Task = SILENT
) -> Arithmetic:
    """Of the selected query, key and head. HeadlightError of a layer that gives its weights alone, and of a
    key where the query does not look.

    Of several tokens it is the pair with the largest weight; without a key, what the query looks at most.
    """
    layer, head = trace.layers[selection.layer], selection.head
    query, key, said = chosen_pair(trace, selection)
    product = layer.product(head, query, key)
    names = token(layer.queries, query), token(layer.keys, key)
    of = selection.layer, head, layer.queries.place(query), layer.keys.place(key)
    after = _by_hand(product, by_hand) if by_hand.of == of else None
    if product.turned and product.unturned is None:
        said = (*said, "q and k are those after rotary positions; what they were before is not known.")
    row = product.row
    return Arithmetic(
        of,
        names[0],
        f"{names[0]} → {names[1]}",
        steps_of(product, after, layer),
        formula_of(product),
        row.keys,
        row.weights,
        _numbers(row, product.place),
        _figures(product),
        said,
        None if after is None else Follows((product.weight, after.weight), *moved(product, after)),
    )


def chosen_pair(trace: Trace, selection: Selection) -> tuple[int, int, tuple[str, ...]]:
    """(query, key, what is to be said of the choice), counted as the selected layer counts them."""
    layer, head = trace.layers[selection.layer], selection.head
    queries, keys = layer.queries.find_all(selection.queries), layer.keys.find_all(selection.keys)
    if len(queries) == len(keys) == 1:
        return int(queries[0]), int(keys[0]), ()
    among = np.isin(np.arange(len(layer.keys)), keys)
    if not len(keys):
        among = ~layer.keys.special if not len(queries) else ~among
    asked = (queries if len(queries) else _usual(trace, layer.queries))[:PAIRS]
    found = [_strongest(layer, head, int(query), among) for query in asked]
    _, query, key = max(found, key=lambda one: one[0])
    if not len(keys):
        return query, key, ("Click a cell of the matrix: its row is the query, its column the key.",)
    pairs = f"{len(asked)} × {len(keys)}"
    return query, key, (f"Of the {pairs} selected pairs of tokens this is the one with the largest weight.",)


def _usual(trace: Trace, tokens: Tokens) -> np.ndarray:
    """int (m,): what the answer is read from, the patch in the middle, or all tokens that have a place."""
    found = query_indices(trace, tokens, ())
    if len(found) > 1 and isinstance(tokens, PatchTokens):
        rows, columns = tokens.grid
        return np.array([tokens.index(rows // 2, columns // 2)])
    return found


def _strongest(layer: AttentionLayer, head: int, query: int, among: np.ndarray) -> tuple[float, int, int]:
    """(weight, query, key) of the key that the query looks at most.

    among: bool (keys,), as far as it looks at any of them.
    """
    keys, weights = layer.row(head, query)
    weights = np.where(among[keys], weights, weights - 2) if among[keys].any() else weights - 2
    best = int(weights.argmax())
    return float(weights[best]), query, int(keys[best])


def _by_hand(product: Product, by_hand: ByHand) -> Product | None:
    """With the numbers that are set, None without any."""
    after = product
    for name in ("bias", "score", "sink"):
        value = getattr(by_hand, name)
        after = after if value is None else after.by_hand(name, value)
    return None if after is product else after


def _numbers(row: Row, place: int) -> dict[str, float]:
    """What can be set by hand; no score where the mask forbids the key."""
    found = {"bias": 0.0 if row.bias is None else float(row.bias[place])}
    if row.allowed[place]:
        found["score"] = float(row.scores[place])
    if row.sink is not None:
        found["sink"] = row.sink
    return found


def _figures(product: Product) -> dict[str, float]:
    shares = product.shares
    return {
        "Scaled q·k": float(product.row.products[product.place] * product.row.scale),
        "Score": float(product.row.scores[product.place]),
        "Weight": product.weight,
        "Carries": float(product.norms[product.place]),
        **({} if shares is None else {"Head’s part": float(shares[product.head])}),
    }


# -- lines ---------------------------------------------------------------------------------------------------


def steps_of(product: Product, after: Product | None, layer: AttentionLayer) -> tuple[Steps, ...]:
    """after: the same with numbers set by hand, None without any."""
    order, place = product.order, product.place
    dimensions = tuple(map(str, order.tolist()))
    columns = tuple(map(str, range(product.values.shape[1])))
    found = [
        Steps("Dimensions of q and k, what adds most first", "dimension", dimensions, _of_dot(product)),
        Steps(
            "Keys of the row", "key", _places(product.row.keys, layer.keys), _of_row(product, after), place
        ),
        Steps(
            "Dimensions of what is carried",
            "dimension",
            columns,
            _of_values(product, after, token(layer.keys, product.key)),
        ),
    ]
    if product.shares is not None:
        heads = (*map(str, range(len(product.shares) - 1)), "bias")
        lines = _of_heads(product, after)
        found.append(Steps("Heads’ parts of the layer’s output", "head", heads, lines, product.head))
    return tuple(found)


def _places(keys: np.ndarray, tokens: Tokens) -> tuple[str, ...]:
    labels = short_labels(tokens)
    return tuple("padding" if key == NOWHERE else labels[key] for key in keys.tolist())


def _length(title: str, symbol: str, values: np.ndarray, by_hand: bool = False) -> Line:
    return Line(title, (symbol,), values, float(np.linalg.norm(values)), "length", by_hand)


def _of_dot(product: Product) -> tuple[Line, ...]:
    order = product.order
    before = []
    if product.unturned is not None:
        before = [
            _length(f"{name} before rotary", name, one[order])
            for name, one in zip("qk", product.unturned, strict=True)
        ]
    terms = product.terms[order]
    scaled = float(product.row.products[product.place] * product.row.scale)
    return (
        *before,
        _length("q", "q", product.q[order]),
        _length("k", "k", product.k[order]),
        Line(f"q · k{_times(product)}", ("q", "k", "scale"), terms, scaled, "Σ"),
    )


def _of_row(product: Product, after: Product | None) -> tuple[Line, ...]:
    row, place = product.row, product.place
    scaled = row.products * np.float32(row.scale)
    lines: list[tuple[str, tuple[str, ...], np.ndarray]]
    lines = [("q·k" + _times(product), ("q", "k", "scale"), scaled)]
    if row.bias is not None:
        lines.append(("+ bias", ("bias",), row.bias))
    if row.softcap is not None:
        lines.append(("soft cap", ("cap",), row.capped))
    if row.mask is not None and row.mask.any():
        lines.append(("+ mask", ("mask",), row.mask))
    if len(lines) > 1:
        lines.append(("= score", ("score",), row.scores))
    lines.append(("softmax", ("softmax",), row.weights))
    whose = "‖α v W‖" if product.projection is not None else "‖α v‖"
    lines.append((f"{whose} carried", ("v", "output"), product.norms))
    found = [Line(title, symbols, values, float(values[place])) for title, symbols, values in lines]
    if after is not None:
        changed = (
            ("score by hand", "score", after.row.scores),
            ("softmax by hand", "softmax", after.row.weights),
        )
        found += [Line(title, (symbol,), one, float(one[place]), "", True) for title, symbol, one in changed]
    return tuple(found)


def _of_values(product: Product, after: Product | None, key: str) -> tuple[Line, ...]:
    lines = [
        _length(f"v of {key}", "v", product.values[product.place]),
        _length("α v", "v", product.carried),
        _length("o = Σ α v", "output", product.output),
    ]
    return (*lines, *([] if after is None else [_length("o by hand", "output", after.output, True)]))


def _of_heads(product: Product, after: Product | None) -> tuple[Line, ...]:
    each = [("⟨o W, y⟩ / ‖y‖²", product, False), ("parts by hand", after, True)]
    lines = []
    for title, one, by_hand in each:
        if one is not None and (shares := one.shares) is not None:
            lines.append(Line(title, ("through",), shares, float(shares[product.head]), "", by_hand))
    return tuple(lines)


def _times(product: Product) -> str:
    """“ / √32”: how the product of q and k is scaled."""
    size, scale = len(product.q), product.row.scale
    if isclose(scale, 1 / sqrt(size), rel_tol=1e-5):
        return f" / √{size}"
    return "" if isclose(scale, 1) else f" · {scale:.4g}"


def formula_of(product: Product) -> tuple[tuple[str, str], ...]:
    """softmax(qKᵀ/√d)V, with what this layer adds to it.

    Vaswani et al. 2017, equation 1, of one query.
    """
    row = product.row
    inner = [("q", "q"), (" Kᵀ", "k"), *([(times, "scale")] if (times := _times(product)) else [])]
    if row.bias is not None:
        inner.append((" + b", "bias"))
    if row.softcap is not None:
        inner = [(f"{row.softcap:g} tanh((", "cap"), *inner, (f") / {row.softcap:g})", "cap")]
    if row.mask is not None and row.mask.any():
        inner.append((" + m", "mask"))
    if row.sink is not None:
        inner.append((", sink", "softmax"))
    whole = [("o", "output"), (" = ", ""), ("softmax", "softmax"), ("( ", "score"), *inner, (" )", "score")]
    whole.append((" V", "v"))
    if product.projection is not None:
        whole += [("      ", ""), ("y =", ""), (" Σ", "through"), (" o", "output"), (" W", "through")]
    return tuple(whole)
