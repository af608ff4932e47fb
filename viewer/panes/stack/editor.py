"""The stack of convolutions itself: its layers' settings, its input, and stacks to begin with."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.field import by
from headlight.models.core.stack import PRESETS, ConvStack
from headlight.viewer.panes.stack.base import OfStackPane
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import CloudSettings, FieldSettings, View
from headlight.viewer.slices.fields import stacks
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.stack.stack_editor import StackEditor

EDIT = "stack layers"
"""Changes of layers that follow each other quickly are one step of undo."""


class StackEditorPane(OfStackPane):
    """Of a cloud too, where its reach is that of a stack over voxels; the input is the cloud then."""

    def build(self) -> QWidget:
        self.editor = StackEditor()
        self.editor.set_presets(list(PRESETS))
        self.editor.changed.connect(self._edited)
        self.editor.preset.connect(self._preset)
        self.editor.selected.connect(self._turned_to)
        self.axes = Segmented([(2, "2D"), (3, "3D")], "Axes")
        self.axes.changed.connect(self._set_axes)
        self.parallel = Segmented([(False, "One after another"), (True, "Parallel, added")], "Order")
        self.parallel.changed.connect(lambda on: self.session.change(ConvStack, parallel=on))
        self.side = LabelledSlider("Input, units a side", 1, stacks.LARGEST[2], 1, "{:.0f}", 15)
        self.side.changed.connect(
            lambda side: self.session.change(ConvStack, gesture="stack side", side=int(side))
        )
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        choices = QHBoxLayout()
        choices.setSpacing(6)
        choices.addWidget(self.axes, 1)
        choices.addWidget(self.parallel, 2)
        column.addLayout(choices)
        column.addWidget(self.side)
        column.addWidget(self.editor, 1)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        cloud = document.kind.holds(CloudSettings)
        stack = stacks.around(view[ConvStack]) if cloud else view[ConvStack]
        found = stacks.built_around(view[ConvStack]) if cloud else stacks.built(view[ConvStack])
        for control in (self.axes, self.side):
            control.setVisible(not cloud)
        self.axes.set_value(stack.axes)
        self.parallel.set_value(stack.parallel)
        self.side.set_range(1, stacks.LARGEST[stack.axes])
        self.side.set_value(view[ConvStack].side)
        self.editor.set_layers(stacks.rows(stack))
        faults = {index: fault for index, fault in enumerate(stacks.faults(stack)) if fault}
        whole = "" if faults or found.problem is None else str(found.problem)
        self.editor.set_errors(faults, whole)
        self.editor.set_results(stacks.results(found, shapes=not cloud))
        at = found.number(found.field(view[FieldSettings].layer)) if found.fields else None
        self.editor.set_selected(at)
        self.subtitle_changed.emit(_said(found))

    def _preset(self, title: str) -> None:
        self.session.change(FieldSettings, layer="", also=(PRESETS[title],))

    def _edited(self, rows: list[dict[str, Any]]) -> None:
        self.session.change(ConvStack, gesture=EDIT, layers=stacks.layers(rows))

    def _turned_to(self, index: int) -> None:
        # A layer that is changed or added is turned to as well: both are undone in one step.
        self.session.change(FieldSettings, gesture=EDIT, layer=f"layer {index + 1}")

    def _set_axes(self, axes: int) -> None:
        side = min(self.session.view[ConvStack].side, stacks.LARGEST[axes])
        self.session.change(ConvStack, axes=axes, side=side)


def _said(found: stacks.Built) -> str:
    """3 layers · a unit sees 7 × 7."""
    count = len(found.stack.layers)
    said = f"{count} layer{'s' * (count != 1)}"
    if found.problem is not None:
        return said  # what is wrong stands where it can be mended
    return f"{said} · a unit sees {by(found.fields[-1].size).replace('×', ' × ')}"
