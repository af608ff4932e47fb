"""What each head adds to the logit of one token, as a map of all heads and as rows of all that adds."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import DIVERGING, levels, lut, scale_about_zero
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.predicted.base import PlacePane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import LensSettings, MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.predicted.lens import AddedTo, added_to, parts_of
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.grids.head_grid import HeadGrid
from headlight.widgets.tables.target_rows import TargetRows

MOST = 60
"""Rows of what adds most."""


def signed(value: float) -> str:
    """+2.31, −0.04"""
    return f"{value:+.3f}".replace("-", "\u2212")


class AddedPane(PlacePane):
    found: AddedTo | None = None

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.place(view), view[LensSettings].token

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(added_to, trace, self.place(view), view[LensSettings].token)

    def select_head(self, layer: int, head: int) -> None:
        one = self.session.view.changed(MapSettings, heads="one")[MapSettings]
        self.session.select(layer=layer, head=head, also=(one,))

    def point_at(self, at: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if at is None else Hover(layer=at[0], head=at[1]))


class AddedMapPane(AddedPane):
    """Layers across, heads down, as everywhere."""

    def build(self) -> QWidget:
        self.choice = Choice([], "Adds to")
        self.choice.may_shrink()
        self.choice.changed.connect(self._chosen)
        self.grid, self.bar = HeadGrid(), ColourBar()
        self.grid.clicked.connect(self.select_head)
        self.grid.hovered.connect(self.point_at)
        self.grid.set_tooltip(self._tip)
        self.grid.set_lut(lut(DIVERGING))
        self.note = Note()
        self.note.hide()
        self._offered: tuple[int | None, ...] = ()
        self.map = with_bar(self.grid, self.bar)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.choice)
        column.addWidget(self.note)
        column.addWidget(self.map, 1)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        answer = self.answer()
        if answer is None:
            return
        place, chosen = self.place(view), view[LensSettings].token
        ids = answer.ids[place].tolist()
        titles = ["What it says first", *(names.visible(name) for name in answer.names[place])]
        self._offered = (None, *ids)
        if chosen is not None and chosen not in ids:
            self._offered = (*self._offered, chosen)
            titles.append(names.visible(self.found.name) if self.found is not None else f"#{chosen}")
        self.choice.clear()
        self.choice.addItems(titles)
        self.choice.setCurrentIndex(self._offered.index(chosen))

    def paint(self, result: AddedTo) -> None:
        self.found = result
        heads = result.added.heads
        counts = np.isfinite(heads).sum(1).tolist()
        scale = scale_about_zero(heads, 100)
        painted = levels(np.nan_to_num(heads), scale)
        self.grid.set_maps([row[:count, None, None] for row, count in zip(painted, counts, strict=True)])
        self.bar.set_scale(scale, lut(DIVERGING), "added to the logit")
        self.heat = scale
        self.note.hide()
        self.map.show()
        self._say(result)

    def _say(self, result: AddedTo) -> None:
        added = result.added
        rest = added.biases.sum() + added.constant
        figures = {
            "To": names.visible(result.name),
            "Logit": signed(added.logit),
            "Heads": signed(float(np.nansum(added.heads))),
            "MLPs": signed(float(added.others.sum())),
            "Embedding": signed(added.embedding),
            "All else": signed(float(rest)),
        }
        self.said.emit("sum", figures, None)

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_selected(view[Selection].layer, view[Selection].head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))
        if self.found is not None:
            name = names.visible(self.found.name)
            self.subtitle_changed.emit(f"to “{name}” {self.where(self.place(view))}")

    def clear(self, document: Document | None) -> None:
        self.found = self.heat = None
        self.grid.set_shape(0, 0)
        self.bar.set_scale(None, lut())
        self.note.hide()
        self.subtitle_changed.emit("")

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.map.hide()
        self.note.setText(sentence)
        self.note.show()
        self.said.emit("sum", {}, None)

    def _tip(self, layer: int, head: int) -> str:
        if self.found is None:
            return ""
        return f"layer {layer}, head {head}: {signed(self.found.added.heads[layer, head])}"

    def _chosen(self, _title: str) -> None:
        self.session.change(LensSettings, token=self._offered[self.choice.currentIndex()])


class PartsPane(AddedPane):
    """All that is added, what adds or takes most first."""

    rows_copied = "parts"
    tallest = 0.4

    def build(self) -> QWidget:
        self.rows = TargetRows()
        self.rows.set_choosable()
        self.rows.chosen.connect(self._chosen)
        self.rows.hovered.connect(self._hovered)
        self._heads: list[tuple[int, int] | None] = []
        return ScrollColumn(stacked(self.rows))

    def paint(self, result: AddedTo) -> None:
        self.found = result
        parts = parts_of(result.added)
        self._heads = [head for _, head, _ in parts[:MOST]]
        values = np.array([value for _, _, value in parts[:MOST]])
        scale = scale_about_zero(result.added.heads, 100)
        colours = lut(DIVERGING)[levels(values, scale), :3]
        sizes = np.abs(values) / max(np.abs(values).max(initial=0), 1e-9)
        self.rows.set_rows([name for name, *_ in parts[:MOST]], sizes, colours, list(map(signed, values)))
        left = sum(value for *_, value in parts[MOST:])
        more = f" · {len(parts) - MOST:,} more {signed(left)}" if len(parts) > MOST else ""
        self.subtitle_changed.emit(f"of {signed(result.added.logit)}{more}")

    def mark(self, view: View, hover: Hover) -> None:
        at = view[Selection].layer, view[Selection].head
        self.rows.set_chosen(self._heads.index(at) if at in self._heads else None)
        pointed = None if hover.layer is None else (hover.layer, hover.head or 0)
        known = pointed is not None and pointed in self._heads
        self.rows.set_hovered(self._heads.index(pointed) if known else None)

    def clear(self, document: Document | None) -> None:
        self.found, self._heads = None, []
        self.rows.set_rows([], np.empty(0))
        self.subtitle_changed.emit("")

    def say_instead(self, sentence: str) -> None:
        self.clear(None)

    def _chosen(self, index: int) -> None:
        if self._heads[index] is not None:
            self.select_head(*self._heads[index])

    def _hovered(self, index: int | None) -> None:
        self.point_at(None if index is None else self._heads[index])
