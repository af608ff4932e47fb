"""Dialogs for files: filtered by kind, each beginning where the last one of its purpose ended."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from headlight.viewer.inputs.readers import endings_by_kind

MODELS = "safetensors pth pt gguf"
SHORT = QFileDialog.Option.HideNameFilterDetails
"""Kinds are named; their many endings would not fit."""


def filters(*kinds: tuple[str, str]) -> str:
    """(name, endings parted by spaces) → what QFileDialog takes: all of them first where there are several,
    every file at last. Endings count in small and in capital letters.
    """
    if len(kinds) > 1:
        kinds = (("All that Headlight opens", " ".join(endings for _, endings in kinds)), *kinds)
    lines = [f"{name} ({' '.join(_patterns(endings))})" for name, endings in kinds]
    return ";;".join([*lines, "All files (*)"])


def _patterns(endings: str) -> list[str]:
    return [f"*.{one}" for ending in endings.split() for one in (ending, ending.upper())]


def inputs() -> str:
    """Filters of all that can be opened, by kind."""
    kinds = ((kind.plural.capitalize(), " ".join(ends)) for kind, ends in endings_by_kind().items())
    return filters(*kinds, CHECKPOINTS)


def inputs_that_give(capability: str) -> str:
    """Filters of those kinds alone whose documents give this before any model reads them: "pixels"."""
    found = ((kind, ends) for kind, ends in endings_by_kind().items() if capability in kind.gives)
    return filters(*((kind.plural.capitalize(), " ".join(ends)) for kind, ends in found))


CHECKPOINTS = ("Models", MODELS)


class FileDialogs:
    """purpose: under which the folder is remembered."""

    def __init__(self, settings: QSettings, parent: QWidget) -> None:
        self.settings, self.parent = settings, parent

    def files(self, purpose: str, title: str, filters: str) -> list[str]:
        """Files to open; none if the user changes their mind."""
        paths, _ = QFileDialog.getOpenFileNames(self.parent, title, self.folder(purpose), filters, "", SHORT)
        self.keep(purpose, *paths)
        return paths

    def file(self, purpose: str, title: str, filters: str) -> str:
        path, _ = QFileDialog.getOpenFileName(self.parent, title, self.folder(purpose), filters, "", SHORT)
        self.keep(purpose, path)
        return path

    def directory(self, purpose: str, title: str) -> str:
        """A folder; the dialog shows the one that it lies in."""
        path = QFileDialog.getExistingDirectory(self.parent, title, self.folder(purpose))
        self.keep(purpose, path)
        return path

    def to_save(
        self, purpose: str, title: str, name: str, filters: str, parent: QWidget | None = None
    ) -> str:
        """A file to write, which the user was asked about if it is there already; `name` as a suggestion."""
        whole = name if Path(name).is_absolute() else str(Path(self.folder(purpose)) / name)
        path, _ = QFileDialog.getSaveFileName(parent or self.parent, title, whole, filters, "", SHORT)
        self.keep(purpose, path)
        return path

    def folder(self, purpose: str) -> str:
        """Where a dialog of this purpose begins."""
        kept = str(self.settings.value(f"folder/{purpose}", ""))
        if kept and Path(kept).is_dir():
            return kept
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return documents if documents and Path(documents).is_dir() else str(Path.home())

    def keep(self, purpose: str, *paths: str) -> None:
        """Begin the next dialog of this purpose where the first of these lies."""
        for path in filter(None, paths[:1]):
            self.settings.setValue(f"folder/{purpose}", str(Path(path).absolute().parent))
