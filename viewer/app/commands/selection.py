"""What keys do to the selection and to the text; each is called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.session import selecting


def clear(window: Acts) -> None:
    selecting.clear(window.session)


def take_all(window: Acts) -> None:
    selecting.take_all(window.session)


def step_head(window: Acts, layers: int, heads: int) -> None:
    selecting.step_head(window.session, layers, heads)


def step_query(window: Acts, by: int) -> None:
    selecting.step_query(window.session, by)


def as_the_model_has_it(window: Acts) -> None:
    selecting.as_the_model_has_it(window.session)
