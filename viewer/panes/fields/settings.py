"""What is shown of receptive fields: switches, layer, what the effective field is averaged over, networks."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from headlight.models.catalogue.published import PUBLISHED
from headlight.models.core.field import Field
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.fields.layers import pick_layer
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls, ShortSide
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import INPUTS, FieldSettings, MapSettings, View
from headlight.viewer.slices.fields import maps as field_maps
from headlight.viewer.slices.fields.maps import Seen
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

NONE = "None"


class FieldSettingsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        change = partial(self.session.change, FieldSettings)
        self.controls, self.of_map = (
            Controls(type_, partial(self.session.change, type_)) for type_ in (FieldSettings, MapSettings)
        )
        self.switches = {
            name: self.controls.bind(name, Toggle(label))
            for name, label in (
                ("box", "Theoretical: the box"),
                ("heat", "Effective: the heat"),
                ("contours", "Contours of 50 % and 95 %"),
                ("row", "Row of the attention head"),
                ("windows", "Edges of attention windows"),
            )
        }
        self.layer = Choice([], "Layer")
        self.layer.changed.connect(self._layer_chosen)
        counts, kinds = (
            [(count, str(count)) for count in INPUTS],
            [("picture", "Picture"), ("noise", "Noise")],
        )
        self.inputs = self.controls.bind("inputs", Segmented(counts, "Number of inputs"))
        self.source = self.controls.bind("source", Segmented(kinds, "Kind of inputs"))
        self.scale = self.of_map.bind("log", Segmented([(False, "Linear"), (True, "Log")], "Scale"))
        self.opacity = self.of_map.bind("opacity", LabelledSlider("Opacity", 0, 1, 0.01, "{:.2f}", 0.75))
        self.networks = Choice([NONE, *(network.title for network in PUBLISHED.values())], "Second network")
        self.networks.changed.connect(self._network_chosen)
        self.second_layer = Choice([], "Layer of the second network")
        self.second_layer.changed.connect(lambda name: change(compare_layer=name))
        self.size = ShortSide(self.session, self.runs)
        self.seen: Seen | None = None
        self.other: Seen | None = None
        self._listed: dict[Choice, tuple[str, ...]] = {}

        self.second_only = [Section("Its layer"), self.second_layer]
        inner = stacked(
            *(Section("Show"), *self.switches.values()),
            *(Section("Layer"), self.layer),
            *(Section("Effective field, mean over inputs"), self.inputs, self.source),
            *(Section("Scale"), self.scale, self.opacity, self.size),
            *(Section("Second network", rule=True), self.networks, *self.second_only),
        )
        for choice in (self.layer, self.networks, self.second_layer):
            # A long name must not widen the column.
            choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(12)
        return ScrollColumn(inner)

    # -- what can be chosen ----------------------------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, document.checks, document.input, document.options

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[FieldSettings].compare

    def lane_for(self, view: View) -> str:
        return (
            "look" if view[FieldSettings].compare is None else "run"
        )  # where the second network is loaded anyway

    def slice(self, subject: Any, view: View, hover: Hover) -> Call:
        return partial(field_maps.both, *subject, view[FieldSettings].compare)

    def paint_partial(self, value: Any) -> None:
        self.paint(value)

    def paint(self, result: tuple[Seen, Seen | None]) -> None:
        self.seen, self.other = result

    def complain(self, failure: Any) -> None:
        """The second field pane says what is wrong with its network."""

    def prepare(self, document: Document, view: View) -> None:
        fields = view[FieldSettings]
        self.controls.display(fields)
        self.of_map.display(view[MapSettings])
        self.size.display(document)
        compared = PUBLISHED.get(fields.compare)
        self.networks.setCurrentText(compared.title if compared else NONE)
        for widget in self.second_only:
            widget.setVisible(compared is not None)

    def mark(self, view: View, hover: Hover) -> None:
        layers = [layer for seen in (self.seen, self.other) if seen for layer in seen.trace.layers]
        self.switches["row"].setVisible(bool(layers))
        self.switches["windows"].setVisible(any(layer.borders() for layer in layers))
        if self.seen is not None:
            self._list(self.layer, self.seen, self.seen.field(view[FieldSettings].layer))
        if self.other is not None:
            self._list(self.second_layer, self.other, self.other.field(view[FieldSettings].compare_layer))

    def clear(self, document: Document | None) -> None:
        self.seen = self.other = None
        for choice in (self.layer, self.second_layer):
            self._fill(choice, ())

    def _list(self, choice: Choice, seen: Seen, chosen: Field) -> None:
        """Blocks and stages, and what is looked at now."""
        names = [
            field.name
            for field in field_maps.listed(seen.fields, self.session.view[FieldSettings].all_operations)
        ]
        if chosen.name not in names:
            names.append(chosen.name)
        self._fill(choice, tuple(names))
        choice.setCurrentText(chosen.name)

    def _fill(self, choice: Choice, names: tuple[str, ...]) -> None:
        if self._listed.get(choice) != names:
            self._listed[choice] = names
            choice.clear()
            choice.addItems(list(names))

    # -- gestures --------------------------------------------------------------------------------------------

    def _layer_chosen(self, name: str) -> None:
        if self.seen is not None:
            pick_layer(self.session, self.seen, self.seen.field(name))

    def _network_chosen(self, title: str) -> None:
        found = next((id_ for id_, network in PUBLISHED.items() if network.title == title), None)
        self.session.change(FieldSettings, compare=found, compare_layer="")
