"""How much memory a trace or what was computed from it holds, so that not too much is kept."""

from __future__ import annotations

from typing import Any

from headlight.models.core.trace import Trace


def held(trace: Trace) -> int:
    """Bytes of all arrays and tensors that can be reached from a trace, each counted once."""
    return _bytes([trace.layers, trace.tokens, trace.inputs, trace.outputs, trace.answers])


def extent(value: Any) -> int:
    """The same of anything else; a trace in it counts nothing, since it is held elsewhere."""
    return _bytes([value])


def _bytes(waiting: list[Any]) -> int:
    seen: set[int] = set()
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, Trace | str | int | float):
            continue
        seen.add(id(one))
        if isinstance(size := getattr(one, "nbytes", None), int):
            total += size
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, (tuple, list)):
            waiting.extend(one)
        elif type(one).__module__.startswith("headlight."):  # no network of a library, which is shared
            waiting.extend(_attributes(one))
    return total


def _attributes(one: Any) -> list[Any]:
    names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in names)]
