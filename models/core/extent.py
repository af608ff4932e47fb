"""How much memory a trace holds, so that not too many are kept."""

from __future__ import annotations

from typing import Any

from headlight.models.core.trace import Trace


def held(trace: Trace) -> int:
    """Bytes of all arrays and tensors that can be reached from a trace, each counted once."""
    seen: set[int] = set()
    waiting: list[Any] = [trace.layers, trace.tokens, trace.inputs, trace.outputs, trace.answers]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(size := getattr(one, "nbytes", None), int):
            total += size
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, (tuple, list)):
            waiting.extend(one)
        elif type(one).__module__.startswith("headlight.models."):  # no network of a library, which is shared
            waiting.extend(_attributes(one))
    return total


def _attributes(one: Any) -> list[Any]:
    names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in names)]
