"""Where nothing is to be seen yet, it is said what is awaited: in panes, on tabs, on the welcome page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from headlight.viewer.app.bars.pace import Paces
from headlight.viewer.app.bars.topbar import TopBar
from headlight.viewer.app.models.listed import NONE, title_of
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.able import recorded
from headlight.viewer.session.jobs import Job, Jobs
from headlight.viewer.session.opening import OPENS
from headlight.viewer.session.session import Document, Session
from headlight.widgets.base.waiting import Waiting
from headlight.widgets.shell.welcome import Welcome

if TYPE_CHECKING:
    from headlight.viewer.app.layout.deck import Deck

TURN = "Waiting for its turn…"
COMPUTING = "Computing"


Way = tuple[str, Callable[[], None]]
"""A button, and what it does."""


@dataclass(frozen=True)
class Ways:
    """What can be done about it."""

    cancel: Callable[[], None]
    run_again: Callable[[], None]
    choose_model: Callable[[], None]
    choose_second: Callable[[], None]


class Waits(QObject):
    """Follows session and jobs; of the panes once they are there."""

    def __init__(
        self, session: Session, jobs: Jobs, paces: Paces, topbar: TopBar, welcome: Welcome, ways: Ways
    ) -> None:
        super().__init__(topbar)
        self.session, self.jobs, self.paces, self.ways = session, jobs, paces, ways
        self.topbar, self.welcome = topbar, welcome
        self.deck: Deck | None = None
        self._turn = jobs.turn(self._say)
        welcome.cancel_asked.connect(ways.cancel)
        jobs.runs_changed.connect(self.refresh)
        jobs.progressed.connect(self._progressed)
        paces.ticked.connect(self.refresh)
        for signal in (session.current_changed, session.page_changed, session.documents_changed):
            signal.connect(self.refresh)
        session.document_changed.connect(self._document_changed)

    def follow(self, deck: Deck) -> None:
        """There is room for panes, and each of them from when it is made."""
        self.deck = deck
        deck.added.connect(self._added)
        deck.changed.connect(self.refresh)

    def _added(self, name: str) -> None:
        self.deck.docks[name].visibilityChanged.connect(self.refresh)
        pane = self.deck.panes[name]
        if isinstance(pane, Pane) and pane.blank:
            pane.filled.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Say everywhere what is awaited, once all else that is about to change has."""
        self._turn.ask()

    def _say(self) -> None:
        self._mark_tabs()
        self._show_opening()
        if self.deck is not None:
            self._cover()

    def awaited(self, document: Document) -> Waiting | None:
        """What there is to say instead of what a model makes of this document; None where that is there."""
        if document.trace is not None or not document.kind.is_read:
            return None
        job = self._run_of(document)
        again = ("Run again (F5)", self.ways.run_again)
        if job is not None and job.sentence:
            model = title_of(document.wanted.options.model, document.kind.id)
            by = "" if recorded(document) or model == NONE else f" with {model}"
            return self._of_job(job, f"Reading the {document.kind.noun}{by}…")
        if job is not None:
            return self._of_job(job, TURN)
        if document.state == "cancelled":
            return Waiting("Cancelled.", buttons=(again,))
        if document.state == "failed":
            said = document.failure or "The model could not read this."
            return Waiting(said, buttons=self._ways_on(document, again))
        return Waiting(TURN)

    def _ways_on(self, document: Document, again: Way) -> tuple[Way, ...]:
        """What may help where a run gave nothing."""
        if recorded(document):
            return (again,)
        if document.alone:
            second = ("Choose the second picture…", self.ways.choose_second)
            return second, ("Choose another model…", self.ways.choose_model)
        if title_of(document.wanted.options.model, document.kind.id) == NONE:  # once more would not help
            return ((f"{NONE}…", self.ways.choose_model),)
        return again, ("Choose another model…", self.ways.choose_model)

    def _of_job(self, job: Job, says: str) -> Waiting:
        more = " · ".join(part for part in (job.sentence, self.paces.said(job)) if part)
        return Waiting(says, more, job.share, (("Cancel", self.ways.cancel),))

    def _run_of(self, document: Document) -> Job | None:
        mine = (job for job in self.jobs.of(document.number) if job.kind == f"run {document.number}")
        return next(mine, None)

    def _cover(self) -> None:
        document = self.session.current
        waiting = self.awaited(document) if document is not None else None
        covered = []
        for name, dock in self.deck.docks.items():
            if isinstance(self.deck.panes[name], Pane):
                self.deck.panes[name].tell()
            empty = waiting is not None and dock.isVisible() and self._is_empty(name, document)
            if empty:
                covered.append(dock)
            else:
                dock.set_waiting(self._computed(name))
        main = max(covered, key=lambda dock: dock.width() * dock.height(), default=None)
        for dock in covered:
            dock.set_waiting(waiting, dock is main)

    def _computed(self, name: str) -> Waiting | None:
        """What an empty pane says while its own slice of what a model has made is computed."""
        pane = self.deck.panes[name]
        blank = isinstance(pane, Pane) and pane.blank and self.deck.docks[name].isVisible()
        job = pane.awaited() if blank else None
        return Waiting(f"{job.sentence or COMPUTING}…") if job is not None else None

    def _is_empty(self, name: str, document: Document) -> bool:
        pane = self.deck.panes[name]
        return isinstance(pane, Pane) and pane.waits and self.deck.fits(name) and not pane.can_show(document)

    def _mark_tabs(self) -> None:
        shares = {}
        for number, document in enumerate(self.session.documents):
            job = self._run_of(document)
            if job is not None:
                shares[number] = job.share
        self.topbar.tabs.show_running(shares)

    def _show_opening(self) -> None:
        """Of a file that is being read, while no document is looked at."""
        opening = next((job for job in self.jobs.running("run") if job.kind.startswith(OPENS)), None)
        waiting = None
        if opening is not None:
            says = f"{opening.sentence}…" if opening.sentence else TURN
            waiting = Waiting(says, self.paces.said(opening))
        self.welcome.set_waiting(waiting)

    def _progressed(self, job: Job) -> None:
        if job.lane == "run":
            self.refresh()

    def _document_changed(self, _document: Document) -> None:
        self.refresh()
