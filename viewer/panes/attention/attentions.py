"""The three attentions of one token that was written, beneath each other."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.predicted.attentions import LOOKS_AT, Attentions, attentions
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.text.whole_strip import WholeStrip


class AttentionsPane(Pane):
    blank, tallest = True, 0.5
    _result: Attentions | None = None

    def build(self) -> QWidget:
        self.strips, self.titles = [], []
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for row, looks_at in enumerate(LOOKS_AT):
            title, strip = ElidedLabel(), WholeStrip()
            title.setProperty("role", "dim")
            strip.setAccessibleName(f"Attention of the {looks_at}")
            strip.hovered.connect(partial(self._hovered, row))
            strip.clicked.connect(partial(self._clicked, row))
            strip.set_tip(partial(self._tip, row))
            self.titles.append(title)
            self.strips.append(strip)
            column.addWidget(title)
            column.addWidget(strip)
        column.addStretch(1)
        self._gap = column.spacing()
        return ScrollColumn(inner)

    def height_for(self, width: int) -> int | None:
        if self._result is None:
            return None
        titles = sum(one.sizeHint().height() for one in self.titles)
        strips = sum(strip.heightForWidth(width) for strip in self.strips)
        return titles + strips + 2 * len(self.strips) * self._gap

    # -- slice -------------------------------------------------------------------------------------------

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_, chosen = view[MapSettings], view[Selection]
        head = chosen.head if map_.heads == "one" else map_.heads
        return (
            *(document.trace.layers[chosen.layer].depth, head, chosen.queries),
            *(map_.percentile, map_.floor, map_.log, map_.leave_out),
            *(map_.hide_special, map_.whole_words, map_.step),
        )

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(attentions, trace, view)

    def paint(self, result: Attentions) -> None:
        self._result = result
        rows = zip(result.rows, result.titles, result.layers, self.strips, self.titles, strict=True)
        for row, said, layer, strip, title in rows:
            tokens, reason = row.tokens, self.blocked(layer)
            strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
            strip.set_weights(*((None, None) if reason else (row.levels, row.values)))
            title.setText(reason or said)
        self.subtitle_changed.emit(result.said)
        self.height_changed.emit()

    def mark(self, view: View, hover: Hover) -> None:
        if self._result is None:
            return
        under = [place for place in (hover.key, hover.query) if place is not None]
        for row, strip in zip(self._result.rows, self.strips, strict=True):
            strip.set_lut(lut(view[MapSettings].colours))
            asked = row.asked_of.places(row.asked)
            strip.set_selected(row.tokens.find_all(asked))
            found = row.tokens.find_all(under)
            strip.set_hovered(int(found[0]) if len(found) else None)

    def clear(self, document: Document | None) -> None:
        self._result = None
        for strip, title in zip(self.strips, self.titles, strict=True):
            strip.set_tokens([], [])
            title.setText("")
        self.subtitle_changed.emit("")

    # -- gestures ----------------------------------------------------------------------------------------

    def _hovered(self, row: int, index: int | None) -> None:
        if self._result is None or index is None:
            self.session.set_hover(NOWHERE)
            return
        place = self._result.rows[row].tokens.place(index)
        self.session.set_hover(Hover(query=place, key=place))

    def _clicked(self, row: int, index: int, add: bool) -> None:
        if self._result is not None:
            self.session.select(queries=[self._result.rows[row].tokens.place(index)], add=add)

    def _tip(self, row: int, index: int) -> str:
        if self._result is None or self.blocked(self._result.layers[row]):
            return ""
        shown = self._result.rows[row]
        return f"{words.reading(shown, index)}\n{words.head(self.session.current.trace, *shown.at)}"
