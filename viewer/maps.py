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
from models.tokens import PatchTokens, Place, TextTokens, Tokens
from viewer.session import MapSettings, View
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
    """One head's matrix: levels uint8 and values float32, both (queries, keys)."""

    values: np.ndarray
    levels: np.ndarray
    scale: Scale
    queries: Tokens
    keys: Tokens


@dataclass(frozen=True)
class Numbers:
    """What is said of one row of weights. special: share on tokens without a place, per token and in all.

    entropy in nats; distance in pixels from the query's patch, None without one.
    """

    total: float
    special: float
    entropy: float
    distance: float | None


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


def weights_of(layer: AttentionLayer, head: Head, chosen: np.ndarray, incoming: bool) -> np.ndarray:
    """float32 (tokens,): where the chosen queries look, or who looks at the chosen keys; else 0."""
    indices, weights = layer.column(head, chosen) if incoming else layer.row(head, chosen)
    dense = np.zeros(len(layer.queries if incoming else layer.keys), np.float32)
    dense[indices] = weights
    return dense


def head_maps(trace: Trace, view: View, query: Place | None = None, task: Task = SILENT) -> HeadMaps:
    """The maps of all heads. For a picture: where the query (or `query`, under the cursor) looks, on the
    grid; for a text: whole matrices as thumbnails. Hands out each layer when it is ready, unless all share
    a scale.
    """
    settings = view.map
    values: list[np.ndarray] = []
    done: list[np.ndarray] = []
    for number, layer in enumerate(trace.layers):
        task.progress(number / len(trace.layers), f"Maps of layer {number}")
        maps = _layer_maps(trace, layer, view, (query,) if query else view.selection.queries, task)
        values.append(maps)
        if not settings.shared:
            done.append(np.stack([levels(m, _scale(m, settings, layer, trace)) for m in maps]))
            task.partial((number, done[-1]))
    if not settings.shared:
        return HeadMaps(done, None)
    flat = np.concatenate([maps.ravel() for maps in values])
    scale = scale_of(flat, settings.percentile, settings.log, floor=settings.floor or None)
    return HeadMaps([levels(maps, scale) for maps in values], scale)


def _layer_maps(
    trace: Trace, layer: AttentionLayer, view: View, places: tuple[Place, ...], task: Task
) -> np.ndarray:
    """float32 (heads, h, w): one layer's maps."""
    tokens = layer.keys if not view.map.incoming else layer.queries
    if not isinstance(tokens, PatchTokens):
        return derived(trace, ("thumbnail", layer.name), lambda: layer.thumbnail(THUMBNAIL))
    asked = layer.queries if not view.map.incoming else layer.keys
    chosen = query_indices(trace, asked, places)
    if view.map.incoming:
        rows = []
        for head in range(layer.heads):
            task.check()
            rows.append(weights_of(layer, head, chosen, True))
        weights = np.stack(rows)
    else:
        indices, found = layer.rows(chosen)
        weights = np.zeros((layer.heads, len(layer.keys)), np.float32)
        weights[:, indices] = found
    return weights[:, tokens.prefix :].reshape(layer.heads, *tokens.grid)


def _scale(values: np.ndarray, settings: MapSettings, layer: AttentionLayer, trace: Trace) -> Scale:
    """The scale of one map; artifact tokens do not set it where they are left out."""
    return scale_of(
        values, settings.percentile, settings.log, _left_out(values.shape, settings, layer, trace)
    )


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
    """The whole matrix of the chosen head. Raises TooLarge above the layer's limit."""
    layer = trace.layers[view.selection.layer]
    values = layer.matrix(head_of(view))
    task.check()
    scale = scale_of(values, view.map.percentile, view.map.log, floor=view.map.floor or None)
    task.check()
    return MatrixMap(values, levels(values, scale), scale, layer.queries, layer.keys)


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
    weights = weights_of(chosen_layer, head, chosen, incoming)
    shown_on = chosen_layer.queries if incoming else chosen_layer.keys
    floor = view.map.floor or None
    return replace(_input_map(trace, shown_on, weights, view, chosen, asked, floor), at=(layer, head))


def rollout_map(trace: Trace, view: View, task: Task = SILENT) -> InputMap:
    """Rollout of the chosen queries on the input; streams a map after every layer.

    It is rolled out over all tokens, since what passes through hidden ones counts; words get the sum of
    their subwords.
    """
    from models.rollout import rollout_row

    tokens = trace.tokens
    chosen = query_indices(trace, tokens, view.selection.queries if view.rollout_selected else ())

    seen = shown(trace, view.map).tokens if isinstance(tokens, TextTokens) else tokens

    def finished(weights: np.ndarray) -> InputMap:
        if seen is not tokens:
            parts = (tokens.find(seen.place(index)) for index in range(len(seen)))
            weights = np.array([weights[part].sum() for part in parts], np.float32)
        # The residual gives every token a like share of every other: a scale from zero would be all haze.
        return _input_map(trace, seen, weights, view, chosen, tokens, view.map.floor)

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
    from models.engine import open_engine

    def predict() -> np.ndarray:
        return open_engine(trace.model.id, trace.model.modality, trace.device, task).saliency(trace, task)

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
) -> InputMap:
    """floor: where the scale of a picture's map starts, as for `scale_of`."""
    from models.statistics import mass_mask

    settings, mask = view.map, None
    if isinstance(tokens, PatchTokens):
        values = weights[tokens.prefix :].reshape(tokens.grid)
        left_out = np.zeros(values.size, bool)
        if settings.leave_out:
            left_out[_artifact_patches(trace, tokens)] = True
        left_out = left_out.reshape(tokens.grid)
        scale = scale_of(values, settings.percentile, settings.log, left_out, floor)
        if settings.mass > 0:
            mask = mass_mask(values.ravel(), settings.mass).reshape(tokens.grid)
    else:
        values = weights
        # A text has too few tokens to clip a share of the highest.
        scale = scale_of(values, 100.0, settings.log, floor=settings.floor or None)
    said = numbers(tokens, weights, chosen)
    return InputMap(tokens, weights, levels(values, scale), scale, said, chosen, asked_of, mask=mask)


def numbers(tokens: Tokens, weights: np.ndarray, chosen: np.ndarray) -> Numbers:
    """What is said of a row: its sum, its share on special tokens, entropy, and the distance it spans."""
    from models.statistics import attention_distance, entropy

    distance = None
    placed = chosen[~tokens.special[chosen]] if len(chosen) and chosen.max() < len(tokens) else chosen[:0]
    if isinstance(tokens, PatchTokens) and len(placed) == 1:
        distance = float(attention_distance(weights, tokens, int(placed[0])))
    return Numbers(
        float(weights.sum()), float(weights[tokens.special].sum()), float(entropy(weights)), distance
    )
