"""How weights become colours; what the selected head does goes to the numbers pane."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.cache import derived
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.later import RESIZE_PAUSE, Later
from headlight.viewer.panes.shared.words import ran_at
from headlight.viewer.registry import REGISTRY, ColourMap, Method
from headlight.viewer.session.selecting import method_of
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

if TYPE_CHECKING:
    from headlight.models.attention.statistics import HeadStatistics


class SettingsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        change = partial(self.session.change, MapSettings)
        methods = [(method.id, method.title) for method in REGISTRY.all(Method).values()]
        self.method = Segmented(methods, "Method")
        self.method.changed.connect(lambda v: change(method=v))
        self.heads = Segmented([("one", "One"), ("mean", "Mean"), ("max", "Max")], "Heads")
        self.heads.changed.connect(lambda v: change(heads=v))
        self.direction = Segmented([(False, "Looks at"), (True, "Is looked at by")], "Direction")
        self.direction.changed.connect(lambda v: change(incoming=v))
        self.scale = Segmented([(False, "Linear"), (True, "Log")], "Scale")
        self.scale.changed.connect(lambda v: change(log=v))
        self.shared = Segmented([(False, "Each map"), (True, "All maps")], "One scale for")
        self.shared.changed.connect(lambda v: change(shared=v))
        self.percentile = LabelledSlider("Clip above percentile", 90, 100, 0.1, "{:.1f}", 99.5)
        self.percentile.changed.connect(lambda v: change(gesture="percentile", percentile=float(v)))
        self.floor = LabelledSlider(
            "Clip below percentile", 0, 90, 1, lambda v: "zero" if v == 0 else f"{v:.0f}"
        )
        self.floor.changed.connect(lambda v: change(gesture="floor", floor=float(v)))
        self.opacity = LabelledSlider("Overlay opacity", 0, 1, 0.01, "{:.2f}", 0.75)
        self.opacity.changed.connect(lambda v: change(gesture="opacity", opacity=float(v)))
        self.mass = LabelledSlider(
            "Mass mask", 0, 0.99, 0.01, lambda v: "off" if v == 0 else f"{v * 100:.0f} % of weight"
        )
        self.mass.changed.connect(lambda v: change(gesture="mass", mass=float(v)))
        self.colours = Choice(tuple(REGISTRY.all(ColourMap)), "Colour map")
        self.colours.changed.connect(lambda v: change(colours=v))
        self.leave_out = Toggle("Leave sinks out of the scale")
        self.leave_out.setToolTip(
            "Special tokens, artifact tokens and tokens that take nearly all attention are painted, but do "
            "not set the colours of the others"
        )
        self.leave_out.changed.connect(lambda v: change(leave_out=v))
        self.hide_special = Toggle("Hide special tokens")
        self.hide_special.changed.connect(lambda v: change(hide_special=v))
        self.whole_words = Toggle("Whole words")
        self.whole_words.changed.connect(lambda v: change(whole_words=v))
        self.size = LabelledSlider("Short side", 224, 1022, 14, "{:.0f} px", 518)
        self.size.changed.connect(self._resized)
        self._later = Later(RESIZE_PAUSE, self)
        self._counted: tuple[Trace, int, HeadStatistics | None] | None = None

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
            self.colours,
            self.mass,
            self.size,
        ):
            layout.addWidget(widget)
        for widget in (self.leave_out, self.hide_special, self.whole_words):
            layout.addWidget(widget)
        layout.addStretch(1)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        self._show(document, view)
        if self.can_show(document) and self.widget.isVisible():
            self._ask_statistics(document.trace, view[Selection].layer)

    def _ask_statistics(self, trace: Trace, layer: int) -> None:
        """The figures of a layer's heads: a whole pass over its weights, in the lane of what takes long."""
        if self._counted is not None and self._counted[:2] == (trace, layer):
            self._say_statistics()
            return
        self._counted = (trace, layer, None)
        self._say_statistics()

        def count(task: Task) -> HeadStatistics:
            from headlight.models.attention.statistics import head_statistics

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
        one, head = view[MapSettings].heads == "one", view[Selection].head
        title = f"Head {layer}.{head}" if one else f"Layer {layer}, mean of its heads"
        pick, picture = head if one else slice(None), "pixels" in self.session.current.kind.gives
        said = {}
        if statistics is not None and not self.blocked(layer):
            said = readings.of_heads(statistics, pick, picture)
        self.said.emit("head", said, title)

    def clear(self, document: Document | None) -> None:
        self._counted = None
        self.said.emit("head", {}, "Head")

    def _show(self, document: Document, view: View) -> None:
        map_, picture = view[MapSettings], "pixels" in document.kind.gives
        for method in REGISTRY.all(Method).values():
            reason = method.needs.met(document)
            self.method.set_option_enabled(method.id, not reason, reason.rstrip("."))
        for control, value in (
            (self.method, method_of(view).id),
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
        for widget in (self.opacity, self.mass, self.size):
            widget.setVisible(picture)
        self.whole_words.setVisible(not picture)
        if picture and not self._later.waits_for(document):
            self.size.set_value(document.wanted.options.size)
            self.size.set_note(ran_at(document, self.size.value()))

    def _resized(self, value: float) -> None:
        document = self.session.current
        if document is not None and "pixels" in document.kind.gives:
            self.size.set_note("")
            self._later.ask(document, lambda: self.runs.change(document, "size", size=int(value)))
