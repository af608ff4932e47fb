"""What the panes draw of a cloud's attention: neighbourhoods, rows of the map grid, stars, selections. No Qt.

Pure functions from a Trace and a View to arrays; they run in the workers. A layer works on some of the
input's points (a stage); what was chosen is looked up there by its place, whatever the layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import PointLabels
from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import known
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Place, PointTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.selecting import rows_shown
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices import names


def short_name(layer: AttentionLayer) -> str:
    """dec2.1 for dec2.1.transformer2: without the part that all layers share."""
    return names.short_name(layer.name)


def map_named(trace: Trace, layer: int, which: Head) -> str:
    """enc2.1, map 3; dec2.1, mean of 8 maps: a layer of a cloud's network by its name."""
    name = short_name(trace.layers[layer])
    return f"{name}, map {which}" if isinstance(which, int) else f"{name}, {which} of maps"


# -- which points are chosen ---------------------------------------------------------------------------------


def chosen(trace: Trace, tokens: Tokens, queries: tuple[Place, ...]) -> np.ndarray:
    """int (m,): the selected points among `tokens`, which may be a coarser stage's."""
    if not queries:
        return np.empty(0, int)
    return derived(trace, ("chosen", id(tokens), queries), lambda: tokens.find_all(queries))


def joined(trace: Trace, queries: tuple[Place, ...], more: np.ndarray) -> tuple[Place, ...]:
    """The selection with `more` (tokens) added, or taken out where all of them were selected already."""
    before = chosen(trace, trace.tokens, queries)
    inside = np.isin(more, before)
    after = np.setdiff1d(before, more) if len(more) and inside.all() else np.union1d(before, more)
    return trace.tokens.places(after)


def taken(
    trace: Trace, points: np.ndarray, before: tuple[Place, ...], task: Task = SILENT
) -> tuple[Place, ...]:
    """The tokens that answer for these points of the file (int (m,)), joined to those selected `before`."""
    return joined(trace, before, np.unique(tokens_of(trace, points)))


def tokens_of(trace: Trace, points: np.ndarray) -> np.ndarray:
    """int (m,): the tokens that answer for these points of the file: of what labels no points, they are."""
    answer = trace.answer(PointLabels)
    return points if answer is None else answer.nearest[points]


def point_of(trace: Trace, token: int) -> int:
    """The point of the file that a token is."""
    answer = trace.answer(PointLabels)
    return token if answer is None else int(answer.sample[token])


def in_input(trace: Trace, tokens: Tokens) -> np.ndarray:
    """int (n,): which of the input's tokens each of a stage's points is."""
    if tokens is trace.tokens:
        return np.arange(len(tokens))
    return derived(
        trace, ("in input", id(tokens)), lambda: _points(trace.tokens).nearest(_points(tokens).positions)
    )


def away(trace: Trace, layer: AttentionLayer, queries: tuple[Place, ...]) -> float:
    """Metres from the selected point to the one that answers for it in a layer's stage; 0 for several."""
    here, there = chosen(trace, trace.tokens, queries), chosen(trace, layer.queries, queries)
    if len(here) != 1 or len(there) != 1:
        return 0.0
    apart = _points(trace.tokens).positions[here[0]] - _points(layer.queries).positions[there[0]]
    return float(np.linalg.norm(apart))


def _points(tokens: Tokens) -> PointTokens:
    return known(tokens, PointTokens)


