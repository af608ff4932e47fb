"""Choosing a model on the disk of another machine, where the engine runs."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from headlight.viewer.host.failure import Failure
from headlight.viewer.host.stock import disk
from headlight.viewer.host.stock.disk import Listing
from headlight.viewer.session.jobs import Jobs
from headlight.widgets.base import theme

KIND = "another disk"


class ElsewhereDialog(QDialog):
    """chosen: the path there, of a model's folder, or of a file where endings are given."""

    chosen = Signal(str)

    def __init__(
        self, jobs: Jobs, title: str, endings: tuple[str, ...], folder: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.jobs, self._endings = jobs, endings
        self._listing: Listing | None = None
        self.setWindowTitle(f"{title} on the disk of “{jobs.host.where}”")
        self.path, self.up = QLineEdit(folder), QPushButton("Up")
        self.path.setAccessibleName("Folder")
        self.path.setPlaceholderText("A folder there")
        self.up.setAutoDefault(False)
        self.names, self.said = QListWidget(), QLabel()
        self.names.setAccessibleName("What lies in it")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.open_ = buttons.addButton("Open", QDialogButtonBox.ButtonRole.ActionRole)
        for button in buttons.buttons():  # Enter is the path's and the list's
            button.setAutoDefault(False)
        top, column = QHBoxLayout(), QVBoxLayout(self)
        top.addWidget(self.path, 1)
        top.addWidget(self.up)
        column.addLayout(top)
        column.addWidget(self.names, 1)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.resize(theme.em(34), theme.em(28))
        self.path.returnPressed.connect(self._typed)
        self.up.clicked.connect(lambda: self.look(self._listing.above))
        self.names.itemActivated.connect(self._entered)
        self.names.currentItemChanged.connect(lambda *_: self._offer())
        self.open_.clicked.connect(self._take)
        buttons.rejected.connect(self.reject)
        self._offer()
        self.look(folder)

    def _typed(self) -> None:
        self.path.setModified(False)
        self.look(self.path.text().strip())

    def look(self, folder: str) -> None:
        self._say("Looking…")
        work = partial(disk.listed, folder, self._endings)
        self.jobs.submit(KIND, work, self._show, lane="disk", failed=self._failed)

    def _show(self, listing: Listing) -> None:
        self._listing = listing
        typing = self.path.isModified()  # since it was asked for
        if not typing:
            self.path.setText(listing.folder)
        self.names.clear()
        for names, mark in ((listing.folders, "/"), (listing.files, "")):
            for name in names:
                item = QListWidgetItem(f"{name}{mark}")
                item.setData(Qt.ItemDataRole.UserRole, (name, bool(mark)))
                self.names.addItem(item)
        wanted = f"a file ({', '.join(self._endings)})" if self._endings else "a folder with config.json"
        self._say(
            "This folder is a model." if listing.is_model and not self._endings else f"Choose {wanted}."
        )
        self._offer()
        if not typing:
            self.names.setFocus()

    def _failed(self, failure: Failure) -> None:
        self._say(f"{failure.cause} {failure.next_step}", "bad")

    def _say(self, text: str, role: str = "dim") -> None:
        self.said.setText(text)
        theme.set_role(self.said, role)

    def _current(self) -> tuple[str, bool] | None:
        item = self.names.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def _offer(self) -> None:
        current, listing = self._current(), self._listing
        self.up.setEnabled(listing is not None and listing.above != listing.folder)
        of_file = current is not None and not current[1]
        self.open_.setEnabled(of_file if self._endings else listing is not None and listing.is_model)

    def _entered(self, item: QListWidgetItem) -> None:
        name, is_folder = item.data(Qt.ItemDataRole.UserRole)
        if is_folder:
            self.look(_within(self._listing, name))
        else:
            self._take()

    def _take(self) -> None:
        current = self._current()
        path = _within(self._listing, current[0]) if self._endings else self._listing.folder
        self.accept()
        self.chosen.emit(path)

    def done(self, result: int) -> None:
        self.jobs.cancel(KIND)
        super().done(result)


def _within(listing: Listing, name: str) -> str:
    """A name in a folder of another system, whose paths part as that one does."""
    mark = "\\" if "\\" in listing.folder and "/" not in listing.folder else "/"
    return f"{listing.folder.rstrip(mark)}{mark}{name}"
