"""How the model goes on with the text, and what it has written by now."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from headlight.models.core.settings import WritingSettings
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.method_controls import SettingsForm, labels_of
from headlight.viewer.session import able, writing
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked

TAIL = 160
"""Characters of what is written that are shown while more is."""


class GoingOnPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.form = SettingsForm(WritingSettings, self.session, labels_of([WritingSettings]))
        self.button, self.anew = QPushButton("Continue"), QPushButton("Write anew")
        self.button.clicked.connect(self._go_on_or_cancel)
        self.anew.clicked.connect(lambda: writing.anew(self.runs, self.session.current))
        self.anew.setToolTip("Write behind the text alone, in place of what is written")
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(0.4))
        for button in (self.button, self.anew):
            row.addWidget(button, 1)
        self.note = Note()
        self.runs.wrote.connect(self._wrote)
        return ScrollColumn(stacked(self.form, buttons, self.note))

    def prepare(self, document: Document, view: View) -> None:
        self.form.display(view[WritingSettings], 1)
        self._show(document)

    def clear(self, document: Document | None) -> None:
        self.note.clear()

    def _show(self, document: Document) -> None:
        running = self._is_written(document)
        trace = document.trace
        self.button.setText("Cancel" if running else "Continue")
        theme.set_role(self.button, "" if running else "primary")
        ready = trace is not None and document.state != "running"
        self.button.setEnabled(running or ready)
        self.anew.setEnabled(ready and not able.nothing_written(document))
        if not running:
            self.note.clear()
        self.note.setVisible(bool(self.note.text()))

    def _is_written(self, document: Document) -> bool:
        return document.state == "running" and document.wanted.options.writing is not None

    def _wrote(self, document: Document, text: str) -> None:
        if document is self.session.current:
            self.note.setText(f"…{text[-TAIL:]}")
            self.note.show()

    def _go_on_or_cancel(self) -> None:
        document = self.session.current
        if self._is_written(document):
            self.runs.cancel()
        else:
            writing.go_on(self.runs, document)
