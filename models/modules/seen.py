"""What was seen of one pass of somebody's module."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call, FlowCall
from headlight.models.core.errors import HeadlightError


@dataclass(eq=False)
class Seen:
    """What was seen of one module's last pass.

    calls: in the order in which they were made. flows: of each call by its name the gradient of what it gave,
    [B, Nq, H, dv], once somebody has gone back through the pass. dropped: names of calls that dropped some of
    their weights at random. kept: names of those whose weights are kept as they were.
    """

    title: str
    calls: list[Call] = field(default_factory=list)
    flows: dict[str, Tensor] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    passes: int = 0
    items: int = 0
    seconds: float = 0.0
    training: bool = False

    def grown(self) -> list[Call]:
        """How the number that was differentiated changes with the weights of each call that it went through.

        HeadlightError where nothing was.
        """
        found = [FlowCall.of(call, self.flows[call.name]) for call in self.calls if call.name in self.flows]
        if not found:
            raise HeadlightError(
                "No gradient came to any layer.",
                "Record with gradients=True, and call backward() on a number that the model gave.",
            )
        return found

    def begin(self) -> None:
        """A pass begins: of the one before nothing stays."""
        self.passes += 1
        for held in (self.calls, self.flows, self.dropped, self.kept):
            held.clear()


_NUMBERED = re.compile(r"(.+)\.\d+")


def together(calls: Sequence[Call]) -> list[Call]:
    """Heads that are modules of their own, in a list, as one call of many heads by the name of that list."""
    found: list[Call] = []
    for name, group in groupby(calls, _list_of):
        some = list(group)
        found += [_one(name, some)] if name and len(some) > 1 and _alike(some) else some
    return found


def _list_of(call: Call) -> str:
    """The list that a call of one head stands in by its name."""
    named = _NUMBERED.fullmatch(call.name)
    return named[1] if named is not None and call.shape[1] == 1 and _joins(call) else ""


def _joins(call: Call) -> bool:
    return isinstance(call, FlowCall) or (type(call) is AttentionCall and call.bias is None)


def _alike(calls: Sequence[Call]) -> bool:
    first = calls[0]
    if any(type(one) is not type(first) or one.shape != first.shape for one in calls):
        return False
    if not isinstance(first, AttentionCall):
        return True
    same = all((one.scaling, one.softcap) == (first.scaling, first.softcap) for one in calls)
    return same and all(_same(one.mask, first.mask) for one in calls)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other or (one is not None and other is not None and torch.equal(one, other))


def _one(name: str, calls: Sequence[Call]) -> Call:
    first = calls[0]
    if isinstance(first, FlowCall):
        flow = torch.cat([one.flow for one in calls], 2)
        return replace(first, name=name, v=torch.cat([one.v for one in calls], 1), flow=flow)
    joined = {part: torch.cat([getattr(one, part) for one in calls], 1) for part in ("q", "k", "v")}
    return replace(first, name=name, outputs=torch.cat([one.outputs for one in calls], 2), **joined)
