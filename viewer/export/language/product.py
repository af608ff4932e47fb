"""Export of the arithmetic of one weight: every number between q and k and the layer's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.product import Product
from headlight.models.core.task import Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.maps import Query, read_query, require_attention
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.heads import (
    at_layer,
    head_option,
    layer_and_heads,
    layer_list,
    layer_of,
    layer_option,
    layers_of,
    stack_list,
    stack_option,
)
from headlight.viewer.export.results import Filled, Result, check_layers
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import Rule, count, option
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.names import short_labels
from headlight.viewer.slices.weight import chosen_pair, steps_of

FILES = ("npz", "csv")


@dataclass(frozen=True)
class ProductOptions:
    """stack, layer: as of attention. head: one. query, key: one token each."""

    stack: str | None = stack_option()
    layer: str | None = layer_option()
    head: int | Literal["mean", "max", "min"] | None = head_option(Rule(FILES))
    query: Query | None = option(
        "the token that looks",
        "Query",
        named=True,
        parse=read_query,
        metavar="INDEX[,INDEX]|readout",
        needed=Rule(FILES, "Whose weight it is is not said.", "Name the token that looks with --query."),
    )
    key: int | None = option(
        "the token that is looked at",
        "Key",
        named=True,
        parse=count,
        metavar="INDEX",
        needed=Rule(FILES, "Which weight it is is not said.", "Name the token that is looked at with --key."),
    )


def product(options: ProductOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """Arrays as of a Product and its Row, by their names; those that the layer has nothing of are left out.

    HeadlightError of a layer that gives its weights alone.
    """
    require_attention(trace)
    index, heads = layer_and_heads(options.layer, options.head, "npz", trace, options.stack)
    if len(heads) > 1:
        raise HeadlightError(
            "Of which head the weight is is not said.", f"Choose one, 0 to {len(heads) - 1}, with --head."
        )
    head = heads[0]
    if not isinstance(head, int):
        raise HeadlightError(
            f"A {head} of heads has no arithmetic of its own.", "Choose one head, by its number, with --head."
        )
    layer = trace.layers[index]
    check_layers([layer], task)
    query, key = _query(options.query, layer, trace), known(options.key, int)
    _exists(key, layer.keys, "--key")
    made = layer.product(head, query, key)

    def arrays() -> dict[str, np.ndarray]:
        at = layers_of(trace, options.stack).index(index)
        named = {"stack": np.array(layer.stack), "layer": np.array(at), "layer_name": np.array(layer.name)}
        return named | _arrays(made, layer) | dict(trace.inputs)

    return Result(arrays, lambda: _table(made, layer))


def _query(asked: Query | None, layer: AttentionLayer, trace: Trace) -> int:
    if asked == "readout" and trace.readout is not None and layer.queries is trace.tokens:
        return trace.readout
    if not isinstance(asked, tuple) or len(asked) != 1:
        raise HeadlightError("A weight is of one token that looks.", "Name it by its number with --query.")
    _exists(asked[0], layer.queries, "--query")
    return asked[0]


def _exists(index: int, tokens: Tokens, flag: str) -> None:
    if index >= len(tokens):
        raise HeadlightError(
            f"Token {index:,} does not exist: there are {len(tokens):,}, 0 to {len(tokens) - 1:,}.",
            f"Choose one of these with {flag}.",
        )


def _arrays(made: Product, layer: AttentionLayer) -> dict[str, np.ndarray]:
    row, labels = made.row, short_labels(layer.keys)
    whole: dict[str, Any] = {
        "head": made.head,
        "query": made.query,
        "key": made.key,
        "place": made.place,
        "q": made.q,
        "k": made.k,
        "scale": np.float32(row.scale),
        "terms": made.terms,
        "keys": row.keys,
        "key_labels": [labels[key] if key >= 0 else "" for key in row.keys.tolist()],
        "products": row.products,
        "bias": row.bias,
        "softcap": row.softcap,
        "mask": row.mask,
        "sink": row.sink,
        "scores": row.scores,
        "weights": row.weights,
        "sink_share": None if row.sink is None else row.sink_share,
        "values": made.values,
        "norms": made.norms,
        "output": made.output,
        "projection": made.projection,
        "parts": made.parts,
        "shares": made.shares,
        "layer_output": made.layer_output,
        "turned": made.turned,
    }
    if made.unturned is not None:
        whole["q_unturned"], whole["k_unturned"] = made.unturned
    return {name: np.asarray(value) for name, value in whole.items() if value is not None}


def _table(made: Product, layer: AttentionLayer) -> Iterator[Sequence[object]]:
    """A line a number, step by step as the window has them."""
    yield ("step", "place", "value")
    for steps in steps_of(made, None, layer):
        for line in steps.lines:
            for place, value in zip(steps.places, line.values.tolist(), strict=True):
                yield (line.title, place, f"{value:.9g}")


# -- filled in as a document is looked at --------------------------------------------------------------------


def product_filled(subject: Subject, task: Task) -> Filled:
    """The weight that the page of one weight shows."""
    trace, selection = subject.trace, subject.view[Selection]
    query, key, _ = chosen_pair(trace, selection)
    values = at_layer(trace, selection.layer) | {"head": selection.head, "query": (query,), "key": key}
    lists = {
        "stack": partial(stack_list, trace),
        "layer": partial(layer_list, trace, str),
        "head": partial(_heads, trace),
        "query": partial(_tokens, trace, True),
        "key": partial(_tokens, trace, False),
    }
    without = () if len(trace.stacks) > 1 else ("stack",)
    return Filled(values, lists, subject.page == "weight", without=without)


def _heads(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    return [(head, f"Head {head}") for head in range(layer_of(trace, values).heads)]


def _tokens(trace: Trace, ask: bool, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    """ask: those that look, of which several could be named."""
    layer = layer_of(trace, values)
    labels = short_labels(layer.queries if ask else layer.keys)
    return [((index,) if ask else index, f"{index} · {label}") for index, label in enumerate(labels)]
