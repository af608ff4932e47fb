"""What the panes draw: pure functions from a Trace and a View to arrays. No Qt; they run in the workers.

Every number a pane shows beside a map is computed here or in `models`, never in a widget.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.attention import AttentionLayer, Head, Trace
from models.task import SILENT, Task
from models.tokens import PatchPart, PatchTokens, Place, TextTokens, Tokens
from viewer.view import MapSettings, View
from widgets.colormap import Scale, levels, scale_of

THUMBNAIL = 64
KEPT = 64

_derived: weakref.WeakKeyDictionary[Trace, OrderedDict[Hashable, Any]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def derived(trace: Trace, key: Hashable, compute: Callable[[], Any]) -> Any:
    """compute(), or what it gave for this trace and key before; the last 64 of a trace are kept."""
    with _lock:
        kept = _derived.setdefault(trace, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    value = compute()
    with _lock:
        kept[key] = value
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return value


@dataclass(frozen=True, eq=False)
class HeadMaps:
    """The head grid's maps: per layer uint8 (heads, h, w), and the scale where all share one."""

    layers: list[np.ndarray]
    scale: Scale | None


@dataclass(frozen=True, eq=False)
class MatrixMap:
    """One head's matrix: levels uint8 and values float32, both (queries, keys).

    window: the number of the window that it is of, None for the whole matrix.
    """

    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    queries: Tokens
    keys: Tokens
    window: int | None = None


@dataclass(frozen=True)
class Numbers:
    """What is said of one row of weights. special: share on tokens without a place, per token and in all.

    entropy in nats; distance in pixels from the query's patch, None without one. padding: share on the
    padding of windows, None where there are no windows.
    """

    total: float
    special: float
    entropy: float
    distance: float | None
    padding: float | None = None


@dataclass(frozen=True, eq=False)
class InputMap:
    """Weights over the input's tokens. levels: (n,) for a text, (rows, columns) for a picture.

    asked: int (m,), the tokens whose weights these are (their mean), counted in `asked_of`. at: the layer and
    head they are of, None for a rollout. mask: bool (rows, columns), the smallest set of patches that holds
    the chosen mass, or None.
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


@dataclass(frozen=True, eq=False)
class Picture:
    """A map with its own grid, such as the saliency prediction: values float32 (h, w) in 0..1."""

    values: np.ndarray
    levels: np.ndarray
    scale: Scale


def shown(trace: Trace, settings: MapSettings) -> Trace:
    """The trace as the settings want it seen: whole words, special tokens left out."""
    if not (settings.whole_words or settings.hide_special):
        return trace

    def made() -> Trace | None:
        from models.hide import hide_special
        from models.merge import merge_words

        words = merge_words(trace) if settings.whole_words else trace
        seen = hide_special(words) if settings.hide_special else words
        return seen if seen is not trace else None  # what is kept for a trace must not keep the trace alive

    return derived(trace, ("shown", settings.whole_words, settings.hide_special), made) or trace


def head_of(view: View) -> Head:
    """The head or fusion that the maps show."""
    return view.selection.head if view.map.heads == "one" else view.map.heads


def query_indices(trace: Trace, tokens: Tokens, places: tuple[Place, ...]) -> np.ndarray:
    """int (m,): the tokens at these places; without any, the readout, or all tokens that have a place."""
    chosen = tokens.find_all(places)
    if len(chosen):
        return chosen
    if trace.readout is not None and tokens is trace.tokens:
        return np.array([trace.readout])
    placed = np.flatnonzero(~tokens.special)
    return placed if len(placed) else np.arange(len(tokens))


def asked_tokens(trace: Trace, view: View) -> Tokens:
    """Among which tokens a gesture on the input chooses: those of the layer that is shown.

    Layers of one picture may have grids of their own. A rollout begins at its last layer's tokens; without
    layers, and for what is of no layer, the tokens are the input's.
    """
    if not trace.layers or view.map.method == "saliency" or not isinstance(trace.tokens, PatchTokens):
        return trace.tokens
    if view.map.method == "rollout":
        return rollout_tokens(trace, view)
    layer = trace.layers[min(view.selection.layer, len(trace.layers) - 1)]
    return layer.keys if view.map.incoming else layer.queries


def rollout_tokens(trace: Trace, view: View) -> Tokens:
    """Of which tokens a rollout is: of a picture's stages those that leave its last layer."""
    if not trace.layers or not isinstance(trace.tokens, PatchTokens):
        return trace.tokens
    last = -1 if view.rollout.last is None else view.rollout.last
    return trace.layers[last].queries


