"""The picture on which is clicked, and what was cut out of it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.pictures.masks.base import masks_of, shown
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.inspecting import MaskSettings
from headlight.viewer.session.pictures import clicks
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.masks import EDGE, INSIDE, Laid, laid
from headlight.widgets.plane.plane_view import POINTED
from headlight.widgets.plane.pointed_view import PointedView

FILL = 120
"""Alpha of what was cut out; its border is opaque."""


class CutOutPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.view = PointedView()
        self.view.clicked.connect(self._clicked)
        self.view.boxed.connect(self._boxed)
        self.view.asked.connect(self._open_menu)
        self.view.set_tip(self._tip)
        self.view.set_heat_opacity(None)
        self.view.set_heat_lut(_table())
        self.menu = QMenu(self.view)
        self._input: object = None
        self.result: Laid | None = None
        return self.view

    def prepare(self, document: Document, view: View) -> None:
        if document.input is not self._input:
            self._input, self.result = document.input, None
            self.view.set_picture(document.input.pixels)
        self.view.set_points(clicks.points(document), clicks.frame(document))
        found = masks_of(document.trace)
        if found is None:
            self.cancel("")
            self._take_away()
        self.subtitle_changed.emit("" if found is None else f"{len(found):,} masks")

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        found = masks_of(document.trace)
        return None if found is None else shown(found, view, hover)

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        found = masks_of(trace)
        return None if found is None else partial(laid, trace, shown(found, view, hover))

    def paint(self, result: Laid) -> None:
        self.result = result
        self.view.set_heat(result.levels, result.region.corners)

    def clear(self, document: Document | None) -> None:
        if document is None:
            self._input = None
            self.view.set_picture(None)
            self.view.set_points((), None)
        self._take_away()

    def _take_away(self) -> None:
        self.result = None
        self.view.set_heat(None)

    # -- gestures ----------------------------------------------------------------------------------------

    def _clicked(self, x: float, y: float, add: bool) -> None:
        document = self.session.current
        if document is None or not clicks.takes_clicks(document):
            return
        number = self.view.point_at(x, y)
        if number is not None:
            clicks.take(self.runs, document, number)
        else:
            on = self.session.view[MaskSettings].tool == "on"
            clicks.put(self.runs, document, x, y, on != add)

    def _boxed(self, x0: float, y0: float, x1: float, y1: float, _add: bool) -> None:
        document = self.session.current
        if document is not None and clicks.takes_clicks(document):
            clicks.put_frame(self.runs, document, (x0, y0, x1, y1))

    def _open_menu(self, at: tuple[float, float], where: QPoint) -> None:
        """What can be done at this pixel."""
        document = self.session.current
        if document is None or not clicks.takes_clicks(document):
            return
        self.menu.clear()
        number = self.view.point_at(*at)
        if number is not None:
            self.menu.addAction("Take this point away", lambda: clicks.take(self.runs, document, number))
        else:
            for title, on in (("A point on it", True), ("A point beside it", False)):
                put = partial(clicks.put, self.runs, document, *at, on)
                self.menu.addAction(title, put)
        if clicks.frame(document) is not None:
            self.menu.addAction("Take the box away", lambda: clicks.put_frame(self.runs, document, None))
        if clicks.points(document) or clicks.frame(document) is not None:
            self.menu.addAction("Clear", lambda: clicks.clear(self.runs, document))
        self.menu.popup(where)

    def _tip(self, x: float, y: float) -> str:
        found = masks_of(self._trace)
        within = "" if found is None else ", ".join(found.names[at] for at in found.at(x, y))
        return f"({int(x)}, {int(y)})\t{within}" if within else f"({int(x)}, {int(y)})"


def _table() -> np.ndarray:
    """uint8 (256, 4): the colour of each level."""
    table = np.zeros((256, 4), np.uint8)
    colour = POINTED.red(), POINTED.green(), POINTED.blue()
    table[INSIDE], table[EDGE] = (*colour, FILL), (*colour, 255)
    return table
