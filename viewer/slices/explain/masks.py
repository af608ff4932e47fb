"""A part that was cut out of a picture, as it is laid over it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Masks
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box
from headlight.models.core.trace import Trace

INSIDE, EDGE = 1, 2
"""Levels of what is painted; 0 is nothing."""
_EDGE = 300
"""Of this many rows or columns a border is one wide."""


@dataclass(frozen=True, eq=False)
class Laid:
    """levels: uint8 (rows, columns) over `region` of the picture. number: which of the parts it is."""

    levels: np.ndarray
    region: Box
    number: int


def laid(trace: Trace, number: int, task: Task = SILENT) -> Laid:
    """A part of a trace that has Masks, with a border."""
    found = known(trace.answer(Masks), Masks)
    mask = found.masks[number]
    inner = mask
    for _ in range(max(1, round(max(mask.shape) / _EDGE))):
        inner = _within(inner)
    return Laid(mask.astype(np.uint8) + (mask & ~inner), found.region, number)


def _within(mask: np.ndarray) -> np.ndarray:
    """bool (rows, columns): what has all four neighbours; beyond the picture all goes on."""
    around = np.pad(mask, 1, "edge")
    beside = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask & beside
