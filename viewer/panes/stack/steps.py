"""One layer at work, step by step: the places of its input that each unit of its output is made from."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.core.field import Field
from headlight.models.core.stack import sides, taps
from headlight.viewer.panes.stack.base import FieldsOfStackPane, chosen_unit
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import FieldSettings, View
from headlight.viewer.slices.fields import stacks
from headlight.viewer.slices.fields.stacks import Built
from headlight.widgets.stack.convolution_view import ConvolutionView

LARGEST = 128
"""Units a side of the layer's input at most: more would be too small to be told apart."""


class StackStepsPane(FieldsOfStackPane):
    """The unit of the present step is the one under the cursor, as far as all other panes know."""

    def shown(self) -> QWidget:
        self.view = ConvolutionView()
        self.view.stepped.connect(self._stepped)
        self.field: Field | None = None
        """Of the layer that is shown; None where there is none."""
        self._layer: tuple[object, int] | None = None
        return self.view

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[FieldSettings].layer

    def paint(self, result: Built) -> None:
        super().paint(result)
        self.field = None
        if not result.fields:
            return
        number = result.number(result.field(self.session.view[FieldSettings].layer))
        if number is None:
            self.say_instead("The sum adds the branches unit by unit: choose one of them to see it step.")
            return
        layer, side = result.stack.layers[number], sides(result.stack)[number]
        if side > LARGEST:
            self.say_instead(
                f"The input of layer {number + 1} has {side} units a side, more than the {LARGEST} that can "
                "be told apart here. Choose a later layer, or a smaller input."
            )
            return
        if self._layer != (layer, side):
            self._layer = (layer, side)
            count = result.fields[number + 1].shape[0]
            every = np.stack([taps(layer, unit, side) for unit in range(count)])
            self.view.set_layer(side, count, every, layer.padding)
        self.field = result.fields[number + 1]
        # What is as usual stands beside it, in the table of the stack.
        unusual = (
            ("stride", layer.stride, 1),
            ("padding", layer.padding, 0),
            ("dilation", layer.dilation, 1),
        )
        said = [f"{name} {value}" for name, value, usual in unusual if value != usual]
        flat = " · two of three axes" if result.stack.axes == 3 else ""
        size = f"{layer.kernel} × {layer.kernel}"
        self.subtitle_changed.emit(f"layer {number + 1} · {', '.join([size, *said])}{flat}")

    def mark(self, view: View, hover: Hover) -> None:
        if self.field is None:
            return
        if self.view.playing() and hover.query is None:
            return  # it goes on from where it is
        unit, _ = chosen_unit(self.field, view, hover)
        self.view.set_unit(unit[:2])

    def clear(self, document: Document | None) -> None:
        self.field = None

    def _stepped(self, unit: tuple[int, int]) -> None:
        if self.field is not None:
            middle = tuple(count // 2 for count in self.field.shape[2:])
            self.session.set_hover(Hover(query=stacks.place_of(self.field, (*unit, *middle))))