def weights_of(layer: AttentionLayer, head: Head, chosen: np.ndarray, incoming: bool) -> np.ndarray:
    """float32 (tokens,): where the chosen queries look, or who looks at the chosen keys; else 0."""
    return _weights_of(layer, head, chosen, incoming)[0]


def _weights_of(
    layer: AttentionLayer, head: Head, chosen: np.ndarray, incoming: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(`weights_of`, bool (tokens,): where the layer can look at all)."""
    indices, weights = layer.column(head, chosen) if incoming else layer.row(head, chosen)
    dense = np.zeros(len(layer.queries if incoming else layer.keys), np.float32)
    seen = np.zeros(len(dense), bool)
    dense[indices], seen[indices] = weights, True
    return dense, seen


def head_maps(trace: Trace, view: View, query: Place | None = None, task: Task = SILENT) -> HeadMaps:
    """The maps of all heads. For a picture: where the query (or `query`, under the cursor) looks, on the
    grid; for a text: whole matrices as thumbnails. Hands out each layer when it is ready, unless all share
    a scale.
    """
    settings = view.map
    values: list[np.ndarray] = []
    unseen: list[np.ndarray] = []
    done: list[np.ndarray] = []
    for number, layer in enumerate(trace.layers):
        task.progress(number / len(trace.layers), f"Maps of layer {number}")
        maps, blind = _layer_maps(trace, layer, view, (query,) if query else view.selection.queries, task)
        values.append(maps)
        unseen.append(np.broadcast_to(blind, maps.shape))
        if not settings.shared:
            done.append(np.stack([levels(m, _scale(m, settings, layer, trace, blind)) for m in maps]))
            task.partial((number, done[-1]))
    if not settings.shared:
        return HeadMaps(done, None)
    flat = np.concatenate([maps.ravel() for maps in values])
    left_out = np.concatenate([blind.ravel() for blind in unseen])
    scale = scale_of(flat, settings.percentile, settings.log, left_out, settings.floor or None)
    return HeadMaps([levels(maps, scale) for maps in values], scale)


def _layer_maps(
    trace: Trace, layer: AttentionLayer, view: View, places: tuple[Place, ...], task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """(float32 (heads, h, w): one layer's maps, bool (h, w) or (1, 1): where no window lets it look)."""
    nowhere = np.zeros((1, 1), bool)
    tokens = layer.keys if not view.map.incoming else layer.queries
    if not isinstance(tokens, PatchTokens):
        return derived(trace, ("thumbnail", layer.name), lambda: layer.thumbnail(THUMBNAIL)), nowhere
    asked = layer.queries if not view.map.incoming else layer.keys
    chosen = query_indices(trace, asked, places)
    if view.map.incoming:
        rows = []
        for head in range(layer.heads):
            task.check()
            row, seen = _weights_of(layer, head, chosen, True)
            rows.append(row)
        weights = np.stack(rows)
    else:
        indices, found = layer.rows(chosen)
        weights = np.zeros((layer.heads, len(layer.keys)), np.float32)
        seen = np.zeros(len(layer.keys), bool)
        weights[:, indices], seen[indices] = found, True
    blind = ~seen[tokens.prefix :].reshape(tokens.grid)
    return weights[:, tokens.prefix :].reshape(layer.heads, *tokens.grid), blind


def _scale(
    values: np.ndarray, settings: MapSettings, layer: AttentionLayer, trace: Trace, blind: np.ndarray
) -> Scale:
    """The scale of one map; artifact tokens and what lies outside of a window do not set it."""
    left_out = _left_out(values.shape, settings, layer, trace)
    if blind.any():
        left_out = blind if left_out is None else left_out | blind
    return scale_of(values, settings.percentile, settings.log, left_out)


def _left_out(
    shape: tuple[int, ...], settings: MapSettings, layer: AttentionLayer, trace: Trace
) -> np.ndarray | None:
    tokens = layer.keys
    if not (settings.leave_out and len(trace.artifacts) and isinstance(tokens, PatchTokens)):
        return None
    if shape != tokens.grid or settings.incoming:
        return None
    mask = np.zeros(tokens.grid[0] * tokens.grid[1], bool)
    mask[_artifact_patches(trace, tokens)] = True
    return mask.reshape(tokens.grid)


def _artifact_patches(trace: Trace, tokens: PatchTokens) -> np.ndarray:
    """int (m,): the artifact tokens as patches of this layer's grid, by their place."""
    return tokens.find_all(trace.tokens.place(int(index)) for index in trace.artifacts) - tokens.prefix


def matrix_map(trace: Trace, view: View, task: Task = SILENT) -> MatrixMap:
    """The whole matrix of the chosen head; of a layer of windows that of the window which is looked at.

    Raises TooLarge above the layer's limit.
    """
    layer = trace.layers[view.selection.layer]
    queries, keys = layer.queries, layer.keys
    if layer.kind == "window":
        window = window_shown(trace, view)
        queries = keys = PatchPart.of(layer.queries, layer.members(window))
        values = layer.window_matrix(head_of(view), window)
    else:
        window, values = None, layer.matrix(head_of(view))
    task.check()
    scale = scale_of(values, view.map.percentile, view.map.log, floor=view.map.floor or None)
    task.check()
    return MatrixMap(values, levels(values, scale), scale, queries, keys, window)


def window_shown(trace: Trace, view: View) -> int:
    """Of a layer of windows the one that the matrix is of: the first query's, else the one in the middle."""
    layer = trace.layers[view.selection.layer]
    rows, columns = layer.queries.grid
    chosen = layer.queries.find_all(view.selection.queries[:1])
    return layer.window_of(chosen[0] if len(chosen) else layer.queries.index(rows // 2, columns // 2))


def input_map(trace: Trace, view: View, at: tuple[int, Head], task: Task = SILENT) -> InputMap | Picture:
    """What lies on the input: by the chosen method, attention in layer and head `at`, rollout or saliency."""
    if view.map.method == "saliency":
        return saliency_map(trace, task)
    if view.map.method == "rollout":
        return rollout_map(trace, view, task)
    return attention_map(shown(trace, view.map), view, *at)


def attention_map(trace: Trace, view: View, layer: int, head: Head) -> InputMap:
    """Weights of the chosen queries (or on the chosen keys) in one head, on the input."""
    chosen_layer = trace.layers[layer]
    incoming = view.map.incoming
    asked = chosen_layer.keys if incoming else chosen_layer.queries
    chosen = query_indices(trace, asked, view.selection.queries)
    weights, seen = _weights_of(chosen_layer, head, chosen, incoming)
    shown_on = chosen_layer.queries if incoming else chosen_layer.keys
    floor = view.map.floor or None
    found = _input_map(trace, shown_on, weights, view, chosen, asked, floor, ~seen)
    if chosen_layer.kind == "window" and not incoming:
        padding = chosen_layer.padding_share(head, chosen)
        found = replace(found, numbers=replace(found.numbers, padding=padding))
    return replace(found, at=(layer, head))


def rollout_map(trace: Trace, view: View, task: Task = SILENT) -> InputMap:
    """Rollout of the chosen queries on the input; streams a map after every layer.

    It is rolled out over all tokens, since what passes through hidden ones counts; words get the sum of
    their subwords.
    """
    from models.rollout import rollout_row

    tokens, asked_of = trace.tokens, rollout_tokens(trace, view)
    chosen = query_indices(trace, asked_of, view.selection.queries if view.rollout_selected else ())
    seen = shown(trace, view.map).tokens if isinstance(tokens, TextTokens) else tokens
    if asked_of is not tokens:  # stages of a picture: the rollout ends where its first layer begins
        seen = tokens = trace.layers[view.rollout.first].queries

    def finished(weights: np.ndarray) -> InputMap:
        if seen is not tokens:
            parts = (tokens.find(seen.place(index)) for index in range(len(seen)))
            weights = np.array([weights[part].sum() for part in parts], np.float32)
        # The residual gives every token a like share of every other: a scale from zero would be all haze.
        return _input_map(trace, seen, weights, view, chosen, asked_of, view.map.floor)

    drawn = _Drawn(task, finished)
    key = ("rollout", view.rollout, chosen.tobytes())
    return finished(derived(trace, key, lambda: rollout_row(trace.layers, chosen, view.rollout, drawn)))


@dataclass(eq=False)
class _Drawn(Task):
    """Hands partial results on as what the pane draws."""

    task: Task
    draw: Callable[[np.ndarray], InputMap]

    def check(self) -> None:
        self.task.check()

    def progress(self, share: float, sentence: str) -> None:
        self.task.progress(share, sentence)

    def partial(self, value: np.ndarray) -> None:
        self.task.partial(self.draw(value))


def saliency_map(trace: Trace, task: Task = SILENT) -> Picture:
    """The saliency prediction in 0..1, as a picture over the region that the model saw."""
    from models.engine import engine_of

    def predict() -> np.ndarray:
        return engine_of(trace, task).saliency(trace, task)

    values = derived(trace, "saliency", predict)
    scale = Scale(0.0, 1.0, False, 0.0)
    return Picture(values, levels(values, scale), scale)


def _input_map(
    trace: Trace,
    tokens: Tokens,
    weights: np.ndarray,
    view: View,
    chosen: np.ndarray,
    asked_of: Tokens,
    floor: float | None = None,
    unseen: np.ndarray | None = None,
) -> InputMap:
    """floor: where the scale of a picture's map starts, as for `scale_of`. unseen: bool, in no window."""
    from models.statistics import mass_mask

    settings, mask = view.map, None
    if isinstance(tokens, PatchTokens):
        values = weights[tokens.prefix :].reshape(tokens.grid)
        left_out = np.zeros(values.size, bool)
        if settings.leave_out:
            left_out[_artifact_patches(trace, tokens)] = True
        if unseen is not None:
            left_out |= unseen[tokens.prefix :]
        left_out = left_out.reshape(tokens.grid)
        scale = scale_of(values, settings.percentile, settings.log, left_out, floor)
        if settings.mass > 0:
            mask = mass_mask(values.ravel(), settings.mass).reshape(tokens.grid)
    else:
        values = weights
        # A text has too few tokens to clip a share of the highest.
        scale = scale_of(values, 100.0, settings.log, floor=settings.floor or None)
    said = numbers(tokens, weights, chosen, asked_of)
    return InputMap(tokens, weights, levels(values, scale), scale, said, chosen, asked_of, mask=mask)


def numbers(tokens: Tokens, weights: np.ndarray, chosen: np.ndarray, asked_of: Tokens) -> Numbers:
    """What is said of a row over `tokens`: its sum, its share on special tokens, entropy, and the distance.

    chosen: whose row it is, among `asked_of`.
    """
    from models.statistics import attention_distance, entropy

    distance = None
    placed = chosen[~asked_of.special[chosen]]
    if isinstance(tokens, PatchTokens) and isinstance(asked_of, PatchTokens) and len(placed) == 1:
        distance = float(attention_distance(weights, asked_of, int(placed[0]), keys=tokens))
    return Numbers(
        float(weights.sum()), float(weights[tokens.special].sum()), float(entropy(weights)), distance
    )
