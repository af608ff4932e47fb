"""The views that a multi-view network saw, and how many of its features each of them won."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.core.relevance import percent
from headlight.models.core.tokens import Position, Region
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.clouds.objects import Compared, Seen, compared
from headlight.widgets.grids.view_grid import Pixel, ViewGrid

NONE = "No network of views is there."
MOST = 64
"""Selected places that are looked for in the views."""


class ViewsPane(Pane):
    def build(self) -> QWidget:
        self.grid = ViewGrid()
        self.grid.hovered.connect(self._hovered)
        self.grid.clicked.connect(self._clicked)
        self.seen: Seen | None = None
        return self.grid

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(compared, trace)

    def paint(self, result: Compared) -> None:
        seen = self.seen = result.seen
        if seen is None:
            self.grid.say_instead(NONE)
            return
        total = int(seen.won.sum())
        shares = seen.won / max(total, 1)
        labels = [f"{target.name} {percent(target.score)}" for target in seen.alone]
        tips = [
            f"view {number}, {round(number * 360 / len(seen.won))}°\t{won:,} of {total:,} features\n"
            f"alone it says {target.name}\t{percent(target.score)}"
            for number, (won, target) in enumerate(zip(seen.won.tolist(), seen.alone, strict=True))
        ]
        self.grid.set_views(seen.pictures, labels, shares / max(shares.max(), 1e-9), tips)
        first = int(seen.won.argmax())
        self.subtitle_changed.emit(f"view {first} won {percent(float(shares[first]))} of the features")

    def mark(self, view: View, hover: Hover) -> None:
        if self.seen is None:
            return
        under = [place for place in (hover.key, hover.query) if place is not None]
        places = _positions([*under[:1], *view[Selection].queries])[:MOST]
        self.grid.set_marks(self.seen.pixels(places) if len(places) else ())

    def clear(self, document: Document | None) -> None:
        self.seen = None
        self.grid.say_instead("")
        self.subtitle_changed.emit("")

    def _hovered(self, pixel: Pixel | None) -> None:
        place = None if pixel is None or self.seen is None else self.seen.place(*pixel)
        self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))

    def _clicked(self, view: int, row: int, column: int) -> None:
        place = None if self.seen is None else self.seen.place(view, row, column)
        if place is not None:
            self.session.select(queries=[place])


def _positions(places: list[object]) -> np.ndarray:
    """float (n, 3)"""
    found = [(place.x, place.y, place.z) for place in places if isinstance(place, Position)]
    parts = [np.array(found, np.float64).reshape(-1, 3)]
    parts += [place.positions for place in places if isinstance(place, Region)]
    return np.concatenate(parts)
