"""The head grid: every head of every layer as a small map; click one to select it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from PySide6.QtWidgets import QWidget

from models.attention import Trace
from models.task import Task
from models.tokens import Place
from viewer.maps import HeadMaps, head_maps, query_indices, shown
from viewer.panes.base import Pane
from viewer.panes.words import tokens_named
from viewer.session import NOWHERE, Document, Hover, View
from widgets.colormap import lut
from widgets.head_grid import HeadGrid


class HeadsPane(Pane):
    name, title = "heads", "Heads"

    def build(self) -> QWidget:
        self.grid = HeadGrid()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.set_tooltip(lambda layer, head: f"layer {layer}, head {head}")
        self._previewed: Place | None = None
        return self.grid

    def key(self, document: Document, view: View) -> Hashable:
        map_, picture = view.map, document.modality == "image"
        places = view.selection.queries if picture else ()
        return (
            places,
            self._preview(document),
            *(map_.percentile, map_.floor, map_.log, map_.shared, map_.leave_out, map_.incoming),
            *(map_.hide_special, map_.whole_words),
        )

    def compute(self, trace: Trace, view: View, task: Task) -> HeadMaps:
        return head_maps(shown(trace, view.map), view, self._previewed, task)

    def update(self) -> None:
        document = self.session.current
        self._previewed = self._preview(document) if document else None
        if document and document.trace and not self._asked_for(document.trace):
            layers = document.trace.layers
            self.grid.set_shape(len(layers), max(layer.heads for layer in layers))
        super().update()
        self._say(document)

    def paint_partial(self, value: Any) -> None:
        layer, levels = value
        if not self.blocked(layer):
            self.grid.set_layer_maps(layer, levels)

    def paint(self, result: HeadMaps) -> None:
        for layer, levels in enumerate(result.layers):
            reason = self.blocked(layer)
            if reason:
                self.grid.set_blocked(layer, reason)
            else:
                self.grid.set_layer_maps(layer, levels)

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_lut(lut(view.map.colours))
        self.grid.set_fused(view.map.heads != "one")
        self.grid.set_selected(view.selection.layer, view.selection.head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))

    def clear(self, document: Document | None) -> None:
        self.grid.set_shape(0, 0)

    def _asked_for(self, trace: Trace) -> bool:
        return self._asked is not None and self._asked[0] is trace

    def _preview(self, document: Document | None) -> Place | None:
        """The patch under the cursor, whose maps are shown while it stays there."""
        if document is None or document.modality != "image":
            return None
        return self.session.hover.query

    def _hover_changed(self, hover: Hover) -> None:
        super()._hover_changed(hover)
        if hover.query != self._previewed:
            self.update()

    def _say(self, document: Document | None) -> None:
        if document is None or document.trace is None:
            self.subtitle_changed.emit("")
            return
        if document.modality == "text":
            self.subtitle_changed.emit("layer →  head ↓  whole matrices")
            return
        view, trace = self.session.view, document.trace
        places = (self._previewed,) if self._previewed else view.selection.queries
        chosen = query_indices(trace, trace.tokens, places)
        name = tokens_named(trace.tokens, chosen)
        if not places and trace.readout is None:
            name = "mean of all patches"
        what = f"who looks at {name}" if view.map.incoming else f"where {name} looks"
        self.subtitle_changed.emit(f"layer →  head ↓  {what}")

    def _clicked(self, layer: int, head: int) -> None:
        self.session.select(layer=layer, head=head)

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if cell is None else Hover(layer=cell[0], head=cell[1]))
