"""Attention flow (Abnar & Zuidema 2020, section 4): the most that can flow from a token at the end to each
token of the input, where weights are capacities.

Nodes are tokens in front of each layer and behind the last; an edge of a layer has the capacity ½ A + ½ I, A
the mean of its heads, and a mean of several queries is one more layer above. A graph in layers whose rows sum
to 1 takes few phases of Dinic's algorithm, which scipy runs over integers: capacities are rounded down to
2⁻²⁸.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from headlight.models.core.errors import HeadlightError, TooLarge
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace

UNIT = 1 << 28
MOST = 400
"""Tokens: a flow for each, through as many edges as there are weights."""


def flow(trace: Trace, queries: np.ndarray, task: Task = SILENT) -> Relevance:
    """float32 (n,) in 0 to 1, which sum to no 1."""
    count = len(trace.tokens)
    if count > MOST:
        raise TooLarge(
            f"The attention flow of {count:,} tokens is above the limit of {MOST:,}.",
            "Choose a smaller picture, a shorter text, or rollout.",
        )
    return Relevance(values=flows(trace.layers, queries, task), tokens=trace.tokens)


def flows(layers: tuple[AttentionLayer, ...], queries: np.ndarray, task: Task = SILENT) -> np.ndarray:
    """float32 (n,): to each token of the first layer. HeadlightError for layers that do not compose."""
    for before, layer in pairwise((None, *layers)):
        if layer.keys is not layer.queries or (before is not None and before.queries is not layer.queries):
            raise HeadlightError(
                f"Attention flow needs layers of the same tokens, and {layer.name} has others.",
                "Choose rollout.",
            )
    return flows_of([layer.matrix("mean") for layer in layers], queries, task)


def flows_of(matrices: list[np.ndarray], queries: np.ndarray, task: Task = SILENT) -> np.ndarray:
    """The same of the matrices (n, n) of layers, the first first."""
    count = len(matrices[0])
    graph = _graph(matrices, queries)
    found = np.empty(count, np.float32)
    for key in range(count):
        task.progress(key / count, f"Flow to token {key + 1:,} of {count:,}")
        found[key] = maximum_flow(graph, graph.shape[0] - 1, key).flow_value / UNIT
    return found


def _graph(matrices: list[np.ndarray], queries: np.ndarray) -> csr_array:
    """Nodes: n of the input, then n behind each layer, then one above the queries."""
    count, last = len(matrices[0]), len(matrices)
    rows, columns, capacities = [], [], []
    for depth, weights in enumerate(matrices):
        half = (weights.astype(np.float64) + np.eye(count)) / 2
        query, key = np.nonzero(half * UNIT >= 1)
        rows.append((depth + 1) * count + query)
        columns.append(depth * count + key)
        capacities.append(half[query, key])
    asked = np.unique(queries)
    rows.append(np.full(len(asked), (last + 1) * count))
    columns.append(last * count + asked)
    capacities.append(np.full(len(asked), 1 / len(asked)))
    whole = np.floor(np.concatenate(capacities) * UNIT).astype(np.int32)
    size = (last + 1) * count + 1
    return csr_array((whole, (np.concatenate(rows), np.concatenate(columns))), shape=(size, size))
