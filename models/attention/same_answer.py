"""Whether two passes gave the same answer: all numbers of an output, compared up to rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from headlight.models.core.errors import HeadlightError

TOLERANCE = 1e-3
"""Most that a number may differ, as a share of the largest of its tensor: float32 through many layers."""
Answer = dict[str, Tensor]
"""All numbers that a pass gives, by their place in the output."""


def agree(one: Answer | None, other: Answer) -> bool:
    """Whether two answers hold the same numbers, and any; those that are none (NaN) must be so in both."""
    steps = [torch.finfo(value.dtype).eps for value in other.values()]
    return bool(one) and apart(one, other) <= max(TOLERANCE, *(4 * step for step in steps))


def check_kept(title: str, kept: Tensor, plain: Tensor) -> None:
    """HeadlightError unless the pass that keeps its attention answers as the network itself does."""
    if not agree({"logits": kept}, {"logits": plain}):
        raise HeadlightError(
            f"{title} cannot be shown: while its attention is kept it gives another answer.",
            "Choose another model.",
        )


def floats(output: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """All numbers of a model's output by their place in it."""
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield name, output
    elif isinstance(output, dict):
        for key, value in output.items():
            yield from floats(value, f"{name}.{key}")
    elif isinstance(output, tuple | list):
        for number, value in enumerate(output):
            yield from floats(value, f"{name}.{number}")


def apart(one: Answer, other: Answer) -> float:
    """Largest difference of any tensor as a share of its largest number; infinite where not all are there."""
    if one.keys() != other.keys():
        return math.inf
    return max((_difference(one[name], other[name]) for name in one), default=0.0)


def _difference(one: Tensor, other: Tensor) -> float:
    """Largest |one − other| as a share of the largest |other|; infinite for other shapes or other NaNs."""
    finite = other.isfinite()
    if one.shape != other.shape or not torch.equal(one.isfinite(), finite):
        return math.inf
    if not finite.any():
        return 0.0
    most, largest = (one - other)[finite].abs().max(), other[finite].abs().max()
    return float(most / largest) if largest else float(most)


def beyond_rounding(deviation: Tensor, values: Tensor) -> float:
    """What of a deviation is left that 16-bit numbers do not explain: a kernel rounds the weights before it
    multiplies them with these values, and rounds what it returns, each by at most half a step."""
    step = torch.finfo(values.dtype).eps
    if step <= torch.finfo(torch.float32).eps:
        return float(deviation)
    return float((deviation - step * values.float().abs().max()).clamp_min(0))
