"""The head grid's maps: every head of every layer, each in the colours of its scale. No Qt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from headlight.models.core.colours import Scale, levels, levels_of, scale_of, scales_of
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, Place, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.maps import query_indices, spread_weights
from headlight.viewer.slices.scales import floor_of, left_out, left_out_said

THUMBNAIL = 64
MOMENT = 0.03
"""Seconds after which it is worth its way to hand out what is there."""


@dataclass(frozen=True, eq=False)
class HeadMaps:
    """The head grid's maps: per layer uint8 (heads, h, w), and the scale of each head; one and the same for
    all where they share it.
    """

    layers: list[np.ndarray]
    scales: list[list[Scale]]


def head_maps(trace: Trace, view: View, query: Place | None = None, task: Task = SILENT) -> HeadMaps:
    """The maps of all heads. For a picture: where the query (or `query`, under the cursor) looks, on the
    grid; for a text: whole matrices as thumbnails. Where they take longer than a moment, hands out each
    layer, (number, levels, scales), when it is ready, unless all share a scale.
    """
    settings, places = view[MapSettings], (query,) if query else view[Selection].queries
    maps: list[np.ndarray] = []
    out: list[_Out] = []
    chosen: dict[Tokens, np.ndarray] = {}
    done = HeadMaps([], [])
    began = time.perf_counter()
    for number, layer in enumerate(trace.layers):
        task.progress(number / len(trace.layers), f"Maps of layer {number}")
        values, blind = _layer_maps(trace, layer, view, places, chosen, task)
        maps.append(values)
        out.append(_layer_out(trace, layer, settings, values, blind))
        if not settings.shared and time.perf_counter() - began > MOMENT:
            first = len(done.layers)
            _paint(done, maps[first:], out[first:], settings)
            for ready in range(first, number + 1):
                task.partial((ready, done.layers[ready], done.scales[ready]))
    if not settings.shared:
        first = len(done.layers)
        _paint(done, maps[first:], out[first:], settings)
        return done
    flat, hidden = (np.concatenate([a.ravel() for a in arrays]) for arrays in (maps, [o.mask for o in out]))
    scale = scale_of(flat, settings.percentile, settings.log, hidden, floor_of(settings))
    if np.any(hidden & (flat > scale.high)):
        scale = replace(scale, left_out="special tokens and sinks left out of the scale")
    return HeadMaps([levels(m, scale) for m in maps], [[scale] * len(m) for m in maps])


@dataclass(frozen=True, eq=False)
class _Out:
    """What of a layer's maps does not set their scales. mask: bool (heads, h, w). tokens: bool (heads, n), of
    the last n keys those that these are; shares: float32 (heads, n), what each holds.
    """

    mask: np.ndarray
    keys: Tokens
    tokens: np.ndarray
    shares: np.ndarray

    def of_head(self, head: int) -> tuple[np.ndarray, np.ndarray]:
        """(bool (keys,), float32 (keys,)): tokens and shares of one head, the first keys too."""
        first = len(self.keys) - self.tokens.shape[1]
        return np.pad(self.tokens[head], (first, 0)), np.pad(self.shares[head], (first, 0))


def _layer_out(
    trace: Trace, layer: AttentionLayer, settings: MapSettings, values: np.ndarray, blind: np.ndarray
) -> _Out:
    """values: float32 (heads, h, w). blind: bool (h, w) or (1, 1), where no window lets the layer look."""
    mask, keys = np.broadcast_to(blind, values.shape), layer.keys
    if not isinstance(keys, PatchTokens):
        tokens, shares = left_out(trace, layer, settings)
        return _Out(mask | _pooled(tokens, values.shape[2])[:, None], keys, tokens, shares)
    if settings.incoming:
        nothing = np.zeros((layer.heads, len(layer.queries)), bool)
        return _Out(mask, layer.queries, nothing, nothing)
    patches = left_out(trace, layer, settings)[0][:, keys.prefix :]
    shares = values.reshape(layer.heads, -1)
    return _Out(mask | patches.reshape(values.shape), keys, patches, shares)


def _pooled(tokens: np.ndarray, width: int) -> np.ndarray:
    """bool (heads, keys) → (heads, width): the pixels of a thumbnail in which any of these keys lies."""
    first, last = _spans(width, tokens.shape[1])
    held = np.concatenate([np.zeros((len(tokens), 1), int), tokens.cumsum(axis=1)], axis=1)
    return held[:, last] > held[:, first]


def _paint(done: HeadMaps, maps: Sequence[np.ndarray], outs: Sequence[_Out], settings: MapSettings) -> None:
    """Add layers' maps, each float32 (heads, h, w), every head by a scale of its own: neighbours of one size
    at once, which takes a third of the time."""
    for _, alike in groupby(zip(maps, outs, strict=True), lambda one: one[0].shape[1:]):
        layers = list(alike)
        values, mask = (
            np.concatenate(parts) for parts in zip(*((m, o.mask) for m, o in layers), strict=True)
        )
        scales = scales_of(values, settings.percentile, settings.log, mask, floor_of(settings))
        above = mask & (values > np.array([scale.high for scale in scales], values.dtype)[:, None, None])
        painted = levels_of(values, scales)
        heads = [(out, head) for _, out in layers for head in range(len(out.mask))]
        for at in np.flatnonzero(above.any(axis=(1, 2))).tolist():
            scales[at] = _said(scales[at], above[at], *heads[at])
        start = 0
        for one, _ in layers:
            end = start + len(one)
            done.layers.append(painted[start:end])
            done.scales.append(scales[start:end])
            start = end


def _said(scale: Scale, above: np.ndarray, out: _Out, head: int) -> Scale:
    """The scale of a head with what was left out of it. above: bool (h, w), where that lies above it."""
    tokens, shares = out.of_head(head)
    if isinstance(out.keys, PatchTokens):
        beyond = shares > scale.high
    else:  # pixels of a thumbnail may be means of several tokens': one must hold anything to speak of
        first, last = _spans(len(out.keys), above.shape[1])
        held = np.concatenate([[0], above.any(axis=0).cumsum()])
        beyond = (held[last] > held[first]) & (shares > 0.005)
    return replace(scale, left_out=left_out_said(out.keys, tokens & beyond, shares))


def _spans(count: int, among: int) -> tuple[np.ndarray, np.ndarray]:
    """(first, last + 1) of `among` equal parts of a length that each of `count` equal parts of it meets."""
    part = np.arange(count)
    return part * among // count, -(-(part + 1) * among // count)


def _layer_maps(
    trace: Trace,
    layer: AttentionLayer,
    view: View,
    places: tuple[Place, ...],
    known: dict[Tokens, np.ndarray],
    task: Task,
) -> tuple[np.ndarray, np.ndarray]:
    """(float32 (heads, h, w): one layer's maps, bool (h, w) or (1, 1): where no window lets it look). known:
    which tokens stand at the places, as far as it is known; most layers are of the same tokens."""
    nowhere = np.zeros((1, 1), bool)
    tokens = layer.keys if not view[MapSettings].incoming else layer.queries
    if not isinstance(tokens, PatchTokens):
        return layer.thumbnail(THUMBNAIL), nowhere
    asked = layer.queries if not view[MapSettings].incoming else layer.keys
    if asked not in known:
        known[asked] = query_indices(trace, asked, places)
    chosen = known[asked]
    seen = np.zeros(len(tokens), bool)
    if view[MapSettings].incoming:
        rows = []
        for head in range(layer.heads):
            task.check()
            row, seen = spread_weights(layer, head, chosen, True)
            rows.append(row)
        weights = np.stack(rows)
    else:
        indices, found = layer.rows(chosen)
        weights = np.zeros((layer.heads, len(layer.keys)), np.float32)
        weights[:, indices], seen[indices] = found, True
    blind = ~seen[tokens.prefix :].reshape(tokens.grid)
    return weights[:, tokens.prefix :].reshape(layer.heads, *tokens.grid), blind
