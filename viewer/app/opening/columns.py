"""The window's sheets of columns: when one is shown, and what becomes of what is told there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from headlight.viewer.app.opening.remembered import Remembered
from headlight.viewer.inputs.told.columns import AS_TEXT, Roles, Table
from headlight.viewer.inputs.told.units import SHORT_UNITS, UNITS
from headlight.viewer.session import able
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Document, Session

if TYPE_CHECKING:
    from headlight.viewer.app.opening.sheet import Answer, ColumnsDialog

SHEET = "Columns…"


class Sheets:
    """One sheet at a time, over the window; those of files that wait to be opened come after each other.

    notify: tells a cause, a next step and the document, and offers a button with what it does.
    """

    def __init__(
        self, session: Session, runs: Runs, settings: QSettings, notify: Callable[..., None], parent: QWidget
    ) -> None:
        self.session, self.runs, self.notify, self.parent = session, runs, notify, parent
        self.remembered = Remembered(settings)
        self.dialog: ColumnsDialog | None = None
        runs.asks, runs.known = self._ask, self.remembered.known
        runs.doubted.connect(self._doubted)
        runs.columns_asked.connect(self.open)
        session.documents_changed.connect(self._documents_changed)
        self._about: Document | None = None
        self._waiting: list[tuple[str, Table]] = []
        """Files that are asked about once the sheet that is shown is done with."""

    def open(self) -> None:
        """The sheet of the current document, where its file is a table."""
        document = self.session.current
        if document is None or able.no_columns(document):
            return
        if self.dialog is not None and self._about not in (None, document):
            self.dialog.reject()
        if self.dialog is not None:  # what is asked there is to be said first
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        table = document.input.table
        if document.wanted.columns is None:  # read as a text
            self._ask(document.path, table)
            return
        cloud = document.input
        dialog = self._show(
            table,
            unit=None if cloud.frame == cloud.guessed else _sign(cloud.frame.unit),
            classes=cloud.listed if cloud.numbers is not None else None,
        )
        self._about = document
        before = dialog.answer()
        dialog.told.connect(lambda answer: self._read(document, table, answer, before))
        dialog.text_asked.connect(lambda kept: self._as_text(document.path, table, kept))

    def remembers(self) -> bool:
        """Whether anything was told of any tables."""
        return bool(self.remembered.known())

    def forget(self) -> None:
        """Guess again, whatever was told."""
        self.remembered.forget_all()
        self.notify("info", "What columns of tables were said to be is forgotten.", "", None, None)

    def _ask(self, path: str, table: Table) -> None:
        """What is not yet open, or open as a text."""
        if self.dialog is not None:
            self._waiting.append((path, table))
            return
        dialog = self._show(table, open_=False)
        dialog.told.connect(lambda answer: self._opened(path, table, answer))
        dialog.text_asked.connect(lambda kept: self._as_text(path, table, kept))

    def _show(self, table: Table, **how: object) -> ColumnsDialog:
        from headlight.viewer.app.opening.sheet import ColumnsDialog

        self.dialog = dialog = ColumnsDialog(table, self.parent, **how)
        dialog.finished.connect(partial(self._closed, dialog))
        dialog.show()
        return dialog

    # -- what is told ------------------------------------------------------------------------------------

    def _read(self, document: Document, table: Table, answer: Answer, before: Answer) -> None:
        self._keep(table, answer.columns, answer.remember)
        if document not in self.session.documents:
            return
        same = replace(answer, remember=before.remember) == before
        if same:
            return
        moved = answer.columns != before.columns
        # Of other columns what was chosen before means nothing any more.
        unit = None if moved and answer.unit == before.unit else answer.unit
        classes = None if moved and answer.classes == before.classes else answer.classes
        cloud, frame = document.input, None
        if unit is not None or not moved:
            metres = cloud.guessed.metres_per_unit if unit is None else UNITS[SHORT_UNITS[unit]]
            frame = replace(cloud.frame, metres_per_unit=metres)
        self.runs.recolumn(document, answer.columns, frame, classes)

    def _opened(self, path: str, table: Table, answer: Answer) -> None:
        self._keep(table, answer.columns, answer.remember)
        self.runs.open_path(path, columns=answer.columns, unit=answer.unit, classes=answer.classes)

    def _as_text(self, path: str, table: Table, kept: bool) -> None:
        self._keep(table, AS_TEXT, kept)
        self.runs.open_path(path, columns=AS_TEXT)

    def _keep(self, table: Table, columns: Roles, remember: bool) -> None:
        if remember:
            self.remembered.remember(table.shape, columns)
        else:
            self.remembered.forget(table.shape)

    def _doubted(self, document: Document, doubt: str) -> None:
        step = f"See its first rows with “{SHEET}” and say what they are, if they are others."
        if able.no_columns(document):
            self.notify(
                "warning", doubt, "Name them with --columns, if they are others.", None, document, None
            )
            return
        self.notify("warning", doubt, step, None, document, (SHEET, partial(self._open_for, document)))

    def _open_for(self, document: Document) -> None:
        if document in self.session.documents:
            self.session.show(document)
            self.open()

    # -- the dialog --------------------------------------------------------------------------------------

    def _documents_changed(self) -> None:
        """A sheet goes with its document."""
        gone = self._about is not None and self._about not in self.session.documents
        if gone and self.dialog is not None:
            self.dialog.reject()

    def close(self) -> None:
        """Ask about nothing any more."""
        self._waiting.clear()
        if self.dialog is not None:
            self.dialog.reject()

    def _closed(self, dialog: ColumnsDialog, _result: int) -> None:
        if self.dialog is dialog:
            self.dialog = self._about = None
        while self.dialog is None and self._waiting:
            path, table = self._waiting.pop(0)
            if table.shape in self.remembered.known():  # of its like it was just said
                self.runs.open_path(path)
            else:
                self._ask(path, table)


def _sign(unit: str) -> str | None:
    return next((sign for sign, name in SHORT_UNITS.items() if name == unit), None)
