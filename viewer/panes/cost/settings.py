"""The button that measures layers, on which device, and which layers, at which lengths."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from headlight.models.core.costs import tokens
from headlight.viewer import registry
from headlight.viewer.panes.cost.cost import CostPane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.session.view import CostSettings
from headlight.viewer.slices import cost_maps
from headlight.widgets.base import theme
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
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

    subtitle_changed = Signal(str)

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(desk.parent())
        self.session, self.cost = session, cost = desk.session, desk.made(CostPane)
        self.widget = self._build()
        self._listed: list[tuple[str, str]] = []
        session.current_changed.connect(self._show)
        session.view_changed.connect(self._show)
        cost.known_changed.connect(self._show)
        cost.jobs.changed.connect(self._show_button)
        self._show()

    def _build(self) -> QWidget:
        # Which layers are measured; what is measured already is looked at in another way.
        self.layers = Controls(CostSettings, self.cost.change)
        self.looks = Controls(CostSettings, partial(self.session.change, CostSettings))
        self.width = self.layers.bind("width", LabelledSlider("Width d", *WIDTHS, "{:.0f}", 512))
        self.kernel = self.layers.bind("kernel", LabelledSlider("Kernel k", *KERNELS, "{:.0f}", 3))
        self.neighbourhood = self.looks.bind(
            "neighbourhood", LabelledSlider("Neighbourhood r", *NEIGHBOURHOODS, "{:.0f}", 64)
        )
        self.heads = self.layers.bind("heads", Segmented([(n, str(n)) for n in HEADS], "Heads"))
        self.projections = self.layers.bind("projections", Toggle("Projections of q, k, v and output"))
        self.lengths = RangeRow("Tokens n", *LENGTHS, format=lambda power: tokens(2**power))
        self.lengths.changed.connect(
            lambda low, high: self.cost.change(gesture="lengths", shortest=2**low, longest=2**high)
        )
        counted = [("table", "Table"), ("all", "Every term")]
        self.terms = self.looks.bind("terms", Segmented(counted, "Operations counted"))
        self.device = Choice([], "Device")
        self.device.changed.connect(self._device_chosen)
        self.limit = self.looks.bind("seconds", LabelledSlider("Time limit", 5, 120, 5, "{:.0f} s", 30))
        self.button = QPushButton("Measure")
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self._measure_or_cancel)
        self.notes = QLabel()
        self.notes.setProperty("role", "small")
        self.notes.setWordWrap(True)

        inner = stacked(
            *(self.device, self.limit, self.button, self.notes),  # in sight without scrolling
            *(Section("Layer", rule=True), self.width, self.kernel, self.neighbourhood),
            *(Section("Heads"), self.heads, self.projections, self.lengths),
            *(Section("Closed forms count"), self.terms),
        )
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
        self.layers.display(settings)
        self.looks.display(settings)
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
