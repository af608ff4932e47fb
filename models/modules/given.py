"""Weights that were computed elsewhere, in whichever of the usual layouts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import GivenCall
from headlight.models.core.errors import HeadlightError

_STEP = (
    "Give (layers, heads, queries, keys), or a list with (heads, queries, keys) or (batch, heads, queries, "
    "keys) for each layer."
)
_PADDING = "mask=(batch, tokens), 0 where there is padding, or lengths=(batch,)"


@dataclass(eq=False)
class ShownCall(GivenCall):
    """Weights that somebody wants to see as they are: there is nothing that they could be compared with."""

    def error(self, batch: int = 0) -> float:
        """0; NaN where a weight is no number."""
        return 0.0 if self.given[batch].isfinite().all() else math.nan


def calls_of(weights: Any) -> list[ShownCall]:
    """The layers of arrays, each [B, H, Nq, Nk]. HeadlightError of what is none."""
    layers = weights if isinstance(weights, list | tuple) else _tensor(weights)
    if isinstance(layers, Tensor) and layers.ndim <= 3:
        layers = [layers]
    if not len(layers):
        raise HeadlightError("There are no layers of weights.", _STEP)
    found = []
    for number, one in enumerate(layers):
        one = _tensor(one)
        if not 2 <= one.ndim <= 4 or not one.numel():
            raise HeadlightError(
                f"Layer {number} has the shape {tuple(one.shape)}, which is no attention.", _STEP
            )
        one = one[(None,) * (4 - one.ndim)]
        kind = "self" if one.shape[-1] == one.shape[-2] else "cross"
        found.append(ShownCall(f"layer {number}", kind, one))
    if len({call.shape[0] for call in found}) > 1:
        raise HeadlightError("The layers are of batches of different sizes.", _STEP)
    return found


def notices_of(calls: Sequence[ShownCall], item: int) -> tuple[str, ...]:
    """What the user should know of weights that do not sum to 1."""
    said = []
    for call in calls:
        sums = call.given[item].float().sum(-1)
        apart = float((sums - 1).abs().max())
        if not apart <= 1e-2:
            low, high = f"{float(sums.min()):.3g}", f"{float(sums.max()):.3g}"
            if not call.given[item].isfinite().all():
                said.append(f"{call.name} holds weights that are no numbers (NaN or infinite).")
            else:
                sum_to = low if low == high else f"{low} to {high}"
                said.append(f"{call.name}: its rows sum to {sum_to}, not to 1.")
    return tuple(said[:3]) + ((f"So it is of {len(said) - 3} more layers.",) if len(said) > 3 else ())


def _tensor(one: Any) -> Tensor:
    """float, of whatever has numbers."""
    try:
        tensor = one.detach() if isinstance(one, Tensor) else torch.as_tensor(np.asarray(one))
    except (TypeError, ValueError, RuntimeError) as error:
        raise HeadlightError(f"{type(one).__name__} holds no weights.", _STEP) from error
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise HeadlightError(f"Weights of {tensor.dtype} are no attention.", _STEP)
    return tensor if tensor.is_floating_point() else tensor.float()


def kept_of(mask: Any, lengths: Any, item: int) -> tuple[np.ndarray, int | None] | None:
    """(int (n,): the tokens of an item that are no padding, how many there are with it or None).

    mask: (batch, tokens), not 0 where there is a token; lengths: (batch,), tokens of each item, which come
    first. One row of either is every item's. None where neither is given. HeadlightError of what is neither.
    """
    if mask is not None:
        rows = np.atleast_2d(_array(mask, "mask"))
        row = _row(rows, item, "mask")
        kept, width = np.flatnonzero(row), len(row)
    elif lengths is not None:
        counts = np.atleast_1d(_array(lengths, "lengths"))
        kept, width = np.arange(int(_row(counts[:, None], item, "lengths")[0])), None
    else:
        return None
    if not len(kept):
        raise HeadlightError(f"Of item {item} everything is padding.", "Choose another item.")
    return kept, width


def _array(given: Any, name: str) -> np.ndarray:
    array = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given)
    if array.dtype.kind not in "biuf" or array.ndim > (2 if name == "mask" else 1):
        raise HeadlightError(f"{name} says nothing of padding.", f"Give {_PADDING}.")
    return array


def _row(rows: np.ndarray, item: int, name: str) -> np.ndarray:
    if len(rows) > 1 and item >= len(rows):
        raise HeadlightError(
            f"{name} is of {len(rows)} items, and item {item} is asked for.", f"Give {_PADDING}."
        )
    return rows[item if len(rows) > 1 else 0]
