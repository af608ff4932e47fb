"""Norms behind one layer on the picture or the text itself, outliers framed."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.models.core.tokens import PatchTokens
from headlight.viewer.panes.explain.artifacts.base import InspectedPane, OnTokens, behind
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, View
from headlight.viewer.slices import names
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.text.chips import Chip, Chips


class NormsOnInputPane(InspectedPane):
    def build(self) -> QWidget:
        self.shown = OnTokens(self.read)
        self.shown.clicked.connect(self.select)
        self.shown.hovered.connect(self.point_at)
        self.bar = ColourBar()
        self.chips = Chips()
        self.chips.clicked.connect(self.select)
        self.chips.hovered.connect(self.point_at)
        self.note = Note()
        self.note.hide()
        self.slider = LabelledSlider("Behind", 0, 1, 1, lambda state: behind(int(state)))
        self.slider.changed.connect(self._moved)
        self.slider.hide()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.note)
        column.addWidget(self.shown, 1)
        for one in (self.bar, self.chips, self.slider):
            column.addWidget(one)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        if document.trace is not None:
            self.shown.show_tokens(document, document.trace.tokens)
        super().prepare(document, view)

    def display(self) -> None:
        found, state, view = self.found, self.state(), self.session.view
        norms = found.norms[state]
        scale = scale_of(norms, 100, view[MapSettings].log, found.apart, 0)
        self.heat = scale
        self.shown.show_values(levels(norms, scale), norms)
        self.shown.show_look(lut(view[MapSettings].colours), view[MapSettings].opacity)
        self.bar.set_scale(scale, lut(view[MapSettings].colours), "norm")
        self.slider.set_range(0, len(found.norms) - 1)
        self.slider.set_value(state)
        self.slider.show()
        self.note.hide()
        self._show_prefix()
        count = int(found.outliers[state].sum())
        framed = "1 outlier, framed" if count == 1 else f"{count:,} outliers, framed"
        self.subtitle_changed.emit(f"{behind(state)} · {framed if count else 'no outlier'}")

    def _show_prefix(self) -> None:
        """A picture's class token and registers, which are nowhere in it."""
        norms, tokens = self.found.norms[self.state()], self.tokens()
        beside = range(tokens.prefix) if isinstance(tokens, PatchTokens) else ()
        chips = [Chip(f"{names.token(tokens, i)} {norms[i]:.3g}", "special") for i in beside]
        self.chips.set_chips(chips)
        self.chips.setVisible(bool(chips))

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is not None:
            marked = np.flatnonzero(self.found.outliers[self.state()])
            self.shown.show_marks(np.union1d(marked, self.chosen(view)), self.pointed(hover))

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.heat = None
        self.shown.forget()
        self.chips.set_chips([])
        self.bar.set_scale(None, lut())
        self.slider.hide()
        self.note.hide()

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.note.setText(sentence)
        self.note.show()

    def table(self) -> str:
        """A line a token, a column a layer; for a spreadsheet."""
        if self.found is None:
            return ""
        titles = "\t".join(("token", *(behind(state) for state in range(len(self.found.norms)))))
        labels = names.short_labels(self.tokens())
        rows = zip(labels, self.found.norms.T, strict=True)
        lines = ("\t".join((label, *(f"{norm:.6g}" for norm in norms))) for label, norms in rows)
        return "\n".join((titles, *lines, ""))

    def _moved(self, value: float) -> None:
        partial(self.session.change, ArtifactSettings, gesture="behind")(behind=int(value))
