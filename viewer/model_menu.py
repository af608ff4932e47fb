"""Which model reads the current document: the catalogue's, a folder's, or one from the hub."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QMessageBox, QWidget

from viewer.runs import Runs
from viewer.session import Session

CHECKPOINTS = "Checkpoints (*.safetensors *.pth *.pt *.ckpt);;All files (*)"


class ModelMenu:
    """Fills the menu of models and runs the current document with the one that is chosen."""

    def __init__(self, session: Session, runs: Runs, parent: QWidget) -> None:
        self.session, self.runs, self.parent = session, runs, parent
        self.more: list[QAction] = []
        """What stands below the catalogue."""

    def fill(self, menu: QMenu) -> None:
        """The catalogue's models for the current kind of input, the present one checked."""
        from models import catalog

        menu.clear()
        document = self.session.current
        if document is None:
            return
        current = document.trace.model.id if document.trace else document.options.model
        families: dict[str, QMenu] = {}
        for entry in catalog.entries():
            if entry.modality == document.modality:
                extent = f" · {entry.layers} × {entry.heads}" if entry.layers and entry.heads else ""
                place = menu
                if entry.family:
                    if entry.family not in families:
                        families[entry.family] = menu.addMenu(entry.family)
                    place = families[entry.family]
                action = place.addAction(f"{entry.title}{extent}")
                action.setCheckable(True)
                action.setChecked(entry.id == current)
                action.triggered.connect(lambda _=False, id_=entry.id: self.use(id_))
        menu.addSeparator()
        menu.addActions(self.more)

    def use(self, model: str, trust_pickle: bool = False) -> None:
        """Read the current document with another model; without a document, the next ones."""
        document = self.session.current
        if document is not None:
            self.runs.change(document, model=model, start=0, trust_pickle=trust_pickle)
        else:
            self.runs.options = replace(self.runs.options, model=model, trust_pickle=trust_pickle)

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.parent, "Open a model folder")
        if folder:
            self.use(folder)

    def choose_checkpoint(self) -> None:
        """A point model's weights in one file; a pickle is read only after a word of warning."""
        path, _ = QFileDialog.getOpenFileName(self.parent, "Open a checkpoint", "", CHECKPOINTS)
        if path and Path(path).suffix.lower() == ".safetensors":
            self.use(path)
        elif path and self._trusts(path):
            self.use(path, trust_pickle=True)

    def _trusts(self, path: str) -> bool:
        """Ask before a pickle is read."""
        asked = QMessageBox(self.parent)
        asked.setIcon(QMessageBox.Icon.Warning)
        asked.setWindowTitle("Read a pickle?")
        asked.setText(f"{Path(path).name} is a pickle, a kind of file that can hold code.")
        asked.setInformativeText(
            "Headlight reads the tensors in it and refuses everything else, but such readers were tricked "
            "before. Read it only if you trust where it comes from."
        )
        read = asked.addButton("Read it", QMessageBox.ButtonRole.AcceptRole)
        asked.setDefaultButton(asked.addButton(QMessageBox.StandardButton.Cancel))
        asked.exec()
        return asked.clickedButton() is read

    def choose_from_hub(self) -> None:
        name, good = QInputDialog.getText(
            self.parent, "Open a model from the hub", "Name, as in google/vit-base-patch16-224:"
        )
        if good and name.strip():
            self.use(name.strip())
