"""The theoretical receptive field of every layer of the network, as a table."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.field import Field
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.layer_rows import lines, row_of
from headlight.viewer.session.session import Document, Hover, Session
from headlight.viewer.session.view import FieldSettings, Selection, View
from headlight.viewer.slices.fields import maps as field_maps
from headlight.viewer.slices.fields.maps import Seen
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.tables.layer_table import LayerTable


class LayersPane(Pane):
    """A click on a row makes it the layer whose unit is looked at."""

    rows_copied = "layers"

    def build(self) -> QWidget:
        self.list = LayerTable()
        self.list.selected.connect(self._selected)
        self.all = Segmented([(False, "Blocks"), (True, "All operations")], "Rows")
        self.all.changed.connect(lambda on: self.session.change(FieldSettings, all_operations=on))
        self.seen: Seen | None = None
        self.fields: list[Field] = []
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.all)
        column.addWidget(self.list, 1)
        return widget

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, document.checks

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[FieldSettings].all_operations

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return partial(field_maps.seen, *subject)

    def prepare(self, document: Document, view: View) -> None:
        self.all.set_value(view[FieldSettings].all_operations)
        if self.seen is not None and document.trace is not self.seen.trace:
            self.clear(document)

    def paint(self, result: Seen) -> None:
        fields = field_maps.listed(result.fields, self.session.view[FieldSettings].all_operations)
        self.seen, self.fields = result, fields
        self.list.set_rows([row_of(field) for field in fields])
        trace = result.trace
        self.subtitle_changed.emit(
            f"{trace.model.title} · input {result.frame.width} × {result.frame.height} px"
        )

    def mark(self, view: View, hover: Hover) -> None:
        if self.seen is None:
            return
        chosen = self.seen.field(view[FieldSettings].layer)
        self.list.set_selected(next((i for i, f in enumerate(self.fields) if f is chosen), None))

    def clear(self, document: Document | None) -> None:
        self.seen, self.fields = None, []
        self.list.set_rows([])
        self.subtitle_changed.emit("")

    def step(self, by: int) -> None:
        """Look at the layer so many rows on, as far as there are any."""
        if self.seen is None:
            return
        chosen = self.seen.field(self.session.view[FieldSettings].layer)
        at = next((i for i, field in enumerate(self.fields) if field is chosen), None)
        at = (-1 if by > 0 else len(self.fields)) if at is None else at
        self._selected(min(max(at + by, 0), len(self.fields) - 1))

    def table(self) -> str:
        return lines(self.fields)

    def _selected(self, index: int) -> None:
        if self.seen is not None:
            pick_layer(self.session, self.seen, self.fields[index])


def pick_layer(session: Session, seen: Seen, field: Field) -> None:
    """Look at the units of this layer, and at the attention that they have passed last, in one step."""
    at = field_maps.attention_at(seen, field)
    selection = session.view[Selection]
    if at is not None:
        heads = seen.trace.layers[at].heads
        selection = replace(selection, layer=at, head=min(selection.head, heads - 1))
    session.change(FieldSettings, layer=field.name, also=(selection,))
