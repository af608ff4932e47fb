"""One weight taken apart: from q and k, by the row's softmax, to its part of the layer's output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.viewer.host.failure import Failure
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.weight.base import WeightPane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.names import token
from headlight.viewer.slices.weight import Arithmetic, Line, Steps
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.base.token_axis import shown
from headlight.widgets.plots.formula import Formula
from headlight.widgets.plots.strips import Part, Strip, StripGroup, Strips, number

USUAL = 38.0
"""Of its height in em: four groups of lines below the formula."""


class ArithmeticPane(WeightPane):
    rows_copied = "numbers"
    blank, tallest = True, 0.72

    def build(self) -> QWidget:
        self.formula = Formula("Attention of one query")
        self.formula.hovered.connect(self._light)
        self.note = Note()
        self.strips = Strips("Steps of the arithmetic")
        self.strips.hovered.connect(self._hovered)
        self.strips.clicked.connect(self._clicked)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for one in (self.formula, self.note):
            column.addWidget(one)
        column.addWidget(ScrollColumn(stacked(self.strips)), 1)
        return widget

    def height_for(self, width: int) -> int:
        """Of the usual lines, whatever a layer has: panes do not move as layers are walked."""
        return theme.em(USUAL)

    def paint(self, result: Arithmetic) -> None:
        if reason := self.blocked(result.of[0]):
            self._say_instead(reason)
            return
        self.found = result
        self.formula.set_parts(result.formula)
        self.strips.set_groups([_group(steps) for steps in result.steps])
        self.note.setText(" ".join(result.said))
        self.note.setVisible(bool(result.said))
        by_hand = " · by hand" if result.follows is not None else ""
        self.subtitle_changed.emit(
            f"{result.name} · {words.head(self.session.current.trace, *result.of[:2])}{by_hand}"
        )
        self.said.emit("weight", {name: number(value) for name, value in result.figures.items()}, None)

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is None:
            return
        layer = self.session.current.trace.layers[self.found.of[0]]
        pointed = layer.keys.find(hover.key) if hover.key is not None else ()
        places = np.flatnonzero(self.found.keys == pointed[0]) if len(pointed) else ()
        self.strips.set_place(self._group_of_keys(), int(places[0]) if len(places) else None)

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self._say_instead("")

    def complain(self, failure: Failure) -> None:
        self._say_instead(f"{failure.cause} {failure.next_step}")

    def _say_instead(self, sentence: str) -> None:
        self.found = None
        self.formula.set_parts(())
        self.strips.set_groups([])
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))
        self.said.emit("weight", {}, None)

    def table(self) -> str:
        """A line a number: which step it is of, where, and what it is; for a spreadsheet."""
        if self.found is None:
            return ""
        return "".join(
            f"{line.title}\t{place}\t{value:.6g}\n"
            for steps in self.found.steps
            for line in steps.lines
            for place, value in zip(steps.places, line.values.tolist(), strict=True)
        )

    def _group_of_keys(self) -> int:
        return next(index for index, steps in enumerate(self.found.steps) if steps.axis == "key")

    def _light(self, symbol: str | None) -> None:
        self.strips.set_lit(frozenset() if symbol is None else frozenset({symbol}))

    def _hovered(self, part: Part | None) -> None:
        """Its symbols are lit; a key is pointed at in all panes."""
        self.formula.set_lit(frozenset() if part is None else frozenset(self.strips.strip(part).lit))
        found = self.found
        at = None if part is None or found is None or part[0] != self._group_of_keys() else part[2]
        if at is None or found.keys[at] < 0:
            self.session.set_hover(NOWHERE)
            return
        keys = self.session.current.trace.layers[found.of[0]].keys
        self.session.set_hover(Hover(query=found.of[2], key=keys.place(int(found.keys[at]))))
        rank = 1 + int((found.row > found.row[at]).sum())
        said = {
            "Query": found.query,
            "Key": token(keys, int(found.keys[at])),
            "Weight": read_out(found.row[at]),
        }
        at = words.head(self.session.current.trace, *found.of[:2])
        said |= {"Rank": f"{rank:,} of {len(found.row):,}", "In": at}
        self.said.emit("pointed", said, None)

    def _clicked(self, group: int, place: int) -> None:
        """A key is the one that is taken apart, a head the one that is shown."""
        axis, document = self.found.steps[group].axis, self.session.current
        layer = document.trace.layers[self.found.of[0]]
        if axis == "key" and self.found.keys[place] >= 0:
            key = layer.keys.place(int(self.found.keys[place]))
            self.session.select(queries=(self.found.of[2],), keys=(key,))
        elif axis == "head" and place < layer.heads:
            one = replace(self.session.view[MapSettings], heads="one")
            layer_number = self.session.view[Selection].layer
            self.session.select(layer=layer_number, head=place, also=(one,))


def _group(steps: Steps) -> StripGroup:
    places = [shown(place) for place in steps.places]
    return StripGroup(steps.title, places, [_strip(line, steps) for line in steps.lines], steps.chosen)


def _strip(line: Line, steps: Steps) -> Strip:
    """What follows from numbers set by hand has the scale of what it takes the place of."""
    alike = [one for one in steps.lines if one is line or _takes_the_place(one, line)]
    values = np.concatenate([one.values for one in alike])
    values = values[np.isfinite(values)]
    ends = min(float(values.min(initial=0)), 0.0), max(float(values.max(initial=0)), 0.0)
    figure = f"{line.sign} {number(line.total)}".strip()
    return Strip(line.title, line.values, figure, ends, line.symbols, line.by_hand)


def _takes_the_place(one: Line, other: Line) -> bool:
    return one.by_hand != other.by_hand and one.symbols == other.symbols
