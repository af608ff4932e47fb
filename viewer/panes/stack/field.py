"""The field of one unit of a stack over its input: the box of what it can see, the heat of what it sees."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.field import by
from headlight.models.core.relevance import percent
from headlight.models.core.stack import ConvStack
from headlight.models.core.tokens import Position
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.stack.base import FieldsOfStackPane, chosen_unit, selected_place
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import FieldSettings, View
from headlight.viewer.slices.fields import stacks
from headlight.viewer.slices.fields.stacks import PLANES, Built, Looked
from headlight.widgets.base import theme
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.readout import NOTHING, Figures
from headlight.widgets.plane.image_view import ImageView

HEAT_COLOURS = "viridis"
_ROWS = (
    *("Layer", "Unit", "Theoretical size", "Stride, start", "Inside the input"),
    *("Equivalent width", "Standard deviation", "Holds 50 %, 95 %", "Weight on padding"),
)
SECTIONS = (Figures("field", "Field", _ROWS),)
"""Of the numbers pane."""
LINED = 80
"""Up to so many units a side lines are drawn between them."""


def heat_table(dark: bool) -> np.ndarray:
    """uint8 (256, 4): the most stands out from the theme's ground; nothing leaves the ground as it is."""
    ends = (50, 255) if dark else (225, 0)
    table = lut(HEAT_COLOURS)[np.linspace(*ends, 256).round().astype(int)]
    table[0, 3] = 0
    return table


