"""Which models there are, known at once; what else lies on this disk is looked for by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from headlight.models.core.errors import HeadlightError
from headlight.viewer.host import engines
from headlight.viewer.host.engines import brought
from headlight.viewer.host.failure import Failure
from headlight.viewer.session.jobs import Jobs

if TYPE_CHECKING:
    from headlight.models.catalogue.entries import Entry

KIND = "models on the disk"


class ModelList:
    """Call everything from the GUI thread; it never reads a disk there."""

    changed = Signal()
    """More is known, or the search has ended."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self._found: Sequence[Entry] | None = None

    def entries(self) -> Sequence[Entry]:
        """All that is known now: the bundled and the published, and what was found the last time."""
        from headlight.models.catalogue import entries as catalog

        return self._found if self._found is not None else [*catalog.known(), *brought()]

    def is_looking(self) -> bool:
        return any(job.kind == KIND for job in self.jobs.running("disk"))

    def look(self) -> None:
        """Look on the disk again, unless that is under way."""
        if not self.is_looking():
            self.jobs.submit(KIND, engines.listed, self._looked, lane="disk", failed=self._failed)

    def _looked(self, found: Sequence[Entry]) -> None:
        self._found = found
        self.changed.emit()

    def _failed(self, failure: Failure) -> None:
        self.jobs.failed.emit(failure)
        self.changed.emit()


NONE = "Choose a model"
"""Where no model in the box reads such, and none was named."""


def title_of(model: str | None, kind: str) -> str:
    """What a model is called before it is open: None is the default one."""
    from headlight.models.catalogue import entries as catalog

    try:
        model = model or catalog.default(kind, brought()).id
    except HeadlightError:
        return NONE
    known = next((entry.title for entry in (*catalog.known(), *brought()) if entry.id == model), None)
    return known or Path(model).name or model
