"""A part of a picture in other surroundings: where it is drawn, and what the model says before and after."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.method_controls import row
from headlight.viewer.session.inspecting import ContextSettings
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, View
from headlight.viewer.slices.explain.context import InContext, in_context
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.readout import Figures
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.region_view import RegionView
from headlight.widgets.tables.sortable_table import SortableTable

SECTIONS = (Figures("changed", "What changed", ("Changed most", "By", "Part")),)
DRAW = "Drag on the picture: what you draw stays, and the rest is changed."
HEADINGS = ("What", "Before", "After", "Change")
SIDES = ("Before", "After")


class RegionPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.view = RegionView()
        self.view.outlined.connect(self._drawn)
        self._input: object = None
        change = partial(self.session.change, ContextSettings)
        self.controls = Controls(ContextSettings, change)
        self.tool = self.controls.bind(
            "tool", Segmented([("box", "Rectangle"), ("lasso", "Lasso")], "A drag draws")
        )
        self.how = self.controls.bind(
            "how", Segmented([("cut", "Cut"), ("cover", "Cover"), ("blur", "Blur")], "What becomes of it")
        )
        self.inside = self.controls.bind(
            "inside", Segmented([(False, "Outside"), (True, "Inside")], "Side of the outline")
        )
        self.keep, self.forget_it = QPushButton("Keep it so"), QPushButton("Clear the outline")
        self.keep.clicked.connect(self._keep)
        self.forget_it.clicked.connect(lambda: change(outline=()))
        self.note = Note(DRAW)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.em(0.4))
        buttons.addWidget(self.keep, 1)
        buttons.addWidget(self.forget_it, 1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.view, 1)
        column.addWidget(self.note)
        labelled = {"Draw": self.tool, "Change": self.inside, "How": self.how}
        for label, control in labelled.items():
            column.addWidget(row(label, control, tuple(labelled)))
        column.addLayout(buttons)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        settings = view[ContextSettings]
        if document.input is not self._input:
            self._input = document.input
            self.view.set_picture(document.input.pixels)
        self.view.set_lasso(settings.tool == "lasso")
        self.view.set_outline(settings.outline)
        self.controls.display(settings)
        for one in (self.keep, self.forget_it):
            one.setEnabled(settings.edit is not None)
        self.note.setVisible(settings.edit is None)
        edit = settings.edit
        self.subtitle_changed.emit("" if edit is None else edit.said)

    def clear(self, document: Document | None) -> None:
        if document is None:
            self._input = None
            self.view.set_picture(None)

    def _drawn(self, corners: tuple[tuple[float, float], ...]) -> None:
        self.session.change(ContextSettings, outline=corners)

    def _keep(self) -> None:
        """Make it part of the document, which all pages show then."""
        document, edit = self.session.current, self.session.view[ContextSettings].edit
        if document is not None and edit is not None:
            self.runs.intervene(document, (*document.wanted.interventions, edit))


class InContextPane(Pane):
    """Nothing until a part is drawn."""

    found: InContext | None = None
    rows_copied = "rows"

    def build(self) -> QWidget:
        self.views = {side: ImageView() for side in SIDES}
        self.bar = ColourBar()
        self.rows = SortableTable(HEADINGS, "Before and after")
        self.note = Note(DRAW)
        self._picture: object = None
        both = QHBoxLayout()
        both.setSpacing(theme.em(0.8))
        for side, view in self.views.items():
            view.setAccessibleName(f"Picture {side.lower()}")
            title = QLabel(side)
            title.setProperty("role", "dim")
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(title)
            column.addWidget(view, 1)
            both.addLayout(column, 1)
        widget = QWidget()
        whole = QVBoxLayout(widget)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(both, 3)
        whole.addWidget(self.bar)
        whole.addWidget(self.note)
        whole.addWidget(self.rows, 2)
        return widget

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[ContextSettings].edit, document.options.size

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        document, edit = self.session.current, view[ContextSettings].edit
        if edit is None:
            self.clear(document)
            return None
        return partial(in_context, trace, document.input.pixels, edit, document.options.size)

    def prepare(self, document: Document, view: View) -> None:
        if document.input is not self._picture:
            self._picture = document.input
            for one in self.views.values():
                one.set_picture(document.input.pixels)

    def paint(self, result: InContext) -> None:
        self.found = result
        self.views["After"].set_picture(result.pixels)
        for view, levels in zip(self.views.values(), result.maps, strict=True):
            view.set_overlay(levels, result.region.corners, smooth=result.what == "saliency")
        self.heat = result.scale
        self.bar.set_scale(result.scale, self._colours(), result.what)
        self.rows.set_rows(
            [
                (one.name, f"{one.before:.3f}", f"{one.after:.3f}", _signed(one.after - one.before))
                for one in result.rows
            ],
            [(one.name, one.before, one.after, one.after - one.before) for one in result.rows],
        )
        self.note.hide()
        self.rows.show()
        self.subtitle_changed.emit(f"{result.what}, on one scale")
        most = result.rows[0]
        figures = {
            "Changed most": most.name,
            "By": _signed(most.after - most.before),
            "Part": f"{percent(result.share)} of the picture",
        }
        self.said.emit("changed", figures, None)

    def mark(self, view: View, hover: Hover) -> None:
        for one in self.views.values():
            one.set_lut(self._colours())
            one.set_opacity(view[MapSettings].opacity)

    def _colours(self) -> np.ndarray:
        return lut(self.session.view[MapSettings].colours)

    def clear(self, document: Document | None) -> None:
        self.found = self.heat = None
        for one in self.views.values():
            one.set_picture(None if document is None else document.input.pixels)
        self._picture = None if document is None else document.input
        self.bar.set_scale(None, lut())
        self.rows.set_rows(())
        self.rows.hide()
        self.note.setText(DRAW)
        self.note.show()
        self.subtitle_changed.emit("")
        self.said.emit("changed", {}, None)

    def complain(self, failure: Failure) -> None:
        self.clear(self.session.current)
        self.note.setText(f"{failure.cause} {failure.next_step}")

    def table(self) -> str:
        """As it stands, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in (HEADINGS, *self.rows.texts())) + "\n"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "\u2212")
