"""What keys do to the selection and to what a model writes; each is called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.session import selecting, writing


def take_all(window: Acts) -> None:
    selecting.take_all(window.session)


def step_head(window: Acts, layers: int, heads: int) -> None:
    selecting.step_head(window.session, layers, heads)


def step_query(window: Acts, by: int) -> None:
    selecting.step_query(window.session, by)


def as_the_model_has_it(window: Acts) -> None:
    selecting.as_the_model_has_it(window.session)


def go_on(window: Acts, page: str) -> None:
    """Let the model write on, and show that on its page."""
    if window.session.current.state != "running":
        window.session.set_page(page)
        writing.go_on(window.runs, window.session.current)


def write_anew(window: Acts) -> None:
    writing.anew(window.runs, window.session.current)


def walk(window: Acts, by: int) -> None:
    writing.walk(window.session, by)
