"""What Escape does: asked for before anything is open, so that it stands beside what documents bring."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.session.able import unread


def clear(window: Acts) -> None:
    """What is being opened is given up first: it is what moves."""
    if not window.runs.stop_reading():
        from headlight.viewer.session import selecting  # it brings numpy, and there is a document

        selecting.clear(window.session)


def can_clear(window: Acts) -> bool:
    current = window.session.current
    return window.runs.is_reading() or (current is not None and not unread(current))
