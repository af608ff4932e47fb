"""How far every head looks: Dosovitskiy et al. 2021, figure 7 right. A dot is a head, and selects it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import FieldSettings, Selection, View
from headlight.viewer.slices.fields import maps as field_maps
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.plots.scatter_plot import DistanceScatter


class DistancePane(Pane):
    """Takes no room where there is no attention."""

    def build(self) -> QWidget:
        self.plot = DistanceScatter()
        self.plot.clicked.connect(self._clicked)
        self.plot.hovered.connect(self._hovered)
        self.own = Segmented([(True, "With its own patch"), (False, "Without")], "The query's own patch")
        self.own.changed.connect(lambda on: self.session.change(FieldSettings, include_self=on))
        self.distances: np.ndarray | None = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.own)
        column.addWidget(self.plot, 1)
        return widget

    def lane_for(self, view: View) -> Lane:
        return "run"

    def prepare(self, document: Document, view: View) -> None:
        self.own.set_value(view[FieldSettings].include_self)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[FieldSettings].include_self

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(field_maps.distances, trace, view[FieldSettings].include_self)

    def paint(self, result: tuple[np.ndarray, float | None]) -> None:
        self.distances, uniform = result
        result = self.distances
        layers, heads = np.nonzero(np.isfinite(result))
        # A layer that is not drawn has no distance either: its weights are not what the model used.
        drawn = np.array([not self.blocked(int(layer)) for layer in layers], bool)
        layers, heads = layers[drawn], heads[drawn]
        self.plot.set_dots(layers, heads, result[layers, heads], len(result))
        self.plot.set_line(uniform, "uniform attention")

    def mark(self, view: View, hover: Hover) -> None:
        if self.distances is None:
            return
        selection = view[Selection]
        self.plot.set_selected((selection.layer, selection.head))
        self.plot.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))
        at = selection.layer, selection.head
        far = self.distances[at] if at[0] < len(self.distances) else np.nan
        said = f" · {far:.0f} px" if np.isfinite(far) else ""
        self.subtitle_changed.emit(f"head {at[0]}.{at[1]}{said}")

    def clear(self, document: Document | None) -> None:
        self.distances = None
        self.plot.set_dots(np.empty(0, int), np.empty(0, int), np.empty(0))
        self.plot.set_line(None)
        self.subtitle_changed.emit("")

    def _clicked(self, layer: int, head: int) -> None:
        row = replace(self.session.view[FieldSettings], row=True)
        self.session.select(layer=layer, head=head, also=(row,))

    def _hovered(self, at: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if at is None else Hover(layer=at[0], head=at[1]))
