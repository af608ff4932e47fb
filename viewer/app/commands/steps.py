"""What keys do to recordings that a script shows one after another; called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.shown import steps


def walk(window: Acts, by: int) -> None:
    """So many recordings on or back."""
    steps.walk(window.runs, window.session.current, by)
