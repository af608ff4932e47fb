"""What really reaches a unit of any network, by trial: what theoretical fields are checked by."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

from headlight.models.core.field import Field
from headlight.models.fields import effective


def measured_extent(
    module: nn.Module,
    shape: tuple[int, ...],
    layer: str | Field,
    unit: tuple[int, ...],
    probe: Literal["nan", "change"] = "nan",
    forward: effective.Forward | None = None,
    grid: effective.Grid | None = None,
    seed: int = 0,
) -> tuple[tuple[int, int], ...]:
    """Per axis [first, last + 1): the pixels that really reach a unit, cut at the picture's edge.

    By trial, whatever the network. "nan": pixels are made NaN, which neither maximum pooling nor activations
    nor small weights stop; but masks and statistics do not stop it either. "change": pixels of random inputs
    are set to large random numbers in double precision; what changes the unit by 1e-9 of its size counts.
    shape: of one input, channels first. An axis that does not reach the unit gives (0, 0).
    """
    net = copy.deepcopy(module).double().eval()
    random = torch.Generator().manual_seed(seed)
    trials = 1 if probe == "nan" else 2
    pictures = [torch.randn(1, *shape, generator=random, dtype=torch.float64) for _ in range(trials)]
    others = [p + 30 * torch.randn(1, *shape, generator=random, dtype=torch.float64) for p in pictures]
    name, layout = effective._found(layer)
    with torch.no_grad(), effective._stopped_after(net, name) as run:
        before = [effective._at_unit(run(p, forward), name, unit, layout, grid) for p in pictures]

        def reached(axis: int, start: int, stop: int) -> bool:
            """Pixels [start, stop) of an axis, and all of the others, reach the unit."""
            part = (slice(None),) * (2 + axis) + (slice(start, stop),)
            for picture, other, given in zip(pictures, others, before, strict=True):
                changed = picture.clone()
                changed[part] = torch.nan if probe == "nan" else other[part]
                now = effective._at_unit(run(changed, forward), name, unit, layout, grid)
                if now.isnan().any() or ((now - given).abs() > 1e-9 * given.abs().max()).any():
                    return True
            return False

        found = []
        for axis, side in enumerate(shape[1:]):
            if not reached(axis, 0, side):
                found.append((0, 0))
                continue
            first = _least(lambda n, axis=axis: reached(axis, 0, n), side) - 1
            last = side - _least(lambda n, axis=axis, side=side: reached(axis, side - n, side), side)
            found.append((first, last + 1))
    return tuple(found)


def _least(holds: Callable[[int], bool], highest: int) -> int:
    """The least n in 1 … highest for which `holds`, which holds for all larger ones."""
    low, high = 1, highest
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
