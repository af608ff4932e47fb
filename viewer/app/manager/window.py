"""The window's models: one dialog, what is done with a row of it, and what is told of downloads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QMessageBox, QWidget

from headlight.models.core.task import Task
from headlight.viewer.app.manager.downloads import Downloads
from headlight.viewer.app.models.menu import ModelMenu
from headlight.viewer.app.opening.drop import DropTarget
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.stock.rows import known, listed
from headlight.viewer.session.jobs import Jobs

if TYPE_CHECKING:
    from headlight.viewer.app.manager.dialog import ManagerDialog
    from headlight.viewer.host.stock.rows import Row, Stock

LOOK, DELETE, KNOWN = "all models there are", "delete a model", "models that are known"


def _known(task: Task) -> Stock:
    return known()


class Manager:
    """Opens the dialog, which is made when it is first asked for, and does what is asked in it."""

    def __init__(self, jobs: Jobs, models: ModelMenu, parent: QWidget) -> None:
        self.jobs, self.models, self.parent = jobs, models, parent
        self.downloads = Downloads(jobs)
        self.dialog: ManagerDialog | None = None
        self._drops = DropTarget(self._dropped, lambda over: None)
        self.downloads.ended.connect(self._ended)

    def open(self) -> None:
        if self.dialog is None:
            self.dialog = self._made()
            # What it takes is imported by a worker: the window has no time for that.
            self.jobs.submit(KNOWN, _known, self._first, lane="disk", failed=self._lost, here=True)
        self.look()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _made(self) -> ManagerDialog:
        from headlight.viewer.app.manager.dialog import ManagerDialog

        dialog = ManagerDialog(self.jobs, self.downloads, self.parent)
        dialog.used.connect(self._use)
        dialog.removed.connect(self._remove)
        dialog.folder_asked.connect(self.models.choose_folder)
        dialog.file_asked.connect(self.models.choose_checkpoint)
        dialog.look_asked.connect(self.look)
        self._drops.watch(dialog)
        return dialog

    def look(self) -> None:
        """What lies on the disk, once more."""
        recent = [used.id for used in self.models.recent.models()]
        self.jobs.submit(LOOK, partial(listed, recent), self._looked, lane="disk", failed=self._lost)

    def _first(self, stock: Stock) -> None:
        if self.dialog is not None and not self.dialog.stock.cache:
            self.dialog.take(stock)

    def _looked(self, stock: Stock) -> None:
        if self.dialog is not None:
            self.dialog.take(stock)

    def _lost(self, failure: Failure) -> None:
        self.models.runs.notify("error", failure.cause, failure.next_step, failure.details, None)

    def _use(self, row: Row) -> None:
        """Let it read the open document where that is of its kind; else it is asked what for."""
        document = self.models.session.current
        if document is not None and document.kind.id in row.kinds and not row.asks:
            self.models.use(row.id)
        else:
            self.models.offers.look(row.id)
        self.dialog.hide()

    def _dropped(self, mime: QMimeData) -> None:
        """A model's folder or file that is dropped on the list is offered as anywhere else."""
        for url in mime.urls():
            if url.isLocalFile():
                self.models.recent.look()
                self.models.offers.offer(str(Path(url.toLocalFile())))

    def _remove(self, row: Row) -> None:
        from headlight.viewer.host.stock import hub
        from headlight.viewer.host.stock.sizes import said_bytes

        if self._agrees(f"Delete {row.title}?", f"{said_bytes(row.size)} of the hub’s cache become free."):
            failed = partial(self.dialog.failed, row.id)
            work = partial(hub.deleted, hub.hub_name(row.id) if "/" not in row.id else row.id)
            self.jobs.submit(DELETE, work, lambda _: self._removed(row), lane="disk", failed=failed)

    def _agrees(self, question: str, what: str) -> bool:
        asked = QMessageBox(self.dialog)
        asked.setIcon(QMessageBox.Icon.Question)
        asked.setWindowTitle("Delete this model?")
        asked.setText(question)
        asked.setInformativeText(f"{what} It can be downloaded again.")
        delete = asked.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        asked.setDefaultButton(asked.addButton(QMessageBox.StandardButton.Cancel))
        asked.exec()
        return asked.clickedButton() is delete

    def _removed(self, row: Row) -> None:
        self.dialog.forget(row.id)
        self.look()

    def _ended(self, id: str, row: Row | None, failure: Failure | None) -> None:
        if self.dialog is not None:
            self.dialog.forget(id)
            if failure is not None:
                self.dialog.failed(id, failure)
            self.look()
        if row is not None:
            self.models.runs.notify("info", f"{row.title} is downloaded.", "", None, None)
        elif failure is not None and (self.dialog is None or not self.dialog.isVisible()):
            self.models.runs.notify("error", failure.cause, failure.next_step, None, None)
