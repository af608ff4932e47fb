"""How a rollout is composed. Apart from rollout.py, so that a window can hold it without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.attention import Fusion

Residual = Literal["add", "mix", "none"]


@dataclass(frozen=True)
class RolloutSettings:
    """One variant of attention rollout (Abnar & Zuidema 2020, section 3).

    fusion: how the heads of a layer become one matrix, elementwise.
    discard: share (0 to below 1) of the lowest weights of each row that is put to 0, never the residual.
    residual: "add" row-normalises A + I; "mix" row-normalises A and takes ½A + ½I; "none" leaves it out.
    first, last: the layers that are composed, both included; last None is the final layer.
    """

    fusion: Fusion = "mean"
    discard: float = 0.0
    residual: Residual = "add"
    first: int = 0
    last: int | None = None
