"""What the panes draw: pure functions from a Trace and a View to arrays. No Qt; they run in the workers.

Every number a pane shows beside a map is computed here or in `models`, never in a widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import known
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.relevance import DISTRIBUTION, Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box, PatchPart, PatchTokens, Place, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.scales import common, floor_of, left_out, left_out_said

if TYPE_CHECKING:
    from headlight.models.attention.statistics import HeadStatistics


def statistics(trace: Trace, layer: int, task: Task = SILENT) -> HeadStatistics:
    """Of a layer's heads: a whole pass over its weights."""
    from headlight.models.attention.statistics import head_statistics

    return derived(trace, ("statistics", layer), lambda: head_statistics(trace.layers[layer], task))


@dataclass(frozen=True, eq=False)
class MatrixMap:
    """One head's matrix: levels uint8 and values float32, both (queries, keys).

    group: the number of the group of queries that it is of, None for the whole matrix; said: which that is.
    elsewhere: what of its rows lies on no token, by what on. what: what the values are where they are no
    attention.
    """

    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    queries: Tokens
    keys: Tokens
    group: int | None = None
    said: str = ""
    elsewhere: Mapping[str, float] = field(default_factory=dict)
    what: str = ""


@dataclass(frozen=True)
class Numbers:
    """What is said of one row of weights. special: share on tokens without a place, per token and in all.

    entropy in nats, None where the weights are no distribution; distance in pixels from the query's patch,
    None without one. elsewhere: shares of the row that lie on no token, by what on.
    """

    total: float
    special: float
    entropy: float | None
    distance: float | None
    elsewhere: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn(Relevance):
    """A relevance in colours. levels: uint8 (n,) of a text or of points, (rows, columns) of a picture's
    patches, (h, w) of what is a picture itself.
    """

    levels: np.ndarray
    scale: Scale


@dataclass(frozen=True, eq=False, kw_only=True)
class InputMap(Drawn):
    """A relevance over the tokens of a text or a picture.

    asked: int (m,), the tokens that it is of (their mean or, `summed`, their sum), counted in `asked_of`.
    mask: bool (rows, columns), the smallest set of patches that holds the chosen mass, or None. streams: all
    that there are, as they are seen; none where what it lies on is all. laid: of a picture with a text, uint8
    (rows, columns) of the picture's part and what of the picture that covers.
    """

    numbers: Numbers
    asked: np.ndarray
    asked_of: Tokens
    mask: np.ndarray | None = None
    summed: bool = False
    streams: Mapping[str, Tokens] = field(default_factory=dict)
    laid: tuple[np.ndarray, Box] | None = None


def shown(trace: Trace, settings: MapSettings) -> Trace:
    """The trace as the settings want it seen: whole words, special tokens left out, as of a step."""
    asked = settings.whole_words, settings.hide_special, settings.step
    if asked == (False, False, None):
        return trace

    def made() -> Trace | None:
        from headlight.models.attention.mapped import mapped

        seen = mapped(trace, *asked)
        return seen if seen is not trace else None  # what is kept for a trace must not keep the trace alive

    return derived(trace, ("shown", *asked), made) or trace


def head_of(view: View) -> Head:
    """The head or fusion that the maps show."""
    heads = view[MapSettings].heads
    return view[Selection].head if heads == "one" else heads


def query_indices(trace: Trace, tokens: Tokens, places: tuple[Place, ...]) -> np.ndarray:
    """int (m,): the tokens at these places; without any, the readout, or all tokens that have a place."""
    chosen = tokens.find_all(places)
    if len(chosen):
        return chosen
    if trace.readout is not None and tokens is trace.tokens:
        return np.array([trace.readout])
    placed = np.flatnonzero(~tokens.special)
    return placed if len(placed) else np.arange(len(tokens))


def weights_of(layer: AttentionLayer, head: Head, chosen: np.ndarray, incoming: bool) -> np.ndarray:
    """float32 (tokens,): where the chosen queries look, or who looks at the chosen keys; else 0."""
    return spread_weights(layer, head, chosen, incoming)[0]


