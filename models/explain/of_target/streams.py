"""Chefer's rules where one stream is read and another written.

Chefer et al. 2021 (ICCV), section 3.1, with i what is read and t what is written. Self-attention of either:
R ← R + Ā R (equations 6 and 7), of the decoder R^ti ← R^ti + Ā R^ti too. Cross attention: R^ti ← R^ti +
(R̄^tt)ᵀ Ā R̄^ii (equation 10), where R̄ is R with the rows of R − I divided by their sums (8 and 9).
"""

from __future__ import annotations

from itertools import zip_longest

import torch
from torch import Tensor

from headlight.models.core.answers import Target
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT
from headlight.models.core.trace import Trace


def through_streams(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """R^ti of the position that says the target, over what is read."""
    read, written = trace.streams[INPUT], trace.streams[OUTPUT]
    flows = {flow.name: flow for flow in trace.run.gradients(target, Part(task, 0.0, 0.5)).layers}
    grown = {"encoder": [], "decoder": [], "cross": []}
    for done, layer in enumerate(trace.layers):
        task.progress(0.5 + 0.5 * done / len(trace.layers), f"Relevance through {layer.name}")
        grown[layer.stack].append(_grown(layer, flows[layer.name]))
    found, _ = composed(grown["encoder"], grown["decoder"], grown["cross"], len(read), len(written))
    at = written.find(target.place)[0] if target.place is not None else len(written) - 1
    return Relevance(values=found[int(at)].float().cpu().numpy(), tokens=read)


def composed(
    encoder: list[Tensor], decoder: list[Tensor], cross: list[Tensor], read: int, written: int
) -> tuple[Tensor, Tensor]:
    """(R^ti [written, read], R^tt [written, written]) of Ā of each layer."""
    of_read, of_written = torch.eye(read), torch.eye(written)
    both = torch.zeros(written, read)
    for grown in encoder:
        of_read = of_read + grown.cpu() @ of_read
    for own, across in zip_longest(decoder, cross):
        if own is not None:
            both = both + own.cpu() @ both
            of_written = of_written + own.cpu() @ of_written
        if across is not None:
            both = both + divided(of_written).T @ across.cpu() @ divided(of_read)
    return both, of_written


def divided(relevance: Tensor) -> Tensor:
    """R̄: the rows of R − I divided by their sums, and I. A row of nothing stays nothing."""
    eye = torch.eye(len(relevance), dtype=relevance.dtype)
    less = relevance - eye
    sums = less.sum(-1, keepdim=True)
    return torch.where(sums > 0, less / sums.clamp_min(torch.finfo(sums.dtype).tiny), 0) + eye


def _grown(layer: AttentionLayer, flow: AttentionLayer) -> Tensor:
    """Ā [queries, keys]."""
    parts = zip(layer.groups(), flow.groups(), strict=True)
    every = [(own.weights * on.weights).clamp_min(0).mean(0).flatten(0, -2) for own, on in parts]
    return torch.cat(every).float()
