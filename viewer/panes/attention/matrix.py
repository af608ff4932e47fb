"""One head's whole matrix: queries down, keys across."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import lut
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import PatchTokens, Place, TextTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared import readings, words
from headlight.viewer.panes.shared.on_input import MethodPane
from headlight.viewer.registry import Method
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.relevance import relevance_matrix
from headlight.viewer.slices.maps import MatrixMap, head_of, selected_weight
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.colour_bar import ColourBar, bar_height, with_bar
from headlight.widgets.plane.matrix_view import MatrixView


class MatrixPane(MethodPane):
    blank, tallest = True, 0.6

    def build(self) -> QWidget:
        self.view = MatrixView()
        self.view.hovered.connect(self._hovered)
        self.view.clicked.connect(self._clicked)
        self.view.boxed.connect(self._boxed)
        self.view.set_tip(self._tip)
        self.bar = ColourBar()
        self.view.pooled_changed.connect(self._show_scale)
        self._result: MatrixMap | None = None
        return with_bar(self.view, self.bar)

    def height_for(self, width: int) -> int | None:
        """Of a picture about a square, whichever layer is shown: panes do not move as layers are walked."""
        document = self.session.current
        if document is None or document.trace is None or not isinstance(document.trace.tokens, PatchTokens):
            return None
        return width + bar_height(self.bar)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view[MapSettings]
        head = view[Selection].head if map_.heads == "one" else None
        layer = document.trace.layers[view[Selection].layer]
        first = view[Selection].queries[:1] if layer.group_count > 1 else ()  # in whose group
        return (
            *(view[Selection].layer, head, first, map_.heads, map_.percentile, map_.floor, map_.log),
            *(map_.leave_out, map_.hide_special, map_.whole_words, map_.step),
            self.blocked(view[Selection].layer),
        )

    def slice(self, subject: tuple[Trace, Method], view: View, hover: Hover) -> Call:
        trace, method = subject
        return partial(relevance_matrix, trace, view, method)

    def paint(self, result: MatrixMap) -> None:
        view = self.session.view
        reason = self.blocked(view[Selection].layer)
        if reason:
            self._say_instead(reason)
            return
        q, k = result.queries, result.keys
        before = self._result
        if before is None or q is not before.queries or k is not before.keys:
            columns = [t.grid[1] if isinstance(t, PatchTokens) else 0 for t in (q, k)]
            labels = names.short_labels(q), names.short_labels(k)
            self.view.set_tokens(*labels, q.special, k.special, *columns)
        self._result = result
        self.view.set_message("")
        self.view.set_matrix(result.levels, result.values)

    def mark(self, view: View, hover: Hover) -> None:
        self.view.set_lut(lut(view[MapSettings].colours))
        self._show_scale()
        if self._result is None:
            return
        queries, keys = self._result.queries, self._result.keys
        chosen = queries.find_all(view[Selection].queries), keys.find_all(view[Selection].keys)
        self.view.set_selected(*chosen)
        self._say(self._result, *chosen)
        query = _first(queries, hover.query)
        key = _first(keys, hover.key)
        self.view.set_hovered(None if query is None and key is None else (query, key))

    def _say(self, result: MatrixMap, queries: np.ndarray, keys: np.ndarray) -> None:
        said, held = [self._at(result.what)], selected_weight(result, queries, keys)
        q, k = result.queries, result.keys
        texts = all(isinstance(t, TextTokens) and not isinstance(t, MixedTokens) for t in (q, k))
        if texts and q.stream != k.stream and self._has_streams():
            said.append(f"{q.stream} looks at {k.stream}")
        if held is not None:
            rows = len(queries) or len(result.queries)
            said.append(f"{rows:,} × {len(keys):,} selected: {read_out(held)} a row")
        if result.group is not None:
            said += [result.said, *(f"{on} {percent(n)}" for on, n in result.elsewhere.items() if n)]
        self.subtitle_changed.emit(" · ".join(said))

    def _show_scale(self) -> None:
        """Where dots are the highest of many cells, more of them are clipped than cells are."""
        rows, columns = self.view.pooled()
        dots = f"max of {rows} × {columns}" if rows * columns > 1 else ""
        scale = None if self._result is None else self._result.scale
        self.bar.set_scale(scale, lut(self.session.view[MapSettings].colours), dots)

    def clear(self, document: Document | None) -> None:
        self._result = None
        self.view.set_matrix(None, None)
        self.bar.set_scale(None, lut())
        self.subtitle_changed.emit("")

    def complain(self, failure: Failure) -> None:
        self._say_instead(f"{failure.cause} {failure.next_step}")

    def _say_instead(self, sentence: str) -> None:
        self._result = None
        self.view.set_matrix(None, None)
        self.view.set_message(sentence)
        self.bar.set_scale(None, lut())
        self.subtitle_changed.emit(self._at())

    def _tip(self, query: int, key: int) -> str:
        result = self._result
        if result is None:
            return ""
        pair = f"{names.token(result.queries, query)} → {names.token(result.keys, key)}"
        weight = read_out(float(result.values[query, key]))
        view = self.session.view
        figures = readings.of_cell(result, query, key, view[MapSettings].incoming, self._at(result.what))
        self.said.emit("pointed", figures, None)
        return f"{pair}\t{weight}"

    def _has_streams(self) -> bool:
        return names.has_stacks(self.session.current.trace)

    def _at(self, what: str = "") -> str:
        view, trace = self.session.view, self.session.current.trace
        return ", ".join(filter(None, (what, words.head(trace, view[Selection].layer, head_of(view)))))

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        if cell is None or self._result is None:
            self.session.set_hover(NOWHERE)
            return
        query, key = cell
        self.session.set_hover(
            Hover(query=self._result.queries.place(query), key=self._result.keys.place(key))
        )

    def _clicked(self, query: int, key: int, add: bool) -> None:
        self._boxed(query, query + 1, key, key + 1, add)

    def _boxed(self, q0: int, q1: int, k0: int, k1: int, add: bool) -> None:
        if self._result is None:
            return
        queries, keys = self._result.queries, self._result.keys
        self.session.select(queries=queries.places(range(q0, q1)), keys=keys.places(range(k0, k1)), add=add)


def _first(tokens: Tokens, place: Place | None) -> int | None:
    found = tokens.find(place) if place is not None else ()
    return int(found[0]) if len(found) else None
