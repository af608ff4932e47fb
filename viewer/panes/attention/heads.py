"""The head grid: every head of every layer as a small map; click one to select it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import Scale, lut
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.shared.on_input import MethodPane
from headlight.viewer.registry import Method
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.head_maps import HeadMaps
from headlight.viewer.slices.maps import query_indices
from headlight.viewer.slices.relevance import relevance_of_heads
from headlight.widgets.controls.colour_bar import ColourBar, bar_height, with_bar
from headlight.widgets.grids.head_grid import HeadGrid


class HeadsPane(MethodPane):
    blank, tallest = True, 0.46

    def build(self) -> QWidget:
        self.grid = HeadGrid()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.set_tooltip(lambda layer, head: f"layer {layer}, head {head}")
        self.bar = ColourBar()
        self._shaped: Trace | None = None
        self._scales: dict[int, list[Scale]] = {}
        return with_bar(self.grid, self.bar)

    def prepare(self, document: Document, view: View) -> None:
        trace = document.trace
        if trace is not None and trace is not self._shaped:
            self._shaped = trace
            self.grid.set_shape(len(trace.layers), [layer.heads for layer in trace.layers])
            self.height_changed.emit()

    def height_for(self, width: int) -> int | None:
        """Maps have the shape of their picture: of a wide one they fill their width in little height."""
        tokens = self._shaped.tokens if self._shaped is not None else None
        if not isinstance(tokens, PatchTokens):
            return None
        rows, columns = tokens.grid
        return self.grid.height_for(width, columns / rows) + bar_height(self.bar)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view[MapSettings]
        # A text's maps are whole matrices, whatever the query.
        on_grid = isinstance(document.trace.tokens, PatchTokens)
        places = (view[Selection].queries, hover.query) if on_grid else ()
        return (
            places,
            *(map_.percentile, map_.floor, map_.log, map_.shared, map_.leave_out, map_.incoming),
            *(map_.hide_special, map_.whole_words, map_.step),
        )

    def slice(self, subject: tuple[Trace, Method], view: View, hover: Hover) -> Call:
        trace, method = subject
        return partial(relevance_of_heads, trace, view, method, hover.query)

    def paint_partial(self, value: Any) -> None:
        layer, levels, scales = value
        if not self.blocked(layer):
            self.grid.set_layer_maps(layer, levels)
            self._scales[layer] = scales

    def paint(self, result: HeadMaps) -> None:
        self._scales = dict(enumerate(result.scales))
        for layer, levels in enumerate(result.layers):
            reason = self.blocked(layer)
            if reason:
                self.grid.set_blocked(layer, reason)
            else:
                self.grid.set_layer_maps(layer, levels)

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_lut(lut(view[MapSettings].colours))
        self.grid.set_fused(view[MapSettings].heads != "one")
        self.grid.set_selected(view[Selection].layer, view[Selection].head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))
        self._show_scale(view, hover)
        self._say(self.session.current.trace, view, hover)

    def clear(self, document: Document | None) -> None:
        self.grid.set_shape(0, 0)
        self.bar.set_scale(None, lut())
        self._shaped, self._scales = None, {}
        self.subtitle_changed.emit("")

    def _show_scale(self, view: View, hover: Hover) -> None:
        """The scale of the head that is pointed at, else of the selected one."""
        layer, head = view[Selection].layer, view[Selection].head
        if hover.layer is not None:
            layer, head = hover.layer, hover.head or 0
        scales = [] if self.blocked(layer) else self._scales.get(layer, [])
        of = "all maps" if view[MapSettings].shared else words.head(layer, head)
        self.bar.set_scale(scales[head] if head < len(scales) else None, lut(view[MapSettings].colours), of)

    def _say(self, trace: Trace, view: View, hover: Hover) -> None:
        by = "" if self.method().shares else f"{self.method().word} · "
        if not isinstance(trace.tokens, PatchTokens):
            self.subtitle_changed.emit(f"{by}whole matrices")
            return
        places = (hover.query,) if hover.query else view[Selection].queries
        tokens = trace.layers[min(view[Selection].layer, len(trace.layers) - 1)].queries
        chosen = query_indices(trace, tokens, places)
        name = names.tokens_named(tokens, chosen)
        if not places and trace.readout is None:
            name = "mean of all patches"
        what = f"who looks at {name}" if view[MapSettings].incoming else f"where {name} looks"
        self.subtitle_changed.emit(f"{by}{what}")

    def _clicked(self, layer: int, head: int) -> None:
        one = replace(self.session.view[MapSettings], heads="one")
        self.session.select(layer=layer, head=head, also=(one,))

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if cell is None else Hover(layer=cell[0], head=cell[1]))
