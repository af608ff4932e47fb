"""The head grid: every head of every layer as a small map; click one to select it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from headlight.models.core.colours import Scale, lut
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.attention.change_menu import fill_menu
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.shared.on_input import MethodPane
from headlight.viewer.registry import Method
from headlight.viewer.session import changing, selecting
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import ExperimentSettings, MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.relevance import relevance_of_heads
from headlight.viewer.slices.head_maps import HeadMaps
from headlight.viewer.slices.maps import query_indices
from headlight.widgets.controls.choices import Choice, Segmented
from headlight.widgets.controls.colour_bar import ColourBar, bar_height, with_bar
from headlight.widgets.grids.head_grid import HeadGrid

GAP = 6
"""Pixels below a switch of stacks."""
STACKS = ("encoder", "decoder", "cross")


class HeadsPane(MethodPane):
    """Of an encoder–decoder one stack at a time: that of the layer which is selected."""

    blank, tallest = True, 0.46

    def build(self) -> QWidget:
        self.stacks = Segmented([(one, one.capitalize()) for one in STACKS], "Stack of attention")
        self.stacks.changed.connect(self._pick_stack)
        self.stacks.hide()
        self.towers = Choice([], "Stack of attention")
        self.towers.changed.connect(self._pick_stack)
        self.towers.hide()
        self.grid = HeadGrid()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.taken.connect(self._taken)
        self.grid.asked.connect(self._asked)
        self.menu = QMenu(self.grid)
        self.menu.aboutToHide.connect(
            lambda: self._hovered(None)
        )  # the grid is not told that the cursor left
        self.grid.set_tooltip(self._tip)
        self.bar = ColourBar()
        self._shaped: Trace | None = None
        self._members: list[int] = []
        """The layers that the grid shows, by their numbers."""
        self._levels: dict[int, np.ndarray] = {}
        self._scales: dict[int, list[Scale]] = {}
        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.stacks)
        layout.addWidget(self.towers)
        layout.addWidget(with_bar(self.grid, self.bar), 1)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        trace = document.trace
        if trace is None:
            return
        members = selecting.stack_of(trace, view[Selection].layer)
        if trace is self._shaped and members == self._members:
            return
        if trace is not self._shaped:
            self._levels, self._scales = {}, {}
        self._shaped, self._members = trace, members
        usual = set(trace.stacks) <= set(STACKS)
        self.stacks.setVisible(names.has_stacks(trace) and usual)
        self.towers.setVisible(names.has_stacks(trace) and not usual)
        for one in STACKS:
            self.stacks.set_option_visible(one, one in trace.stacks)
        if not usual:
            self._show_towers(trace, view)
        self.grid.set_shape(len(members), [trace.layers[number].heads for number in members])
        self._draw(self._levels)
        self.height_changed.emit()

    def _show_towers(self, trace: Trace, view: View) -> None:
        """A tower, or each tile that it sees, and the language model."""
        there = [self.towers.itemText(index) for index in range(self.towers.count())]
        self.towers.blockSignals(True)
        if there != list(trace.stacks):
            self.towers.clear()
            self.towers.addItems(trace.stacks)
        self.towers.setCurrentText(trace.layers[view[Selection].layer].stack)
        self.towers.blockSignals(False)

    def height_for(self, width: int) -> int | None:
        """Maps have the shape of their picture: of a wide one they fill their width in little height."""
        tokens = self._shaped.tokens if self._shaped is not None else None
        if not isinstance(tokens, PatchTokens):
            return None
        rows, columns = tokens.grid
        switches = sum(
            one.sizeHint().height() + GAP for one in (self.stacks, self.towers) if not one.isHidden()
        )
        return self.grid.height_for(width, columns / rows) + bar_height(self.bar) + switches

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view[MapSettings]
        # A text's maps are whole matrices, whatever the query.
        on_grid = any(isinstance(layer.queries, PatchTokens) for layer in document.trace.layers)
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
        self._levels[layer], self._scales[layer] = levels, scales
        self._draw([layer])

    def paint(self, result: HeadMaps) -> None:
        self._levels, self._scales = dict(enumerate(result.layers)), dict(enumerate(result.scales))
        self._draw(self._levels)

    def _draw(self, layers: Iterable[int]) -> None:
        """The maps of those layers that the grid shows."""
        for layer in layers:
            if layer not in self._members:
                continue
            column, reason = self._members.index(layer), self.blocked(layer)
            if reason:
                self.grid.set_blocked(column, reason)
            else:
                self.grid.set_layer_maps(column, self._levels[layer])

    def mark(self, view: View, hover: Hover) -> None:
        trace = self.session.current.trace
        stack = trace.layers[view[Selection].layer].stack
        self.stacks.set_value(stack if stack in STACKS else None)
        self.grid.set_lut(lut(view[MapSettings].colours))
        self.grid.set_fused(view[MapSettings].heads != "one")
        self.grid.set_selected(self._members.index(view[Selection].layer), view[Selection].head)
        under = hover.layer if hover.layer in self._members else None
        self.grid.set_hovered(None if under is None else (self._members.index(under), hover.head or 0))
        self._mark_changes(view)
        self._show_scale(view, hover)
        self._say(trace, view, hover)

    def _mark_changes(self, view: View) -> None:
        document, members = self.session.current, self._members
        changed = changing.marks(document.made.interventions, document.trace)
        chosen = view[ExperimentSettings].heads
        self.grid.set_marks(
            {(members.index(at), head): word for (at, head), word in changed.items() if at in members},
            [(members.index(at), head) for at, head in chosen if at in members],
        )

    def clear(self, document: Document | None) -> None:
        self.stacks.hide()
        self.towers.hide()
        self.grid.set_shape(0, 0)
        self.grid.set_marks({})
        self.bar.set_scale(None, lut())
        self._shaped, self._members, self._levels, self._scales = None, [], {}, {}
        self.subtitle_changed.emit("")

    def _tip(self, column: int, head: int) -> str:
        document = self.session.current
        if self._shaped is None or document is None or document.trace is None:
            return ""
        layer = self._members[column]
        how = changing.marks(document.made.interventions, document.trace).get((layer, head))
        return words.head(self._shaped, layer, head) + (f": {how}" if how else "")

    def _taken(self, column: int, head: int, only_add: bool) -> None:
        changing.toggle(self.session, [(self._members[column], head)], only_add)

    def _asked(self, column: int, head: int, where: QPoint) -> None:
        """What can be changed of this head, or of those that are chosen together with it."""
        if self.runs is None or self.session.current is None:
            return
        at = self._members[column], head
        together = self.session.view[ExperimentSettings].heads
        fill_menu(self.menu, self.session, self.runs, together if at in together else (at,))
        self.menu.popup(where)

    def _show_scale(self, view: View, hover: Hover) -> None:
        """The scale of the head that is pointed at, else of the selected one."""
        layer, head = view[Selection].layer, view[Selection].head
        if hover.layer is not None:
            layer, head = hover.layer, hover.head or 0
        scales = [] if self.blocked(layer) else self._scales.get(layer, [])
        of = "all maps" if view[MapSettings].shared else words.head(self.session.current.trace, layer, head)
        self.bar.set_scale(scales[head] if head < len(scales) else None, lut(view[MapSettings].colours), of)

    def _say(self, trace: Trace, view: View, hover: Hover) -> None:
        by = "" if self.method().shares else f"{self.method().word} · "
        if not isinstance(trace.layers[view[Selection].layer].queries, PatchTokens):
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

    def _clicked(self, column: int, head: int) -> None:
        one = replace(self.session.view[MapSettings], heads="one")
        self.session.select(layer=self._members[column], head=head, also=(one,))

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if cell is None else Hover(layer=self._members[cell[0]], head=cell[1]))

    def _pick_stack(self, stack: str) -> None:
        selecting.pick_stack(self.session, stack)
