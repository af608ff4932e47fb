"""What panes are made with, and on: the session and all that works for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from headlight.viewer import registry
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import Session

if TYPE_CHECKING:
    from headlight.viewer.panes.shared.dialogs import FileDialogs
    from headlight.viewer.panes.shared.log_handler import LogHandler
    from headlight.viewer.session.runs import Runs

P = TypeVar("P")


class Desk(QObject):
    """Makes panes; what any of them says of its figures, `said` says on, whichever was made first."""

    said = Signal(object, str, object, object)
    """(the pane; then as panes say it)."""

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        runs: Runs | None,
        log: LogHandler,
        dialogs: FileDialogs | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.session, self.jobs, self.runs = session, jobs, runs
        self.log, self.dialogs = log, dialogs
        self._made: list[QObject] = []

    def make(self, entry: registry.Pane) -> Any:
        """The pane that an entry names. GUI thread."""
        pane = registry.resolve(entry.make)(entry, self)
        self._made.append(pane)
        return pane

    def made(self, type_: type[P]) -> P:
        """The pane of a type that was made before. StopIteration where there is none."""
        return next(pane for pane in self._made if isinstance(pane, type_))
