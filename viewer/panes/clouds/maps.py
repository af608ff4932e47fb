"""The map grid: a row for each stage of the network, in it every map of one of its layers."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from headlight.models.attention.statistics import stages
from headlight.models.core.colours import Scale, lut
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.base import AttentionPane
from headlight.viewer.panes.shared.controls import head, offer
from headlight.viewer.session import selecting
from headlight.viewer.session.selecting import rows_shown
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.clouds.maps import MapRows, map_rows, short_name
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.grids.map_grid import MapGrid


class MapsPane(AttentionPane):
    menu_title = "Which layer is looked at"

    def build(self) -> QWidget:
        self.grid = MapGrid()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.set_tooltip(self._tip)
        self._shaped: Hashable = None
        self.bar = ColourBar()
        self._scales: dict[int, Scale] = {}
        """Of each shown layer."""
        self._even: dict[int, str] = {}
        """Of each shown layer, what is said of weights that do not differ."""
        return with_bar(self.grid, self.bar)

    def prepare(self, document: Document, view: View) -> None:
        trace = document.trace
        if trace is None or not trace.layers:
            return
        rows = rows_shown(trace, view)
        if self._shaped != (trace, rows):
            self._shaped = (trace, rows)
            self._empty(trace, rows)
            self.drop()

    def _empty(self, trace: Trace, rows: tuple[int, ...]) -> None:
        """Rows without maps."""
        labels = [short_name(trace.layers[layer]) for layer in rows]
        self.grid.set_rows(labels, rows, [trace.layers[layer].heads for layer in rows])

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return rows_shown(document.trace, view), view[Selection].queries

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(map_rows, trace, view)

    def paint(self, result: MapRows) -> None:
        if self._shaped is None or result.layers != self._shaped[1]:
            return
        if not result.levels:  # nothing is selected any more
            self._empty(*self._shaped)
        for row, layer in enumerate(result.layers):
            reason = self.blocked(layer)
            if reason:
                self.grid.set_blocked(row, reason)
            elif result.levels:
                self.grid.set_row_maps(row, result.levels[row], "uniform" if result.even[row] else "")
        self._even = dict(zip(result.layers, result.even, strict=False))
        self._scales = dict(zip(result.layers, result.scales, strict=False))

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_lut(lut(view[MapSettings].colours))
        fused = view[MapSettings].heads != "one"
        self.grid.set_selected(view[Selection].layer, None if fused else view[Selection].head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))
        self._show_scale(view, hover)
        queries = view[Selection].queries
        self.subtitle_changed.emit(
            "a row a stage, nearest neighbour first" if queries else "no point selected"
        )

    def _show_scale(self, view: View, hover: Hover) -> None:
        """The scale of the row that is pointed at, else of the selected one: each row has its own."""
        layer = view[Selection].layer if hover.layer is None else hover.layer
        scale = None if self.blocked(layer) else self._scales.get(layer)
        of = short_name(self.session.current.trace.layers[layer]) if scale is not None else ""
        even = self._even.get(layer, "")
        self.bar.set_scale(scale, lut(view[MapSettings].colours), f"{of} · {even}" if even else of)

    def clear(self, document: Document | None) -> None:
        self._shaped, self._even, self._scales = None, {}, {}
        self.bar.set_scale(None, lut())
        self.grid.set_rows([], [], [])
        self.subtitle_changed.emit(self.instead(document))

    def fill_menu(self, menu: QMenu) -> None:
        """Every layer, stage by stage."""
        menu.clear()
        document = self.session.current
        if not self.can_show(document):
            return
        trace, chosen = document.trace, self.session.view[Selection]
        for number, members in enumerate(stages(trace.layers)):
            head(menu, f"Stage {number + 1}, {len(trace.layers[members[0]].queries):,} points")
            for layer in members:
                shown = trace.layers[layer]
                title = f"{short_name(shown)} · {shown.heads} maps"
                offer(menu, title, layer == chosen.layer, lambda _, layer=layer: self._pick_layer(layer))

    def _pick_layer(self, layer: int) -> None:
        heads = self.session.current.trace.layers[layer].heads
        selecting.pick_head(self.session, layer, min(self.session.view[Selection].head, heads - 1))

    def _tip(self, layer: int, map_: int) -> str:
        chosen = self.session.current.trace.layers[layer]
        channels = f"channels c with c mod {chosen.heads} = {map_}"
        even = self._even.get(layer, "")
        said = f"{short_name(chosen)}, map {map_}: {channels}\n{len(chosen.queries):,} points"
        return f"{said}\nAll maps of this point are {even}" if even else said

    def _clicked(self, layer: int, map_: int) -> None:
        selecting.pick_head(self.session, layer, map_)

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if cell is None else Hover(layer=cell[0], head=cell[1]))
