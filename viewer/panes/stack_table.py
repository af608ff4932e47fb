"""The fields of a stack's layers, as a table and as a curve beside those of published networks."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from models.convolution_stack import PRESETS
from models.receptive_field import by
from models.task import Task
from viewer import stacks
from viewer.panes.layers import row_of
from viewer.panes.of_stack import FieldsOfStackPane
from viewer.session import Hover
from viewer.stacks import Built
from viewer.view import View
from widgets.growth_plot import GrowthPlot
from widgets.layer_table import LayerTable


class StackLayersPane(FieldsOfStackPane):
    """A click on a row makes it the layer whose unit is looked at."""

    name, title = "stack-layers", "Layers"

    def shown(self) -> QWidget:
        self.table = LayerTable()
        self.table.selected.connect(self._selected)
        self.result: Built | None = None
        return self.table

    def compute(self, stack: object, view: View, hover: Hover, task: Task) -> Built:
        return stacks.built(stack)

    def paint(self, result: Built) -> None:
        super().paint(result)
        self.result = result
        self.table.set_rows([row_of(field) for field in result.fields])
        if result.fields:
            self.subtitle_changed.emit(
                f"in units of the input, {by(result.fields[0].shape).replace('×', ' × ')}"
            )

    def mark(self, view: View, hover: Hover) -> None:
        if self.result is not None and self.result.fields:
            chosen = self.result.field(view.fields.layer)
            self.table.set_selected(self.result.fields.index(chosen))

    def _selected(self, row: int) -> None:
        if row > 0:  # a unit of the input sees itself alone
            self.session.set_fields(layer=self.result.fields[row].name)
        else:
            self.mark(self.session.view, self.session.hover)


class StackGrowthPane(FieldsOfStackPane):
    """This stack, and those that one can begin with: additions to the field against products."""

    name, title = "stack-growth", "Growth"

    def shown(self) -> QWidget:
        self.plot = GrowthPlot()
        self.plot.clicked.connect(self._clicked)
        self.result: Built | None = None
        self.own = 0
        return self.plot

    def compute(self, stack: object, view: View, hover: Hover, task: Task) -> Built:
        return stacks.built(stack)

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
            at = self.result.fields.index(self.result.field(view.fields.layer))
            self.plot.set_selected((self.own, at))

    def _clicked(self, series: int, index: int) -> None:
        if series == self.own and index > 0:
            self.session.set_fields(layer=self.result.fields[index].name)
