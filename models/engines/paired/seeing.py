"""The layers of the tower that sees, over the patches of each tile in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from headlight.models.attention.asking.chunks import whole
from headlight.models.attention.calls import AttentionCall, Call
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.tokens import PatchTokens
from headlight.models.engines.paired.fed import Fed

Layers = tuple[list[RecordedLayer], list[str]]
"""Layers, and the names of calls that are none of a tower's."""


def seen_by_tower(calls: Sequence[Call], fed: Fed) -> tuple[list[RecordedLayer], list[Call]]:
    """(layers of each tile, tile after tile; calls that do not go from patch to patch)."""
    found: dict[str, list[RecordedLayer]] = {grid.name: [] for grid in fed.grids}
    tokens: dict[tuple[int, int], PatchTokens] = {}
    others: list[Call] = []
    for call in whole(calls):
        tiles, _, queries, keys = call.shape
        prefix = queries - fed.grids[0].count
        fits = queries == keys and tiles == len(fed.grids) and 0 <= prefix <= MOST_PREFIX
        if not fits or any(grid.count != fed.grids[0].count for grid in fed.grids):
            others.append(call)
            continue
        if fed.order is not None:
            call = _in_order(call, fed.order)
        for tile, grid in enumerate(fed.grids):
            if (tile, prefix) not in tokens:
                tokens[tile, prefix] = grid.tokens(_prefix(prefix))
            of_tile = tokens[tile, prefix]
            layer = RecordedLayer(call, of_tile, of_tile, tile)
            if len(fed.grids) > 1:
                layer.name = f"{call.name} of {grid.name}"
            layer.stack = grid.name
            found[grid.name].append(layer)
    return [layer for layers in found.values() for layer in layers], others


MOST_PREFIX = 16
"""Class token and registers of a tower, at most."""


def _prefix(count: int) -> tuple[str, ...]:
    return () if not count else ("[CLS]", *(f"register {number}" for number in range(1, count)))


def _in_order(call: Call, order: np.ndarray) -> Call:
    """The same with its tokens in reading order. order: int (n,), the place in it of each."""
    if not isinstance(call, AttentionCall) or len(order) != call.shape[2]:
        return call
    back = torch.from_numpy(np.argsort(order)).to(call.device)  # which token stands at each place
    place = torch.from_numpy(order).to(call.device)
    mask = call.mask
    if mask is not None and mask.shape[-2:] == (len(order), len(order)):
        mask = mask[..., back, :][..., back]
    moved = {name: getattr(call, name)[:, :, back] for name in ("q", "k", "v")}
    return replace(call, **moved, mask=mask, rows=place[call.rows], turn=None)
