"""What is known to be there, for those who read types."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def known(value: Any, kind: type[T]) -> T:
    """`value`, which is of this kind wherever it is asked for so. TypeError where it is not: a defect."""
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where {kind.__name__} should be")
    return value
