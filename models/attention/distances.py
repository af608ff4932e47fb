"""How far every head of every layer looks (Dosovitskiy et al. 2021, figure 7 right). numpy only."""

from __future__ import annotations

import numpy as np

from headlight.models.attention.statistics import layer_distance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import Trace


def attention_distances(trace: Trace, include_self: bool = True, task: Task = SILENT) -> np.ndarray:
    """float64 (layers, most heads of a layer): mean attention distance in pixels of the shown picture.

    NaN where a layer has fewer heads, where a head looks at no patch, and for layers that are not of patches.
    include_self: the query's own patch counts, at distance 0. After each layer `task.partial` gets the array.
    """
    distances = np.full((len(trace.layers), max((layer.heads for layer in trace.layers), default=0)), np.nan)
    for number, layer in enumerate(trace.layers):
        task.progress(number / len(trace.layers), f"Attention distance in layer {number}")
        if isinstance(layer.queries, PatchTokens) and isinstance(layer.keys, PatchTokens):
            distances[number, : layer.heads] = layer_distance(layer, include_self)
            task.partial(distances.copy())
    return distances
