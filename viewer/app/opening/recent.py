"""Files and models that were opened before, newest first, through a restart. What is no more is left out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from headlight.models.core.task import Task
from headlight.viewer.session.document import Document
from headlight.viewer.session.jobs import Jobs

KEPT = 12
LOOK = "look for recent files"


@dataclass(frozen=True)
class Used:
    """A model that has read something. id: what opens it; reads: a kind of document."""

    id: str
    title: str
    reads: str

    @property
    def is_file(self) -> bool:
        """Whether it is a folder or a file of this disk."""
        return Path(self.id).is_absolute()


class Recent(QObject):
    """Call everything from the GUI thread; a worker looks what is still there."""

    changed = Signal()

    def __init__(self, settings: QSettings, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._jobs = settings, jobs
        self._missing: frozenset[str] = frozenset()

    def files(self) -> list[str]:
        """Paths, without those that were not there when it was looked last."""
        return [path for path in self._files() if path not in self._missing]

    def models(self) -> list[Used]:
        """The same of models; one of the hub is never missing."""
        return [model for model in self._models() if model.id not in self._missing]

    def add_file(self, path: str) -> None:
        whole = str(Path(path).absolute())
        self._keep_files([whole, *(other for other in self._files() if other != whole)])

    def add_model(self, model: Used) -> None:
        self._keep_models([model, *(other for other in self._models() if other.id != model.id)])

    def note(self, document: Document) -> None:
        """Remember what has read a document, if it is no model of the catalogue."""
        from headlight.models.catalogue.entries import known

        model, trace = document.options.model, document.trace
        if document.state != "ready" or trace is None or model is None:
            return
        used = Used(model, trace.model.title, document.kind.id)
        if used not in self._models()[:1] and model not in (entry.id for entry in known()):
            self.add_model(used)

    def clear_files(self) -> None:
        self._keep_files([])

    def clear_models(self) -> None:
        self._keep_models([])

    def look(self) -> None:
        """See what is still there; `changed` tells if that is news."""
        models = [] if self._jobs.host.where else self._models()  # they lie on another disk
        paths = [*self._files(), *(model.id for model in models if model.is_file)]
        if paths:
            self._jobs.submit(LOOK, partial(_missing, paths), self._looked, lane="disk", here=True)

    def _looked(self, missing: frozenset[str]) -> None:
        if missing != self._missing:
            self._missing = missing
            self.changed.emit()

    def _files(self) -> list[str]:
        kept = self._settings.value("recent", [])
        return [kept] if isinstance(kept, str) else list(kept or [])

    def _keep_files(self, paths: list[str]) -> None:
        self._missing -= set(paths[:1])
        self._settings.setValue("recent", paths[:KEPT])
        self.changed.emit()

    def _models(self) -> list[Used]:
        try:
            return [Used(**one) for one in json.loads(str(self._settings.value("recent models", "[]")))]
        except (TypeError, ValueError):  # another version wrote it
            return []

    def _keep_models(self, models: list[Used]) -> None:
        self._missing -= {model.id for model in models[:1]}
        self._settings.setValue("recent models", json.dumps([asdict(model) for model in models[:KEPT]]))
        self.changed.emit()


def _missing(paths: list[str], task: Task) -> frozenset[str]:
    missing = set()
    for path in paths:
        task.check()
        try:
            there = Path(path).exists()
        except OSError:
            there = False
        if not there:
            missing.add(path)
    return frozenset(missing)
