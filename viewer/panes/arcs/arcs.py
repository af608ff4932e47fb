"""Who looks at whom, as lines between two columns of tokens: all heads of a layer, or chosen ones."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.classes.palettes import generated
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import ArcsSettings, MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.language.arcs import Arcs, arcs
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.choices import Toggle
from headlight.widgets.controls.readout import Figures
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.controls.swatches import Swatches
from headlight.widgets.text.arcs_view import ArcsView

BEST = ("Highest", "Second", "Third")
SECTIONS = (Figures("pointed", "Under the cursor", ("Of", "Arcs", *BEST, "In")),)
QUICK = 128
"""Tokens of which the links are found while somebody waits."""


class ArcsPane(Pane):
    blank = True

    def build(self) -> QWidget:
        self.view = ArcsView()
        self.view.hovered.connect(self._hovered)
        self.view.clicked.connect(self._clicked)
        self.view.set_tip(self._tip)
        self.heads = Swatches("Heads whose arcs are drawn", "head")
        self.heads.clicked.connect(self._head_clicked)
        self.controls = Controls(ArcsSettings, partial(self.session.change, ArcsSettings))
        self.of_map = Controls(MapSettings, partial(self.session.change, MapSettings))
        mass = LabelledSlider("Mass of each token", 0.05, 1, 0.01, lambda v: f"{100 * v:.0f} %", 0.7)
        self.mass = self.controls.bind("mass", mass)
        self.words = self.of_map.bind("whole_words", Toggle("Whole words"))
        self.hidden = self.of_map.bind("hide_special", Toggle("Hide special tokens"))
        self._result: Arcs | None = None
        row = QHBoxLayout()
        row.setSpacing(theme.em(1.2))
        for widget, stretch in ((self.mass, 1), (self.words, 0), (self.hidden, 0)):
            row.addWidget(widget, stretch)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.5))
        column.addWidget(self.heads)
        column.addWidget(self.view, 1)
        column.addLayout(row)
        return widget

    # -- slice -------------------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        self.controls.display(view[ArcsSettings])
        self.of_map.display(view[MapSettings])

    def lane_for(self, view: View) -> Lane:
        return "look" if len(self.session.current.trace.tokens) <= QUICK else "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        seen, layer = view[MapSettings], view[Selection].layer
        return layer, view[ArcsSettings], seen.whole_words, seen.hide_special, seen.step, self.blocked(layer)

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(arcs, trace, view[Selection].layer, view[ArcsSettings], view[MapSettings])

    def paint(self, result: Arcs) -> None:
        if reason := self.blocked(self.session.view[Selection].layer):
            self._say_instead(reason)
            return
        q, k = result.queries, result.keys
        before = self._result
        if before is None or q is not before.queries or k is not before.keys:
            self.view.set_tokens(names.short_labels(q), names.short_labels(k), (q.special, k.special))
        self._result = result
        colours = generated(result.layer_heads)
        self.heads.set_colours(colours)
        self.view.set_links(np.stack([result.head, result.query, result.key]), result.weight, colours)

    def mark(self, view: View, hover: Hover) -> None:
        result = self._result
        if result is None:
            return
        self.heads.set_chosen(result.heads, view[Selection].head)
        selection = view[Selection]
        self.view.set_selected(
            result.queries.find_all(selection.queries), result.keys.find_all(selection.keys)
        )
        spot = _spot(result.queries, hover.query, "query") or _spot(result.keys, hover.key, "key")
        self.view.set_hovered(spot)
        drawn, every = self.view.drawn()
        said = f"{every:,} arcs" if drawn == every else f"the strongest {drawn:,} of {every:,} arcs"
        layer = names.layer_named(self.session.current.trace, selection.layer)
        of = "all heads" if len(result.heads) == result.layer_heads else f"heads {_listed(result.heads)}"
        self.subtitle_changed.emit(f"{layer}, {of} · {said}")

    def clear(self, document: Document | None) -> None:
        self._say_instead("")

    def complain(self, failure: Failure) -> None:
        self._say_instead(f"{failure.cause} {failure.next_step}")

    def _say_instead(self, sentence: str) -> None:
        self._result = None
        self.view.set_message(sentence)
        self.heads.set_colours(np.zeros((0, 3), np.uint8))
        self.subtitle_changed.emit("")

    # -- gestures ----------------------------------------------------------------------------------------

    def _tip(self, side: str, token: int) -> str:
        result = self._result
        if result is None:
            return ""
        of_query = side == "query"
        links = result.of(query=token) if of_query else result.of(key=token)
        tokens, others = (result.queries, result.keys) if of_query else (result.keys, result.queries)
        far = result.key if of_query else result.query
        best = [
            f"{names.token(others, int(far[link]))} {read_out(float(result.weight[link]))}, head "
            f"{result.head[link]}"
            for link in links[: len(BEST)]
        ]
        name = names.token(tokens, token)
        of = f"{name} looks at" if of_query else f"who looks at {name}"
        layer = names.layer_named(self.session.current.trace, self.session.view[Selection].layer)
        figures = {"Of": of, "Arcs": f"{len(links):,}", "In": layer}
        self.said.emit("pointed", figures | dict(zip(BEST, best, strict=False)), None)
        mass = percent(self.session.view[ArcsSettings].mass)
        return f"{name}\t{len(links):,} arcs" + (f"\n{mass} of its weight" if of_query else "")

    def _hovered(self, spot: tuple[str, int] | None) -> None:
        if spot is None or self._result is None:
            self.session.set_hover(NOWHERE)
            return
        side, token = spot
        tokens = self._result.queries if side == "query" else self._result.keys
        place = tokens.place(token)
        self.session.set_hover(Hover(query=place) if side == "query" else Hover(key=place))

    def _clicked(self, side: str, token: int, add: bool) -> None:
        if self._result is None:
            return
        if side == "query":
            self.session.select(queries=self._result.queries.places([token]), add=add)
        else:
            self.session.select(keys=self._result.keys.places([token]), add=add)

    def _head_clicked(self, head: int, add: bool) -> None:
        """That head alone, or all again; with Shift one more or one less."""
        chosen = self.session.view[ArcsSettings].heads
        alone = () if chosen == (head,) else (head,)
        heads = tuple(sorted({*chosen} ^ {head})) if add else alone
        self.session.change(ArcsSettings, heads=heads)


def _spot(tokens: Tokens, place: object, side: str) -> tuple[str, int] | None:
    found = tokens.find(place) if place is not None else ()
    return (side, int(found[0])) if len(found) else None


def _listed(heads: tuple[int, ...]) -> str:
    return ", ".join(map(str, heads)) if len(heads) <= 6 else f"{len(heads)} of them"
