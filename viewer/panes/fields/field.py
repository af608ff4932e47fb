"""The receptive field of one unit on the picture: what it can see, what it does see, where attention looks.

Two panes, one for each of two networks; what lies under the cursor in one is shown in the other too.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.field import Field
from headlight.models.core.layers import is_faithful
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import Box, Place
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import FieldSettings, MapSettings, Selection, View
from headlight.viewer.slices.fields import maps as field_maps
from headlight.viewer.slices.fields.maps import HeatMap, Seen
from headlight.viewer.slices.maps import InputMap, head_of
from headlight.viewer.slices.window_maps import window_lines
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.controls.readout import Figures
from headlight.widgets.plane.image_view import ImageView

REST = 300
"""Milliseconds that the cursor rests before the effective field of what is under it is computed."""
PADDING = "Weight on padding"
OF_HEAT = ("50 %, 95 % lie within", "Area of 95 % / theoretical", "Mass inside the box")
"""Rows of the numbers pane that are of the effective field."""
HEAT_COLOURS = "viridis"
_ROWS = (
    *("Layer", "Unit", "Theoretical size", "Stride", "50 %, 95 % lie within"),
    *("Area of 95 % / theoretical", "Mass inside the box", PADDING),
)
SECTIONS = (Figures("field", "Field", _ROWS), Figures("second", "Second network", _ROWS))
"""Of the numbers pane."""


class FieldPane(Pane):
    waits = False
    section = "field"
    """Of the numbers pane."""

    def build(self) -> QWidget:
        self.view = ImageView()
        self.view.hovered.connect(self._hovered)
        self.view.clicked.connect(self._clicked)
        self.view.set_tip(self._tip)
        self.view.set_heat_lut(lut(HEAT_COLOURS))
        self.seen: Seen | None = None
        self.heat: HeatMap | None = None
        self.row: InputMap | None = None
        self._input: object = None
        self._seen_for: Hashable = None
        self._later = Later(REST, self)
        self._rested: Place | None = None
        """What the cursor has rested on."""
        # What was drawn last, since the cursor's every step marks anew.
        self._coloured: Hashable = None
        self._heat_drawn: Hashable = None
        self._windows_drawn: object = None
        self._figures: dict[str, str] = {}
        self.heat_bar, self.row_bar = ColourBar(), ColourBar()
        bars = QWidget()
        beside = QHBoxLayout(bars)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.heat_bar, 1)
        beside.addWidget(self.row_bar, 1)
        self.row_bar.hide()
        return with_bar(self.view, bars)

    # -- which network, which layer ------------------------------------------------------------------------

    def layer_name(self, view: View) -> str:
        return view[FieldSettings].layer

    def attention_layer(self, view: View) -> int:
        return view[Selection].layer

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, document.checks

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return partial(field_maps.seen, *subject)

    # -- the machinery: fields first, then what takes longer ----------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        if document.input is not self._input:
            self._input = document.input
            self.view.set_picture(document.input.pixels)
        subject = self.subject(document, view, NOWHERE)
        if subject != self._seen_for:  # what is shown is another network's, or of another picture
            self._seen_for = subject
            self._drop_results()
            self._wipe()

    def paint(self, result: Seen) -> None:
        self.seen = result

    def mark(self, view: View, hover: Hover) -> None:
        seen = self.seen
        if seen is None:
            return
        self._colour(view[MapSettings].colours, view[MapSettings].opacity)
        field, chosen, under = seen.field(self.layer_name(view)), self._selected(view), _place(hover)
        self._show_box(field_maps.box_of(seen, field, self._unit(field, chosen)), False, view)
        pointed = None if under is None or seen.frame.middle(under) is None else under
        box = None if pointed is None else field_maps.box_of(seen, field, self._unit(field, pointed))
        self._show_box(box, True, view)
        if pointed is None:
            self._rested = None
        elif pointed != self._rested:
            self._later.ask(self.session.current, lambda: self._rest(pointed))
        self._ask_heat(view, field, self._rested or chosen)
        self._ask_row(view, pointed or chosen)
        self._draw_windows(view, field)
        self._say(view, field, self._unit(field, pointed or chosen))

    def _rest(self, place: Place) -> None:
        if _place(self.session.hover) == place:
            self._rested = place
            self.update()

    def _show_box(self, box: field_maps.Rect | None, hovered: bool, view: View) -> None:
        label = _size(self.seen.field(self.layer_name(view)))  # in pixels that the network saw
        self.view.set_field(box if view[FieldSettings].box else None, self.seen.frame.rect, label, hovered)

    def _ask_heat(self, view: View, field: Field, place: Place | None) -> None:
        settings, seen = view[FieldSettings], self.seen
        if not (settings.heat or settings.contours):
            self.cancel("heat")
            self._draw_heat(None)
            return
        unit = self._unit(field, place)
        key = (seen.trace, field.name, unit, settings.inputs, settings.source, view[MapSettings].log)
        if self.is_asked("heat", key):
            if self._heat_drawn != (settings.heat, settings.contours):
                self._draw_heat(self.heat)
            return
        self._draw_heat(None)
        self.ask(
            *("heat", key),
            partial(field_maps.heat_map, seen, field, unit, settings, view[MapSettings].log),
            self._draw_heat,
            lane="run",
            partial=self._draw_heat,
        )

    def _ask_row(self, view: View, place: Place | None) -> None:
        trace, at = self.seen.trace, self._head(view)
        if not view[FieldSettings].row or at is None or self._row_blocked(at[0]):
            self.cancel("row")
            self._draw_row(None)
            return
        map_ = view[MapSettings]
        key = (trace, at, place, map_.log, map_.percentile, map_.floor, map_.incoming, map_.leave_out)
        self.ask("row", key, partial(field_maps.row_map, trace, view, place, at), self._draw_row)

    def withdraw(self, kind: str) -> None:
        if kind:
            {"heat": self._draw_heat, "row": self._draw_row}[kind](None)
        else:
            super().withdraw(kind)

    def forget(self) -> None:
        super().forget()
        self._drop_results()

    def _drop_results(self) -> None:
        for kind in ("heat", "row"):
            self.cancel(kind)
        self.seen = self.heat = self.row = self._rested = None

    def clear(self, document: Document | None) -> None:
        if document is None:
            self._input = None
            self.view.set_picture(None)
        self._seen_for = None
        self._wipe()

    def _wipe(self) -> None:
        for hovered in (False, True):
            self.view.set_field(None, hovered=hovered)
        self._draw_heat(None)
        self._draw_row(None)
        for style in ("solid", "dashed"):
            self.view.set_lines(None, style)
        self._windows_drawn = None
        self._figures = {}
        self.said.emit(self.section, {}, None)
        self.subtitle_changed.emit("")

    # -- drawing -------------------------------------------------------------------------------------------

    def _colour(self, colours: str, opacity: float) -> None:
        if self._coloured != (colours, opacity):
            self._coloured = (colours, opacity)
            self.row_bar.set_scale(None if self.row is None else self.row.scale, lut(colours), "attention")
            self.view.set_lut(lut(colours))
            self.view.set_opacity(opacity)
            self.view.set_heat_opacity(opacity)

    def _draw_heat(self, heat: HeatMap | None) -> None:
        shown = self.session.view[FieldSettings]
        self.heat, self._heat_drawn = heat, (shown.heat, shown.contours)
        self.view.set_heat(heat.levels if heat and shown.heat else None, self._frame())
        scale = heat.scale if heat and shown.heat else None
        self.heat_bar.set_scale(scale, lut(HEAT_COLOURS), "effective field")
        lines, labels = [], []
        if heat is not None and shown.contours:
            for contour, share, style in zip(
                heat.contours, field_maps.SHARES, ("solid", "dashed"), strict=True
            ):
                longest = max(map(len, contour), default=0)
                for line in contour:
                    lines.append((line, style))
                    labels.append(percent(share) if len(line) == longest else "")
        self.view.set_contours(lines, labels)
        self._say_heat()

    def _draw_row(self, row: InputMap | None) -> None:
        if row is None and self.row_bar.isHidden():  # whatever was forgotten since it was drawn
            return
        self.row = row
        self.view.set_overlay(None if row is None else row.levels, self._frame())
        self.row_bar.setVisible(row is not None)
        colours = lut(self.session.view[MapSettings].colours)
        self.row_bar.set_scale(None if row is None else row.scale, colours, "attention")
        elsewhere = row.numbers.elsewhere if row is not None else {}
        said = {PADDING: percent(elsewhere["padding"])} if "padding" in elsewhere else {}
        self._say_figures(said, (PADDING,))

    def _draw_windows(self, view: View, field: Field) -> None:
        """Those that the row was taken in; without a row, those that the units have passed last."""
        at = self._head(view)
        number = (
            field_maps.attention_at(self.seen, field) if at is None or not view[FieldSettings].row else at[0]
        )
        shown = view[FieldSettings].windows and number is not None
        layer = self.seen.trace.layers[number] if shown else None
        if self._windows_drawn == layer:
            return
        self._windows_drawn = layer
        edges, seams = (None if layer is None else window_lines(layer)) or (None, None)
        self.view.set_lines(edges, "solid")
        self.view.set_lines(seams, "dashed")

    def _frame(self) -> field_maps.Rect | None:
        return self.seen.frame.rect if self.seen is not None else None

    # -- what is said --------------------------------------------------------------------------------------

    def _say(self, view: View, field: Field, unit: tuple[int, int]) -> None:
        trace = self.seen.trace
        untrained = " · untrained" if trace.model.untrained else ""
        at = self._head(view)
        row = f" · {words.head(trace, *at)}" if view[FieldSettings].row and at is not None else ""
        windows = self._windows_drawn.said() if self._windows_drawn is not None else ""
        row += f" · {windows}" if windows else ""
        self.subtitle_changed.emit(f"{trace.model.title}{untrained} · {field.name}{row}")
        self._say_figures(
            {
                "Layer": field.name,
                "Unit": f"({unit[0]}, {unit[1]}) of {field.shape[0]} × {field.shape[1]}",
                "Theoretical size": _size(field),
                "Stride": _stride(field),
            },
        )

    def _say_heat(self) -> None:
        heat = self.heat
        said = {}
        if heat is not None and heat.widths:
            widths = " · ".join(f"{width:.0f}" for width in heat.widths) + " px"
            said = dict(zip(OF_HEAT, (widths, percent(heat.area), percent(heat.inside)), strict=True))
        self._say_figures(said, OF_HEAT)

    def _say_figures(self, figures: dict[str, str], instead_of: tuple[str, ...] = ()) -> None:
        """These figures, in the place of those named, and all others as they were said."""
        kept = {name: figure for name, figure in self._figures.items() if name not in instead_of}
        self._figures = {**kept, **figures}
        title = None if self.seen is None else self.seen.trace.model.title
        self.said.emit(self.section, self._figures, title)

    def _tip(self, x: float, y: float) -> str:
        seen = self.seen
        if seen is None:
            return ""
        field = seen.field(self.layer_name(self.session.view))
        row, column = self._unit(field, Box(x, y, x, y))
        return f"unit ({row}, {column})\t{_size(field)}\n{field.name}"

    # -- gestures ------------------------------------------------------------------------------------------

    def _hovered(self, at: tuple[float, float] | None) -> None:
        if at is None:
            self.session.set_hover(NOWHERE)
        else:
            place = Box(at[0], at[1], at[0], at[1])
            self.session.set_hover(Hover(query=place, key=place))

    def _clicked(self, x: float, y: float, add: bool) -> None:
        self.session.select(queries=[Box(x, y, x, y)])

    # -- helpers -------------------------------------------------------------------------------------------

    def _selected(self, view: View) -> Place | None:
        """The place whose unit is looked at; one unit's field is shown, not that of many."""
        queries = view[Selection].queries
        return queries[-1] if queries and self.seen.frame.middle(queries[-1]) is not None else None

    def _unit(self, field: Field, place: Place | None) -> tuple[int, int]:
        return field_maps.unit_at(self.seen, field, place)

    def _head(self, view: View) -> tuple[int, Any] | None:
        """The attention head whose row and windows are drawn, as far as this network has it."""
        layers = self.seen.trace.layers
        if not layers:
            return None
        layer, head = min(self.attention_layer(view), len(layers) - 1), head_of(view)
        return layer, min(head, layers[layer].heads - 1) if isinstance(head, int) else head

    def _row_blocked(self, layer: int) -> bool:
        checks = self.seen.checks
        return layer < len(checks) and not is_faithful(checks[layer])


class SecondFieldPane(FieldPane):
    section = "second"

    def layer_name(self, view: View) -> str:
        return view[FieldSettings].compare_layer

    def attention_layer(self, view: View) -> int:
        """The selected layer is the first network's; here it is the one that the units have passed last."""
        return field_maps.attention_at(self.seen, self.seen.field(self.layer_name(view))) or 0

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, document.input, document.options, view[FieldSettings].compare

    def lane_for(self, view: View) -> Lane:
        return "run"  # a network is loaded and looks at the picture

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return partial(field_maps.second, *subject)

    def complain(self, failure: Failure) -> None:
        self.subtitle_changed.emit(f"{failure.cause} {failure.next_step}")
        super().complain(failure)


def _size(field: Field) -> str:
    """The theoretical size, in pixels that the network saw."""
    return "whole image" if field.whole else f"{field.size[1]:,} × {field.size[0]:,} px"


def _stride(field: Field) -> str:
    if not field.aligned:
        return f"not aligned: {field.note}" if field.note else "not aligned"
    return f"{field.stride[1]:g} × {field.stride[0]:g} px"


def _place(hover: Hover) -> Place | None:
    return hover.query or hover.key
