"""Figures about attention weights: entropy, distance, mass, special tokens, artifact tokens. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.attention.distances import layer_distance
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace

ROUNDING = 1e-6
"""How far float32 sums of a few thousand weights are off."""
WITNESSES = 48
"""Queries that are looked at to find a head worth seeing."""
RECEIVED = 512
"""Queries over which it is counted what a key gets."""
SAMPLED = 256
"""Queries that are looked at for artifact tokens."""
SINK_SHARE, SINK_FACTOR = 0.4, 4.0
"""A sink gets at least this share of all attention, and so many times what it would get of even attention.

MiniLM-L6 on one sentence: [CLS] gets 0.3 to 0.86 from layer 1 on, a word 0.2 at most, a full stop 0.5.
"""
ARTIFACT_FACTOR = 10.0
"""DINOv2-small on four pictures of 518 pixels: artifacts at 17 to 36 times the median, the rest below 9.2."""


@dataclass(frozen=True, eq=False)
class HeadStatistics:
    """One figure a head, each a mean over the queries that have a place, float64 (heads,).

    entropy: nats. distance: pixels of the shown picture, over patch queries; None for anything but patches.
    special: share of the weight that lies on special tokens.
    """

    entropy: np.ndarray
    distance: np.ndarray | None
    special: np.ndarray


def entropy(weights: np.ndarray) -> np.ndarray:
    """(..., n) → (...): −Σ w ln w in nats, 0 ln 0 = 0; ln n for uniform weights, 0 for one key alone."""
    logarithms = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return -np.einsum("...n,...n->...", weights, logarithms)


def special_share(weights: np.ndarray, special: np.ndarray) -> np.ndarray:
    """(..., n), bool (n,) → (...): the weight that lies on special tokens."""
    return weights[..., special].sum(axis=-1)


def received(layer: AttentionLayer, head: Head | None = None) -> np.ndarray:
    """float32 (heads, keys): what each key gets, the mean over at most RECEIVED queries that have a place.

    (1, keys) of one `head`.
    """
    placed = located_queries(layer.queries)
    queries = placed[sampled_queries(len(placed), RECEIVED)]
    keys, weights = layer.rows(queries) if head is None else layer.row(head, queries)
    dense = np.zeros((np.atleast_2d(weights).shape[0], len(layer.keys)), np.float32)
    dense[:, keys] = weights
    return dense


def sinks(received: np.ndarray) -> np.ndarray:
    """(..., n) → bool (..., n): the keys that take nearly all of what all n get (attention sinks, Xiao et al.
    2024): at least SINK_SHARE, and SINK_FACTOR / n.
    """
    shares = received / np.maximum(received.sum(axis=-1, keepdims=True), ROUNDING)
    return shares >= max(SINK_SHARE, SINK_FACTOR / max(received.shape[-1], 1))


def located_queries(tokens: Tokens) -> np.ndarray:
    """int (m,): the tokens that have a place, all where none has: what is said of a head is their mean."""
    placed = np.flatnonzero(~tokens.special)
    return placed if len(placed) else np.arange(len(tokens))


def sampled_queries(count: int, most: int) -> np.ndarray:
    """int (m,): at most so many of `count` queries, spread evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def starting_head(layers: Sequence[AttentionLayer], task: Task = SILENT) -> tuple[int, int]:
    """(layer, head) whose picture shows most: the highest `head_worth` among the later half of the layers.

    The information of a head is the mutual information of query and key over tokens that have a place (how
    much knowing the query says about where it looks, each query counting by its weight on such tokens),
    times the share of the weight that lies on them. A head that looks at one sink, or everywhere alike, has
    none. Of equal ones the later is taken; without layers (0, 0).
    """
    best, found = ROUNDING, (max(len(layers) - 1, 0), 0)
    for number in range(len(layers) // 2, len(layers)):
        task.check()
        for head, shown in enumerate(head_worth(layers[number])):
            if shown >= best:
                best, found = float(shown), (number, head)
    return found


def head_worth(layer: AttentionLayer) -> np.ndarray:
    """float64 (heads,): how much of each head is to be seen, its information times the contrast of its map.

    The contrast is the standard deviation of the weights as painted, the highest half per cent alike.
    Over WITNESSES placed queries.
    """
    placed = np.flatnonzero(~layer.queries.special)
    if not len(placed) or layer.keys.special.all():
        return np.zeros(layer.heads)
    queries = placed[sampled_queries(len(placed), WITNESSES)]
    weights = np.zeros((layer.heads, len(queries), len(layer.keys)))
    for row, query in enumerate(queries):
        keys, found = layer.rows(np.array([query]))
        weights[:, row, keys] = found
    weights = weights[..., ~layer.keys.special]
    mass = weights.sum(axis=(1, 2))
    joint = weights / np.maximum(mass, ROUNDING)[:, None, None]
    apart = entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=2))
    information = mass / len(queries) * (apart - entropy(joint.reshape(layer.heads, -1)))
    highest = np.quantile(weights, 0.995, axis=(1, 2), keepdims=True)
    return information * np.minimum(weights / np.maximum(highest, ROUNDING), 1).std(axis=(1, 2))


