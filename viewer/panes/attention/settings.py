"""How weights become colours; what the selected head does goes to the numbers pane."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls, ShortSide
from headlight.viewer.panes.shared.method_controls import MethodChoice
from headlight.viewer.registry import REGISTRY, ColourMap, Needs
from headlight.viewer.session.methods import ON_INPUT
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import maps
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

if TYPE_CHECKING:
    from headlight.models.attention.statistics import HeadStatistics

_PIXELS, _CHARACTERS = Needs(("pixels",)), Needs(("characters",))


class SettingsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.controls = Controls(MapSettings, partial(self.session.change, MapSettings))
        bind = self.controls.bind
        self.method = MethodChoice(ON_INPUT, self.needs, self.session, "Method")
        self.heads = bind("heads", Segmented([("one", "One"), ("mean", "Mean"), ("max", "Max")], "Heads"))
        self.direction = bind(
            "incoming", Segmented([(False, "Looks at"), (True, "Is looked at by")], "Direction")
        )
        self.several = bind("several", Segmented([("mean", "Mean"), ("sum", "Sum")], "Several tokens"))
        self.scale = bind("log", Segmented([(False, "Linear"), (True, "Log")], "Scale"))
        self.shared = bind("shared", Segmented([(False, "Each map"), (True, "All maps")], "One scale for"))
        self.percentile = bind(
            "percentile", LabelledSlider("Clip above percentile", 90, 100, 0.1, "{:.1f}", 99.5)
        )
        self.floor = bind(
            "floor",
            LabelledSlider("Clip below percentile", 0, 90, 1, lambda v: "zero" if v == 0 else f"{v:.0f}"),
        )
        self.opacity = bind("opacity", LabelledSlider("Overlay opacity", 0, 1, 0.01, "{:.2f}", 0.75))
        self.colours = bind("colours", Choice(tuple(REGISTRY.all(ColourMap)), "Colour map"))
        self.mass = bind("mass", LabelledSlider("Mass mask", 0, 0.99, 0.01, _mass_said))
        self.size = ShortSide(self.session, self.runs)
        self.leave_out = bind("leave_out", Toggle("Leave sinks out of the scale"))
        self.leave_out.setToolTip(
            "Special tokens, artifact tokens and tokens that take nearly all attention are painted, but do "
            "not set the colours of the others"
        )
        self.hide_special = bind("hide_special", Toggle("Hide special tokens"))
        self.whole_words = bind("whole_words", Toggle("Whole words"))
        self._counted: tuple[Trace, int, HeadStatistics | None] | None = None

        self.fused = Section("Heads")
        inner = stacked(
            *(Section("Method"), self.method, self.fused, self.heads, Section("Direction"), self.direction),
            *(Section("Several tokens"), self.several),
            *(Section("Scale"), self.scale, Section("One scale for"), self.shared, self.percentile),
            *(self.floor, self.opacity, self.colours, self.mass, self.size),
            *(self.leave_out, self.hide_special, self.whole_words),
        )
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

        def counted(result: HeadStatistics) -> None:
            self._counted = (trace, layer, result)
            self._say_statistics()

        count = partial(maps.statistics, trace, layer)
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
        pick = head if one else slice(None)
        said = {}
        if statistics is not None and not self.blocked(layer):
            said = readings.of_heads(statistics, pick)
        self.said.emit("head", said, title)

    def clear(self, document: Document | None) -> None:
        self._counted = None
        self.said.emit("head", {}, "Head")

    def _show(self, document: Document, view: View) -> None:
        self.controls.display(view[MapSettings])
        self.method.display(document, view)
        fused = ON_INPUT.method(document, view).fused
        self.fused.set_title(f"Heads · {fused}" if fused else "Heads")
        picture = _PIXELS.of_kind(document.kind)
        for widget in (self.opacity, self.mass, self.size):
            widget.setVisible(picture)
        self.whole_words.setVisible(_CHARACTERS.of_kind(document.kind))
        if picture:
            self.size.display(document)


def _mass_said(share: float) -> str:
    return "off" if share == 0 else f"{share * 100:.0f} % of weight"
