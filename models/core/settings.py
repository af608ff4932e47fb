"""How a rollout is composed. Apart from rollout.py, so that a window can hold it without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import Fusion

Residual = Literal["add", "mix", "none"]


@dataclass(frozen=True)
class RolloutSettings:
    """How layers are turned into one matrix each.

    fusion: over heads, element by element. discard: this share of the lowest weights of every row is set to 0
    (weights equal to the lowest one kept stay), never the residual. residual: "add" is the paper's
    row-normalise(A + I); "mix" normalises A first, then ½A + ½I, so that the skip connection counts one half
    for every fusion; "none" leaves it out. Rows sum to 1 in all three. first, last: layers, both included;
    a `last` of None is the final layer.
    """

    fusion: Fusion = "mean"
    discard: float = 0.0
    residual: Residual = "add"
    first: int = 0
    last: int | None = None

    def __post_init__(self) -> None:
        if self.fusion not in ("mean", "max", "min"):
            raise HeadlightError(f"Heads cannot be fused by “{self.fusion}”.", "Choose mean, max or min.")
        if self.residual not in ("add", "mix", "none"):
            raise HeadlightError(f"There is no residual “{self.residual}”.", "Choose add, mix or none.")
        if not 0 <= self.discard < 1:
            raise HeadlightError(
                f"The discard share {self.discard:g} is outside 0 to 1.", "Choose at least 0 and less than 1."
            )
