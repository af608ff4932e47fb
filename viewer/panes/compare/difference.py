"""Where a head looks in one text and not in another: a map about zero over what both have."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from headlight.models.core.colours import DIVERGING, MIDDLE, lut
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.compare.base import ComparedPane, named
from headlight.viewer.panes.shared import words
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import CompareSettings, MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.language.compared import At, DifferenceMap, difference_map, head_there
from headlight.viewer.slices.maps import head_of
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.plane.matrix_view import MatrixView

ALONE = "Open a second text: what a head does here and not there comes here."


class DifferencePane(ComparedPane):
    def build(self) -> QWidget:
        self.view = MatrixView()
        self.view.set_lut(lut(DIVERGING))
        self.view.hovered.connect(self._hovered)
        self.view.boxed.connect(self._boxed)
        self.view.clicked.connect(lambda query, key, add: self._boxed(query, query + 1, key, key + 1, add))
        self.view.set_tip(self._tip)
        self.bar = ColourBar()
        self.less = Choice([], "Less the attention of")
        self.layer, self.head = Choice([], "Layer there"), Choice([], "Head there")
        self.less.changed.connect(self._text_chosen)
        for choice in (self.layer, self.head):
            choice.changed.connect(self._at_chosen)
        self._result: DifferenceMap | None = None
        self._texts: list[Document] = []
        self.row = QWidget()
        line = QHBoxLayout(self.row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.em(0.4))
        label = QLabel("Less")
        label.setProperty("role", "dim")
        self.less.may_shrink()
        line.addWidget(label)
        line.addWidget(self.less, 1)
        self.there = QWidget()
        below = QHBoxLayout(self.there)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.em(0.4))
        for choice in (self.layer, self.head):
            below.addWidget(choice, 1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.row)
        column.addWidget(self.there)
        column.addWidget(with_bar(self.view, self.bar), 1)
        return widget

    # -- slice -------------------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        self._texts = [] if document.trace is None else self.read(document, view)
        beside = self.beside(document, view) if self._texts else None
        self.row.setVisible(beside is not None)
        if beside is None:
            self.there.hide()
            return
        _fill(self.less, [named(one, [*self.texts(document), document]) for one in self._texts])
        self.less.setCurrentIndex(self._texts.index(beside))
        other = beside.trace.model.id != document.trace.model.id
        layer, head = self._there(document, view, beside)
        _fill(self.layer, [f"Layer {number}" for number in range(len(beside.trace.layers))])
        _fill(self.head, [f"Head {number}" for number in range(beside.trace.layers[layer].heads)])
        self.layer.setCurrentIndex(layer)
        self.head.setCurrentIndex(head if isinstance(head, int) else -1)
        self.there.setVisible(other)

    def _there(self, document: Document, view: View, beside: Document) -> At:
        at = view[Selection].layer, head_of(view)
        return head_there(document.trace, beside.trace, *at, view[CompareSettings].at)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        beside, map_ = self.beside(document, view), view[MapSettings]
        if beside is None:
            return ()
        at = view[Selection].layer, head_of(view)
        there = self._there(document, view, beside)
        return (
            *(beside.number, at, there, self._why_not(document, view)),
            *(map_.percentile, map_.leave_out, map_.hide_special, map_.whole_words, map_.step),
        )

    def slice(self, subject: object, view: View, hover: Hover) -> Call | None:
        document = self.session.current
        beside = self.beside(document, view)
        if beside is None:
            self._say_instead(ALONE)
            return None
        at = (view[Selection].layer, head_of(view)), self._there(document, view, beside)
        return partial(difference_map, (document.trace, beside.trace), at, view[MapSettings])

    def paint(self, result: DifferenceMap) -> None:
        if reason := self._why_not(self.session.current, self.session.view):
            self._say_instead(reason)
            return
        queries, keys = result.queries, result.keys
        labels = names.short_labels(queries), names.short_labels(keys)
        self._result = result
        self.view.set_tokens(*labels, queries.special, keys.special)
        self.view.set_message("")
        self.view.set_matrix(result.levels, result.values, MIDDLE)
        self.subtitle_changed.emit(self._at())

    def mark(self, view: View, hover: Hover) -> None:
        result = self._result
        self.bar.set_scale(None if result is None else result.scale, lut(DIVERGING))
        if result is None:
            return
        word = self.word(self.session.current, view)
        queries = view[Selection].queries or (() if word is None else (word,))
        chosen = result.queries.find_all(queries), result.keys.find_all(view[Selection].keys)
        self.view.set_selected(*chosen)
        query, key = (
            next(iter(units.find(place).tolist()), None) if place is not None else None
            for units, place in ((result.queries, hover.query), (result.keys, hover.key))
        )
        self.view.set_hovered(None if query is None and key is None else (query, key))

    def clear(self, document: Document | None) -> None:
        self._say_instead("")

    def complain(self, failure: Failure) -> None:
        self._say_instead(f"{failure.cause} {failure.next_step}")

    def _why_not(self, document: Document, view: View) -> str:
        """Why one of the two layers is not drawn, or nothing."""
        beside = self.beside(document, view)
        there = "" if beside is None else self.blocked(self._there(document, view, beside)[0], beside)
        return self.blocked(view[Selection].layer) or there

    def _say_instead(self, sentence: str) -> None:
        self._result = None
        self.view.set_message(sentence)
        self.bar.set_scale(None, lut(DIVERGING))
        self.subtitle_changed.emit("")

    def _at(self) -> str:
        document, view = self.session.current, self.session.view
        beside = self.beside(document, view)
        here = view[Selection].layer, head_of(view)
        there = here if beside is None else self._there(document, view, beside)
        less = "" if there == here else f" less {words.head(beside.trace, *there)}"
        return f"{words.head(document.trace, *here)}{less}"

    def _tip(self, query: int, key: int) -> str:
        result = self._result
        if result is None:
            return ""
        pair = names.token(result.queries, query), names.token(result.keys, key)
        here, there, less = (
            read_out(float(values[query, key])) for values in (result.here, result.there, result.values)
        )
        figures = {"Query": pair[0], "Key": pair[1], "Here": here, "There": there, "Difference": less}
        self.said.emit("pointed", figures | {"In": self._at()}, None)
        return f"{pair[0]} → {pair[1]}\t{less}"

    # -- gestures ----------------------------------------------------------------------------------------

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        if cell is None or self._result is None:
            self.session.set_hover(NOWHERE)
            return
        query, key = cell
        self.session.set_hover(
            Hover(query=self._result.queries.place(query), key=self._result.keys.place(key))
        )

    def _boxed(self, q0: int, q1: int, k0: int, k1: int, add: bool) -> None:
        if self._result is not None:
            queries, keys = self._result.queries, self._result.keys
            self.session.select(
                queries=queries.places(range(q0, q1)), keys=keys.places(range(k0, k1)), add=add
            )

    def _text_chosen(self, _title: str) -> None:
        beside = self._texts[self.less.currentIndex()].number
        self.session.change(CompareSettings, beside=beside, at=None)

    def _at_chosen(self, _title: str) -> None:
        at = self.layer.currentIndex(), max(self.head.currentIndex(), 0)
        self.session.change(CompareSettings, at=at)


def _fill(choice: Choice, titles: list[str]) -> None:
    if [choice.itemText(number) for number in range(choice.count())] != titles:
        choice.clear()
        choice.addItems(titles)
