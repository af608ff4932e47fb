"""What the user can do with a cloud beside choosing a setting; each is called with the window."""

from __future__ import annotations

from dataclasses import replace

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.inputs.cloud import UPS
from headlight.viewer.session.view import CloudSettings

SIZES = (1.0, 12.0)


def resize(window: Acts, step: float) -> None:
    """Points larger or smaller by so many pixels."""
    size = min(max(window.session.view[CloudSettings].point_size + step, SIZES[0]), SIZES[1])
    window.session.change(CloudSettings, gesture="point size", point_size=size)


def show_classes(window: Acts) -> None:
    window.session.change(CloudSettings, hidden=frozenset())


def turn_up(window: Acts) -> None:
    """The next axis points up."""
    document = window.session.current
    frame, ways = document.wanted.frame, list(UPS.values())
    following = ways[(ways.index(frame.up) + 1) % len(ways)]
    window.runs.reframe(document, replace(frame, up=following))
