"""Going on with a text: what is asked of its model, from its end, anew, or in another way. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headlight.models.core.settings import WritingSettings
from headlight.viewer.session.document import Document
from headlight.viewer.session.runs import Runs

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
    """Write behind all that is there; in one step of the history."""
    written = document.trace.written
    ids = written.ids if written is not None else ()
    runs.change(document, writing=asked(document.view[WritingSettings], ids))


def anew(runs: Runs, document: Document) -> None:
    """Write behind the text alone."""
    runs.change(document, writing=asked(document.view[WritingSettings]))


def branch(runs: Runs, document: Document, step: int, other: int, name: str) -> None:
    """Another token in place of what was written after `step` of them, and on from there: a new document."""
    written, settings = document.trace.written, document.view[WritingSettings]
    how, ids = written.how, (*written.ids[:step], other)
    most = max(len(how.ids) + how.count(settings.new), len(written.ids))
    new = settings.new - 1 if step == len(written.ids) else most - len(ids)
    runs.branch(document, how.branched(ids, new), name)