def mass_mask(weights: np.ndarray, share: float) -> np.ndarray:
    """(patches,) → bool (patches,): the fewest patches that together hold at least `share` of the weight.

    The threshold of Caron et al. 2021 (DINO, figure 3), over patches alone. Of equal weights the earlier
    patch is taken first; nothing is taken for a share of 0 or where there is no weight.
    """
    mask = np.zeros(len(weights), bool)
    order = np.argsort(-weights, kind="stable")
    held = np.cumsum(weights[order], dtype=np.float64)
    if share <= 0 or not len(held) or held[-1] <= 0:
        return mask
    # Shares such as 0.4 are no binary fractions: a mass that misses one by rounding alone has reached it.
    wanted = share - ROUNDING if share < 1 else 1.0
    mask[order[: np.searchsorted(held / held[-1], wanted) + 1]] = True
    return mask


def head_statistics(layer: AttentionLayer, task: Task = SILENT) -> HeadStatistics:
    """The statistics of every head of a self-attention layer, a few rows at a time."""
    located = isinstance(layer.queries, PatchTokens) and isinstance(layer.keys, PatchTokens)
    sums = np.zeros((2, layer.heads))  # entropy, share on special keys
    count, done, counted = len(layer.queries), 0, np.zeros(len(layer.queries), bool)
    counted[located_queries(layer.queries)] = True
    for part in layer.groups():
        task.progress(done / count, "Statistics of the heads")
        queries, keys, weights = part.rows()
        special = layer.keys.special[keys]
        shares = special_share(weights, special[0]) if len(keys) == 1 else (weights * special).sum(axis=2)
        sums[0] += entropy(weights)[:, counted[queries]].sum(axis=1)
        sums[1] += shares[:, counted[queries]].sum(axis=1)
        done += len(queries)
    mean = sums / counted.sum()
    return HeadStatistics(mean[0], layer_distance(layer, task=task) if located else None, mean[1])


def artifact_tokens(layers: Sequence[AttentionLayer], tokens: Tokens, task: Task = SILENT) -> np.ndarray:
    """int (m,): patches that draw far more than their share of attention, strongest first; none in a text.

    Models without registers keep global information in a few patches of little content of their own (Darcet
    et al. 2024), and such patches outshine all others in a rollout. The criterion: the weight a patch
    receives, averaged over SAMPLED queries spread over the sequence, over heads and over all layers, is more
    than ARTIFACT_FACTOR times the median patch's. An average over layers keeps what is salient in one or two
    of them from being listed; the median does not move with the artifacts themselves.
    """
    if not isinstance(tokens, PatchTokens) or not len(layers):
        return np.empty(0, int)
    queries = sampled_queries(len(tokens), SAMPLED)
    received = np.zeros(len(tokens) - tokens.prefix)
    for layer in layers:
        task.check()
        received += layer.rows(queries)[1].mean(axis=0)[tokens.prefix :]
    strongest = np.argsort(-received, kind="stable")
    found = strongest[received[strongest] > ARTIFACT_FACTOR * np.median(received)]
    return found + tokens.prefix


def stages(layers: Sequence[AttentionLayer]) -> tuple[tuple[int, ...], ...]:
    """The layers (by number) that work on the same points, the stages in the order of their first layer."""
    found: dict[int, list[int]] = {}
    for number, layer in enumerate(layers):
        found.setdefault(id(layer.queries), []).append(number)
    return tuple(tuple(numbers) for numbers in found.values())


def starting_layer(trace: Trace) -> int:
    """The last layer whose neighbourhoods are wider than the input's own: they are seen at a glance."""
    wider = [n for n, layer in enumerate(trace.layers) if len(layer.queries) < len(trace.tokens)]
    return max(wider, default=max(len(trace.layers) - 1, 0))
