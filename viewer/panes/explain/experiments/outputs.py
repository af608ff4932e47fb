"""What the model says before and after, what changes most first."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import DIVERGING, levels, lut, scale_about_zero
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.explain.experiments.base import score, signed
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import RolloutQuery, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.experiments import Outcome, Row, is_changed, outcome
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.tables.target_rows import TargetRows

MOST = 40
"""Rows that are shown."""


class OutputsPane(Pane):
    blank = True
    rows_copied = "outputs"

    def build(self) -> QWidget:
        self.note, self.rows = Note(), TargetRows()
        self._found: Outcome | None = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(ScrollColumn(stacked(self.rows)), 1)
        return widget

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[Selection].queries if view[RolloutQuery].selected else ()

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        document = self.session.current
        return partial(outcome, trace, document.input, document.options, view)

    def paint(self, result: Outcome) -> None:
        self._found, trace = result, self.session.current.trace
        shown = result.rows[:MOST]
        changes = np.array([row.change for row in shown])
        changed = bool(np.abs(changes).max(initial=0))
        colours = lut(DIVERGING)[levels(changes, scale_about_zero(changes, 100)), :3] if changed else None
        sizes = np.abs(changes) / max(np.abs(changes).max(initial=0), 1e-9)
        figures = [_figure(row) for row in shown]
        self.rows.set_rows([names.visible(row.name) for row in shown], sizes, colours, figures)
        said = "" if is_changed(trace) else "Nothing is changed: before and after are the same."
        if not shown:
            said = f"{trace.model.title} says nothing that could be listed: look at its maps."
        self.note.setText(said)
        self.note.setVisible(bool(said))
        more = f"{len(result.rows) - MOST:,} more" if len(result.rows) > MOST else ""
        self.subtitle_changed.emit(" · ".join(filter(None, ("and the change", more))))
        self._say(shown, result)

    def _say(self, shown: tuple[Row, ...], result: Outcome) -> None:
        figures = {} if result.moved != result.moved else {"Tokens moved": f"{result.moved:.4f}"}
        if shown:
            row = shown[0]
            figures |= {"Was": score(row.before), "Is now": score(row.after)}
            figures["Changes most"] = names.visible(row.name)
        self.said.emit("outcome", figures, None)

    def clear(self, document: Document | None) -> None:
        self._found = None
        self.rows.set_rows([], [])
        self.note.hide()
        self.said.emit("outcome", {}, None)
        self.subtitle_changed.emit("")

    def table(self) -> str:
        """Every row: the name, before, after, the change; for a spreadsheet."""
        if self._found is None:
            return ""
        lines = (
            f"{row.name}\t{row.before:.6g}\t{row.after:.6g}\t{row.change:.6g}" for row in self._found.rows
        )
        return "\n".join(("name\tbefore\tafter\tchange", *lines, ""))


def _figure(row: Row) -> str:
    return f"{score(row.before)} → {score(row.after)}  {signed(row.change)}"
