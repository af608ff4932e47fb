"""How alike the chosen word is in the other texts, layer by layer."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.explain import words
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.compare.base import ComparedPane, named
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CompareSettings, Selection, View
from headlight.viewer.slices.language.compared import Alike, alike
from headlight.widgets.base.labels import Note
from headlight.widgets.plots.curve_plot import CurvePlot
from headlight.widgets.plots.line_plot import Series

ALONE = "A curve a text comes here, as soon as a second text is open"
LACKING = "There is no curve to draw"
NOTHING = "No word is chosen that these texts share: click one"


class CurvesPane(ComparedPane):
    rows_copied = "layers"

    def build(self) -> QWidget:
        self.plot = CurvePlot("Cosine of the word’s vectors", ALONE, ("layers passed", "cosine"))
        self.plot.clicked.connect(self._clicked)
        self.plot.hovered.connect(self._say)
        self.note = Note()
        self.note.hide()
        self._shown: list[tuple[Document, np.ndarray]] = []
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot, 1)
        column.addWidget(self.note)
        return widget

    def lane_for(self, view: View) -> Lane:
        return "run"

    def _asked(self, document: Document, view: View) -> list[tuple[Document, object]]:
        return [(other, self.word_there(document, view, other)) for other in self.read(document, view)]

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.word(document, view), tuple(there for _, there in self._asked(document, view))

    def slice(self, subject: object, view: View, hover: Hover) -> Call | None:
        document = self.session.current
        word, asked = self.word(document, view), self._asked(document, view)
        if word is None or not asked:
            self.plot.set_nothing(NOTHING if asked else ALONE)
            return None
        return partial(alike, document.trace, word, [(other.trace, there) for other, there in asked])

    def paint(self, result: tuple[Alike, ...]) -> None:
        document, view = self.session.current, self.session.view
        read, texts = self.read(document, view), self.texts(document)
        everyone, pairs = [document, *texts], list(zip(read, result, strict=False))
        self._shown = [(other, found.values) for other, found in pairs if found.values is not None]
        self.plot.set_curves(
            [
                Series(
                    *(named(other, everyone), np.arange(len(values)), values),
                    *([_after(layer) for layer in range(len(values))], texts.index(other)),
                )
                for other, values in self._shown
            ]
        )
        lacking = [
            f"“{named(other, everyone)}”: {found.why}" for other, found in pairs if found.values is None
        ]
        self.plot.set_nothing(LACKING)
        self.note.setText("\n".join(lacking))
        self.note.setVisible(bool(lacking))

    def mark(self, view: View, hover: Hover) -> None:
        document = self.session.current
        word, beside = self.word(document, view), self.beside(document, view)
        self.plot.set_selected(
            next(
                (
                    (at, view[Selection].layer + 1)
                    for at, (other, values) in enumerate(self._shown)
                    if other is beside and view[Selection].layer + 1 < len(values)
                ),
                None,
            )
        )
        self.subtitle_changed.emit(self._heading(document, view) if word is not None and self._shown else "")
        self._say(self.plot.pointed())

    def clear(self, document: Document | None) -> None:
        self._shown = []
        self.plot.set_curves([])
        self.note.hide()
        self.subtitle_changed.emit("")
        self.said.emit("word", {}, None)

    def _heading(self, document: Document, view: View) -> str:
        here, *there = self._words(document, view, [other for other, _ in self._shown])
        if not there:
            return f"“{here}” here and there"
        return f"“{here}” here, {', '.join(f'“{one}”' for one in there)} there"

    def _words(self, document: Document, view: View, others: list[Document]) -> list[str]:
        """The chosen word, and those of other texts that are others."""
        word = self.word(document, view)
        here, found = words.said(document.trace.tokens, word), []
        for other in others:
            there = self.word_there(document, view, other)
            found += [] if there is None else [words.said(other.trace.tokens, there)]
        return [here, *(one for one in dict.fromkeys(found) if one.casefold() != here.casefold())]

    def table(self) -> str:
        """A line a layer, a column a text; for a spreadsheet."""
        if not self._shown:
            return ""
        titles = "\t".join(("layer", *(other.title for other, _ in self._shown)))
        rows = np.stack([values for _, values in self._shown], 1)
        lines = ("\t".join((str(n), *(f"{value:.6g}" for value in row))) for n, row in enumerate(rows))
        return "\n".join((titles, *lines, ""))

    def _say(self, key: tuple[int, int] | None) -> None:
        """The figures of the dot that is pointed at, else of the chosen one."""
        document, key = self.session.current, key or self.plot.selected()
        word = None if document is None else self.word(document, self.session.view)
        if key is None or word is None or key[0] >= len(self._shown):
            self.said.emit("word", {}, None)
            return
        other, values = self._shown[key[0]]
        figures = {
            "Word": ", ".join(f"“{one}”" for one in self._words(document, self.session.view, [other])),
            "Text": other.title,
            "After": _after(key[1]),
            "Cosine": f"{values[key[1]]:.3f}",
        }
        self.said.emit("word", figures, None)

    def _clicked(self, series: int, index: int) -> None:
        """This layer is looked at, and this text taken away."""
        beside = self._shown[series][0].number
        settings = self.session.view.changed(CompareSettings, beside=beside)[CompareSettings]
        self.session.select(layer=max(index - 1, 0), also=(settings,))


def _after(layer: int) -> str:
    return f"layer {layer - 1}" if layer else "the embedding"
