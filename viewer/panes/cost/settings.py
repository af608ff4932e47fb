"""The button that measures layers, on which device, and which layers, at which lengths."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.costs import tokens
from headlight.viewer.panes.cost.cost import CostPane
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import CostSettings
from headlight.viewer.slices import cost_maps
from headlight.widgets.base import theme
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider, RangeRow

HEADS = (1, 2, 4, 8, 16)
WIDTHS = (64, 2048, 64)
"""First, last and step: multiples of every number of heads."""
KERNELS = (3, 15, 2)
NEIGHBOURHOODS = (16, 1024, 16)
LENGTHS = (4, 14)
"""Powers of two: 16 to 16,384 tokens."""


class CostSettingsPane(QObject):
    """The controls of a `CostPane`, which knows the devices and measures."""

    name, title = "cost-settings", "Measure"
    modalities, pages = CostPane.modalities, CostPane.pages
    subtitle_changed = Signal(str)

    def __init__(self, session: Session, cost: CostPane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.cost = session, cost
        self.widget = self._build()
        self._listed: list[tuple[str, str]] = []
        session.current_changed.connect(self._show)
        session.view_changed.connect(self._show)
        cost.known_changed.connect(self._show)
        cost.jobs.changed.connect(self._show_button)
        self._show()

    def _build(self) -> QWidget:
        change, looks = self.cost.change, partial(self.session.change, CostSettings)
        self.width = LabelledSlider("Width d", *WIDTHS, "{:.0f}", 512)
        self.width.changed.connect(lambda v: change(gesture="width", width=int(v)))
        self.kernel = LabelledSlider("Kernel k", *KERNELS, "{:.0f}", 3)
        self.kernel.changed.connect(lambda v: change(gesture="kernel", kernel=int(v)))
        self.neighbourhood = LabelledSlider("Neighbourhood r", *NEIGHBOURHOODS, "{:.0f}", 64)
        self.neighbourhood.changed.connect(lambda v: looks(gesture="neighbourhood", neighbourhood=int(v)))
        self.heads = Segmented([(count, str(count)) for count in HEADS], "Heads")
        self.heads.changed.connect(lambda count: change(heads=count))
        self.projections = Toggle("Projections of q, k, v and output")
        self.projections.changed.connect(lambda on: change(projections=on))
        self.lengths = RangeRow("Tokens n", *LENGTHS, format=lambda power: tokens(2**power))
        self.lengths.changed.connect(
            lambda low, high: change(gesture="lengths", shortest=2**low, longest=2**high)
        )
        self.terms = Segmented([("table", "Table"), ("all", "Every term")], "Operations counted")
        self.terms.changed.connect(lambda terms: looks(terms=terms))
        self.device = Choice([], "Device")
        self.device.changed.connect(self._device_chosen)
        self.limit = LabelledSlider("Time limit", 5, 120, 5, "{:.0f} s", 30)
        self.limit.changed.connect(lambda v: looks(gesture="limit", seconds=int(v)))
        self.button = QPushButton("Measure")
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self._measure_or_cancel)
        self.notes = QLabel()
        self.notes.setProperty("role", "small")
        self.notes.setWordWrap(True)

        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (
            *(self.device, self.limit, self.button, self.notes),  # in sight without scrolling
            *(Section("Layer", rule=True), self.width, self.kernel, self.neighbourhood),
            *(Section("Heads"), self.heads, self.projections, self.lengths),
            *(Section("Closed forms count"), self.terms),
        ):
            column.addWidget(widget)
        column.addStretch(1)
        return ScrollColumn(inner)

    def _measure_or_cancel(self) -> None:
        if self.cost.is_measuring():
            self.cost.cancel_measuring()
        else:
            self.cost.measure()

    def _device_chosen(self, _: str) -> None:
        self.cost.change(device=self.cost.devices[self.device.currentIndex()][0])

    def _show(self, *_: object) -> None:
        settings = self.session.view[CostSettings]
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
        self._show_devices(settings.device)
        notes = "\n".join(cost_maps.notes(self.cost.found(), settings))
        self.notes.setText(notes)
        self.notes.setVisible(bool(notes))
        self._show_button()

    def _show_devices(self, chosen: str) -> None:
        devices = self.cost.devices
        if devices != self._listed:
            self._listed = devices
            self.device.clear()
            self.device.addItems([said for _, said in devices])
        names = [name for name, _ in devices]
        if names:
            self.device.setCurrentIndex(names.index(chosen) if chosen in names else 0)

    def _show_button(self) -> None:
        running = self.cost.is_measuring()
        self.button.setText("Cancel" if running else "Measure")
        self.button.setEnabled(running or bool(self.cost.devices))
        theme.set_role(self.button, "" if running else "primary")
