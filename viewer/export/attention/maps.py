"""Exports of texts and pictures: attention, rollout, saliency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from headlight.models.core.colours import Scale
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.settings import RolloutSettings, layers_of_rollout
from headlight.models.core.task import Task
from headlight.models.core.tokens import OUTPUT, PatchTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.all_layers import ALL, all_layers
from headlight.viewer.export.attention.mixed import mixed_drawing
from headlight.viewer.export.figures import Drawing, matrix_drawing, overlay_drawing, strip_drawing
from headlight.viewer.export.heads import (
    head_option,
    layer_and_heads,
    layer_option,
    layers_of,
    stack_option,
)
from headlight.viewer.export.looks import Laid, Mapped, opacity_option
from headlight.viewer.export.results import PICTURES, Result, check_layers
from headlight.viewer.inputs.inputs import ImageInput, Input, pixels_of
from headlight.viewer.options import count, option
from headlight.viewer.session.view import MapSettings
from headlight.viewer.slices.maps import (
    input_scale,
    matrix_scale,
    query_indices,
    rollout_left_out,
    spread_weights,
    weights_of,
)
from headlight.viewer.slices.names import layer_named
from headlight.viewer.slices.scales import floor_of, left_out

Query = tuple[int, ...] | Literal["readout"]
"""Tokens, of which the mean counts, or those that the answer is read from."""


def read_query(value: str) -> Query:
    if value == "readout":
        return value
    return tuple(count(part) for part in value.split(","))


@dataclass(frozen=True)
class AttentionOptions(Mapped):
    """stack: None for all layers. layer: index in it or name, see `names.find`. head: index, "mean", "max" or
    "min"."""

    stack: str | None = stack_option()
    layer: str | None = layer_option("; all for all layers in one npz")
    head: int | Literal["mean", "max", "min"] | None = head_option()
    query: Query | None = option(
        "where one token looks, the mean of several, or what the answer is read from (a row for each token)",
        "Token",
        named=True,
        parse=read_query,
        metavar="INDEX[,INDEX]|readout",
    )
    opacity: float = opacity_option(after=("query", "is of a map that lies on a picture"))


@dataclass(frozen=True)
class RolloutOptions(Mapped):
    """Those of RolloutSettings by the same names, and of which token the map is."""

    fusion: str = option(
        "heads as one (mean)",
        "Heads as one",
        default="mean",
        choices={"mean": "Mean", "max": "Maximum", "min": "Minimum"},
    )
    discard: float = option(
        "lowest weights left out (0)",
        "Lowest weights left out",
        default=0.0,
        parse=float,
        metavar="SHARE",
        empty="0",
    )
    residual: str = option(
        "skip connection (add)",
        "Skip connection",
        default="add",
        choices={"add": "A + I", "mix": "½A + ½I", "none": "None"},
    )
    first: int = option("first layer (0)", "First layer", default=0, parse=count, metavar="INDEX")
    last: int | None = option("last layer (the last one)", "Last layer", parse=count, metavar="INDEX")
    stack: str | None = option(
        "of an encoder–decoder: encoder, decoder or cross, or whole, from output to input (whole)",
        "Through",
        named=True,
        metavar="NAME",
    )
    query: Query | None = option(
        "of which token the map is (readout)",
        "Token",
        named=True,
        parse=read_query,
        metavar="INDEX[,INDEX]|readout",
    )

    def settings(self) -> RolloutSettings:
        given = {one.name: getattr(self, one.name) for one in fields(RolloutSettings)}
        return RolloutSettings(**{**given, "stack": self.stack or RolloutSettings.stack})


def require_attention(trace: Trace) -> None:
    """HeadlightError for a convolutional network."""
    if not trace.layers:
        raise HeadlightError(
            f"{trace.model.title} has no attention: it is a convolutional network.",
            "Export receptive-field, or choose a vision transformer with --model.",
        )


def attention(options: AttentionOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """A row for each query of a layer; with --query one row alone, whose picture lies on the input."""
    require_attention(trace)
    if options.layer == ALL:
        if ending != "npz" or options.query is not None:
            raise HeadlightError(
                "All layers go into an npz alone, with a row for each token.",
                "Let OUT end in npz and leave --query out, or choose one layer.",
            )
        chosen = [trace.layers[number] for number in layers_of(trace, options.stack)]
        return all_layers(trace, chosen, options.head, task)
    index, heads = layer_and_heads(options.layer, options.head, ending, trace, options.stack)
    layer = trace.layers[index]
    check_layers([layer], task)
    one, query = options.query is not None, options.query
    queries = np.arange(len(layer.queries))
    if query == "readout":
        queries = query_indices(trace, layer.queries, ())
    elif query is not None:
        queries = _existing(query, layer.queries)
    weights = np.empty((len(heads), 1 if one else len(queries), len(layer.keys)), np.float32)
    for place, head in enumerate(heads):
        task.progress(place / len(heads), f"Attention of {layer.name}")
        weights[place] = weights_of(layer, head, queries, False) if one else layer.matrix(head)
    more = {"query": queries} if one else {}
    elsewhere = [layer.elsewhere(head, queries) for head in heads]
    more |= layer.figures() | {what: np.stack([one[what] for one in elsewhere]) for what in elsewhere[0]}
    names = [_called(layer.queries, queries)] if one else layer.queries.labels, layer.keys.labels
    arrays = {
        "attention": weights,
        "query_labels": np.array(names[0]),
        "key_labels": np.array(names[1]),
        "special": layer.keys.special,
        "layer": np.array(layers_of(trace, options.stack).index(index)),
        "layer_name": np.array(layer.name),
        "stack": np.array(layer.stack),
        **more,
        **trace.inputs,
    }
    head = heads[0]
    of = f"head {head}" if isinstance(head, int) else f"{head} of {layer.heads} heads"
    title = f"{trace.model.title} · {layer_named(trace, index)} · {of} · attention of "

    def drawing() -> Drawing:
        look = options.look()
        out = left_out(trace, layer, look, head)[0][0]
        if one:
            out = out | ~spread_weights(layer, head, queries, False)[1]
            row, floor = weights[0, 0], floor_of(look)
            return _map_drawing(document, layer.keys, row, f"{title}{names[0][0]}", look, out, floor)
        said = f"{title}queries (down) to keys (across)"
        scale = matrix_scale(weights[0], layer.queries, layer.keys, look, out)
        return matrix_drawing(weights[0], *names, said, scale, look.colours)

    return Result(lambda: arrays, lambda: _matrix_table(*names, weights[0]), drawing)


def rollout(options: RolloutOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """The map of a token, and but for pictures the rows of all."""
    from headlight.models.explain.rollout import (
        MATRIX_LIMIT,
        is_composed,
        looked_at,
        rollout_matrix,
        rollout_row,
        rollout_rows,
    )

    require_attention(trace)
    settings = options.settings()
    check_layers(trace.layers, task)
    stacks = [layer.stack for layer in trace.layers]
    layers = [trace.layers[number] for number in layers_of_rollout(stacks, settings)]
    # A picture's stages have grids of their own, an encoder–decoder two streams: rows are tokens that leave
    # the last layer of the range.
    asked, tokens = layers[-1].queries, looked_at(layers)
    queries = _map_queries(options.query, trace, asked)
    if ending in PICTURES:
        row = rollout_row(trace.layers, queries, settings, task)
        of = _called(asked, queries)
        title = (
            f"{trace.model.title} · rollout of {of} · heads: {settings.fusion} · "
            f"residual: {settings.residual} · discarded: {settings.discard:g}"
        )
        if len(trace.streams) > 1:
            title += f" · through: {settings.stack}"
        elif is_composed(layers):
            title += " · Headlight's own through windows and stages"
        look = options.look()
        out = rollout_left_out(trace, look, tokens, row, (asked, queries))
        # All tokens share a part that says nothing: from the smallest weight on.
        return Result(dict, drawing=lambda: _map_drawing(document, tokens, row, title, look, out, look.floor))
    rows = np.arange(len(asked))
    if len(rows) > MATRIX_LIMIT and options.query is not None:  # all rows would be refused
        rows = queries
        composed = rollout_rows(trace.layers, queries, settings, task)
    else:
        composed = rollout_matrix(trace.layers, settings, task)
    labels = np.array(tokens.labels)
    arrays = {
        "rollout": composed,
        "map": _map(tokens, composed[np.searchsorted(rows, queries)].mean(axis=0)),
        "query_labels": np.array(asked.labels)[rows],
        "key_labels": labels,
        "special": tokens.special,
        "map_queries": queries,
        **trace.inputs,
    }
    return Result(
        lambda: arrays, lambda: _matrix_table(arrays["query_labels"].tolist(), labels.tolist(), composed)
    )


def saliency(options: Laid, ending: str, document: ImageInput, trace: Trace, task: Task) -> Result:
    """What the model's own decoder predicts. HeadlightError without one."""
    if "saliency" not in trace.run.offers:
        raise HeadlightError(
            f"{trace.model.title} has no saliency decoder.", "Choose dinov2-small, which comes with one."
        )
    predicted = trace.run.engine(task).saliency(trace, task)
    region = known(trace.tokens, PatchTokens).region
    title = f"{trace.model.title} · saliency"
    return Result(
        lambda: {"saliency": predicted, "region": np.array(region.corners), **trace.inputs},
        drawing=lambda: overlay_drawing(
            *(document.pixels, region, predicted, title, Scale(0.0, 1.0), options.colours, options.opacity)
        ),
    )


