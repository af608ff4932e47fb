"""The fields of a stack's layers, as a table and as a curve beside those of published networks."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from headlight.models.core.field import by
from headlight.models.core.stack import PRESETS
from headlight.viewer.panes.shared.layer_rows import lines, row_of
from headlight.viewer.panes.stack.base import FieldsOfStackPane
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import FieldSettings, View
from headlight.viewer.slices.fields import stacks
from headlight.viewer.slices.fields.stacks import Built
from headlight.widgets.plots.growth_plot import GrowthPlot
from headlight.widgets.tables.layer_table import LayerTable


class StackLayersPane(FieldsOfStackPane):
    """A click on a row makes it the layer whose unit is looked at."""

    rows_copied = "layers"

    def shown(self) -> QWidget:
        self.list = LayerTable()
        self.list.selected.connect(self._selected)
        self.result: Built | None = None
        return self.list

    def paint(self, result: Built) -> None:
        super().paint(result)
        self.result = result
        self.list.set_rows([row_of(field) for field in result.fields])
        if result.fields:
            self.subtitle_changed.emit(
                f"in units of the input, {by(result.fields[0].shape).replace('×', ' × ')}"
            )

    def mark(self, view: View, hover: Hover) -> None:
        if self.result is not None and self.result.fields:
            chosen = self.result.field(view[FieldSettings].layer)
            self.list.set_selected(self.result.fields.index(chosen))

    def table(self) -> str:
        return lines(self.result.fields) if self.result is not None else ""

    def _selected(self, row: int) -> None:
        if row > 0:  # a unit of the input sees itself alone
            self.session.change(FieldSettings, layer=self.result.fields[row].name)
        else:
            self.mark(self.session.view, self.session.hover)


class StackGrowthPane(FieldsOfStackPane):
    """This stack, and those that one can begin with: additions to the field against products."""

    def shown(self) -> QWidget:
        self.plot = GrowthPlot()
        self.plot.clicked.connect(self._clicked)
        self.result: Built | None = None
        self.own = 0
        return self.plot

    def paint(self, result: Built) -> None:
        super().paint(result)
        self.result = result
        if not result.fields:
            return
        others = {title: preset for title, preset in PRESETS.items() if len(preset.layers) > 1}
        curves = [
            stacks.curve(title, stacks.built(preset), 1 + number)
            for number, (title, preset) in enumerate(others.items())
            if preset != result.stack and not preset.parallel
        ]
        self.own = len(curves)  # drawn last, over the others
        curves.append(stacks.curve("This stack", result, 0))
        self.plot.set_series(curves, float(result.stack.side), "input", "units")
        self.subtitle_changed.emit("beside the presets")

    def mark(self, view: View, hover: Hover) -> None:
        if self.result is not None and self.result.fields:
            at = self.result.fields.index(self.result.field(view[FieldSettings].layer))
            self.plot.set_selected((self.own, at))

    def _clicked(self, series: int, index: int) -> None:
        if series == self.own and index > 0:
            self.session.change(FieldSettings, layer=self.result.fields[index].name)
