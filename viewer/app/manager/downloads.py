"""Downloads that are under way: how far each is, cancelled or told when it is over. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from psygnal import Signal

from headlight.viewer.host.failure import Failure
from headlight.viewer.host.stock import hub
from headlight.viewer.host.stock.rows import Row
from headlight.viewer.session.jobs import Job, Jobs

KIND = "download "


@dataclass(frozen=True)
class Under:
    """A download under way. share: from 0 to 1; sentence: what is done now."""

    share: float = 0.0
    sentence: str = "Waiting for its turn"


class Downloads:
    """Call everything from the GUI thread."""

    changed = Signal(str)
    """The id of a model whose download began, came further or ended."""
    ended = Signal(str, object, object)
    """(id, the Row that is here now or None, the Failure or None); neither of what was cancelled."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.under: dict[str, Under] = {}
        jobs.progressed.connect(self._progressed)

    def start(self, row: Row) -> None:
        """Fetch what is missing of a model, after those before it."""
        if row.id in self.under:
            return
        self.under[row.id] = Under()
        self.jobs.submit(
            f"{KIND}{row.id}",
            partial(hub.downloaded_now, hub.hub_name(row.id)),
            partial(self._ended, row.id),
            lane="fetch",
            failed=lambda failure: self._ended(row.id, None, failure),
            cancelled=lambda _: self._ended(row.id),
        )
        self.changed.emit(row.id)

    def cancel(self, id: str) -> None:
        """What is there stays, and the next download goes on from it."""
        self.jobs.cancel(f"{KIND}{id}")

    def _progressed(self, job: Job) -> None:
        id = job.kind.removeprefix(KIND)
        if job.kind.startswith(KIND) and id in self.under:
            self.under[id] = Under(job.share, job.sentence)
            self.changed.emit(id)

    def _ended(self, id: str, row: Row | None = None, failure: Failure | None = None) -> None:
        self.under.pop(id, None)
        self.changed.emit(id)
        self.ended.emit(id, row, failure)
