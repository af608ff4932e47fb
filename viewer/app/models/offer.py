"""A model that was dropped: what it reads is looked up, and the user says what it is to read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from headlight.viewer.host.engines import looked_at
from headlight.viewer.host.failure import Failure
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.document import Document
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import Session

if TYPE_CHECKING:
    from headlight.models.catalogue.entries import Entry
    from headlight.viewer.session.runs import Runs


def is_model(path: str) -> bool:
    """Whether it looks like a model: a model's folder, or one file of weights."""
    from headlight.models.catalogue.entries import CHECKPOINTS
    from headlight.models.catalogue.formats.layout import is_model_folder

    where = Path(path)
    return where.suffix.lower() in CHECKPOINTS or is_model_folder(where)


class ModelOffers:
    """Asks about one model after the other."""

    def __init__(self, session: Session, runs: Runs, jobs: Jobs, parent: QWidget) -> None:
        self.session, self.runs, self.jobs, self.parent = session, runs, jobs, parent
        self.asked: QMessageBox | None = None
        """The question that is open."""

    def offer(self, path: str) -> None:
        """Look what a folder or a file of weights reads, and ask what to do with it. A pickle is asked about
        before anything of it is read, when it is used.
        """
        if where := self.jobs.host.where:
            self.runs.notify(
                *("error", f"{path} lies on this machine, and models are read where “{where}” leads to."),
                *("Copy it there, then choose it in Menu › Open a model folder.", None, None),
            )
            return
        self.look(path)

    def look(self, model: str, unless_quick: bool = False) -> None:
        """The same of a path of the machine where models are read, or of an id. unless_quick: one that opens
        at once is used for the open document without a question."""
        then = self._ask_unless_quick if unless_quick else self._ask
        self.jobs.submit(f"look at {model}", partial(looked_at, model), then, failed=self._failed)

    def _ask_unless_quick(self, entry: Entry) -> None:
        document = self.session.current
        if entry.opening or document is None or not entry.reads(document.kind.id):
            self._ask(entry)
        else:
            self._use(document, entry.id)

    def _failed(self, failure: Failure) -> None:
        details = None if failure.foreseen else failure.details
        self.runs.notify("error", failure.cause, failure.next_step, details, None)

    def _ask(self, entry: Entry) -> None:
        document = self.session.current
        asked = QMessageBox(self.parent)
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.setWindowTitle("Use this model?")
        asked.setTextFormat(Qt.TextFormat.PlainText)
        plural = REGISTRY.all(Kind)[entry.modality].plural
        extent = f", {entry.layers} × {entry.heads} heads" if entry.layers and entry.heads else ""
        asked.setText(f"{entry.title} is a model that reads {plural}{extent}.")
        asked.setInformativeText(entry.opening)
        fits = document is not None and entry.reads(document.kind.id)
        if fits:
            now = asked.addButton(f"Use it for “{_short(document.title)}”", QMessageBox.ButtonRole.AcceptRole)
            now.clicked.connect(lambda: self._use(document, entry.id))
        later = asked.addButton(f"Use it for the next {plural}", QMessageBox.ButtonRole.AcceptRole)
        later.clicked.connect(lambda: self._use_later(entry))
        asked.addButton(QMessageBox.StandardButton.Cancel)
        asked.setDefaultButton(now if fits else later)
        asked.finished.connect(self._answered)
        self.asked = asked
        asked.open()

    def _use(self, document: Document, model: str) -> None:
        if document in self.session.documents:
            self.runs.change(document, model=model, start=0, trust_pickle=False)

    def _use_later(self, entry: Entry) -> None:
        for kind in (entry.modality, *entry.also):
            self.runs.prefer(kind, entry.id)
        plural = REGISTRY.all(Kind)[entry.modality].plural
        said = f"{entry.title} reads the {plural} that you open from now on."
        self.runs.notify("info", said, "", None, None)

    def _answered(self) -> None:
        self.asked = None


def _short(title: str) -> str:
    return title if len(title) <= 30 else f"{title[:29]}…"
