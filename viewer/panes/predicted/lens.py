"""What each layer would say at every place, had it the last word; and one place layer by layer."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.models.core.tokens import Place
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.predicted.base import PlacePane, behind
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import LensSettings, MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.predicted.lens import (
    STRETCH,
    Saying,
    first_words,
    lens_map,
    saying,
    saying_at,
    stretch_of,
)
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.grids.word_grid import WordGrid
from headlight.widgets.tables.target_rows import TargetRows

if TYPE_CHECKING:
    from headlight.models.explain.lens import Lens

COLOURS = (("first", "Its probability"), ("end", "Of the last word"), ("rank", "Rank of the last word"))


class LensPane(PlacePane):
    rows_copied = "layers"

    def build(self) -> QWidget:
        self.grid = WordGrid("What each layer would say")
        self.grid.hovered.connect(self._hovered)
        self.grid.clicked.connect(self._clicked)
        self.grid.set_tip(self._tip)
        self.bar = ColourBar()
        controls = Controls(LensSettings, partial(self.session.change, LensSettings))
        self.colour = controls.bind("colour", Segmented(COLOURS, "Colour"))
        self.found: Lens | None = None
        self._of: Trace | None = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.colour)
        column.addWidget(with_bar(self.grid, self.bar), 1)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        self.colour.set_value(view[LensSettings].colour)
        if self._is_whole():
            self._colour()

    def _is_whole(self) -> bool:
        """Whether what is painted is of what is looked at."""
        return self.found is not None and self._of is self._trace

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return stretch_of(self.place(view))

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(lens_map, trace, stretch_of(self.place(view)))

    def paint(self, result: Lens) -> None:
        self.found, self._of = result, self._trace
        self._colour()
        count = len(self.answer().places)
        if count > STRETCH:
            last = result.tokens[-1]
            self.subtitle_changed.emit(f"tokens {result.tokens[0]:,} to {last:,} of {count:,}")
        else:
            self.subtitle_changed.emit("its own norm and head over the state behind each")

    def _colour(self) -> None:
        found, view = self.found, self.session.view
        by = view[LensSettings].colour
        shades = {"first": found.probabilities[..., 0], "end": found.of_wanted, "rank": found.ranks}[by]
        scale = scale_of(shades.astype(float), 100, log=by == "rank")
        self.heat = scale
        words = [list(map(names.visible, row)) for row in first_words(found)]
        rows = [behind(state) for state in range(len(words))]
        columns = [names.short_labels(self._trace.tokens)[token] for token in found.tokens]
        self.grid.set_words(rows, columns, words, levels(shades, scale), found.ids[..., 0] == found.wanted)
        table = lut(view[MapSettings].colours)
        self.grid.set_lut(table)
        self.bar.set_scale(scale, table, dict(COLOURS)[by].lower())

    def mark(self, view: View, hover: Hover) -> None:
        if not self._is_whole():
            return
        first = stretch_of(self.place(view)) * STRETCH
        self.grid.set_selected(view[Selection].layer + 1, self.place(view) - first)
        if hover == NOWHERE:
            self.grid.set_hovered(None)
        elif hover.query is not None or hover.key is not None:
            column = self.place(view, hover) - first
            self.grid.set_hovered(column if 0 <= column < len(self.found.tokens) else None)

    def clear(self, document: Document | None) -> None:
        self.found = self.heat = self._of = None
        self.grid.set_message("")
        self.bar.set_scale(None, lut())
        self.subtitle_changed.emit("")

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.grid.set_message(sentence)

    def table(self) -> str:
        """One line a state: what it says first at each place, for a spreadsheet."""
        if not self._is_whole():
            return ""
        labels = [self._trace.tokens.labels[token] for token in self.found.tokens]
        lines = ["\t".join(("behind", *labels))]
        for state, words in enumerate(first_words(self.found)):
            lines.append("\t".join((behind(state), *words)))
        return "\n".join((*lines, ""))

    def _tip(self, row: int, column: int) -> str:
        if not self._is_whole():
            return ""
        shown = saying(self.found, column)
        lines = [f"{behind(row)}, {self.where(column + self._first())}"]
        lines += [f"{names.visible(name)}\t{read_out(share)}" for name, share in shown.tokens[row]]
        last = f"{names.visible(shown.wanted)}, the last word"
        return "\n".join((*lines, f"{last}\trank {shown.ranks[row]:,}"))

    def _first(self) -> int:
        return stretch_of(self.place(self.session.view)) * STRETCH

    def _place_at(self, column: int) -> Place:
        return self.answer().places[column + self._first()]

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        if self._is_whole():
            place = None if cell is None else self._place_at(cell[1])
            self.session.set_hover(NOWHERE if place is None else Hover(query=place))

    def _clicked(self, row: int, column: int) -> None:
        if self._is_whole():
            last = len(self._trace.layers) - 1
            layer = min(max(row - 1, 0), last)
            head = min(self.session.view[Selection].head, self._trace.layers[layer].heads - 1)
            self.session.select(layer=layer, head=head, queries=(self._place_at(column),))


class SayingPane(PlacePane):
    """Layer by layer at one place: what would be said first, and where what is said in the end stands."""

    tallest = 0.4

    def build(self) -> QWidget:
        self.rows = TargetRows()
        self.note = Note()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(ScrollColumn(stacked(self.rows)), 1)
        return widget

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.place(view, hover)

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(saying_at, trace, self.place(view, hover))

    def paint(self, result: Saying) -> None:
        labels = [f"{behind(state)}: {names.visible(name)}" for state, name in enumerate(result.first)]
        figures = [f"{share:.3f} · {rank:,}" for share, rank in zip(result.shares, result.ranks, strict=True)]
        self.rows.set_rows(labels, result.shares, figures=figures)
        self.rows.setVisible(True)
        said = names.visible(result.wanted)
        self.note.setText(f"Bars: the probability of “{said}”, which is said in the end; behind it its rank.")

    def mark(self, view: View, hover: Hover) -> None:
        self.subtitle_changed.emit(self.where(self.place(view, hover)))

    def clear(self, document: Document | None) -> None:
        self.rows.set_rows([], np.empty(0))
        self.note.setText("")
        self.subtitle_changed.emit("")

    def say_instead(self, sentence: str) -> None:
        self.rows.set_rows([], np.empty(0))
        self.note.setText(sentence)
