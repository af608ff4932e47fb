"""The selected point's neighbours in the chosen layer and map: a bar for each, nearest first."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.base import AttentionPane, scene_of
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.on_input import pointed
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.clouds.maps import Neighbourhood, even_said, map_named, neighbourhood, point_of
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import PARTS
from headlight.widgets.controls.readout import Figures
from headlight.widgets.plots.bar_chart import BarChart

HINT = "Click a point in a view to see which neighbours it draws on."
_POINT = ("Point", "Class", "Confidence", "Truth", "x", "y", "z", "Weight", "From", "In")
_NEAR = ("Of", "Map", "Neighbours", "On itself", "Entropy", "Farthest", "Answered away")
SECTIONS = (Figures("pointed", "Under the cursor", _POINT), Figures("near", "Neighbourhood", _NEAR))
"""Of the numbers pane."""


class NeighbourhoodPane(AttentionPane):
    def build(self) -> QWidget:
        self.chart = BarChart()
        self.chart.hovered.connect(self._hovered)
        self.chart.clicked.connect(self._clicked)
        self.result: Neighbourhood | None = None
        self.message = QLabel()
        self.message.setProperty("role", "dim")
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sheets = QStackedWidget()
        self.sheets.addWidget(self.chart)
        self.sheets.addWidget(self.message)
        return self.sheets

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        at = pointed(view, hover)
        return at, view[Selection].queries, self.blocked(at[0])

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(neighbourhood, trace, view, pointed(view, hover))

    def paint(self, result: Neighbourhood | None) -> None:
        reason = self.blocked(result.at[0]) if result is not None else HINT
        if reason:
            self._say_instead(reason)
            return
        self.result = result
        self.sheets.setCurrentIndex(0)
        labels = [str(rank + 1) for rank in range(len(result.weights))]
        self.chart.set_bars(result.weights, labels, 0 if len(result.weights) else None)
        trace = self.session.current.trace
        self.said.emit("near", readings.of_neighbours(result, trace), None)
        several = [f"mean of {result.queries:,} points"] * (result.queries > 1)
        at = map_named(trace, *result.at).rsplit(", ", 1)  # where there is little room the layer stands alone
        even = even_said(result.weights) or f"{len(result.weights)} nearest"
        self.subtitle_changed.emit(PARTS.join([*at, *several, even]))

    def mark(self, view: View, hover: Hover) -> None:
        result = self.result
        if result is None or not len(result.neighbours):
            return
        place = hover.key or hover.query
        found = result.keys.find(place) if place is not None else ()
        at = np.flatnonzero(result.neighbours == found[0]) if len(found) else ()
        exact = len(at) and result.keys.place(int(found[0])) == place
        self.chart.set_hovered(int(at[0]) if exact else None)

    def clear(self, document: Document | None) -> None:
        self._say_instead(self.instead(document))

    def table(self) -> str:
        """One line a neighbour: its rank, its distance in metres, its weight."""
        result = self.result
        if result is None:
            return ""
        several = not len(result.neighbours)
        return "".join(
            f"{rank + 1}\t{'' if several else format(result.distances[rank], '.4g')}\t{weight:.6g}\n"
            for rank, weight in enumerate(result.weights)
        )

    def _say_instead(self, sentence: str) -> None:
        self.result = None
        self.said.emit("near", {}, None)
        self.message.setText(sentence)
        self.sheets.setCurrentIndex(1)
        self.subtitle_changed.emit("")

    def _hovered(self, bar: int | None) -> None:
        result = self.result
        if bar is None or result is None or bar >= len(result.neighbours):
            self.session.set_hover(NOWHERE)
        else:
            place = result.keys.place(int(result.neighbours[bar]))
            self.session.set_hover(Hover(key=place))
            scene = scene_of(self.session.current)
            point = point_of(scene.trace, int(scene.trace.tokens.find(place)[0]))
            weight = {
                "Weight": read_out(float(result.weights[bar])),
                "In": map_named(scene.trace, *result.at),
            }
            self.said.emit("pointed", {**readings.of_point(scene, point), **weight}, None)

    def _clicked(self, bar: int) -> None:
        """The neighbour is the query now."""
        result = self.result
        if result is not None and bar < len(result.neighbours):
            self.session.select(queries=[result.keys.place(int(result.neighbours[bar]))])
