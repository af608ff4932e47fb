"""One call a module from the many that generation makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from headlight.models.attention.calls import LOWEST, AttentionCall, Call, GivenCall
from headlight.models.attention.turns import Turn


def join(calls: Iterable[Call]) -> list[Call]:
    """One call a module from the many that generation makes: all query rows over the keys of the last step.

    Keys seen for the first time later have weight 0 in earlier rows. Raises ValueError where a cache threw
    keys away since, so that no full matrix exists. Beams that swap their pasts are not followed; `error` of
    the joined call shows that.
    """
    by_name: dict[str, list[Call]] = {}
    for call in calls:
        by_name.setdefault(call.name, []).append(call)
    return [_joined(parts) if len(parts) > 1 else parts[0] for parts in by_name.values()]


def _joined(parts: list[Call]) -> Call:
    last, keys = parts[-1], parts[-1].shape[3]
    forgot = last.kind != "cross" and sum(part.shape[2] for part in parts) > keys
    if forgot or any(part.shape[3] > keys or part.shape[:2] != last.shape[:2] for part in parts):
        raise ValueError(f"{last.name} forgot keys between steps: {[part.shape for part in parts]}")
    if isinstance(last, GivenCall):
        given = [F.pad(part.given, (0, keys - part.shape[3])) for part in parts]
        # Values of other steps may be other ones: only the sums of the rows are checked.
        none = {"v": None, "rows": None, "outputs": None}
        return replace(last, given=torch.cat(given, 2), step=parts[0].step, **none)
    starts = [sum(part.shape[2] for part in parts[:i]) for i in range(len(parts))]
    unmasked = last.kind == "cross" and all(part.mask is None for part in parts)
    biases = [_wide(part, part.bias, keys, 0.0) for part in parts if part.bias is not None]
    return replace(
        last,
        q=torch.cat([part.q for part in parts], 2),
        mask=None if unmasked else _stacked([_wide(part, _allowed(part), keys, LOWEST) for part in parts]),
        bias=_stacked(biases) if biases else None,
        rows=torch.cat([part.rows + start for part, start in zip(parts, starts, strict=True)]),
        outputs=torch.cat([part.outputs for part in parts], 1),
        step=parts[0].step,
        turn=None if last.turn is None else Turn(last.turn.function, (), {}),  # each step had its angles
    )


def _allowed(part: AttentionCall) -> Tensor:
    """The mask, written out where the call had none."""
    if part.mask is not None:
        return part.mask
    _, _, queries, keys = part.shape
    return torch.ones(1, 1, queries, keys, dtype=torch.bool, device=part.device)


def _wide(part: AttentionCall, tensor: Tensor, keys: int, fill: float) -> Tensor:
    """[B or 1, H or 1, Nq, keys]: written out over the call's rows; `fill` (bool: False) over later keys."""
    tensor = tensor[(None,) * (4 - tensor.ndim)]
    _, _, rows, columns = part.shape
    value = False if tensor.dtype == torch.bool else fill
    return F.pad(tensor.expand(-1, -1, rows, columns), (0, keys - columns), value=value)


def _stacked(parts: list[Tensor]) -> Tensor:
    """[B or 1, H or 1, all rows, keys]; additive if any of them is."""
    if len({part.dtype for part in parts}) > 1:
        parts = [_additive(part) for part in parts]
    batch, heads = (max(part.shape[axis] for part in parts) for axis in (0, 1))
    return torch.cat([part.expand(batch, heads, -1, -1) for part in parts], 2)


def _additive(mask: Tensor) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.float()
    return torch.zeros_like(mask, dtype=torch.float32).masked_fill_(~mask, LOWEST)
