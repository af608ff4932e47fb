"""The list of what is changed of the input and the model: each can rest, act again, or go."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.interventions import Off
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session import changing
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note, plain_tip

CELLS = (
    "Nothing is changed yet. Right click a head to switch it off, scale it, make it uniform or freeze it to "
    "another open input; with Ctrl several are chosen. Select words or patches and press M to hide them."
)
POINTS = "Nothing is changed yet. Select points, with the lasso many, and press M to take them out."


class InterventionsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self._filling = False
        self.note = Note(CELLS)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setAccessibleName("What is changed")
        self.list.itemChanged.connect(self._switched)
        self.list.currentRowChanged.connect(lambda row: self.remove.setEnabled(row >= 0))
        self.remove = QPushButton("Remove")
        self.remove.clicked.connect(self._removed)
        self.clear_all = QPushButton("Clear all")
        self.clear_all.clicked.connect(lambda: changing.clear(self.runs, self.session.current))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.em(0.4))
        buttons.addWidget(self.remove, 1)
        buttons.addWidget(self.clear_all, 1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        column.addStretch()
        return widget

    def prepare(self, document: Document, view: View) -> None:
        every, others = document.wanted.interventions, self.session.documents
        self.note.setText(POINTS if "positions" in document.kind.gives else CELLS)
        self.note.setVisible(not every)
        for one in (self.list, self.remove, self.clear_all):
            one.setVisible(bool(every))
        rows = [(changing.said(one, document, others), not isinstance(one, Off)) for one in every]
        self._fill(rows)
        acting = sum(acts for _, acts in rows)
        self.subtitle_changed.emit(f"{acting} of {len(rows)} act" if acting < len(rows) else "")

    def _fill(self, rows: list[tuple[str, bool]]) -> None:
        """Items stay where they are: one of them may be telling just now that it was ticked."""
        self._filling = True
        while self.list.count() > len(rows):
            self.list.takeItem(self.list.count() - 1)
        for row, (text, acts) in enumerate(rows):
            if row == self.list.count():
                self.list.addItem(QListWidgetItem())
            item = self.list.item(row)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setText(text)
            item.setCheckState(Qt.CheckState.Checked if acts else Qt.CheckState.Unchecked)
            item.setToolTip(plain_tip(text))
        self.remove.setEnabled(self.list.currentRow() >= 0)
        self._filling = False

    def clear(self, document: Document | None) -> None:
        if document is None:
            self._fill([])
            self.subtitle_changed.emit("")

    def _switched(self, item: QListWidgetItem) -> None:
        if not self._filling and self.session.current is not None:
            changing.switch(self.runs, self.session.current, self.list.row(item))

    def _removed(self) -> None:
        row = self.list.currentRow()
        if row >= 0 and self.session.current is not None:
            changing.remove(self.runs, self.session.current, row)
