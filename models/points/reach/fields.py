"""Which points of a cloud a point's answer goes back to: through the maps of all layers, and by hops.

Both walk a Point Transformer (Zhao et al. 2021) from its last layer down: the decoder, which joins every
stage with the coarser one, then the encoder. Nothing here is n × n: a step goes along the k neighbours of
every point. Both are ours; the paper has no such figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.answers import Classes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace

if TYPE_CHECKING:
    from headlight.models.points.neighbours import Geometry, Stage

FAR = np.iinfo(np.int16).max
"""Hops of a point that was not reached."""


def composed(trace: Trace, tokens: np.ndarray | int, task: Task = SILENT) -> np.ndarray:
    """float32 (m,), of sum 1: each input point's share in `tokens` (one or several, averaged).

    The product of all layers' maps: every attention layer is ½A + ½I, A the mean of its maps and I the
    residual connection; where the decoder joins a stage with the coarser one, half goes each way, to the
    coarser by the weights of the interpolation; a point of a coarser stage hands on to the k points that it
    was gathered from, each alike. The mean over the whole cloud that the deepest stage adds is left out: it
    is one and the same for every point. Raises HeadlightError for a model without attention.
    """
    _, walk = _walk(trace)
    share = np.zeros(len(trace.tokens))
    np.add.at(share, _within(tokens, len(share)), 1.0)
    share /= share.sum()
    skipped: list[np.ndarray] = []
    for done, (step, stage, layer) in enumerate(walk):
        task.progress(done / len(walk), f"Composing {layer.name if layer else 'the stages'}")
        if step == "attention":
            share = 0.5 * share + 0.5 * _looked(share, layer)
        elif step == "up":
            skipped.append(0.5 * share)
            share = _scatter(0.5 * share, stage.up_index.numpy(), stage.up_weight.numpy(), len(stage.points))
        else:
            gathered = stage.gathered.numpy()
            alike = np.full(gathered.shape, 1 / gathered.shape[1])
            finer = skipped.pop()
            share = finer + _scatter(share, gathered, alike, len(finer))
    task.progress(1.0, "Maps composed")
    return share.astype(np.float32)


def hop_field(
    trace: Trace, tokens: np.ndarray | int, task: Task = SILENT, through_mean: bool = False
) -> np.ndarray:
    """int16 (m,): the fewest steps from each input point to one of `tokens`, −1 where there is no way.

    A step is one layer that mixes neighbours: an attention layer, the gathering into a coarser stage or the
    interpolation from one; residual and skip connections cost nothing. So this is kNN of kNN through the
    stages, as the data flow: no other point can change the answer at `tokens`, but for the mean over the
    whole cloud that the deepest stage adds, which is a step too if `through_mean`. Raises HeadlightError for
    a model without neighbourhoods.
    """
    geometry, walk = _walk(trace)
    hops = np.full(len(trace.tokens), FAR, np.int16)
    hops[_within(tokens, len(hops))] = 0
    skipped: list[np.ndarray] = []
    for done, (step, stage, layer) in enumerate(walk):
        task.progress(done / len(walk), f"Hops through {layer.name if layer else 'the stages'}")
        if step == "attention":
            hops = np.minimum(hops, _seen(hops, layer))
            if through_mean and stage is geometry.stages[-1] and layer.name.startswith("dec"):
                hops = np.minimum(hops, hops.min() + 1)  # the mean comes right before this layer
        elif step == "up":
            skipped.append(hops)
            hops = _reach(hops, stage.up_index.numpy(), len(stage.points))
        else:
            finer = skipped.pop()
            hops = np.minimum(finer, _reach(hops, stage.gathered.numpy(), len(finer)))
    task.progress(1.0, "Hops counted")
    return np.where(hops == FAR, np.int16(-1), hops)


Step = tuple[str, "Stage", AttentionLayer | None]


def _walk(trace: Trace) -> tuple[Geometry, Sequence[Step]]:
    """(the geometry, what the data went through, backwards).

    A step is "attention" with the stage it works in, or "up" or "down" with the coarser of two stages.
    """
    if not trace.layers or "geometry" not in trace.outputs:
        raise HeadlightError(
            f"{trace.model.title} has no attention between neighbours.", "Choose a Point Transformer."
        )
    if trace.answer(Classes) is not None:
        raise HeadlightError(
            f"{trace.model.title} has no decoder: it answers for the cloud as a whole, not for a point.",
            "Look at the attention of each layer, or choose a network that gives points classes.",
        )
    geometry: Geometry = trace.outputs["geometry"]
    stages, layers = geometry.stages, {}
    for layer in trace.layers:
        layers.setdefault(layer.stack, []).append(layer)

    def attention(part: str, number: int) -> list[Step]:
        return [("attention", stages[number - 1], layer) for layer in reversed(layers[f"{part}{number}"])]

    walk: list[Step] = []
    for number in range(1, len(stages)):
        walk += [*attention("dec", number), ("up", stages[number], None)]
    walk += attention("dec", len(stages))
    for number in range(len(stages), 1, -1):
        walk += [*attention("enc", number), ("down", stages[number - 1], None)]
    return geometry, [*walk, *attention("enc", 1)]


def _looked(share: np.ndarray, layer: AttentionLayer) -> np.ndarray:
    """float64 (n,) → (n,): what all points hand on along the mean of a layer's maps."""
    total = np.zeros(len(layer.keys))
    for part in layer.groups("mean", np.flatnonzero(share)):
        queries, keys, weights = part.rows()
        total += np.bincount(keys.ravel(), (share[queries, None] * weights[0]).ravel(), len(total))
    return total


def _seen(hops: np.ndarray, layer: AttentionLayer) -> np.ndarray:
    """int16 (n,) → (n,): one hop more for what the points that were reached look at."""
    found = np.full(len(layer.keys), FAR, np.int16)
    for part in layer.groups(0, np.flatnonzero(hops < FAR)):
        queries, keys, _ = part.rows()
        np.minimum.at(found, keys.ravel(), np.repeat(hops[queries] + np.int16(1), keys.shape[1]))
    return found


def _scatter(share: np.ndarray, neighbours: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """float64 (n,), int (n, k), (n, k) → float64 (size,): what all points hand to their neighbours."""
    moved = np.flatnonzero(share)
    handed = share[moved, None] * weights[moved]
    return np.bincount(neighbours[moved].ravel(), handed.ravel(), minlength=size)


def _reach(hops: np.ndarray, neighbours: np.ndarray, size: int) -> np.ndarray:
    """int16 (n,), int (n, k) → int16 (size,): one hop more for the neighbours of every point reached."""
    found = np.full(size, FAR, np.int16)
    reached = np.flatnonzero(hops < FAR)
    one_more = np.repeat(hops[reached] + np.int16(1), neighbours.shape[1])
    np.minimum.at(found, neighbours[reached].ravel(), one_more)
    return found


def _within(tokens: np.ndarray | int, size: int) -> np.ndarray:
    """int64 (m,), checked."""
    tokens = np.atleast_1d(tokens)
    if not len(tokens) or tokens.min() < 0 or tokens.max() >= size:
        raise HeadlightError(
            f"There is no such point among {size:,}.", f"Choose a point from 0 to {size - 1:,}."
        )
    return tokens.astype(np.int64)
