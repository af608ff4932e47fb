"""Which masks there are, how sure the model is of each, and what a click says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from headlight.models.core.answers import Masks
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import OUTPUT
from headlight.viewer.panes.pictures.masks.base import masks_of, shown
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.method_controls import row
from headlight.viewer.session.inspecting import MaskSettings
from headlight.viewer.session.pictures import clicks
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.tables.target_rows import TargetRows

HOW = "Click on a thing in the picture. Shift and a click is beside it, a drag draws a box around it."


class MasksPane(Pane):
    waits = False
    rows_copied = "masks"

    def build(self) -> QWidget:
        self.note = Note(HOW)
        change = partial(self.session.change, MaskSettings)
        self.controls = Controls(MaskSettings, change)
        self.tool = self.controls.bind(
            "tool", Segmented([("on", "On it"), ("beside", "Beside it")], "Where a click is")
        )
        self.tool_row = row("Click", self.tool, ("Click",))
        self.rows = TargetRows()
        self.rows.set_choosable()
        self.rows.hovered.connect(
            lambda at: self.session.set_hover(NOWHERE if at is None else Hover(kind=at))
        )
        self.rows.chosen.connect(self._chosen)
        self.clear_it = QPushButton("Clear")
        self.clear_it.clicked.connect(self._clear)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.5))
        for widget in (self.note, self.rows, self.tool_row, self.clear_it):
            column.addWidget(widget)
        column.addStretch(1)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        found, asks = masks_of(document.trace), clicks.takes_clicks(document)
        anything = bool(clicks.points(document)) or clicks.frame(document) is not None
        self.controls.display(view[MaskSettings])
        self.tool_row.setVisible(asks)
        self.clear_it.setVisible(asks)
        self.clear_it.setEnabled(anything)
        self.note.setVisible(found is None)
        self.note.setText(HOW if asks else "The model says of no part what it is.")
        self.rows.setVisible(found is not None)
        if found is None:
            self.rows.set_rows([], [])
            self.subtitle_changed.emit("")
            self.said.emit("cut", {}, None)
            return
        figures = [_signed(score) for score in found.scores]
        self.rows.set_rows(found.names, found.scores.tolist(), figures=figures)
        self.rows.set_chosen(view[MaskSettings].shown(found.best, len(found)))
        mark = document.trace.model.mark
        self.subtitle_changed.emit(" · ".join(filter(None, (found.measure, mark))))
        self._say(found, shown(found, view, self.session.hover))

    def mark(self, view: View, hover: Hover) -> None:
        found = masks_of(self._trace)
        if found is not None:
            self.rows.set_hovered(hover.kind)
            self._say(found, shown(found, view, hover))

    def _say(self, found: Masks, at: int) -> None:
        figures = {
            "Mask": found.names[at],
            "Sure": f"{_signed(found.scores[at])}, {found.measure}",
            "Of the picture": percent(float(found.shares[at])),
            "Stability": f"{found.stability[at]:.3f}",
        }
        self.said.emit("cut", figures, None)

    def clear(self, document: Document | None) -> None:
        self.rows.set_rows([], [])
        self.subtitle_changed.emit("")
        self.said.emit("cut", {}, None)

    def table(self) -> str:
        """As it stands, for a spreadsheet."""
        found = masks_of(self._trace)
        if found is None:
            return ""
        lines = [("Mask", found.measure.capitalize(), "Of the picture", "Stability")]
        numbers = zip(found.names, found.scores, found.shares, found.stability, strict=True)
        lines += [(name, *(f"{one:.6g}" for one in each)) for name, *each in numbers]
        return "\n".join("\t".join(line) for line in lines) + "\n"

    # -- gestures ----------------------------------------------------------------------------------------

    def _chosen(self, at: int) -> None:
        """Show this mask, and where its token looks."""
        document, found = self.session.current, masks_of(self._trace)
        if document is None or document.trace is None or found is None:
            return
        tokens = document.trace.streams.get(OUTPUT)
        also = ()
        if tokens is not None:
            place = tokens.place(int(found.tokens[at]))
            also = (replace(self.session.view[Selection], queries=(place,)),)
        self.session.change(MaskSettings, chosen=at, also=also)

    def _clear(self) -> None:
        if self.session.current is not None:
            clicks.clear(self.runs, self.session.current)


def _signed(score: float) -> str:
    """What a model predicts may lie a little below 0."""
    return f"{score:z.3f}".replace("-", "\u2212")
