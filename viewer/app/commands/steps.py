"""What keys do to recordings, files and pictures that are shown one after another; called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.shown import files, steps


def walk(window: Acts, by: int) -> None:
    """So many recordings on or back."""
    steps.walk(window.runs, window.session.current, by)


def walk_files(window: Acts, by: int) -> None:
    """So many files of a folder on or back."""
    files.walk(window.runs, window.session.current, by)


def turn(window: Acts, by: int) -> None:
    """So many pictures of one file on or back."""
    files.turn(window.runs, window.session.current, by)
