"""Tables of published figures, beside the model that is open: its rows are set off, its tables come first."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.viewer.slices.published import Table, ordered, tables, told
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.readout import Figures
from headlight.widgets.tables.sortable_table import SortableTable

SECTIONS = (Figures("row", "Row under the cursor", ("Network", "Measured on", "Figures", "Given by")),)
"""Of the numbers pane."""


class PublishedPane(Pane):
    waits = False
    rows_copied = "figures"

    def build(self) -> QWidget:
        self.shown: dict[str, SortableTable] = {}
        """By the ids of the tables, in the order in which they stand."""
        self._parts: dict[str, QWidget] = {}
        self._laid: tuple[str | None, tuple[str, ...]] = (None, ())
        """The model, and what the kind of document gives, by which the tables stand."""
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.em(1.4))
        for table in tables():
            self._parts[table.id] = part = self._part(table)
            part.setParent(inner)  # those of other kinds of document are in no layout
        whole = QWidget()  # a column of controls would be narrow
        frame = QVBoxLayout(whole)
        frame.setContentsMargins(0, 0, 0, 0)
        frame.addWidget(ScrollColumn(inner))
        return whole

    def prepare(self, document: Document, view: View) -> None:
        model = document.trace.model.id if document.trace is not None else None
        if (model, document.kind.gives) != self._laid:
            self._lay(model, document.kind.gives)
        lit = sum(len(table.lit(model)) for table in ordered(*self._laid))
        title = document.trace.model.title if document.trace is not None else ""
        self.subtitle_changed.emit(
            f"{lit:,} row{'s' * (lit != 1)} of {title}" if lit else "in per cent, as they were given"
        )

    def table(self) -> str:
        """All of them in the order in which they stand, for a spreadsheet."""
        lines = []
        for one in ordered(*self._laid):
            lines += [(one.title,), one.headings, *self.shown[one.id].texts()]
        return "\n".join("\t".join(line) for line in lines)

    def _lay(self, model: str | None, gives: tuple[str, ...]) -> None:
        """The tables in the order of a model, its rows set off; those of other kinds are out of sight."""
        self._laid = (model, gives)
        while self._column.takeAt(0) is not None:
            pass
        for part in self._parts.values():
            part.hide()
        for table in ordered(model, gives):
            self._column.addWidget(self._parts[table.id])
            self._parts[table.id].show()
            rows = self.shown[table.id]
            rows.set_rows(table.texts(), table.sorted_by(), lit=table.lit(model))
            rows.setFixedHeight(
                rows.horizontalHeader().sizeHint().height()
                + rows.verticalHeader().defaultSectionSize() * len(table.rows)
                + 2 * rows.frameWidth()
            )
        self._column.addStretch(1)

    def _part(self, table: Table) -> QWidget:
        """A heading, what was measured on, and the table."""
        rows = self.shown[table.id] = SortableTable(table.headings, table.title, roomy=True)
        rows.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.horizontalHeader().setStretchLastSection(True)
        rows.row_hovered.connect(partial(self._point, table))
        name, said = QLabel(table.title), ElidedLabel(table.says)
        name.setProperty("role", "title")
        said.setProperty("role", "dim")
        head = QHBoxLayout()
        head.setSpacing(theme.em(0.7))
        head.addWidget(name)
        head.addWidget(said, 1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.4))
        column.addLayout(head)
        column.addWidget(rows)
        return widget

    def _point(self, table: Table, number: int | None) -> None:
        self.said.emit("row", {} if number is None else told(table, number), None)
        for one, rows in self.shown.items():
            rows.set_marked((), number if one == table.id else None)
