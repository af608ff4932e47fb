"""What keys and the palette change of the chosen heads and of what is selected; called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.session import changing
from headlight.viewer.session.view import ExperimentSettings, Selection

_WAYS: dict[str, changing.Make | None] = {
    "off": changing.off,
    "half": changing.scaled(0.5),
    "double": changing.scaled(2.0),
    "uniform": changing.uniform,
    "restore": None,
}


def heads(window: Acts, way: str) -> None:
    """Change the chosen heads; heads that are off already are switched on again."""
    document, chosen = window.session.current, changing.chosen(window.session)
    marks = changing.marks(document.wanted.interventions, document.trace)
    again = way == "off" and all(marks.get(head) == "off" for head in chosen)
    changing.change_heads(window.runs, document, chosen, None if again else _WAYS[way])


def freeze(window: Acts) -> None:
    """The chosen heads to the next open document of the same model."""
    document = window.session.current
    if others := changing.donors(window.session, document):
        make = changing.frozen(others[0][1])
        changing.change_heads(window.runs, document, changing.chosen(window.session), make)
        return
    said = "No other input is open that the same model has read.", "Open one first."
    window.notify("info", *said, None, document)


def take(window: Acts) -> None:
    """The selected head into those that are chosen together, or out of them."""
    one = window.session.view[Selection]
    changing.toggle(window.session, [(one.layer, one.head)])


def one_head(window: Acts) -> None:
    window.session.change(ExperimentSettings, heads=())


def mask(window: Acts) -> None:
    changing.mask(window.runs, window.session.current, window.session.view[Selection].queries)


def swap(window: Acts) -> None:
    changing.swap(window.runs, window.session.current)


def clear(window: Acts) -> None:
    changing.clear(window.runs, window.session.current)
