"""What a layer of attention, recurrence or convolution costs: in closed form at once, measured when asked."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from models.cost_curves import Measurements, Setup
from models.task import Task
from viewer import cost_maps
from viewer.panes.base import Pane
from viewer.session import Document, Hover
from viewer.view import CostSettings, View
from widgets import theme
from widgets.complexity_table import ComplexityTable, Row
from widgets.controls import Choice, Section, Segmented, Toggle
from widgets.cost_plot import CostPlot, amount, tokens
from widgets.dot_plot import Key
from widgets.labels import ElidedLabel
from widgets.scroll_column import ScrollColumn
from widgets.sliders import LabelledSlider, RangeRow

MEASURE = "measurement"
HEADS = (1, 2, 4, 8, 16)
WIDTHS = (64, 2048, 64)
"""First, last and step: multiples of every number of heads."""
KERNELS = (3, 15, 2)
LENGTHS = (4, 14)
"""Powers of two: 16 to 16,384 tokens."""


class CostPane(Pane):
    name, title, modalities, pages = "cost", "Cost of one layer", ("text", "image"), ("cost",)

    def build(self) -> QWidget:
        self._devices: list[tuple[str, str]] = []
        self._found: dict[Setup, Measurements] = {}
        self._hovered: int | None = None
        self.time, self.memory = CostPlot(), CostPlot()
        self.time.setAccessibleName("Time by length of the sequence")
        self.memory.setAccessibleName("Memory by length of the sequence")
        self.time.hovered.connect(lambda key: self._point(self.time, self.memory, key))
        self.memory.hovered.connect(lambda key: self._point(self.memory, self.time, key))
        self.jobs.changed.connect(self._show_button)
        self.table = ComplexityTable(("Operations a layer", "One after the other", "Longest path"))
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(1.2))
        left = QVBoxLayout()
        left.setSpacing(theme.em(0.9))
        plots = QHBoxLayout()
        plots.setSpacing(theme.em(1.6))
        self.time_said, self.memory_said = ElidedLabel(), ElidedLabel()
        for title, said, plot in (
            ("Time", self.time_said, self.time),
            ("Memory", self.memory_said, self.memory),
        ):
            plots.addLayout(_titled(title, said, plot), 1)
        left.addLayout(plots, 1)
        left.addWidget(_rule())
        left.addWidget(self.table)
        row.addLayout(left, 1)
        row.addWidget(self._build_controls())
        return widget

    def _build_controls(self) -> ScrollColumn:
        self.width = LabelledSlider("Width d", *WIDTHS, "{:.0f}", 512)
        self.width.changed.connect(lambda v: self._change("width", width=int(v)))
        self.kernel = LabelledSlider("Kernel k", *KERNELS, "{:.0f}", 3)
        self.kernel.changed.connect(lambda v: self._change("kernel", kernel=int(v)))
        self.neighbourhood = LabelledSlider("Neighbourhood r", 16, 1024, 16, "{:.0f}", 64)
        self.neighbourhood.changed.connect(
            lambda v: self.session.set_cost("neighbourhood", neighbourhood=int(v))
        )
        self.heads = Segmented([(count, str(count)) for count in HEADS], "Heads")
        self.heads.changed.connect(lambda count: self._change(heads=count))
        self.projections = Toggle("Projections of q, k, v and output")
        self.projections.changed.connect(lambda on: self._change(projections=on))
        self.lengths = RangeRow("Tokens n", *LENGTHS, format=lambda power: tokens(2**power))
        self.lengths.changed.connect(
            lambda low, high: self._change("lengths", shortest=2**low, longest=2**high)
        )
        self.terms = Segmented([("table", "Table"), ("all", "Every term")], "Operations counted")
        self.terms.changed.connect(lambda terms: self.session.set_cost(terms=terms))
        self.device = Choice([], "Device")
        self.device.changed.connect(self._device_chosen)
        self.limit = LabelledSlider("Time limit", 5, 120, 5, "{:.0f} s", 30)
        self.limit.changed.connect(lambda v: self.session.set_cost("limit", seconds=int(v)))
        self.button = QPushButton("Measure")
        self.button.setProperty("role", "primary")
        self.button.setEnabled(False)  # until the devices are known
        self.button.clicked.connect(self._measure_or_cancel)
        self.notes = QLabel()
        self.notes.setProperty("role", "small")
        self.notes.setWordWrap(True)

        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (
            *(Section("Layer"), self.width, self.kernel, self.neighbourhood),
            *(Section("Heads"), self.heads, self.projections, self.lengths),
            *(Section("Closed forms count"), self.terms),
            *(Section("Measure", rule=True), self.device, self.limit, self.button),
            Section("Attention costs more from n =", rule=True),
        ):
            column.addWidget(widget)
        column.addLayout(self._build_crossings())
        column.addWidget(self.notes)
        column.addStretch(1)
        return ScrollColumn(inner, fixed=17)

    def _build_crossings(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.em(0.6))
        self.crossings: list[list[QLabel]] = []
        for column, title in enumerate(("than", "formula", "fused", "weights")):
            label = QLabel(title)
            label.setProperty("role", "small")
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
        for number, other in enumerate(cost_maps.OTHERS, 1):
            name = QLabel(cost_maps.NAMES[other])
            name.setProperty("role", "dim")
            grid.addWidget(name, number, 0)
            labels = [QLabel() for _ in range(3)]
            for column, label in enumerate(labels, 1):
                label.setProperty("role", "value")
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label, number, column)
            self.crossings.append(labels)
        grid.setColumnStretch(0, 1)
        return grid

    # -- the devices, which torch alone knows ----------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return "devices"

    def compute(self, subject: Any, view: View, hover: Hover, task: Task) -> list[tuple[str, str]]:
        from models import devices

        return [(name, devices.describe(name)) for name in devices.available()]

    def can_show(self, document: Document | None) -> bool:
        """A document is enough: what a layer costs does not depend on a model."""
        return document is not None and document.modality in self.modalities

    def paint(self, result: list[tuple[str, str]]) -> None:
        if result != self._devices:
            self._devices = result
            self.device.clear()
            self.device.addItems([said for _, said in result])
        self._show()

    def prepare(self, document: Document, view: View) -> None:
        if self.widget.isVisible():
            self._show()

    # -- measuring -------------------------------------------------------------------------------------------

    def is_measuring(self) -> bool:
        return any(job.kind == self._kind(MEASURE) for job in self.jobs.running("run"))

    def found(self) -> Measurements | None:
        """What was measured with the present settings, at the lengths that are shown."""
        return cost_maps.within(self._found.get(_key(self._setup())), self.session.view.cost)

    def _setup(self) -> Setup:
        settings = self.session.view.cost
        return cost_maps.setup(settings, settings.device or (self._devices[0][0] if self._devices else ""))

    def _measure_or_cancel(self) -> None:
        if self.is_measuring():
            self.jobs.cancel(self._kind(MEASURE))
        else:
            self._measure()

    def _measure(self) -> None:
        setup, seconds = self._setup(), self.session.view.cost.seconds

        def work(task: Task) -> Measurements:
            from models.cost import measure

            task.progress(0.0, "Making the layers")
            return measure(setup, seconds, task)

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
            self._measure()

    def withdraw(self, kind: str) -> None:
        """What was measured before stays true."""

    def _measured(self, found: Measurements) -> None:
        self._found[_key(found.setup)] = found
        if self.widget.isVisible():
            self._show()

    def _change(self, gesture: str = "", **changes: Any) -> None:
        """Other layers or lengths: what is being measured is of no use any more."""
        self.cancel(MEASURE)
        self.session.set_cost(gesture, **changes)

    def _device_chosen(self, _: str) -> None:
        self._change(device=self._devices[self.device.currentIndex()][0])

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        document, settings = self.session.current, self.session.view.cost
        if document is None:
            return
        self._show_controls(settings)
        found = self.found()
        own = self._own(document)
        mark = (own, f"this {'text' if document.modality == 'text' else 'picture'}") if own else None
        self.time.set_curves(
            cost_maps.time_curves(settings, found, own),
            "operations" if found is None else "s",
            cost_maps.time_crossings(settings, found, own),
            mark,
        )
        self.memory.set_curves(cost_maps.memory_curves(settings, found, own), "B", (), mark)
        self._say(settings, found)
        self._show_table()
        for labels, row in zip(self.crossings, cost_maps.crossing_rows(settings, found), strict=True):
            for label, text in zip(labels, (row.closed, *row.measured), strict=True):
                label.setText(text)
            labels[0].setToolTip(f"n = {row.formula}")
        self.notes.setText("\n".join(cost_maps.notes(found, settings)))

    def _show_controls(self, settings: CostSettings) -> None:
        for control, value in (
            (self.width, settings.width),
            (self.kernel, settings.kernel),
            (self.neighbourhood, settings.neighbourhood),
            (self.heads, settings.heads),
            (self.terms, settings.terms),
            (self.limit, settings.seconds),
        ):
            control.set_value(value)
        self.projections.set_on(settings.projections)
        self.lengths.set_value(settings.shortest.bit_length() - 1, settings.longest.bit_length() - 1)
        names = [name for name, _ in self._devices]
        if settings.device in names:
            self.device.setCurrentIndex(names.index(settings.device))
        elif names:
            self.device.setCurrentIndex(0)
        self._show_button()

    def _show_button(self) -> None:
        running = self.is_measuring()
        self.button.setText("Cancel" if running else "Measure")
        self.button.setEnabled(running or bool(self._devices))
        theme.set_role(self.button, "" if running else "primary")

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

    def _show_table(self) -> None:
        document, settings = self.session.current, self.session.view.cost
        if document is None:
            return
        own = self._own(document)
        n = self._hovered or own or settings.longest
        d, k, r = settings.width, settings.kernel, settings.neighbourhood
        rows = [
            Row(cost_maps.colour(row.layer), row.name, (row.operations, row.sequential, row.path))
            for row in cost_maps.table(settings, n)
        ]
        self.table.set_rows(f"n = {n:,}, d = {d}, k = {k}, r = {r}", rows)

    def _own(self, document: Document) -> int | None:
        """Tokens of the open document."""
        return len(document.trace.tokens) if document.trace is not None else None

    def _point(self, plot: CostPlot, other: CostPlot, key: Key | None) -> None:
        """The length under the cursor is marked in the other plot, and the table is of it."""
        n = None if key is None else plot.length(key)
        other.set_hovered(None if n is None else other.dot_at(n))
        self._hovered = None if n is None else round(n)
        self._show_table()

    def clear(self, document: Document | None) -> None:
        self._hovered = None


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
