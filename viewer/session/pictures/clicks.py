"""What is shown to a model by clicks on a picture: points on a thing, points beside it, a box. No Qt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from headlight.viewer.session.document import Document

if TYPE_CHECKING:
    from headlight.viewer.session.runs import Runs

Shown = tuple[float, float, bool]


def takes_clicks(document: Document) -> bool:
    """Whether its model cuts out what is clicked."""
    return document.trace is not None and "clicks" in document.trace.run.offers


def points(document: Document) -> tuple[Shown, ...]:
    """(x, y, whether it lies on the thing) of all that are wanted, in the order in which the model reads
    them; the middles of their pixels."""
    options = document.wanted.options
    every = ((options.at, True), (options.not_at, False))
    return tuple((x + 0.5, y + 0.5, on) for places, on in every for x, y in places)


def frame(document: Document) -> tuple[float, float, float, float] | None:
    """The edges of the box that is wanted."""
    box = document.wanted.options.around
    return None if box is None else (box[0], box[1], box[2] + 1, box[3] + 1)


def put(runs: Runs, document: Document, x: float, y: float, on: bool) -> None:
    """A point at the pixel that holds x, y; where there is one already, it says this now."""
    place = float(math.floor(x)), float(math.floor(y))
    at, not_at = (
        tuple(one for one in places if one != place)
        for places in (document.wanted.options.at, document.wanted.options.not_at)
    )
    _ask(runs, document, at=(*at, place) if on else at, not_at=not_at if on else (*not_at, place))


def take(runs: Runs, document: Document, number: int) -> None:
    """This point away, of `points`."""
    at, not_at = list(document.wanted.options.at), list(document.wanted.options.not_at)
    if number < len(at):
        del at[number]
    else:
        del not_at[number - len(at)]
    _ask(runs, document, at=tuple(at), not_at=tuple(not_at))


def put_frame(runs: Runs, document: Document, box: tuple[float, float, float, float] | None) -> None:
    """A box around the pixels that it touches, in place of the one that there is; None takes it away."""
    if box is None:
        _ask(runs, document, around=None)
        return
    x0, y0 = (float(math.floor(edge)) for edge in box[:2])
    x1, y1 = (float(math.ceil(edge) - 1) for edge in box[2:])
    if x0 < x1 and y0 < y1:
        _ask(runs, document, around=(x0, y0, x1, y1))


def clear(runs: Runs, document: Document) -> None:
    """All of it away."""
    _ask(runs, document, at=(), not_at=(), around=None)


def _ask(runs: Runs, document: Document, **options: Any) -> None:
    before = document.wanted.options
    if any(getattr(before, name) != value for name, value in options.items()):
        runs.change(document, **options)
