"""Points of a cloud alone, and in their scene: their classes before and after all others are left out."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from headlight.models.core.interventions import Hide
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.explain.context import Alone, alone
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.readout import Figures
from headlight.widgets.tables.sortable_table import SortableTable

SECTIONS = (
    Figures("alone", "Alone", ("Points read", "Changed", "Right in the scene", "Right alone")),
    Figures("pointed", "Under the cursor", ("Class", "Truth", "Confidence", "Point", "x", "y", "z")),
)
DRAW = "Draw a lasso around some points (Shift and drag): they are read again without all others."
FEWEST = 16
"""Points that can be read alone."""
HEADINGS = ("Class", "In the scene", "Alone")


class AlonePane(Pane):
    """The shares of classes among the selected points; the most frequent first."""

    found: Alone | None = None
    rows_copied = "classes"

    def build(self) -> QWidget:
        self.rows = SortableTable(HEADINGS, "Classes in the scene and alone")
        self.note = Note(DRAW)
        self.keep = QPushButton("Leave all others out")
        self.keep.clicked.connect(self._keep)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(self.rows, 1)
        column.addWidget(self.keep)
        column.addStretch()
        return widget

    def lane_for(self, view: View) -> Lane:
        return "run"

    def _tokens(self, view: View) -> np.ndarray:
        """int (m,): the selected points of the sample."""
        return self._trace.tokens.find_all(view[Selection].queries)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[Selection].queries

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        tokens = self._tokens(view)
        if len(tokens) < FEWEST:
            self.clear(self.session.current)
            return None
        return partial(alone, trace, tokens)

    def paint(self, result: Alone) -> None:
        self.found = result
        rows = result.rows()
        self.rows.set_rows(
            [(row.name, percent(row.before), percent(row.after)) for row in rows],
            [(row.name, row.before, row.after) for row in rows],
        )
        share = result.changed / max(len(result.kept), 1)
        self.note.setText(f"{percent(share)} of these points have another class without what is around them.")
        for one in (self.rows, self.keep):
            one.show()
        self.subtitle_changed.emit(f"{len(result.kept):,} points")
        figures = {"Points read": f"{len(result.kept):,}", "Changed": f"{result.changed:,}, {percent(share)}"}
        if (right := result.accuracies()) is not None:
            figures |= dict(zip(("Right in the scene", "Right alone"), map(percent, right), strict=True))
        self.said.emit("alone", figures, None)

    def clear(self, document: Document | None) -> None:
        self.found = None
        self.rows.set_rows(())
        for one in (self.rows, self.keep):
            one.hide()
        self.note.setText(DRAW)
        self.subtitle_changed.emit("")
        self.said.emit("alone", {}, None)

    def complain(self, failure: Failure) -> None:
        self.clear(self.session.current)
        self.note.setText(f"{failure.cause} {failure.next_step}")

    def table(self) -> str:
        """As it stands, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in (HEADINGS, *self.rows.texts())) + "\n"

    def _keep(self) -> None:
        """Make it part of the document, which all pages show then."""
        document = self.session.current
        if document is not None and self.found is not None:
            hidden = Hide((self.found.outside,))
            self.runs.intervene(document, (*document.wanted.interventions, hidden))