# -- neighbourhoods ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The weights of one query's neighbours, nearest first, or the mean by rank of several queries'.

    weights: float32 (k,). own: the weight on the query itself. entropy: of the weights, in nats; of several
    queries the mean of theirs. queries: how many. away: metres from the selected point to the query.
    neighbours: int (k,), the layer's keys, and distances: float32 (k,) in metres; empty for several queries.
    """

    at: tuple[int, Head]
    weights: np.ndarray
    own: float
    entropy: float
    queries: int
    away: float
    keys: Tokens
    neighbours: np.ndarray
    distances: np.ndarray


def neighbourhood(
    trace: Trace, view: View, at: tuple[int, Head], task: Task = SILENT
) -> Neighbourhood | None:
    """What stands in the bar chart; None without a selected point."""
    from headlight.models.attention.statistics import entropy

    layer = trace.layers[at[0]]
    queries = chosen(trace, layer.queries, view[Selection].queries)
    if not len(queries):
        return None
    if len(queries) > 1:
        weights = each_row(layer, at[1], queries)[1]  # [queries, k]
        nats = -np.sum(weights * np.log(np.where(weights > 0, weights, 1)), axis=1, dtype=np.float64)
        mean, nobody = weights.mean(0, dtype=np.float64).astype(np.float32), np.empty(0, int)
        return Neighbourhood(
            *(at, mean, float(mean[0]), float(nats.mean()), len(queries), 0.0, layer.keys),
            *(nobody, np.empty(0, np.float32)),
        )
    query = int(queries[0])
    found, weights = layer.row(at[1], query)
    offset = _points(layer.keys).positions[found] - _points(layer.queries).positions[query]
    return Neighbourhood(
        at=at,
        weights=weights,
        own=float(weights[found == query].sum()),
        entropy=float(entropy(weights)),
        queries=1,
        away=away(trace, layer, view[Selection].queries),
        keys=layer.keys,
        neighbours=found,
        distances=np.linalg.norm(offset, axis=1).astype(np.float32),
    )


EVEN = 0.05
"""Weights that differ from 1/k by no more than this share of it are called uniform."""


def even_said(weights: np.ndarray) -> str:
    """ "uniform: 1/16 each, ±2 %" of float (…, k) where no weight says more than another; else nothing."""
    k = weights.shape[-1]
    off = float(np.abs(weights * k - 1).max()) if k > 1 and weights.size else 1.0
    if off > EVEN:
        return ""
    return f"uniform: 1/{k} each, ±{max(np.ceil(off * 1000 - 1e-3), 1) / 10:.2g} %"


@dataclass(frozen=True, eq=False)
class MapRows:
    """The map grid: per row the layer and uint8 (maps, k), the neighbours' weights nearest first.

    scales: of each row; its maps share it. even: of each row `even_said` of all its maps.
    """

    layers: tuple[int, ...]
    levels: list[np.ndarray]
    scales: list[Scale]
    even: list[str]


def map_rows(trace: Trace, view: View, task: Task = SILENT) -> MapRows:
    """What each map of each row's layer makes of the selected points; no levels where nothing is selected."""
    layers = rows_shown(trace, view)
    maps, scales, even = [], [], []
    for number in layers:
        task.check()
        layer = trace.layers[number]
        queries = chosen(trace, layer.queries, view[Selection].queries)
        if not len(queries):
            return MapRows(layers, [], [], [])
        one = len(queries) == 1
        weights = layer.rows(int(queries[0]))[1] if one else _by_rank(layer, queries)
        scale = scale_of(weights, 100.0)
        maps.append(levels(weights, scale))
        scales.append(scale)
        even.append(even_said(weights))
    return MapRows(layers, maps, scales, even)


@dataclass(frozen=True, eq=False)
class Star:
    """Where the selected points look, in space. centre: float32 (3,), None for several; ends: float32 (k, 3);
    weights: float32 (k,).
    """

    centre: np.ndarray | None
    ends: np.ndarray
    weights: np.ndarray


def star(trace: Trace, view: View, at: tuple[int, Head]) -> Star | None:
    """The selected point's lines to its neighbours in layer and map `at`; None without a selection."""
    layer = trace.layers[at[0]]
    queries = chosen(trace, layer.queries, view[Selection].queries)
    if not len(queries):
        return None
    found, weights = layer.row(at[1], queries if len(queries) > 1 else int(queries[0]))
    centre = _points(layer.queries).positions[queries[0]].astype(np.float32) if len(queries) == 1 else None
    return Star(centre, _points(layer.keys).positions[found].astype(np.float32), weights.astype(np.float32))


def each_row(
    layer: AttentionLayer, head: Head, queries: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(int (m, k), float32 (m, k)): the neighbours of each query and their weights, nearest first."""
    _, keys, weights = zip(*(part.rows() for part in layer.groups(head, queries)), strict=True)
    return np.concatenate(keys), np.concatenate(weights, axis=1)[0]


def _by_rank(layer: AttentionLayer, queries: np.ndarray) -> np.ndarray:
    """float32 (maps, k): the mean over these queries of the weights of their neighbours, nearest first."""
    weights = [part.rows()[2] for part in layer.groups(None, queries)]
    return np.concatenate(weights, axis=1).mean(axis=1)
