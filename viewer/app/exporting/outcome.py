"""The foot of the export dialog: what came of an export or how far it is, its buttons, and a question."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QPushButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.progress import Progress


class Outcome(QWidget):
    """`wait` while a file is written, `say` what came of it."""

    cancel_asked = Signal()
    close_asked = Signal()
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._written = ""
        self.said, self.progress = ElidedLabel(), Progress()
        self.open_folder, self.copy_path = QPushButton("Open folder"), QPushButton("Copy path")
        self.close_button, self.export_button = QPushButton("Close"), QPushButton("Export")
        self.export_button.setProperty("role", "primary")
        self.progress.cancelled.connect(self.cancel_asked)
        self.open_folder.clicked.connect(self._open_folder)
        self.copy_path.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._written))
        self.close_button.clicked.connect(lambda: self.close_asked.emit())
        self.export_button.clicked.connect(lambda: self.export_asked.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(0.7))
        for widget in (self.said, self.progress):
            row.addWidget(widget, 1)
        for widget in (self.open_folder, self.copy_path, self.close_button, self.export_button):
            row.addWidget(widget)
        self.say("")

    def wait(self, on: bool) -> None:
        """A file is being written, or no more."""
        self.close_button.setText("Cancel" if on else "Close")
        self.export_button.setEnabled(not on)
        if on:
            self.say("")
            self.said.hide()
            self.progress.show_progress(None, "Waiting")
        else:
            self.progress.done()

    def say(self, said: str, role: str = "dim", written: str = "") -> None:
        """written: the path of the file that stands now, for which its folder and path are offered."""
        self._written = written
        self.said.show()
        self.said.setText(said)
        theme.set_role(self.said, role)
        self.open_folder.setVisible(bool(written))
        self.copy_path.setVisible(bool(written))

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._written).parent)))


def may_replace(out: Path, over: QWidget) -> bool:
    """Ask whether a file that is there may be written anew."""
    asked = QMessageBox(over)
    asked.setIcon(QMessageBox.Icon.Question)
    asked.setWindowTitle("Replace it?")
    asked.setText(f"{out.name} is there already.")
    asked.setInformativeText("Its content would be lost.")
    replace = asked.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
    asked.setDefaultButton(asked.addButton(QMessageBox.StandardButton.Cancel))
    asked.exec()
    return asked.clickedButton() is replace
