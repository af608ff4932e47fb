"""What the panes draw: pure functions from a Trace and a View to arrays. No Qt; they run in the workers.

Every number a pane shows beside a map is computed here or in `models`, never in a widget.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import known
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PatchPart, PatchTokens, Place, TextTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.selecting import rollout_tokens
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.scales import common, floor_of, left_out, left_out_said

DISTRIBUTION = 1e-3
"""How far the sum of a row may be from 1: rounding of 16 bit weights takes that much."""


@dataclass(frozen=True, eq=False)
class MatrixMap:
    """One head's matrix: levels uint8 and values float32, both (queries, keys).

    group: the number of the group of queries that it is of, None for the whole matrix; elsewhere: what of its
    rows lies on no token, by what on.
    """

    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    queries: Tokens
    keys: Tokens
    group: int | None = None
    elsewhere: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Numbers:
    """What is said of one row of weights. special: share on tokens without a place, per token and in all.

    entropy in nats, None where the weights are no distribution, and no_entropy says why; distance in pixels
    from the query's patch, None without one. elsewhere: shares of the row that lie on no token, by what on.
    """

    total: float
    special: float
    entropy: float | None
    distance: float | None
    no_entropy: str = ""
    elsewhere: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class InputMap:
    """Weights over the input's tokens. levels: (n,) for a text, (rows, columns) for a picture.

    asked: int (m,), the tokens whose weights these are (their mean), counted in `asked_of`. at: the layer and
    head they are of, None if of many layers. what: what they are, "" for the weights of a layer. mask: bool
    (rows, columns), the smallest set of patches that holds the chosen mass, or None.
    """

    tokens: Tokens
    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    numbers: Numbers
    asked: np.ndarray
    asked_of: Tokens
    at: tuple[int, Head] | None = None
    mask: np.ndarray | None = None
    what: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """A map with its own grid, float32 (h, w) in 0..1. what: what its values are, "saliency"."""

    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    what: str


def shown(trace: Trace, settings: MapSettings) -> Trace:
    """The trace as the settings want it seen: whole words, special tokens left out."""
    if not (settings.whole_words or settings.hide_special):
        return trace

    def made() -> Trace | None:
        from headlight.models.attention.mapped import mapped

        seen = mapped(trace, settings.whole_words, settings.hide_special)
        return seen if seen is not trace else None  # what is kept for a trace must not keep the trace alive

    return derived(trace, ("shown", settings.whole_words, settings.hide_special), made) or trace


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
    return MatrixMap(
        values, levels(values, scale), scale, queries, keys, group, _elsewhere(layer, head, down)
    )


def matrix_scale(
    values: np.ndarray, queries: Tokens, keys: Tokens, settings: MapSettings, out: np.ndarray
) -> Scale:
    """The scale of a head's matrix (queries, keys). out: bool (keys,), those that do not set it."""
    from headlight.models.attention.statistics import located_queries

    scale = scale_of(values, settings.percentile, settings.log, out, floor_of(settings))
    shares = values[located_queries(queries)].mean(axis=0)
    beyond = out & (values.max(axis=0) > scale.high)
    return replace(scale, left_out=left_out_said(keys, beyond, shares / max(float(shares.sum()), 1.0)))


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


def attention_map(trace: Trace, view: View, layer: int, head: Head) -> InputMap:
    """Weights of the chosen queries (or on the chosen keys) in one head, on the input."""
    chosen_layer = trace.layers[layer]
    incoming = view[MapSettings].incoming
    at: tuple[int, Head] = (layer, head)
    asked = chosen_layer.keys if incoming else chosen_layer.queries
    chosen = query_indices(trace, asked, view[Selection].queries)
    weights, seen = spread_weights(chosen_layer, head, chosen, incoming)
    shown_on = chosen_layer.queries if incoming else chosen_layer.keys
    if incoming:
        out = shown_on.special & view[MapSettings].leave_out
    else:
        out = left_out(trace, chosen_layer, view[MapSettings], head)[0][0]
    found = _input_map(shown_on, weights, view, chosen, asked, out | ~seen, floor_of(view[MapSettings]), at)
    if incoming:
        return found
    elsewhere = _elsewhere(chosen_layer, head, chosen)
    return replace(found, numbers=replace(found.numbers, elsewhere=elsewhere))


