"""Grad-CAM: feature maps weighted by the mean of a target's gradient with each.

Selvaraju et al. 2017, section 3: of a convolutional network its last feature map, ReLU(Σ α A) with α the mean
of ∂y/∂A over the map's places. Of a transformer the maps are the rows of the last layer's heads, as Chefer et
al. 2021 (“Transformer Interpretability Beyond Attention Visualization”, section 4) compare it.
"""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.rollout_steps import on_finer
from headlight.models.explain.targets import asked_at


def cam(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """Over the tokens of the input, nothing below 0."""
    found = trace.run.gradients(target, task)
    if found.features is not None:
        maps = trace.outputs["patches"].movedim(-1, 0).float().cpu().numpy()
        weights = found.features.mean((1, 2), dtype=np.float64)
        values = np.maximum(np.tensordot(weights, maps, 1), 0).astype(np.float32)
        return Relevance(values=values.ravel(), tokens=trace.tokens)
    flow = found.layers[-1]
    layer = next(one for one in trace.layers if one.name == flow.name)
    tokens, numbers = asked_at(trace, target)
    asked = layer.queries.find_all(tokens.places(numbers))
    looks, slopes = _rows(layer, asked), _rows(flow, asked)  # (heads, m, keys)
    weights = slopes.mean((1, 2), dtype=np.float64, keepdims=True)
    values = np.maximum((weights * looks).mean((0, 1)), 0).astype(np.float32)
    return Relevance(values=on_finer(values, layer.keys, trace.tokens), tokens=trace.tokens)


def _rows(layer: AttentionLayer, asked: np.ndarray) -> np.ndarray:
    """float32 (heads, m, keys)"""
    found = np.zeros((layer.heads, len(asked), len(layer.keys)), np.float32)
    for number, query in enumerate(asked):
        keys, weights = layer.rows(int(query))
        found[:, number, keys] = weights
    return found
