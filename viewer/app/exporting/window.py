"""The window's exports: a dialog over the current document, one at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from headlight.viewer.host.failure import Failure
from headlight.viewer.panes.shared.dialogs import FileDialogs
from headlight.viewer.registry import Begin, resolve
from headlight.viewer.session import able
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import Session

if TYPE_CHECKING:
    from headlight.viewer.app.exporting.dialog import ExportDialog
    from headlight.viewer.export.choices import Choices, Subject
    from headlight.viewer.session.opening import Notify

KIND = "what can be exported"


class Exports:
    """Opens the dialog where there is something to export."""

    def __init__(
        self, session: Session, jobs: Jobs, dialogs: FileDialogs, notify: Notify, parent: QWidget
    ) -> None:
        self.session, self.jobs, self.dialogs, self.notify = session, jobs, dialogs, notify
        self.parent = parent
        self.dialog: ExportDialog | None = None
        session.documents_changed.connect(self._documents_changed)

    def open(self, what: str = "", ending: str = "", **values: object) -> None:
        """Ask what there is to export of the current document, then show it. values: choices by the names of
        their options, in place of the view's.
        """
        document = self.session.current
        if document is None or able.nothing_to_export(document):
            return
        from headlight.viewer.export.choices import Subject, offered

        subject = Subject.of(document, self.session.documents)
        self.jobs.submit(
            *(KIND, partial(offered, subject)),
            lambda choices: self._show(subject, choices, what, ending, values),
            document=document.number,
        )

    def report(self) -> None:
        """Of all of the document, on one page."""
        self.open("report")

    def open_pane(self, begin: Begin) -> None:
        """Begin with what a pane shows."""
        what = resolve(begin.what)(self.session.view) if ":" in begin.what else begin.what
        values = begin.values
        chosen = resolve(values)(self.session.view) if isinstance(values, str) else dict(values)
        self.open(what, begin.ending, **chosen)

    def _show(
        self, subject: Subject, choices: Choices, what: str, ending: str, values: dict[str, object]
    ) -> None:
        from headlight.viewer.app.exporting.dialog import ExportDialog

        self.close()
        self.dialog = dialog = ExportDialog(
            *(subject, choices, self.jobs, self.dialogs, self.parent, what, ending, values)
        )
        dialog.exported.connect(lambda path: self._exported(path, subject))
        dialog.failed.connect(lambda failure: self._failed(failure, subject))
        dialog.finished.connect(self._closed)
        dialog.show()

    def _exported(self, path: str, subject: Subject) -> None:
        self.notify("info", f"Exported from {subject.title}: {path}", "", None, None)

    def _failed(self, failure: Failure, subject: Subject) -> None:
        details = None if failure.foreseen else failure.details
        cause = f"The export from {subject.title} failed: {failure.cause}"
        self.notify("error", cause, failure.next_step, details, None)

    def _documents_changed(self) -> None:
        """A dialog goes with its document."""
        numbers = [document.number for document in self.session.documents]
        if self.dialog is not None and self.dialog.subject.number not in numbers:
            self.close()

    def close(self) -> None:
        """Close the dialog; what it writes is given up."""
        if self.dialog is not None:
            self.dialog.done(0)

    def _closed(self) -> None:
        self.dialog = None
