"""Calls of one module over one part of a sequence after the other, as one call over all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

import numpy as np
import torch

from headlight.models.attention.calls import AttentionCall, Call


def whole(calls: Iterable[Call]) -> list[Call]:
    """Calls of one module that follow each other, each over some of a sequence, as one over all of it."""
    every = groupby(calls, key=lambda call: call.name.partition(":")[0])
    return [one for _, parts in every for one in _joined([*parts])]


def _joined(parts: list[Call]) -> list[Call]:
    if len(parts) == 1 or not all(isinstance(one, AttentionCall) and one.mask is None for one in parts):
        return parts
    counts = [one.shape[2] for one in parts]
    if any(one.shape[2] != one.shape[3] or one.bias is not None for one in parts):
        return parts
    block = torch.repeat_interleave(torch.arange(len(parts)), torch.tensor(counts)).to(parts[0].device)
    starts = np.append(0, np.cumsum(counts))[:-1]
    first = parts[0]
    return [
        replace(
            first,
            **{name: torch.cat([getattr(one, name) for one in parts], 2) for name in ("q", "k", "v")},
            mask=(block[:, None] == block[None])[None, None],
            rows=torch.cat([one.rows + int(start) for one, start in zip(parts, starts, strict=True)]),
            outputs=torch.cat([one.outputs for one in parts], 1),
            turn=None,
            projection=next((one.projection for one in parts if one.projection is not None), None),
        )
    ]
