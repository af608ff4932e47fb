"""Going on with a text: what is asked of its model, from its end, anew, or in another way. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headlight.models.core.settings import WritingSettings
from headlight.viewer.session.document import Document
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import MapSettings, Selection

if TYPE_CHECKING:
    from headlight.models.core.answers import Writing


def asked(settings: WritingSettings, ids: tuple[int, ...] = ()) -> Writing:
    """As settings want it, behind tokens that are there."""
    from headlight.models.core.answers import Writing

    if settings.how == "drawn":
        cuts = {"top_k": settings.top_k or None, "top_p": settings.top_p if settings.top_p < 1 else None}
        drawn = {"temperature": settings.temperature, "seed": settings.seed, **cuts}
        return Writing(settings.new, ids=ids, **drawn)
    return Writing(settings.new, beams=settings.beams if settings.how == "beams" else 1, ids=ids)


def go_on(runs: Runs, document: Document) -> None:
    """Write behind all that is there, a target without its end; in one step of the history."""
    trace = document.trace
    written = trace.written if trace is not None else None
    ids = written.ids if written is not None else ()
    if trace is not None and written is not None and written.ended == "given":
        ids = ids[: len(trace.streams[written.stream]) - written.start]
    runs.change(document, writing=asked(document.view[WritingSettings], ids))


def anew(runs: Runs, document: Document) -> None:
    """Write behind the text alone."""
    runs.change(document, writing=asked(document.view[WritingSettings]))


def look_at_step(session: Session, step: int, gesture: str = "") -> None:
    """Let all that is shown be as it was when so many tokens were written; what looked then is not chosen."""
    document = session.current
    written = document.trace.written if document is not None and document.trace is not None else None
    if written is None:
        return
    count = len(written.ids)
    step = min(max(step, 0), count)
    nowhere = replace(session.view[Selection], queries=(), keys=())
    session.change(MapSettings, gesture=gesture, also=(nowhere,), step=None if step == count else step)


def walk(session: Session, by: int) -> None:
    """So many steps on, or back."""
    document, step = session.current, session.view[MapSettings].step
    if document is not None and document.trace is not None and document.trace.written is not None:
        look_at_step(session, (len(document.trace.written.ids) if step is None else step) + by, "step")


def branch(runs: Runs, document: Document, step: int, other: int, name: str) -> None:
    """Another token in place of what was written after `step` of them, and on from there: a new document."""
    settings = document.view[WritingSettings]
    written = document.trace.written if document.trace is not None else None
    if written is None:
        runs.branch(document, replace(asked(settings, (other,)), new=settings.new - 1), name)
        return
    how, ids = written.how, (*written.ids[:step], other)
    most = max(len(how.ids) + how.count(settings.new), len(written.ids))
    new = settings.new - 1 if step == len(written.ids) else most - len(ids)
    runs.branch(document, how.branched(ids, new), name)