class StackFieldPane(FieldsOfStackPane):
    def shown(self) -> QWidget:
        self.views = [ImageView() for _ in PLANES[3]]
        self.captions = [QLabel() for _ in self.views]
        for number, view in enumerate(self.views):
            view.set_heat_opacity(None)  # there is no picture below
            view.hovered.connect(lambda at, number=number: self._hovered(number, at))
            view.clicked.connect(lambda x, y, _, number=number: self._clicked(number, x, y))
            view.set_tip(lambda x, y, number=number: self._tip(number, x, y))
            self.captions[number].setProperty("role", "dim")
        self.result: Built | None = None
        self.looked: Looked | None = None
        self._painted_for: object = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        views = QGridLayout()
        views.setSpacing(6)
        for number, (view, caption) in enumerate(zip(self.views, self.captions, strict=True)):
            place = QVBoxLayout()
            place.setSpacing(2)
            place.addWidget(caption)
            place.addWidget(view, 1)
            views.addLayout(place, number // 2, number % 2)
        column.addLayout(views, 1)
        self.bar = ColourBar()
        column.addWidget(self.bar)
        return widget

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        found = stacks.built(view[ConvStack])
        if found.problem is not None:
            return None
        field = found.field(view[FieldSettings].layer)
        return field.name, chosen_unit(field, view, hover), selected_place(view), theme.current().dark

    def slice(self, stack: ConvStack, view: View, hover: Hover) -> Call:
        return partial(stacks.seen, stack, view[FieldSettings].layer, hover.query, selected_place(view))

    def paint(self, result: tuple[Built, Looked | None, bool]) -> None:
        self.result, self.looked, pointed = result
        super().paint(self.result)
        looked = self.looked
        if looked is None:
            self.said.emit("field", {}, None)
            return
        self._prepare_views(self.result)
        sums = "share of the weight, summed" if self.result.stack.axes == 3 else "share of the weight"
        colours = heat_table(theme.current().dark)
        self.bar.set_scale(looked.scale, colours, sums)
        for view in self.views:
            view.set_heat_lut(colours)
        side, field = self.result.stack.side, looked.field
        whole = (0.0, 0.0, float(side), float(side))
        selected = stacks.unit_at(field, selected_place(self.session.view))
        for view, plane in zip(self.views, looked.planes, strict=False):
            view.set_heat(plane.levels, whole)
            view.set_field(plane.box, whole, _by(field.size), pointed)
            amber = stacks.rectangle(field.box(selected), plane.axes)
            view.set_field(amber, whole, "" if pointed else _by(field.size), False)
            if not pointed:
                view.set_field(None, hovered=True)
        self._say(looked)

    def _prepare_views(self, found: Built) -> None:
        """An empty input of the right size in as many views as it takes."""
        stack = found.stack
        ground = QColor(theme.current().raised).getRgb()[:3]
        wanted = (stack.side, stack.axes, ground)
        if wanted == self._painted_for:
            return
        self._painted_for = wanted
        picture = np.full((stack.side, stack.side, 3), ground, np.uint8)
        whole = (0, 0, stack.side, stack.side)
        for number, (view, caption) in enumerate(zip(self.views, self.captions, strict=True)):
            used = number < len(PLANES[stack.axes])
            view.setVisible(used)
            caption.setVisible(used and stack.axes == 3)
            if not used:
                continue
            view.set_picture(picture)
            view.set_grid(stack.side, stack.side, whole)
            view.set_grid_visible(stack.side <= LINED)
            if stack.axes == 3:
                down, right = ("xyz"[axis] for axis in PLANES[3][number])
                (other,) = set("xyz") - {down, right}
                caption.setText(f"{right} →  {down} ↓  summed over {other}")

    def _say(self, looked: Looked) -> None:
        field, side = looked.field, self.result.stack.side
        box = field.box(looked.unit)
        inside = [max(min(b, side) - max(a, 0), 0) for a, b in box]
        self.subtitle_changed.emit(f"{field.name} · unit {_unit(looked.unit)} · uniform weights")
        good = looked.equivalent == looked.equivalent  # all of it may lie on padding
        figures = {
            "Layer": field.name,
            "Unit": f"{_unit(looked.unit)} of {_by(field.shape)}",
            "Theoretical size": _by(field.size),
            "Stride, start": f"{field.stride[0]}, {field.start[0]}".replace("-", "−"),
            "Inside the input": _by(inside),
            "Equivalent width": f"{looked.equivalent:.2f}" if good else NOTHING,
            "Standard deviation": f"{looked.spread:.2f}" if good else NOTHING,
            "Holds 50 %, 95 %": ", ".join(map(str, looked.widths)) or NOTHING,
            "Weight on padding": percent(looked.padding if looked.padding > 1e-9 else 0.0),
        }
        self.said.emit("field", figures, None)

    def clear(self, document: Document | None) -> None:
        self.result = self.looked = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange and watched is self.widget:
            self.update()  # the empty input has the theme's colour
        return super().eventFilter(watched, event)

    # -- gestures ------------------------------------------------------------------------------------------

    def _place(self, number: int, x: float, y: float) -> Position | None:
        """Where the cursor is in the input; on the axis that is not seen, where the shown unit is."""
        if self.looked is None:
            return None
        if self.result.stack.axes == 2:
            return Position(x, y, 0.0)
        at = list(self.looked.field.centre(self.looked.unit))
        down, right = PLANES[3][number]
        at[down], at[right] = y, x
        return Position(*at)

    def _hovered(self, number: int, at: tuple[float, float] | None) -> None:
        place = None if at is None else self._place(number, *at)
        if place is None:
            self.session.set_hover(NOWHERE)
            return
        # The middle of the unit: moving within it is no news.
        field = self.looked.field
        self.session.set_hover(Hover(query=stacks.place_of(field, stacks.unit_at(field, place))))

    def _clicked(self, number: int, x: float, y: float) -> None:
        place, looked = self._place(number, x, y), self.looked
        if place is not None:
            unit = stacks.unit_at(looked.field, place)
            self.session.select(queries=[stacks.place_of(looked.field, unit)])

    def _tip(self, number: int, x: float, y: float) -> str:
        place = self._place(number, x, y)
        if place is None:
            return ""
        field = self.looked.field
        return f"unit {_unit(stacks.unit_at(field, place))}\t{_by(field.size)}\ninput ({int(y)}, {int(x)})"


def _by(counts: tuple[int, ...] | list[int]) -> str:
    return by(counts).replace("×", " × ")


def _unit(unit: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, unit))})"
