"""Vectors of one head on the plane of their first two principal components: of many texts, of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.layers import Vector
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.slices.many.pictures import over_all

if TYPE_CHECKING:
    from headlight.models.corpus.vectors import Sampled, Vectors


@dataclass(frozen=True, eq=False)
class Projected:
    """points: float32 (m, 2) of the sample, where those stand: sampled. own: float32 (n, 2), the document's
    tokens, all of the layer's. shares: of all variance, (2,). count: of vectors that it is of. boxes: of
    pictures, where each of the sample lies in its own."""

    points: np.ndarray
    sampled: tuple[Sampled, ...]
    own: np.ndarray
    shares: np.ndarray
    count: int
    boxes: tuple[Box | None, ...] = ()


def projected(
    trace: Trace,
    corpus: Corpus | Pictures | None,
    settings: PatternSettings,
    layer: int,
    head: int,
    kind: Vector,
    task: Task = SILENT,
) -> Projected | None:
    """Of the vectors of one kind; without a corpus over the document's own. None where they are not known."""
    one = trace.layers[layer]
    if len(one.keys) != len(one.queries):
        return None
    gathered = None if corpus is None else over_all(trace, corpus, settings, task)
    if gathered is None:
        found, at = derived(trace, ("vectors", layer), lambda: _of_layer(trace, layer)), 0
    else:
        found, at = gathered.vectors, layer
    vectors = one.vectors(kind)
    if found is None or vectors is None or not found.has(at, kind):
        return None
    plane = found.plane(at, head, kind)
    own = plane.of(vectors[head].cpu().numpy()).astype(np.float32)
    if gathered is None:
        return Projected(np.empty((0, 2), np.float32), (), own, plane.shares, found.count(at, kind))
    sampled, kept = found.sample(at, head, kind)
    grids = gathered.grids
    boxes = tuple(grids[one.text][layer].box(one.token) for one in sampled) if grids else ()
    points = plane.of(kept).astype(np.float32)
    return Projected(points, tuple(sampled), own, plane.shares, found.count(at, kind), boxes)


def _of_layer(trace: Trace, layer: int) -> Vectors | None:
    from headlight.models.corpus.vectors import Vectors

    one = trace.layers[layer]
    return Vectors.of_layer(one, ~one.queries.special)
