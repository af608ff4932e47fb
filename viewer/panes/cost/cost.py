"""What a layer of attention, recurrence or convolution costs: in closed form at once, measured when asked."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from headlight.models.core.costs import Crossing, Measurements, Setup, amount
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CostSettings, View
from headlight.viewer.slices import cost_maps
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.readout import Figures
from headlight.widgets.plots.cost_plot import CostPlot
from headlight.widgets.plots.dot_plot import Key
from headlight.widgets.tables.complexity_table import ComplexityTable, Row

MEASURE = "measurement"
SECTIONS = (
    Figures("pointed", "Under the cursor", ("Of", "Tokens", "Time", "Operations", "Memory", "Tensors")),
    *(Figures(id_, title, cost_maps.LAYER_ROWS) for id_, title in cost_maps.AT.items()),
    Figures("crossings", "Attention costs more from n =", cost_maps.CROSSING_ROWS),
)
"""Of the numbers pane."""


class CostPane(Pane):
    """The curves, and table 1 as formulas; what these come to is said in the numbers pane."""

    known_changed = Signal()
    """`devices` or `found` may say something else now."""

    def build(self) -> QWidget:
        self.devices: list[tuple[str, str]] = []
        """Names and what they are called, once they are known."""
        self._found: dict[Setup, Measurements] = {}
        self._pointed: CostPlot | None = None
        """The plot that the cursor is in."""
        self.time, self.memory = CostPlot(), CostPlot()
        self.time.setAccessibleName("Time by length of the sequence")
        self.memory.setAccessibleName("Memory by length of the sequence")
        self.time.hovered.connect(lambda key: self._point(self.time, self.memory, key))
        self.memory.hovered.connect(lambda key: self._point(self.memory, self.time, key))
        self.table = ComplexityTable(("Operations a layer", "One after the other", "Longest path"))
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.9))
        plots = QHBoxLayout()
        plots.setSpacing(theme.em(1.6))
        self.time_said, self.memory_said = ElidedLabel(), ElidedLabel()
        for title, said, plot in (
            ("Time", self.time_said, self.time),
            ("Memory", self.memory_said, self.memory),
        ):
            plots.addLayout(_titled(title, said, plot), 1)
        column.addLayout(plots, 1)
        column.addWidget(_rule())
        column.addWidget(self.table)
        return widget

    # -- the devices, which torch alone knows ----------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return "devices"

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return cost_maps.devices

    def paint(self, result: list[tuple[str, str]]) -> None:
        self.devices = result
        self._show()
        self.known_changed.emit()

    def prepare(self, document: Document, view: View) -> None:
        if self.widget.isVisible():
            self._show()

    # -- measuring -------------------------------------------------------------------------------------------

    def is_measuring(self) -> bool:
        return any(job.kind == self._kind(MEASURE) for job in self.jobs.running("run"))

    def found(self) -> Measurements | None:
        """What was measured with the present settings, at the lengths that are shown."""
        return cost_maps.within(self._found.get(_key(self._setup())), self.session.view[CostSettings])

    def _setup(self) -> Setup:
        settings = self.session.view[CostSettings]
        return cost_maps.setup(settings, settings.device or (self.devices[0][0] if self.devices else ""))

    def cancel_measuring(self) -> None:
        """Stop; what was measured so far stays, and can be gone on with."""
        self.jobs.cancel(self._kind(MEASURE))

    def measure(self) -> None:
        work = partial(cost_maps.measured, self._setup(), self.session.view[CostSettings].seconds)
        self.ask(
            *(MEASURE, object(), work, self._measured),
            lane="run",
            partial=self._measured,
            of_document=False,
        )

    def resume(self) -> None:
        again = self.is_stopped(MEASURE)
        super().resume()
        if again:
            self.measure()

    def withdraw(self, kind: str) -> None:
        """What was measured before stays true."""

    def _measured(self, found: Measurements) -> None:
        self._found[_key(found.setup)] = found
        if self.widget.isVisible():
            self._show()
        self.known_changed.emit()

    def change(self, **changes: Any) -> None:
        """Other layers or lengths: what is being measured is of no use any more."""
        self.cancel(MEASURE)
        self.session.change(CostSettings, **changes)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        document, settings = self.session.current, self.session.view[CostSettings]
        if document is None:
            return
        found = self.found()
        own = self._own(document)
        mark = (own, f"this {document.kind.noun}") if own else None
        self.time.set_curves(
            cost_maps.time_curves(settings, found, own),
            "operations" if found is None else "s",
            cost_maps.time_crossings(settings, found, own),
            mark,
        )
        self.memory.set_curves(cost_maps.memory_curves(settings, found, own), "B", (), mark)
        self._say(settings, found)
        rows = [
            Row(cost_maps.colour(layer), cost_maps.name(layer), formulas)
            for layer, formulas in cost_maps.table()
        ]
        k, r = settings.kernel, settings.neighbourhood
        self.table.set_rows(f"n tokens, d = {settings.width}, k = {k}, r = {r}", rows)
        self._say_numbers()

    def _say(self, settings: CostSettings, found: Measurements | None) -> None:
        counted = "table 1" if settings.terms == "table" else "every term"
        if found is None:
            self.time_said.setText(f"not measured yet; operations in closed form, {counted}")
            self.memory_said.setText("not measured yet; tensors held at once, in closed form")
        else:
            speed = amount(cost_maps.rate(settings, found), "operations", 2)
            part = "" if found.done else "not all measured; "
            self.time_said.setText(
                f"{part}median, {found.device}; dashed: {counted}, {speed} operations a second"
            )
            self.memory_said.setText(f"{part}most held at once, {found.device}; dashed: tensors alone")
        self.subtitle_changed.emit(
            f"n tokens of width {settings.width}, one sequence, float32, forward pass, parameters not counted"
        )

    def _say_numbers(self) -> None:
        """Of the dot under the cursor, then of its length; of the open document's where there is none."""
        document, settings, found = self.session.current, self.session.view[CostSettings], self.found()
        if document is None:
            return
        n = self._own(document) or settings.longest
        figures: dict[str, str] = {}
        if self._pointed is not None and (key := self._pointed.pointed()) is not None:
            of, n = self._pointed.named(key), round(self._pointed.length(key))
            if isinstance(of, Crossing):
                figures = cost_maps.of_crossing(of)
            else:
                figures = cost_maps.of_dot(settings, found, cost_maps.kind(of), n)
        self.said.emit("pointed", figures, None)
        for section, (title, of_length) in cost_maps.of_length(settings, n).items():
            self.said.emit(section, of_length, title)
        self.said.emit("crossings", cost_maps.of_crossings(settings, found), None)

    def _own(self, document: Document) -> int | None:
        """Tokens of the open document."""
        return len(document.trace.tokens) if document.trace is not None else None

    def _point(self, plot: CostPlot, other: CostPlot, key: Key | None) -> None:
        """The length under the cursor is marked in the other plot, and the numbers are of it."""
        other.set_hovered(None if key is None else other.dot_at(plot.length(key)))
        self._pointed = None if key is None else plot
        self._say_numbers()

    def clear(self, document: Document | None) -> None:
        self._pointed = None


def _key(setup: Setup) -> Setup:
    """What a measurement is kept under: the layers, whatever the lengths."""
    return replace(setup, lengths=())


def _titled(title: str, said: QLabel, plot: QWidget) -> QVBoxLayout:
    """A heading, what it is about in grey, and the plot below."""
    name = QLabel(title)
    name.setProperty("role", "title")
    said.setProperty("role", "dim")
    head = QHBoxLayout()
    head.setSpacing(theme.em(0.7))
    head.addWidget(name)
    head.addWidget(said, 1)
    column = QVBoxLayout()
    column.setSpacing(theme.em(0.5))
    column.addLayout(head)
    column.addWidget(plot, 1)
    return column


def _rule() -> QFrame:
    line = QFrame()
    line.setProperty("role", "rule")
    return line
