"""Norms of all tokens: histograms of all layers side by side, and that of one, with where outliers begin."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.viewer.panes.explain.artifacts.base import InspectedPane, behind, times
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, View
from headlight.widgets.base.labels import Note, short_number
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.plane.matrix_view import MatrixView
from headlight.widgets.plots.bar_chart import BarChart

LEAST = 0.5
"""Where the axis of counts begins: one token has a bar."""
MOST = 20.0
"""Medians above which an outlier lies at most, by the slider."""


class NormsPane(InspectedPane):
    """A column a layer, higher norms above; counts are logarithmic. A click shows that layer."""

    rows_copied = "bins"

    def build(self) -> QWidget:
        self.view = MatrixView()
        self.view.set_corner("layer →\nnorm ↓")
        self.view.setAccessibleName("Histogram of norms, layer by layer")
        self.view.clicked.connect(lambda _, state, add: self._show_state(state))
        self.view.set_tip(self._tip)
        self.bar = ColourBar()
        self.chart = BarChart()
        self.chart.setAccessibleName("Histogram of norms behind one layer")
        self.chart.set_log(True, LEAST)
        self.chart.set_tip(self._bar_tip)
        self.note = Note()
        self.note.hide()
        controls = Controls(ArtifactSettings, partial(self.session.change, ArtifactSettings))
        self.factor = controls.bind(
            "factor", LabelledSlider("Outlier above", 1, MOST, 0.1, "{:.1f} medians", 3)
        )
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(with_bar(self.view, self.bar), 3)
        column.addWidget(self.chart, 2)
        column.addWidget(self.factor)
        return widget

    def display(self) -> None:
        found, state = self.found, self.state()
        counts = found.counts.T[::-1]  # higher norms above
        scale = scale_of(counts.astype(float), 100, log=True)
        self.heat = scale
        middles = [f"{(low + high) / 2:.3g}" for low, high in pairwise(found.edges)][::-1]
        columns = ["emb", *(str(number) for number in range(len(found.norms) - 1))]
        self.view.set_tokens(middles, columns)
        self.view.set_matrix(levels(counts, scale), counts)
        self.view.set_selected(np.empty(0, int), np.array([state]))
        colours = lut(self.session.view[MapSettings].colours)
        self.view.set_lut(colours)
        self.bar.set_scale(scale, colours, "tokens")
        self._show_chart(state)
        self.note.hide()
        self._say(state)

    def _show_chart(self, state: int) -> None:
        """The bins of a state; each is called by where it begins."""
        counts, edges = self.found.each[state]
        threshold = self.session.view[ArtifactSettings].factor * self.found.medians[state]
        first = int(np.searchsorted(edges, threshold, side="right")) - 1
        labels = [short_number(float(edge)) for edge in edges[:-1]]
        self.chart.set_bars(counts, labels, first if 0 < first < len(labels) else None)
        self.subtitle_changed.emit(f"below: behind {behind(state)}" if state else "below: the embedding")

    def _say(self, state: int) -> None:
        found, factor = self.found, self.session.view[ArtifactSettings].factor
        judged = found.norms[state, ~found.apart]
        highest = float(judged.max(initial=0))
        figures = {
            "Behind": behind(state),
            "Median": f"{found.medians[state]:.4g}",
            "Highest": f"{highest:.4g}, {times(float(found.ratios[state, ~found.apart].max(initial=0)))}",
            "Outliers": f"{int(found.outliers[state].sum()):,} of {len(judged):,}",
            "Marked": f"{int(found.marked.sum()):,} in any layer, or by attention",
            "Rule": f"norm above {factor:.1f} medians",
        }
        self.said.emit("norms", figures, None)

    def mark(self, view: View, hover: Hover) -> None:
        index = None if self.found is None else self.pointed(hover)
        if index is None:
            self.view.set_hovered(None)
            self.chart.set_hovered(None)
            return
        state = self.state()
        norm = self.found.norms[state, index]
        self.view.set_hovered((len(self.found.edges) - 2 - _bin(self.found.edges, norm), state))
        self.chart.set_hovered(_bin(self.found.each[state][1], norm))

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.heat = None
        self.view.set_matrix(None)
        self.bar.set_scale(None, lut())
        self.chart.set_bars(np.zeros(0))
        self.note.hide()
        self.said.emit("norms", {}, None)

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.note.setText(sentence)
        self.note.show()

    def prepare(self, document: Document, view: View) -> None:
        self.factor.set_value(view[ArtifactSettings].factor)
        super().prepare(document, view)

    def table(self) -> str:
        """A line a bin, a column a layer; for a spreadsheet."""
        if self.found is None:
            return ""
        titles = "\t".join(("norm from", *(behind(state) for state in range(len(self.found.norms)))))
        rows = zip(self.found.edges[:-1], self.found.counts.T.tolist(), strict=True)
        lines = ("\t".join((f"{edge:.6g}", *map(str, counts))) for edge, counts in rows)
        return "\n".join((titles, *lines, ""))

    def _show_state(self, state: int) -> None:
        self.session.change(ArtifactSettings, behind=state)

    def _tip(self, row: int, state: int) -> str:
        if self.found is None:
            return ""
        index = len(self.found.edges) - 2 - row
        return _of_bin(self.found.counts[state], self.found.edges, index, state)

    def _bar_tip(self, index: int) -> str:
        return "" if self.found is None else _of_bin(*self.found.each[self.state()], index, self.state())


def _bin(edges: np.ndarray, norm: float) -> int:
    """The bin that a norm lies in."""
    return int(np.clip(np.searchsorted(edges, norm, side="right") - 1, 0, len(edges) - 2))


def _of_bin(counts: np.ndarray, edges: np.ndarray, index: int, state: int) -> str:
    """What a tip says."""
    low, high = edges[index : index + 2]
    return f"{behind(state)}, {low:.3g} to {high:.3g}\t{int(counts[index]):,} tokens"
