"""Recordings of one model at several times, as one document: what scripts show while they train. No Qt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from headlight.viewer.session.document import Document
from headlight.viewer.session.runs import Runs

if TYPE_CHECKING:
    from headlight.viewer.inputs.recorded.inputs import Recorded, Step


def open_shown(runs: Runs, path: Path) -> None:
    """Open what a script shows: a step of a document that has its name, or a document of its own."""
    runs.open_path(str(path), partial(_placed, runs, str(path)))


def _placed(runs: Runs, path: str, what: Recorded) -> Document:
    """The document of its name with one step more, which is looked at where the last one was."""
    from headlight.viewer.inputs.recorded.inputs import with_steps

    session = runs.session
    for document in session.documents:
        held = document.input
        if not what.name or type(held) is not type(what) or getattr(held, "name", "") != what.name:
            continue
        follows = place_of(document) == len(steps_of(document)) - 1
        whole = with_steps(held, what)
        before = document.former
        kept = None if before is None else replace(before, input=whole)
        session.update(document, input=whole, former=kept)
        if follows:
            session.amend(document, document.wanted.amended(step=whole.steps[-1].number))
        return document
    return session.add(what, runs.options_for(what), path)


def steps_of(document: Document) -> tuple[Step, ...]:
    """The recordings of a document; none of one that was not recorded."""
    return getattr(document.input, "steps", ())


def place_of(document: Document) -> int:
    """Which of them is asked for, from 0."""
    steps, wanted = steps_of(document), document.wanted.options.step
    return next((at for at, one in enumerate(steps) if one.number == wanted), len(steps) - 1)


def go_to(runs: Runs, document: Document, place: int) -> None:
    """Show another recording; who looks at the last one sees those that come."""
    found = steps_of(document)
    number = found[min(max(place, 0), len(found) - 1)].number
    if number != document.wanted.options.step:
        runs.change(document, "step", step=number)


def walk(runs: Runs, document: Document, by: int) -> None:
    """So many recordings on or back."""
    go_to(runs, document, place_of(document) + by)
