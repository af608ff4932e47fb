"""Which file a document shows, which picture of it, and in which encoding its text was read. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headlight.models.core.errors import known
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.recipe import Making
from headlight.viewer.inputs.told.columns import AS_TEXT, Meanings
from headlight.viewer.session.document import Document, film_of
from headlight.viewer.session.opening import work_of
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.view import Selection

if TYPE_CHECKING:
    from headlight.viewer.inputs.inputs import Input


def walk(runs: Runs, document: Document, by: int) -> None:
    """Another of the files that were opened together, so many on or back, those passed over that could not be
    shown; how it is looked at stays."""
    from headlight.viewer.session.interventions import after_file

    following = document.beside(by)
    if following is None:
        return
    kept = after_file(document.wanted.interventions)
    if kept.dropped:
        runs.notify("info", kept.dropped, "", None, document)
    options = {"file": following, "frame": None, "interventions": kept.interventions}
    if document is runs.session.current:
        runs.session.change(Selection, queries=(), keys=(), gesture="walk")
    recipe = replace(document.wanted.amended(**options), frame=None, listed=None, columns=None)
    runs.session.ask(document, recipe, "walk")


def turn(runs: Runs, document: Document, by: int) -> None:
    """Another of several pictures in one file, so many on or back."""
    film = film_of(document)
    if film is not None:
        runs.change(
            document, "frame", frame=min(max((document.wanted.options.frame or 1) + by, 1), film.count)
        )


def reread(runs: Runs, document: Document, encoding: str) -> None:
    """Read a text's file in another encoding, and run it again."""
    recipe = document.wanted
    options = replace(recipe.options, encoding=encoding, start=0, writing=None)
    before = recipe.text

    def take(what: Input) -> None:
        from headlight.viewer.inputs.inputs import TextInput
        from headlight.viewer.session.interventions import after_text

        old, text = known(before, TextInput), known(what, TextInput)
        text = replace(text, pair=old.pair)
        kept = after_text(recipe.interventions, old, text)
        if kept.dropped:
            runs.notify("info", kept.dropped, "", None, document)
        asked = Making(replace(options, interventions=kept.interventions), text=text)
        runs.session.ask(document, asked, "encoding")

    def failed(failure: Failure) -> None:
        runs.session.update(document)  # the choice shows what is read
        if not failure.ended:  # else it is told for all that was lost
            runs.notify("error", failure.cause, failure.next_step, None, document)

    # Whoever chooses an encoding says that it is a text.
    read = work_of("of_file", document.path, options.reading, Meanings(AS_TEXT))
    runs.jobs.submit(
        *(f"decode {document.number}", read, take),
        lane="look",
        failed=failed,
        here=bool(runs.jobs.host.where),
    )