def rollout_map(trace: Trace, view: View, task: Task = SILENT) -> InputMap:
    """Rollout of the chosen queries on the input, as `layers_map`."""
    from headlight.models.explain.rollout import rollout

    settings = view[RolloutSettings]
    found = partial(rollout, trace, settings=settings)
    return layers_map(trace, view, ("rollout", settings), lambda chosen, task: found(chosen, task), task)


def layers_map(
    trace: Trace,
    view: View,
    method: tuple[Hashable, ...],
    compute: Callable[[np.ndarray, Task], np.ndarray],
    task: Task = SILENT,
) -> InputMap:
    """What a method that goes through many layers says of the chosen queries; streams a map after each.

    method: its name, and what else its result depends on. compute: of queries int (m,), float32 (tokens,) of
    all tokens, since what passes through hidden ones counts; words get the sum of their subwords.
    """
    tokens, asked_of = trace.tokens, rollout_tokens(trace, view)
    chosen = query_indices(trace, asked_of, view[Selection].queries if view[RolloutQuery].selected else ())
    seen = shown(trace, view[MapSettings]).tokens if isinstance(tokens, TextTokens) else tokens
    if asked_of is not tokens:  # stages of a picture: it ends where its first layer begins
        seen = tokens = trace.layers[view[RolloutSettings].first].queries

    def finished(weights: np.ndarray) -> InputMap:
        if seen is not tokens:
            parts = (tokens.find(seen.place(index)) for index in range(len(seen)))
            weights = np.array([weights[part].sum() for part in parts], np.float32)
        # The residual gives every token a like share of every other: a scale from zero would be all haze.
        out = rollout_left_out(trace, view[MapSettings], seen, weights, (asked_of, chosen))
        found = _input_map(seen, weights, view, chosen, asked_of, out, view[MapSettings].floor)
        return replace(found, what=str(method[0]))

    drawn = Part(task, draw=finished)
    return finished(derived(trace, (*method, chosen.tobytes()), lambda: compute(chosen, drawn)))


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


def _input_map(
    tokens: Tokens,
    weights: np.ndarray,
    view: View,
    chosen: np.ndarray,
    asked_of: Tokens,
    out: np.ndarray,
    floor: float | None,
    at: tuple[int, Head] | None = None,
) -> InputMap:
    """out, floor: as for `input_scale`."""
    from headlight.models.attention.statistics import mass_mask

    settings, values, mask = view[MapSettings], weights, None
    if isinstance(tokens, PatchTokens):
        values = weights[tokens.prefix :].reshape(tokens.grid)
        if settings.mass > 0:
            mask = mass_mask(values.ravel(), settings.mass).reshape(tokens.grid)
    said = numbers(tokens, weights, chosen, asked_of, view[MapSettings].incoming and at is not None)
    scale = input_scale(tokens, weights, settings, out, floor)
    return InputMap(tokens, weights, levels(values, scale), scale, said, chosen, asked_of, at, mask)


def numbers(
    tokens: Tokens, weights: np.ndarray, chosen: np.ndarray, asked_of: Tokens, column: bool = False
) -> Numbers:
    """What is said of a row over `tokens`: its sum, its share on special tokens, entropy, and the distance.

    chosen: whose row it is, among `asked_of`. column: it is no row, but who looks at the chosen.
    """
    from headlight.models.attention.distances import attention_distance
    from headlight.models.attention.statistics import entropy

    distance = None
    placed = chosen[~asked_of.special[chosen]]
    if isinstance(tokens, PatchTokens) and isinstance(asked_of, PatchTokens) and len(placed) == 1:
        distance = float(attention_distance(weights, asked_of, int(placed[0]), keys=tokens))
    total, special = float(weights.sum(dtype=np.float64)), float(weights[tokens.special].sum())
    reason = _no_distribution(total, column)
    return Numbers(total, special, None if reason else float(entropy(weights)), distance, no_entropy=reason)


def _no_distribution(total: float, column: bool) -> str:
    """Why weights of this sum have no entropy, or nothing."""
    if column:
        return "Who looks at a token is no distribution, so it has no entropy."
    if abs(total - 1) > DISTRIBUTION:
        return f"These weights sum to {total:.2f} and not to 1, so they have no entropy."
    return ""
