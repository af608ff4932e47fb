"""What tests of windows with a text or a picture share."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from headlight.models.core.task import Task
from tests.viewer.cloud_windows import pane
from tests.widgets.pointer import move, surface

ROOT = Path(__file__).parents[2]
SENTENCE = "a great serve from Djokovic won the match"
WAIT = 60_000
GO = threading.Event()
"""What `held` waits for."""


def held(task: Task) -> None:
    """A call that keeps its lane busy."""
    GO.wait(WAIT / 1000)


def look_at(window, layer, head) -> None:
    """As if the document had been opened at this head."""
    window.session.select(layer=layer, head=head)
    window.session.current.past.clear()
    window.actions_.refresh()


def traced(window):
    """The trace of the current document, as its engine has it."""
    return window.jobs.host.there(window.session.current.trace)


def numbers(window, section):
    return pane(window, "numbers").widget.figures(section)


def click(view, at, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    point = at.toPoint() if isinstance(at, QPointF) else at
    move(view, point)
    QTest.mouseClick(surface(view), Qt.MouseButton.LeftButton, modifiers, point)
