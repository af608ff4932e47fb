"""How the receptive field grows with depth, of several networks at once."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

from headlight.models.catalogue.published import PUBLISHED
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.fields.layers import pick_layer
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import offer
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import FieldSettings, View
from headlight.viewer.slices.fields import maps as field_maps
from headlight.viewer.slices.fields.maps import Growth, Seen
from headlight.widgets.plots.growth_plot import GrowthPlot
from headlight.widgets.plots.line_plot import Series

SIDE = 224
"""Pixels of the picture for which published networks are walked."""


class GrowthPane(Pane):
    """The network that read the picture, then those of the settings; the title adds and removes networks."""

    menu_title = "Which networks are plotted"

    def build(self) -> QWidget:
        self.plot = GrowthPlot()
        self.plot.clicked.connect(self._clicked)
        self.seen: Seen | None = None
        self.curves: tuple[Growth, ...] = ()
        return self.plot

    def lane_for(self, view: View) -> Lane:
        return "run"

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, document.checks

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[FieldSettings].networks

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return partial(field_maps.growths, *subject, view[FieldSettings].networks, SIDE)

    def paint_partial(self, value: Any) -> None:
        self.paint(value)

    def paint(self, result: tuple[Seen, tuple[Growth, ...]]) -> None:
        self.seen, self.curves = result
        series = [
            Series(curve.title, curve.depths, curve.sizes, curve.names, number, curve.whole_from)
            for number, curve in enumerate(self.curves)
        ]
        self.plot.set_series(series, SIDE)

    def mark(self, view: View, hover: Hover) -> None:
        if not self.curves:
            return
        at = field_maps.point_of(self.curves[0], self.seen, self.seen.field(view[FieldSettings].layer))
        self.plot.set_selected(None if at is None else (0, at))
        self.subtitle_changed.emit(f"of pictures of {SIDE} × {SIDE} px")

    def clear(self, document: Document | None) -> None:
        self.seen, self.curves = None, ()
        self.plot.set_series([])
        self.subtitle_changed.emit("")

    def fill_menu(self, menu: QMenu) -> None:
        """Every published network, family after family; those plotted are checked."""
        menu.clear()
        shown = self.session.view[FieldSettings].networks
        families: dict[str, QMenu] = {}
        for id_, network in PUBLISHED.items():
            if network.family not in families:
                families[network.family] = menu.addMenu(network.family)
            title, on = network.title, id_ in shown
            offer(families[network.family], title, on, lambda on, id_=id_: self._show(id_, on))

    def _show(self, network: str, on: bool) -> None:
        shown = tuple(id_ for id_ in self.session.view[FieldSettings].networks if id_ != network)
        self.session.change(FieldSettings, networks=(*shown, network) if on else shown)

    def _clicked(self, series: int, index: int) -> None:
        """A layer of the network that read the picture is looked at."""
        if series == 0 and self.seen is not None:
            pick_layer(self.session, self.seen, self.seen.field(self.curves[0].names[index]))
