"""How weights become colours, and what the selected head does, in numbers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from models.attention import Trace
from models.task import Task
from viewer.jobs import Lane
from viewer.maps import derived, head_of, input_map
from viewer.panes.base import Pane
from viewer.panes.later import Later
from viewer.session import Document, Hover
from viewer.view import View
from widgets.colormap import MAPS, Scale, lut
from widgets.colour_bar import ColourBar
from widgets.controls import Choice, NumberRow, Section, Segmented, Toggle
from widgets.labels import percent
from widgets.scroll_column import ScrollColumn
from widgets.sliders import LabelledSlider

if TYPE_CHECKING:
    from models.statistics import HeadStatistics


RESIZE_PAUSE = 500
"""Milliseconds without a move of the size slider after which the picture runs again."""


class SettingsPane(Pane):
    name, title = "settings", "Map"
    waits = False

    def build(self) -> QWidget:
        change = self.session.set_map
        self.method = Segmented(
            [("attention", "Attention"), ("rollout", "Rollout"), ("saliency", "Saliency")]
        )
        self.method.changed.connect(lambda v: change(method=v))
        self.heads = Segmented([("one", "One"), ("mean", "Mean"), ("max", "Max")])
        self.heads.changed.connect(lambda v: change(heads=v))
        self.direction = Segmented([(False, "Looks at"), (True, "Is looked at by")])
        self.direction.changed.connect(lambda v: change(incoming=v))
        self.scale = Segmented([(False, "Linear"), (True, "Log")])
        self.scale.changed.connect(lambda v: change(log=v))
        self.shared = Segmented([(False, "Each map"), (True, "All maps")])
        self.shared.changed.connect(lambda v: change(shared=v))
        self.percentile = LabelledSlider("Clip above percentile", 90, 100, 0.1, "{:.1f}", 99.5)
        self.percentile.changed.connect(lambda v: change("percentile", percentile=float(v)))
        self.floor = LabelledSlider(
            "Clip below percentile", 0, 90, 1, lambda v: "zero" if v == 0 else f"{v:.0f}"
        )
        self.floor.changed.connect(lambda v: change("floor", floor=float(v)))
        self.opacity = LabelledSlider("Overlay opacity", 0, 1, 0.01, "{:.2f}", 0.75)
        self.opacity.changed.connect(lambda v: change("opacity", opacity=float(v)))
        self.mass = LabelledSlider(
            "Mass mask", 0, 0.99, 0.01, lambda v: "off" if v == 0 else f"{v * 100:.0f} % of weight"
        )
        self.mass.changed.connect(lambda v: change("mass", mass=float(v)))
        self.bar = ColourBar()
        self.colours = Choice(MAPS, "Colour map")
        self.colours.changed.connect(lambda v: change(colours=v))
        self.leave_out = Toggle("Leave artifacts out of the scale")
        self.leave_out.changed.connect(lambda v: change(leave_out=v))
        self.hide_special = Toggle("Hide special tokens")
        self.hide_special.changed.connect(lambda v: change(hide_special=v))
        self.whole_words = Toggle("Whole words")
        self.whole_words.changed.connect(lambda v: change(whole_words=v))
        self.size = LabelledSlider("Short side", 224, 1022, 14, "{:.0f} px", 518)
        self.size.changed.connect(self._resized)
        self._later = Later(RESIZE_PAUSE, self)
        self._scale: Scale | None = None
        self._counted: tuple[Trace, int, HeadStatistics | None] | None = None
        self.head_title = Section("", rule=True)
        self.entropy = NumberRow("Entropy, mean", "")
        self.distance = NumberRow("Distance, mean", "")
        self.special = NumberRow("On special tokens", "")

        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for section, control in (
            ("Method", self.method),
            ("Heads", self.heads),
            ("Direction", self.direction),
            ("Scale", self.scale),
            ("One scale for", self.shared),
        ):
            layout.addWidget(Section(section))
            layout.addWidget(control)
        for widget in (
            self.percentile,
            self.floor,
            self.opacity,
            self.bar,
            self.colours,
            self.mass,
            self.size,
        ):
            layout.addWidget(widget)
        for widget in (self.leave_out, self.hide_special, self.whole_words):
            layout.addWidget(widget)
        for widget in (self.head_title, self.entropy, self.distance, self.special):
            layout.addWidget(widget)
        layout.addStretch(1)
        return ScrollColumn(inner)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view.map
        return (
            *(view.selection.layer, head_of(view), view.selection.queries),
            *(map_.method, view.rollout, view.rollout_selected),
            *(
                map_.incoming,
                map_.log,
                map_.percentile,
                map_.floor,
                map_.leave_out,
                map_.hide_special,
                map_.whole_words,
            ),
        )

    def lane_for(self, view: View) -> Lane:
        # Where the map itself is computed, so that it is not computed twice.
        return "look" if view.map.method == "attention" else "run"

    def compute(self, trace: Trace, view: View, hover: Hover, task: Task) -> Scale:
        return input_map(trace, view, (view.selection.layer, head_of(view)), task).scale

    def prepare(self, document: Document, view: View) -> None:
        self._show(document, view)
        if self.can_show(document) and self.widget.isVisible():
            self._ask_statistics(document.trace, view.selection.layer)

    def paint(self, result: Scale) -> None:
        self._scale = result
        self.bar.set_scale(result, lut(self.session.view.map.colours))

    def _ask_statistics(self, trace: Trace, layer: int) -> None:
        """The figures of a layer's heads: a whole pass over its weights, in the lane of what takes long."""
        if self._counted is not None and self._counted[:2] == (trace, layer):
            self._say_statistics()
            return
        self._counted = (trace, layer, None)
        for row in (self.entropy, self.distance, self.special):
            row.set_value("–")

        def count(task: Task) -> HeadStatistics:
            from models.statistics import head_statistics

            return derived(trace, ("statistics", layer), lambda: head_statistics(trace.layers[layer], task))

        def counted(result: HeadStatistics) -> None:
            self._counted = (trace, layer, result)
            self._say_statistics()

        self.ask("statistics", (trace, layer), count, counted, lane="run")

    def withdraw(self, kind: str) -> None:
        """What belongs to no map any more: there are no figures, and the bar says nothing."""
        if kind != "statistics":
            self._scale = None

    def resume(self) -> None:
        self._counted = None
        super().resume()

    def _say_statistics(self) -> None:
        layer, statistics = self._counted[1:]
        view = self.session.view
        one = view.map.heads == "one"
        head = view.selection.head
        self.head_title.set_title(f"Head {layer}.{head}" if one else f"Layer {layer}, mean of its heads")
        if statistics is None or self.blocked(layer):
            for row in (self.entropy, self.distance, self.special):
                row.set_value("–")
            return
        pick = head if one else slice(None)
        distance = statistics.distance
        self.entropy.set_value(f"{statistics.entropy[pick].mean():.2f} nats")
        self.distance.set_value("–" if distance is None else f"{distance[pick].mean():.0f} px")
        self.special.set_value(percent(float(statistics.special[pick].mean())))

    def mark(self, view: View, hover: Hover) -> None:
        if self._scale is not None:
            self.bar.set_scale(self._scale, lut(view.map.colours))

    def clear(self, document: Document | None) -> None:
        self._counted = None
        for row in (self.entropy, self.distance, self.special):
            row.set_value("–")

    def _show(self, document: Document, view: View) -> None:
        map_, picture = view.map, document.modality == "image"
        saliency = picture and document.trace is not None and document.trace.has_saliency
        self.method.set_option_enabled("saliency", saliency, "This model has no saliency decoder")
        for control, value in (
            (self.method, map_.method),
            (self.heads, map_.heads),
            (self.direction, map_.incoming),
            (self.scale, map_.log),
            (self.shared, map_.shared),
            (self.percentile, map_.percentile),
            (self.floor, map_.floor),
            (self.opacity, map_.opacity),
            (self.mass, map_.mass),
        ):
            control.set_value(value)
        self.leave_out.set_on(map_.leave_out)
        self.hide_special.set_on(map_.hide_special)
        self.whole_words.set_on(map_.whole_words)
        self.colours.setCurrentText(map_.colours)
        for widget in (self.opacity, self.mass, self.size, self.distance):
            widget.setVisible(picture)
        self.leave_out.setVisible(
            picture and document.trace is not None and len(document.trace.artifacts) > 0
        )
        self.whole_words.setVisible(not picture)
        if picture and not self._later.waits_for(document):
            self.size.set_value(document.wanted.options.size)

    def _resized(self, value: float) -> None:
        document = self.session.current
        if document is not None and document.modality == "image":
            self._later.ask(document, lambda: self.runs.change(document, "size", size=int(value)))
