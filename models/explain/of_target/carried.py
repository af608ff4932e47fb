"""Weights that a target grows with, carried down through the layers.

Ā of a layer is the mean over heads of (A ⊙ ∂y/∂A)⁺. Chefer et al. 2021, “Generic Attention-model
Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers”, section 3.1, add it to a skip
connection: R ← R + Ā R, so that through self-attention alone R is ∏ (I + Ā). The gradient rollout is that of
Abnar & Zuidema 2020 with Ā in place of A: its rows are divided by their sums. One row of either takes no
n × n product: it starts at the last layer and goes down. Through windows and stages both are Headlight's own.
"""

from __future__ import annotations

import torch
from torch import Tensor

from headlight.models.core.answers import Target
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.of_target.streams import through_streams
from headlight.models.explain.rollout import CROSS, OWN, is_composed
from headlight.models.explain.rollout_steps import spread
from headlight.models.explain.targets import asked_at

Pair = tuple[AttentionLayer, AttentionLayer]
"""A layer with its weights, and with how the target changes with them."""


def generic(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """R of the tokens that the target is read from, in their mean."""
    if any(layer.stack == CROSS for layer in trace.layers):
        return through_streams(trace, target, task)
    return _carried(trace, target, False, task)


def gradient_rollout(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """Shares of the input in the tokens that the target is read from, which sum to 1."""
    return _carried(trace, target, True, task)


def pairs(trace: Trace, target: Target, task: Task = SILENT) -> list[Pair]:
    """Every layer, by its number. One that the pass did not record anew is none."""
    flows = {flow.name: flow for flow in trace.run.gradients(target, task).layers}
    return [(layer, flows[layer.name]) for layer in trace.layers if layer.name in flows]


def growing(weights: Tensor, slopes: Tensor) -> Tensor:
    """Ā of weights and their slopes, [heads, …] → […]."""
    return (weights * slopes).clamp_min(0).mean(0)


def _carried(trace: Trace, target: Target, divided: bool, task: Task) -> Relevance:
    layers = pairs(trace, target, Part(task, 0.0, 0.5))
    last = layers[-1][0].queries
    tokens, numbers = asked_at(trace, target)
    asked = last.find_all(tokens.places(numbers))
    row = torch.zeros(len(last))
    row[asked.tolist()] = 1 / len(asked)
    here = last
    for done, (layer, flow) in enumerate(reversed(layers)):
        task.progress(0.5 + 0.5 * done / len(layers), f"Relevance through {layer.name}")
        row = _through(layer, flow, spread(row[None], here, layer.queries)[0], divided, task)
        here = layer.queries
    composed = is_composed([layer for layer, _ in layers])
    row = spread(row[None], here, trace.tokens)[0]
    return Relevance(values=row.float().cpu().numpy(), tokens=trace.tokens, said=OWN if composed else "")


def _through(layer: AttentionLayer, flow: AttentionLayer, row: Tensor, divided: bool, task: Task) -> Tensor:
    """row · (I + Ā), [n]; divided: by the sums of the rows of I + Ā.

    The last place is nowhere's: what would come from there is 0, and what goes there is nobody's.
    """
    asked = torch.nonzero(row).flatten().cpu().numpy()
    here = torch.cat([row, row.new_zeros(1)])
    looked, kept = here.new_zeros(len(layer.keys) + 1), torch.zeros_like(here)
    for own, slopes in zip(layer.groups(None, asked), flow.groups(None, asked), strict=True):
        task.check()
        grows = growing(own.weights, slopes.weights)  # [g, m, k]
        here, looked, kept = (x.to(grows.device) for x in (here, looked, kept))
        queries = torch.as_tensor(own.queries % len(here), device=grows.device)
        keys = torch.as_tensor(own.keys % len(looked), device=grows.device)
        arrived = here[queries]  # [g, m]
        arrived = arrived / (1 + grows.sum(-1)) if divided else arrived
        kept[queries.flatten()] = arrived.flatten()
        handed = torch.einsum("gm,gmk->gk", arrived, grows)
        looked.index_add_(0, keys.expand_as(handed).flatten(), handed.flatten())
    kept[-1] = 0
    return spread(looked[None, :-1], layer.keys, layer.queries)[0] + kept[:-1]
