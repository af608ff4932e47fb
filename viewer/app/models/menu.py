"""Which model reads the current document: the catalogue's, or a folder's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from headlight.viewer.app.models.listed import ModelList
from headlight.viewer.app.models.offer import ModelOffers
from headlight.viewer.app.opening.recent import Recent
from headlight.viewer.panes.shared.dialogs import CHECKPOINTS, MODELS, FileDialogs, filters
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.session import Session

if TYPE_CHECKING:
    from headlight.models.catalogue.entry import Entry
    from headlight.viewer.app.models.elsewhere import ElsewhereDialog
    from headlight.viewer.session.runs import Runs

_QUESTIONS = {
    "pickle": (
        "Read a pickle?",
        "{} {} a pickle, a kind of file that can hold code.",
        "Headlight reads the tensors in it and refuses everything else, but such readers were tricked "
        "before. Read it only if you trust where it comes from.",
        "Read it",
    ),
    "link": (
        "Follow links?",
        "Files of {} are links, which lead out of its folder.",
        "Large files are often kept so. In a folder from somebody else a link can lead to any file of yours, "
        "which would be read as the model’s. Follow them only if they are your own.",
        "Follow them",
    ),
}
"""What is asked before a model is read, by `Untrusted.why`: title, text, what there is to know, yes."""


class ModelMenu:
    """Fills the menu of models and runs the current document with the one that is chosen."""

    def __init__(
        self,
        session: Session,
        runs: Runs,
        models: ModelList,
        recent: Recent,
        offers: ModelOffers,
        dialogs: FileDialogs,
        parent: QWidget,
    ) -> None:
        self.session, self.runs, self.models, self.parent = session, runs, models, parent
        self.recent, self.offers, self.dialogs = recent, offers, dialogs
        self.more: list[QAction] = []
        """What stands below the catalogue."""
        self.elsewhere: ElsewhereDialog | None = None
        self._menu: QMenu | None = None
        self._families: dict[str, QMenu] = {}
        self._listed: set[str] = set()
        models.changed.connect(self._looked)

    def fill(self, menu: QMenu) -> None:
        """What is known of models for the current kind of input at once, the wanted one checked; what else
        lies on this disk follows."""
        menu.clear()
        self._menu, self._families, self._listed = menu, {}, set()
        if self.session.current is None:
            return
        self.models.look()
        disk = "the engine’s" if self.models.jobs.host.where else "this"
        self._looking = menu.addAction(f"Looking on {disk} disk…")
        self._looking.setEnabled(False)
        menu.addSeparator()
        self._add_recent(menu)
        menu.addActions(self.more)
        self._list()

    def _add_recent(self, menu: QMenu) -> None:
        """Models of folders, files and the hub that were used before; those of other inputs in grey."""
        used = self.recent.models()
        if not used:
            return
        self.recent.look()
        before = menu.addMenu("Opened before")
        before.setToolTipsVisible(True)
        kinds = REGISTRY.all(Kind)
        for model in (one for one in used if one.reads in kinds):
            action = before.addAction(f"{model.title} · reads {kinds[model.reads].plural}".replace("&", "&&"))
            action.setToolTip(model.id)
            action.setEnabled(model.reads == self.session.current.kind.id)
            action.triggered.connect(lambda _=False, id_=model.id: self.use(id_))
        before.addSeparator()
        before.addAction("Clear this list", self.recent.clear_models)

    def _looked(self) -> None:
        if self._menu is not None and self._menu.isVisible():
            self._list()

    def _list(self) -> None:
        """Add the models that are not listed yet, so that nothing moves away under the cursor."""
        document = self.session.current
        if document is None:
            return
        current = document.wanted.options.model
        if document.trace is not None and document.asked is None:
            current = document.trace.model.id
        for entry in self.models.entries():
            if not entry.reads(document.kind.id) or entry.id in self._listed:
                continue
            self._listed.add(entry.id)
            extent = f" · {entry.layers} × {entry.heads}" if entry.layers and entry.heads else ""
            action = QAction(f"{entry.title}{extent}", self._menu)
            action.setCheckable(True)
            action.setChecked(entry.id == current)
            action.triggered.connect(partial(self._use_listed, entry))
            if entry.family:
                self._family(entry.family).addAction(action)
            else:
                self._menu.insertAction(self._looking, action)
        self._looking.setVisible(self.models.is_looking())

    def _family(self, name: str) -> QMenu:
        if name not in self._families:
            self._families[name] = QMenu(name, self._menu)
            self._menu.insertMenu(self._looking, self._families[name])
        return self._families[name]

    def _use_listed(self, entry: Entry, *_: object) -> None:
        if entry.where == "extra":  # it may have to be unpacked
            self.offers.look(entry.id, unless_quick=True)
        else:
            self.use(entry.id)

    def use(self, model: str, trust_pickle: bool = False) -> None:
        """Read the current document with another model; without a document, the next ones."""
        document = self.session.current
        if document is not None:
            self.runs.change(document, model=model, start=0, trust_pickle=trust_pickle)
        else:
            self.runs.options = replace(self.runs.options, model=model, trust_pickle=trust_pickle)
            self.runs.notify("info", f"{model} reads what you open next.", "", None, None)

    def choose_folder(self) -> None:
        title = "Open a model folder"
        if self.runs.jobs.host.where:
            self._look_elsewhere(title, (), self._take)
        elif folder := self.dialogs.directory("model", title):
            self._take(folder)

    def _look_elsewhere(self, title: str, endings: tuple[str, ...], take: Callable[[str], None]) -> None:
        """Ask for a model on the disk of the machine where models are read."""
        from headlight.viewer.app.models.elsewhere import ElsewhereDialog

        self.elsewhere = ElsewhereDialog(self.runs.jobs, title, endings, "", self.parent)
        self.elsewhere.chosen.connect(take)
        self.elsewhere.open()

    def choose_checkpoint(self) -> None:
        """A model in one file; a pickle is read only after a word of warning, and what takes long is asked
        about."""
        title = "Open a model file"
        if self.runs.jobs.host.where:
            endings = tuple(f".{ending}" for ending in MODELS.split())
            self._look_elsewhere(title, endings, self._take_checkpoint)
        else:
            self._take_checkpoint(self.dialogs.file("checkpoint", title, filters(CHECKPOINTS)))

    def _take_checkpoint(self, path: str) -> None:
        ending = Path(path).suffix.lower()
        if ending == ".gguf":
            self.offers.look(path)
        elif ending == ".safetensors":
            self._take(path)
        elif path and self.trusts(path):
            self._take(path, trust_pickle=True)

    def _take(self, path: str, trust_pickle: bool = False) -> None:
        """Use a model; without a document it is asked what for."""
        if self.session.current is None:
            self.offers.look(path)
        else:
            self.use(path, trust_pickle)

    def trusts(self, path: str, why: str = "pickle") -> bool:
        """Ask before a pickle is read, or what a link leads to. why: as an error says it, see `Untrusted`."""
        title, text, more, button = _QUESTIONS[why]
        asked = QMessageBox(self.parent)
        asked.setIcon(QMessageBox.Icon.Warning)
        asked.setWindowTitle(title)
        asked.setText(text.format(Path(path).name, "is" if Path(path).suffix else "has its weights in"))
        asked.setInformativeText(more)
        read = asked.addButton(button, QMessageBox.ButtonRole.AcceptRole)
        asked.setDefaultButton(asked.addButton(QMessageBox.StandardButton.Cancel))
        asked.exec()
        return asked.clickedButton() is read