def _map_queries(query: Query | None, trace: Trace, tokens: Tokens) -> np.ndarray:
    """int (m,): the tokens asked for, else what the answer is read from: one, or all whose mean it is."""
    if query is not None and query != "readout":
        return _existing(query, tokens)
    if trace.readout is not None:
        return np.array([trace.readout])
    if OUTPUT in trace.streams:
        return query_indices(trace, tokens, ())
    return np.arange(tokens.prefix if isinstance(tokens, PatchTokens) else 0, len(tokens))


def _existing(query: tuple[int, ...], tokens: Tokens) -> np.ndarray:
    """int (m,), each once"""
    count, last = len(tokens), max(query)
    if last >= count:
        raise HeadlightError(
            f"Token {last:,} does not exist: there are {count:,}, 0 to {count - 1:,}.",
            "Choose one of these with --query.",
        )
    return np.unique(query)


def _called(tokens: Tokens, chosen: np.ndarray) -> str:
    return tokens.labels[int(chosen[0])] if len(chosen) == 1 else f"the mean of {len(chosen):,} tokens"


def _map(tokens: Tokens, row: np.ndarray) -> np.ndarray:
    """float32 (rows, columns) of patches, without the prefix tokens; (tokens,) of a text."""
    return row[tokens.prefix :].reshape(tokens.grid) if isinstance(tokens, PatchTokens) else row


def _map_drawing(
    document: Input,
    tokens: Tokens,
    row: np.ndarray,
    title: str,
    look: MapSettings,
    out: np.ndarray,
    floor: float | None,
) -> Drawing:
    """A map in the colours of a window with these settings. out, floor: see `input_scale`."""
    scale = input_scale(tokens, row, look, out, floor)
    if isinstance(tokens, MixedTokens):
        return mixed_drawing(pixels_of(document), tokens, row, title, scale, look.colours, look.opacity)
    if isinstance(tokens, PatchTokens):
        return overlay_drawing(
            *(pixels_of(document), tokens.region, _map(tokens, row), title, scale),
            *(look.colours, look.opacity),
        )
    return strip_drawing(tokens.labels, tokens.special, row, title, scale, look.colours)


def _matrix_table(
    queries: Sequence[str], keys: Sequence[str], matrix: np.ndarray
) -> Iterator[Sequence[object]]:
    """A head of keys, then a line a query; nine digits give back the very float32."""
    yield ("", *keys)
    for label, row in zip(queries, matrix, strict=True):
        yield (label, *(f"{value:.9g}" for value in row))
