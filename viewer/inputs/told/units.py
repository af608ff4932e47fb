"""What the numbers of a cloud's file may count, and which of its axes may point up: words for both."""

from __future__ import annotations

from typing import Literal, get_args

Up = Literal["z", "y", "x", "z-down", "y-down", "x-down"]
"""Which axis of the file points up, or down: depth cameras give y downwards."""


def said_up(up: Up) -> str:
    """ "z up", "y down"."""
    return f"{up[0]} {'down' if up.endswith('-down') else 'up'}"


UNITS = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "feet": 0.3048, "inches": 0.0254}
"""What a file's numbers may count, in metres."""
SHORT_UNITS = dict(zip(("m", "cm", "mm", "ft", "in"), UNITS, strict=True))
"""The names of UNITS by their signs."""

UPS: dict[str, Up] = {said_up(up): up for up in get_args(Up)}
"""Every way up, by what is said of it."""
