"""Vectors of the chosen head on the plane of their first two principal components."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.relevance import percent
from headlight.models.core.settings import PatternSettings
from headlight.models.core.tokens import Box, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.heads.base import open_at, open_patch
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import HeadSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.many.texts import around
from headlight.viewer.slices.many.vectors import Projected, projected
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.plots.value_scatter import ValueScatter

KINDS = (("query", "Queries"), ("key", "Keys"), ("value", "Values"), ("written", "Written"))
NOTHING, NTH = "No vectors yet", ("1st", "2nd")
MANY, OWN = 0, 1
"""Of whom a dot is: the many inputs, the open document."""
SHADES = np.array([[116, 128, 146], [236, 150, 60]], np.uint8)
REACH = 24
"""Characters beside a token in a tip."""


class ProjectionPane(Pane):
    def build(self) -> QWidget:
        controls = Controls(HeadSettings, partial(self.session.change, HeadSettings))
        self.kind = controls.bind("vectors", Segmented(KINDS, "Vectors"))
        self.plot = ValueScatter("Vectors of the chosen head", NOTHING)
        self.plot.clicked.connect(self._clicked)
        self.plot.hovered.connect(self._hovered)
        self.plot.set_tip(self._tip)
        self.found: Projected | None = None
        self._layer = 0
        """Whose vectors are painted."""
        self._corpus: Corpus | Pictures | None = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.kind)
        column.addWidget(self.plot, 1)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        self.kind.set_value(view[HeadSettings].vectors)

    def lane_for(self, view: View) -> Lane:
        return "run" if view[HeadSettings].corpus is not None else "look"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        heads, at = view[HeadSettings], view[Selection]
        return heads.corpus, view[PatternSettings], at.layer, at.head, heads.vectors

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        heads, at = view[HeadSettings], view[Selection]
        settings = view[PatternSettings]
        return partial(projected, trace, heads.corpus, settings, at.layer, at.head, heads.vectors)

    def paint(self, result: Projected | None) -> None:
        self.found = result
        view = self.session.view
        self._layer, self._corpus = view[Selection].layer, view[HeadSettings].corpus
        if result is None:
            self._wipe("These vectors are not known: the model hands out its weights itself.")
            return
        own = np.flatnonzero(~self._tokens().special)
        keys = [*((MANY, row) for row in range(len(result.points))), *((OWN, at) for at in own.tolist())]
        values = np.concatenate([result.points, result.own[own]])
        colours = SHADES[[which for which, _ in keys]] if keys else np.empty((0, 3), np.uint8)
        shares = (f"{nth} component, {percent(share)}" for nth, share in zip(NTH, result.shares, strict=True))
        self.plot.set_dots(keys, values, colours, tuple(shares))

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is None:
            return
        tokens = self._tokens()
        chosen = tokens.find_all(view[Selection].queries)
        self.plot.set_selected(self._dot(chosen))
        pointed = hover.query or hover.key
        if pointed is not None or hover == NOWHERE:
            self.plot.set_hovered(self._dot(tokens.find(pointed)) if pointed is not None else None)
        corpus, at = view[HeadSettings].corpus, view[Selection]
        over = "this input" if corpus is None else corpus.title
        self.subtitle_changed.emit(f"head {at.layer}.{at.head} · {self.found.count:,} tokens of {over}")

    def clear(self, document: Document | None) -> None:
        self.found = None
        self._wipe(NOTHING)
        self.subtitle_changed.emit("")

    def _wipe(self, why: str) -> None:
        self.plot.nothing = why
        self.plot.set_dots([], np.empty((0, 2)), np.empty((0, 3), np.uint8), ("", ""))

    def _tokens(self) -> Tokens:
        return self._trace.layers[self._layer].queries

    def _dot(self, tokens: np.ndarray) -> tuple[int, int] | None:
        special = self._tokens().special
        return next(((OWN, int(at)) for at in reversed(tokens) if not special[at]), None)

    def _tip(self, which: int, number: int) -> str:
        if which == OWN:
            return f"{names.token(self._tokens(), number)}\nthis input"
        place = self.found.sampled[number]
        if isinstance(self._corpus, Pictures):
            return f"{Path(self._corpus.paths[place.text]).name}\n{_said(self.found.boxes[number])}"
        text = self._corpus.texts[place.text]
        before, after = around(text, place.start, place.stop, REACH)
        return f"{before}«{text[place.start : place.stop]}»{after}\ntext {place.text + 1:,}"

    def _hovered(self, dot: tuple[int, int] | None) -> None:
        if dot is None or dot[0] == MANY:
            self.session.set_hover(NOWHERE)
        else:
            self.session.set_hover(Hover(query=self._tokens().place(dot[1])))

    def _clicked(self, which: int, number: int) -> None:
        if which == OWN:
            self.session.select(queries=(self._tokens().place(number),))
            return
        place = self.found.sampled[number]
        if isinstance(self._corpus, Pictures):
            open_patch(self, self._corpus.paths[place.text], self.found.boxes[number])
            return
        open_at(self, self._corpus.texts[place.text], place.start, place.stop)


def _said(box: Box | None) -> str:
    """Where a patch lies, in pixels of its picture."""
    return "" if box is None else f"patch at {box.x0:.0f}, {box.y0:.0f}"
