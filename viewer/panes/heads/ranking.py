"""All heads ranked by a pattern or a figure: the previous token, induction, a template painted here."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from headlight.models.core.settings import TEMPLATE, PatternSettings
from headlight.viewer.panes.heads.base import MeasuresPane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import HeadSettings, Selection, View
from headlight.viewer.slices.heads import HeadTable, figure, measure, offered, ranked, titled
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.grids.template_grid import TemplateGrid
from headlight.widgets.tables.target_rows import TargetRows

REACH = 16
"""Tokens that a band reaches at most in the window."""


class RankingPane(MeasuresPane):
    rows_copied = "heads"

    def build(self) -> QWidget:
        self.choice = Choice([], "Rank heads by")
        self.choice.may_shrink()
        self.choice.changed.connect(self._chosen)
        controls = Controls(PatternSettings, partial(self.session.change, PatternSettings))
        self.band = controls.bind("band", LabelledSlider("Band reaches", 0, REACH, 1, "{:.0f}", 2))
        self.template = TemplateGrid(TEMPLATE)
        self.template.changed.connect(self._painted_cells)
        self.wipe = QPushButton("Clear the template")
        self.wipe.clicked.connect(lambda: self._painted_cells(()))
        self.note = Note()
        self.rows = TargetRows()
        self.rows.set_choosable()
        self.rows.chosen.connect(lambda index: self.select_head(*self._heads[index].tolist()))
        self.rows.hovered.connect(self._hovered)
        self._heads = np.empty((0, 2), int)
        self._names: tuple[str, ...] = ()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.5))
        for one in (self.choice, self.band, self.template, self.wipe, self.note):
            column.addWidget(one)
        column.addWidget(ScrollColumn(stacked(self.rows)), 1)
        return widget

    def display(self, document: Document, view: View) -> None:
        if document.trace is None:
            return
        measures = offered(document.trace.tokens)
        if self._names != (names := tuple(one.id for one in measures)):
            self._names = names
            self.choice.clear()
            self.choice.addItems([one.title for one in measures])
        name = self._measured_by(view)
        self.choice.setCurrentIndex(names.index(name))
        self.band.setVisible(name == "band")
        self.band.set_value(view[PatternSettings].band)
        for one in (self.template, self.wipe):
            one.setVisible(name == "template")
        self.template.set_value(view[PatternSettings].template)

    def _measured_by(self, view: View) -> str:
        """A picture has no previous token: the first that it has."""
        name = view[HeadSettings].measure
        return name if name in self._names else self._names[0]

    def show_table(self, table: HeadTable) -> None:
        name = self._measured_by(self.session.view)
        one = measure(name)
        self._heads = self.drawn(ranked(table, name))
        values = table.of(name, self._heads) if len(self._heads) else np.empty(0)
        top = 1.0 if one.share else max(values.max(initial=0), 1e-9)
        labels = [f"{layer}.{head}" for layer, head in self._heads.tolist()]
        self.rows.set_rows(labels, values / top, figures=[figure(one, value) for value in values])
        self.rows.setVisible(bool(labels))
        painted = self.session.view[PatternSettings].template or name != "template"
        nothing = "It is nowhere in this input." if painted else "Paint what to look for: queries down."
        self.note.setText(f"{titled(one, table.steps)}: {one.says}." if labels else nothing)

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is None or not self._names:
            return
        at = view[Selection].layer, view[Selection].head
        self.rows.set_chosen(self._row_of(at))
        self.rows.set_hovered(None if hover.layer is None else self._row_of((hover.layer, hover.head or 0)))
        name = self._measured_by(view)
        known = name in self.found.values and at[1] < self.found.values[name].shape[1]
        value = self.found.values[name][at] if known else np.nan
        self.subtitle_changed.emit(f"head {at[0]}.{at[1]} · {figure(measure(name), value)}")

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self._heads = np.empty((0, 2), int)
        self.rows.set_rows([], [])
        self.note.setText("")

    def table(self) -> str:
        """All measures of all heads, a line each, in the order of the rows; for a spreadsheet."""
        if self.found is None:
            return ""
        names = [name for name in self.found.values if name != "layer"]
        lines = ["\t".join(("head", *names))]
        for layer, head in self._heads.tolist():
            values = (self.found.values[name][layer, head] for name in names)
            lines.append("\t".join((f"{layer}.{head}", *(f"{value:.6g}" for value in values))))
        return "\n".join((*lines, ""))

    def _row_of(self, at: tuple[int, int]) -> int | None:
        found = np.flatnonzero((self._heads == at).all(1))
        return int(found[0]) if len(found) else None

    def _chosen(self, _title: str) -> None:
        self.session.change(HeadSettings, measure=self._names[self.choice.currentIndex()])

    def _painted_cells(self, cells: tuple[tuple[int, int], ...]) -> None:
        self.session.change(PatternSettings, template=cells, gesture="template")

    def _hovered(self, index: int | None) -> None:
        self.point_at_head(None if index is None else tuple(self._heads[index].tolist()))
