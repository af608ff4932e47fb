"""What the user can do with a cloud beside choosing a setting; each is called with the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.inputs.told.units import UPS
from headlight.viewer.session.view import CloudSettings

if TYPE_CHECKING:
    from headlight.viewer.panes.clouds.space import View3DPane

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
    frame, ways = document.wanted.frame or document.input.frame, list(UPS.values())
    following = ways[(ways.index(frame.up) + 1) % len(ways)]
    window.runs.reframe(document, replace(frame, up=following))


def look(window: Acts, name: str) -> None:
    """Look at the cloud from a named side, in all views, which share their camera."""
    for view in in_sight(window)[:1]:
        view.look(name)


def in_sight(window: Acts) -> list[View3DPane]:
    """The views of a cloud that can be seen."""
    return [view for view in views(window) if view.widget.isVisible()]


def has_lasso(window: Acts) -> bool:
    return any(view.lasso for view in views(window))


def toggle_lasso(window: Acts) -> None:
    on = not has_lasso(window)
    for view in views(window):
        view.set_lasso(on)


def views(window: Acts) -> list[View3DPane]:
    """The views of a cloud that were made, the first one first."""
    if window.deck is None:
        return []
    from headlight.viewer.panes.clouds.space import View3DPane

    return window.made(View3DPane)