def spread_weights(
    layer: AttentionLayer, head: Head, chosen: np.ndarray, incoming: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(`weights_of`, bool (tokens,): where the layer can look at all)."""
    indices, weights = layer.column(head, chosen) if incoming else layer.row(head, chosen)
    dense = np.zeros(len(layer.queries if incoming else layer.keys), np.float32)
    seen = np.zeros(len(dense), bool)
    dense[indices], seen[indices] = weights, True
    return dense, seen


def matrix_map(trace: Trace, view: View, task: Task = SILENT) -> MatrixMap:
    """The whole matrix of the chosen head; of a layer of windows that of the window which is looked at.

    Raises TooLarge above the layer's limit.
    """
    layer, head = trace.layers[view[Selection].layer], head_of(view)
    queries, keys, group = layer.queries, layer.keys, group_shown(trace, view)
    down, across, values = layer.group(head, group or 0)
    task.check()
    if group is None:
        out = left_out(trace, layer, view[MapSettings], head)[0][0]
    else:
        queries = PatchPart.of(known(layer.queries, PatchTokens), down)
        keys = PatchPart.of(known(layer.keys, PatchTokens), across)
        out = np.zeros(len(keys), bool)
    scale = matrix_scale(values, queries, keys, view[MapSettings], out)
    task.check()
    said = "" if group is None else layer.said(group)
    elsewhere = _elsewhere(layer, head, down)
    return MatrixMap(values, levels(values, scale), scale, queries, keys, group, said, elsewhere)


def matrix_scale(
    values: np.ndarray, queries: Tokens, keys: Tokens, settings: MapSettings, out: np.ndarray
) -> Scale:
    """The scale of a head's matrix (queries, keys). out: bool (keys,), those that do not set it."""
    from headlight.models.attention.statistics import located_queries

    scale = scale_of(values, settings.percentile, settings.log, out, floor_of(settings))
    shares = values[located_queries(queries)].mean(axis=0)
    beyond = out & (values.max(axis=0) > scale.high)
    return replace(scale, left_out=left_out_said(keys, beyond, shares / max(float(shares.sum()), 1.0)))


def selected_weight(found: MatrixMap, queries: np.ndarray, keys: np.ndarray) -> float | None:
    """What the selected keys, int (k,), hold together of a row, in the mean of the selected queries, int
    (m,), of all where there are none; None where a single cell says it.
    """
    if not len(keys) or len(queries) * len(keys) == 1:
        return None
    rows = found.values[queries] if len(queries) else found.values
    return float(rows[:, keys].sum(1, dtype=np.float64).mean())


def _elsewhere(layer: AttentionLayer, head: Head, queries: np.ndarray) -> dict[str, float]:
    """What of these rows lies on no token, their mean."""
    return {what: float(shares.mean()) for what, shares in layer.elsewhere(head, queries).items()}


def group_shown(trace: Trace, view: View) -> int | None:
    """Of a layer of several groups the one that the matrix is of: the first query's, else the middle one."""
    layer = trace.layers[view[Selection].layer]
    if layer.group_count == 1:
        return None
    queries = known(layer.queries, PatchTokens)
    rows, columns = queries.grid
    chosen = queries.find_all(view[Selection].queries[:1])
    return layer.group_of(int(chosen[0]) if len(chosen) else queries.index(rows // 2, columns // 2))


def looked_at(
    layer: AttentionLayer,
    at: tuple[int, Head],
    chosen: np.ndarray,
    incoming: bool = False,
    shares: bool = True,
    **said: Any,
) -> Relevance:
    """Where the chosen queries (int (m,)) look in one head, or who looks at the chosen keys.

    shares, said: what the layer's weights are where they are no attention, as of a Relevance.
    """
    weights, seen = spread_weights(layer, at[1], chosen, incoming)
    tokens = layer.queries if incoming else layer.keys
    return Relevance(values=weights, tokens=tokens, at=at, seen=seen, shares=shares and not incoming, **said)


def attention_map(trace: Trace, view: View, layer: int, head: Head, **said: Any) -> InputMap:
    """Weights of the chosen queries (or on the chosen keys) in one head, on the input; said: as there."""
    chosen_layer, settings = trace.layers[layer], view[MapSettings]
    asked = chosen_layer.keys if settings.incoming else chosen_layer.queries
    chosen = query_indices(trace, asked, view[Selection].queries)
    found = looked_at(chosen_layer, (layer, head), chosen, settings.incoming, **said)
    summed = (
        settings.several == "sum" and len(chosen) > 1 and len(asked.find_all(view[Selection].queries)) > 1
    )
    if summed:
        found = replace(found, values=found.values * np.float32(len(chosen)), shares=False)
    if settings.incoming:
        out = chosen_layer.queries.special & settings.leave_out
    else:
        out = left_out(trace, chosen_layer, settings, head)[0][0]
    drawn = replace(on_input(found, view, chosen, asked, out, floor_of(settings)), summed=summed)
    if settings.incoming:
        return drawn
    elsewhere = _elsewhere(chosen_layer, head, chosen)
    return replace(drawn, numbers=replace(drawn.numbers, elsewhere=elsewhere))


def rollout_left_out(
    trace: Trace, settings: MapSettings, seen: Tokens, weights: np.ndarray, asked: tuple[Tokens, np.ndarray]
) -> np.ndarray:
    """bool (seen,): what does not set the scale of a rollout's weights. asked: tokens, and which of them."""
    from headlight.models.attention.statistics import sinks

    out = common(trace, seen, settings)
    if settings.leave_out:
        others = weights.copy()
        # What stays with the asked themselves is no sink.
        others[seen.find_all(asked[0].places(asked[1]))] = 0
        out |= sinks(others)
    return out


def input_scale(
    tokens: Tokens, weights: np.ndarray, settings: MapSettings, out: np.ndarray, floor: float | None
) -> Scale:
    """The scale of weights (tokens,) on the input. out: bool (tokens,), those that do not set it. floor: see
    `scale_of`.
    """
    from headlight.models.attention.statistics import ROUNDING

    beyond = out
    if isinstance(tokens, PatchTokens):
        values, left = (a[tokens.prefix :].reshape(tokens.grid) for a in (weights, out))
        scale = scale_of(values, settings.percentile, settings.log, left, floor)
        beyond = out & ~tokens.special
    else:  # a text has too few tokens to clip a share of the highest
        scale = scale_of(weights, 100.0, settings.log, out, floor)
    total = float(weights.sum(dtype=np.float64))
    whole = max(total, ROUNDING) if abs(total - 1) > DISTRIBUTION else 1.0
    return replace(scale, left_out=left_out_said(tokens, beyond & (weights > scale.high), weights / whole))


def on_input(
    found: Relevance,
    view: View,
    chosen: np.ndarray,
    asked_of: Tokens,
    out: np.ndarray,
    floor: float | None,
) -> InputMap:
    """A relevance over tokens in the colours of its scale. chosen, asked_of: whose it is.

    out, floor: as for `input_scale`; what is not seen sets no scale either.
    """
    from headlight.models.attention.statistics import mass_mask

    settings, mask, tokens, weights = view[MapSettings], None, known(found.tokens, Tokens), found.values
    out = out if found.seen is None else out | ~found.seen
    values = weights
    if isinstance(tokens, PatchTokens):
        values = weights[tokens.prefix :].reshape(tokens.grid)
        if settings.mass > 0:
            mask = mass_mask(values.ravel(), settings.mass).reshape(tokens.grid)
    scale = input_scale(tokens, weights, settings, out, floor)
    return InputMap(
        **vars(found),
        levels=levels(values, scale),
        scale=scale,
        numbers=numbers(found, chosen, asked_of),
        asked=chosen,
        asked_of=asked_of,
        mask=mask,
        laid=_laid(tokens, weights, scale),
    )


def _laid(tokens: Tokens, weights: np.ndarray, scale: Scale) -> tuple[np.ndarray, Box] | None:
    """As in `InputMap`; None of what has no parts of a picture beside words."""
    found = tokens.laid(weights) if isinstance(tokens, MixedTokens) else None
    return None if found is None else (levels(found[0], scale), found[1])


def numbers(found: Relevance, chosen: np.ndarray, asked_of: Tokens) -> Numbers:
    """What is said of a relevance over tokens: its sum, its share on special tokens, entropy, and the
    distance. chosen: whose it is, among `asked_of`.
    """
    from headlight.models.attention.distances import attention_distance
    from headlight.models.attention.statistics import entropy

    distance, tokens, weights = None, known(found.tokens, Tokens), found.values
    placed = chosen[~asked_of.special[chosen]]
    if isinstance(tokens, PatchTokens) and isinstance(asked_of, PatchTokens) and len(placed) == 1:
        distance = float(attention_distance(weights, asked_of, int(placed[0]), keys=tokens))
    special = float(weights[tokens.special].sum())
    return Numbers(
        total=found.total,
        special=special,
        entropy=float(entropy(weights)) if found.is_distribution else None,
        distance=distance,
    )
