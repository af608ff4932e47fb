"""One user action: what menus, palette and keys are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Command:
    """One user action. keys: shortcuts in Qt's portable text; checked: its state, if it is a switch."""

    id: str
    title: str
    category: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    enabled: Callable[[], bool] = _always
    checked: Callable[[], bool] | None = None
