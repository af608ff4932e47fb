"""The operations of torch whose effect on places is known, by name: see `moves` and `mixing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from headlight.models.fields.tracking import Places

_PLACES = "_headlight_places"


class Follower(Protocol):
    """Who follows a forward pass, as far as operations ask: see `tracker.Tracker`."""

    where: Callable[[], tuple[str, str]]
    mixed: Callable[[str], None]

    def mask(self, tensor: Tensor) -> Tensor | None: ...

    def lost(self, name: str, args: tuple, kwargs: dict[str, Any], out: Any) -> None: ...


Handler = Callable[[Follower, str, tuple, dict[str, Any], Any], None]
"""(tracker, the operation's name, arguments, named arguments, what it gave): sets the places of the last."""

HANDLERS: dict[str, Handler] = {}
MOVES: set[Handler] = set()
"""Those that only move elements, of masks too."""


def handles(*names: str, moves: bool = False) -> Callable[[Handler], Handler]:
    """What an operation of one of these names does. An operation in place has the name of the other."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        if moves:
            MOVES.add(handler)
        return handler

    return register


def places_of(tensor: Any) -> Places | None:
    return getattr(tensor, _PLACES, None)


def set_places(tensor: Tensor, places: Places | None) -> None:
    setattr(tensor, _PLACES, places)


def number_of(tensor: Tensor) -> Tensor | None:
    """A constant's numbers, if they are known."""
    places = places_of(tensor)
    if places is not None:
        return places.value if places.at is None else None
    return tensor if tensor.device.type != "meta" and not isinstance(tensor, torch.nn.Parameter) else None


def dims_of(value: Any, ndim: int) -> list[int]:
    """Dimensions as operations are given them: one, several, or none for all."""
    if value is None or value == []:
        return list(range(ndim))
    return [d % ndim for d in (value if isinstance(value, (list, tuple)) else [value])]
