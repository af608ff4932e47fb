"""Attention rollout (Abnar & Zuidema 2020, section 3): every input token's share in a token at the end.

Each layer becomes one row-stochastic matrix Â; the rollout is Â_last … Â_first. One row of that product needs
no n × n matrix at all: it starts at the last layer and is multiplied down, a few rows of Â at a time.

There is no published rollout through windows and stages. Headlight's own: windows are scattered into the map
of their stage, which is square and sparse; a token of a coarser grid (patch merging, keys of a reduced
sequence) is the mean of the tokens in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from headlight.models.core.errors import HeadlightError, TooLarge
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance, percent
from headlight.models.core.settings import BACK, RolloutSettings, layers_of_rollout
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.models.explain.rollout_steps import can_spread, discarded, entering, shares, spread

MATRIX_LIMIT = 5401
"""Most tokens of which the whole rollout matrix is computed (117 MB, and n³ multiplications a layer)."""
QUERIES = 1 << 10
"""Queries whose shares are carried between two looks at Cancel."""
CHUNK = 1 << 22
"""Numbers of the product that go through groups at once."""
PLAIN = RolloutSettings()
OWN = "Headlight's own, through windows and stages"
CROSS = "cross"
"""The stack of layers that lead from what is written to what is read."""


def rollout(
    trace: Trace, queries: np.ndarray, task: Task = SILENT, settings: RolloutSettings = PLAIN
) -> Relevance:
    """`rollout_row` through the layers of a trace, as a method; partial results likewise."""

    chosen, _ = _chosen(trace.layers, settings)
    both, tokens = crosses(chosen), looked_at(chosen)
    own = OWN if not both and is_composed(chosen) else ""

    def said(row: np.ndarray) -> Relevance:
        kept = max(1 - float(row.sum(dtype=np.float64)), 0) if both and settings.stack == "whole" else 0
        where = "the queries" if trace.written is None else "what was written before"
        before = f"{percent(kept)} on {where}" if kept else ""
        return Relevance(values=row, tokens=tokens, said=own or before)

    return said(rollout_row(trace.layers, queries, settings, Part(task, draw=said)))


def through_model(
    layers: Sequence[AttentionLayer],
    product: torch.Tensor,
    settings: RolloutSettings = PLAIN,
    task: Task = SILENT,
) -> tuple[torch.Tensor, torch.Tensor]:
    """([m, input], [m, output]): what rows of shares of the output, [m, output], draw from each stream.

    Through an encoder–decoder: layers of "encoder", "decoder" and "cross", in the order in which a token goes
    through them. With Â of a decoder's self-attention, rollout E of the encoder, and α C + β I of a cross
    attention with its skip connection, a layer of the decoder makes of shares X of the input and Y of the
    output

        X ← β Â X + α C E,    Y ← β Â Y,    from X = 0, Y = I,

    so that rows of both sum to 1. Where what is read looks back (SAM: cells of a picture at prompts), with
    the matrix B of that, X ← β X, Y ← Y + α X B. That is how Ferrando et al. 2022 (ALTI+, section 3) compose
    a decoder, with rollout's matrices in place of their contributions. Without layers of a decoder it is C E
    of the last cross attention, its rows normalised, and nothing of the output.
    """
    encoder = [one for one in layers if one.stack == "encoder"]
    steps = [one for one in layers if one.stack != "encoder"]
    here = looked_at(steps)
    reached = torch.zeros(len(product), len(here))
    decodes = any(one.stack != CROSS for one in steps)
    alone = settings if decodes else replace(settings, residual="none")
    for done, layer in enumerate(reversed(steps)):
        task.progress(done / len(steps), f"Rollout through {layer.name}")
        if layer.stack == BACK:
            weights = discarded(layer.block(settings.fusion, 0, len(layer.queries)), settings)
            product, reached = product.to(weights.device), reached.to(weights.device)
            through, past = shares(weights.sum(dim=-1), settings)
            product = product + (reached * through) @ weights
            reached = reached * past
            continue
        if layer.stack != CROSS:
            product = _through(layer, product, settings, task)
            continue
        weights = discarded(layer.block(settings.fusion, 0, len(layer.queries)), settings)
        product, reached = product.to(weights.device), reached.to(weights.device)
        through, past = shares(weights.sum(dim=-1), alone)
        reached += spread((product * through) @ weights, layer.keys, here)
        product = product * past
    for layer in reversed(encoder):
        reached = _through(layer, spread(reached, here, layer.queries), settings, task)
        here = layer.queries
    return reached, product


def crosses(layers: Sequence[AttentionLayer]) -> bool:
    """Whether a rollout through these layers leads from what is written to what is read."""
    return any(layer.stack == CROSS for layer in layers)


def looked_at(layers: Sequence[AttentionLayer]) -> Tokens:
    """The tokens that a rollout through these layers ends at: of an encoder–decoder those of its input."""
    if layers[0].stack != "encoder" and crosses(layers):
        return max((layer.keys for layer in layers if layer.stack == CROSS), key=len)  # of maps the finest
    return layers[0].queries


def is_composed(layers: Sequence[AttentionLayer]) -> bool:
    """Whether a rollout through these layers goes through windows, reduced keys or stages.

    There is no published rollout for them: what is shown is Headlight's own.
    """
    return any(
        layer.group_count > 1 or layer.keys is not layer.queries or layer.queries is not layers[0].queries
        for layer in layers
    )


def rollout_row(
    layers: Sequence[AttentionLayer],
    queries: np.ndarray | int,
    settings: RolloutSettings = PLAIN,
    task: Task = SILENT,
) -> np.ndarray:
    """float32 (keys,): the rollout of one query, or the mean of several (int (m,)), for the price of one.

    queries: tokens of the last layer of the range; the result is over those of the first. After each layer
    `task.partial` gets the product so far, float32 (keys,): what the rollout would be if the layers still to
    come passed everything on unchanged. Raises HeadlightError for layers that do not compose.
    """
    chosen, size = _chosen(layers, settings)
    queries = _within(np.atleast_1d(queries), size)
    start = torch.zeros(1, size)
    start[0].index_add_(0, torch.from_numpy(queries), torch.full((len(queries),), 1 / len(queries)))
    return _composed(chosen, start, settings, task, lambda product: product[0])


def rollout_rows(
    layers: Sequence[AttentionLayer],
    queries: np.ndarray,
    settings: RolloutSettings = PLAIN,
    task: Task = SILENT,
) -> np.ndarray:
    """float32 (len(queries), keys): the rollout of each query; partial results likewise."""
    chosen, size = _chosen(layers, settings)
    queries = _within(np.atleast_1d(queries), size)
    start = torch.zeros(len(queries), size)
    start[torch.arange(len(queries)), torch.from_numpy(queries)] = 1
    return _composed(chosen, start, settings, task, lambda product: product)


def rollout_matrix(
    layers: Sequence[AttentionLayer], settings: RolloutSettings = PLAIN, task: Task = SILENT
) -> np.ndarray:
    """float32 (queries, keys): the rollout of every token. Raises TooLarge above MATRIX_LIMIT tokens."""
    _, size = _chosen(layers, settings)
    if size > MATRIX_LIMIT:
        raise TooLarge(
            f"The rollout of all {size:,} tokens is above the limit of {MATRIX_LIMIT:,}.",
            "Choose one query, a smaller image or a shorter text.",
        )
    return rollout_rows(layers, np.arange(size), settings, task)


def _composed(
    layers: Sequence[AttentionLayer],
    product: torch.Tensor,
    settings: RolloutSettings,
    task: Task,
    shown: Callable[[torch.Tensor], torch.Tensor],
) -> np.ndarray:
    """`shown` of [m, n] · Â_last … Â_first, and of every product on the way as a partial result."""
    if crosses(layers):
        return shown(through_model(layers, product, settings, task)[0]).cpu().numpy()
    here, end = layers[-1].queries, entering(layers[0])
    for done, layer in enumerate(reversed(layers)):
        task.progress(done / len(layers), f"Rollout through {layer.name}")
        product = _through(layer, spread(product, here, layer.queries), settings, task)
        here = entering(layer)
        task.partial(shown(spread(product, here, end)).cpu().numpy())
    task.progress(1.0, "Rollout done")
    return shown(product).cpu().numpy()


def _through(
    layer: AttentionLayer, product: torch.Tensor, settings: RolloutSettings, task: Task
) -> torch.Tensor:
    """product · Â for one layer, [m, n] · [n, n]: through groups alone that have a share of it.

    The last column is nowhere's: what would come from there is 0, and what goes there is nobody's.
    """
    carried = torch.nonzero(product.abs().amax(dim=0)).flatten().cpu().numpy()
    if len(product) == 1 and settings.fusion == "mean" and not settings.discard:
        row = _carried(layer, product[0], carried, settings, task)
        if row is not None:
            return row
    here, size = nn.functional.pad(product, (0, 1)), len(layer.keys) + 1
    looked = torch.zeros(len(product), size)  # at the keys, which may be fewer than the tokens
    kept = torch.zeros_like(here)
    every = np.arange(len(layer.keys))[None]
    for whole in layer.groups(settings.fusion, carried):
        for part in whole.split(max(1, CHUNK // (len(product) * whole.keys.shape[1]))):
            task.check()
            weights = discarded(part.weights[0], settings)  # [g, m, k]
            if looked.device != weights.device:
                here, looked, kept = (x.to(weights.device) for x in (here, looked, kept))
            through, past = shares(weights.sum(dim=-1), settings)
            queries = torch.as_tensor(part.queries % here.shape[1], device=weights.device)
            keys = torch.as_tensor(part.keys % size, device=weights.device)
            arrived = here[:, queries]  # [rows, g, m]
            kept[:, queries.flatten()] = (arrived * past).flatten(1)
            handed = (arrived * through).transpose(0, 1) @ weights  # [g, rows, k]
            if np.array_equal(part.keys, every):
                looked[:, :-1] += handed[0]
            else:
                looked.index_add_(1, keys.flatten(), handed.transpose(0, 1).flatten(1))
    enters = entering(layer)
    return spread(looked[:, :-1], layer.keys, enters) + spread(kept[:, :-1], layer.queries, enters)


def _carried(
    layer: AttentionLayer, row: torch.Tensor, queries: np.ndarray, settings: RolloutSettings, task: Task
) -> torch.Tensor | None:
    """row · Â, [n] · [n, n] as [1, n], by a layer that can do so without a matrix; else None."""
    looked, kept = torch.zeros(len(layer.keys)), torch.zeros_like(row)
    for part in np.split(queries, range(QUERIES, len(queries), QUERIES)):
        task.check()
        carrier = layer.carrier(part)
        if carrier is None:
            return None
        totals, carry = carrier
        looked, kept, row = (x.to(totals.device) for x in (looked, kept, row))
        index = torch.as_tensor(part, device=row.device)
        through, past = shares(totals, settings)
        kept[index] = row[index] * past
        looked += carry(row[index] * through)
    enters = entering(layer)
    return spread(looked[None], layer.keys, enters) + spread(kept[None], layer.queries, enters)


def _chosen(
    layers: Sequence[AttentionLayer], settings: RolloutSettings
) -> tuple[Sequence[AttentionLayer], int]:
    """(the layers of the range, the number of tokens that leave the last of them)."""
    numbers = layers_of_rollout([layer.stack for layer in layers], settings)
    chosen = [layers[number] for number in numbers]
    if crosses(chosen):
        _check_crossing(chosen)
        return chosen, len(chosen[-1].queries)
    for before, layer in pairwise((None, *chosen)):
        enters = entering(layer)
        follows = before is None or can_spread(enters, before.queries)
        if not can_spread(layer.keys, enters) or not follows:
            raise HeadlightError(
                f"Rollout needs layers in which the same tokens attend to each other, and {layer.name} "
                f"({len(layer.queries):,} × {len(layer.keys):,}) does not fit.",
                "Choose a range of self-attention layers of the same size.",
            )
    return chosen, len(chosen[-1].queries)


def _check_crossing(layers: Sequence[AttentionLayer]) -> None:
    """HeadlightError where what is written, or what is read, has another number of tokens on the way."""
    looked = looked_at([one for one in layers if one.stack != "encoder"])
    written, read = len(layers[-1].queries), len(looked)
    ends = {"encoder": None, CROSS: (written, read), BACK: (read, written)}
    for layer in layers:
        expected = ends.get(layer.stack, (written, written))
        shape = len(layer.queries), len(layer.keys)
        coarser = layer.stack == CROSS and shape[0] == written and can_spread(layer.keys, looked)
        if expected is not None and shape != expected and not coarser:
            raise HeadlightError(
                f"Rollout goes from {written:,} tokens to {read:,}, and {layer.name} "
                f"({shape[0]:,} × {shape[1]:,}) does not fit.",
                "Choose a range of layers of the same size.",
            )


def _within(queries: np.ndarray, size: int) -> np.ndarray:
    """int64 (m,), checked."""
    if not len(queries) or queries.min() < 0 or queries.max() >= size:
        raise HeadlightError(
            f"There is no such token among {size:,}.", f"Choose a token from 0 to {size - 1:,}."
        )
    return queries.astype(np.int64)
