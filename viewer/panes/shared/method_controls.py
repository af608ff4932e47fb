"""The choice of the method that a pane shows, and the controls of its settings, made from their dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from functools import partial
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.registry import Method, Needs, resolve
from headlight.viewer.session.document import Document
from headlight.viewer.session.methods import Slot, layers_counted, settings_of
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import MapSettings, View
from headlight.widgets.base.labels import ColumnLabel
from headlight.widgets.controls.choices import Choice, Segmented
from headlight.widgets.controls.sliders import ROW_GAP, LabelledSlider, RangeRow

IN_SIGHT = 3
"""So many choices stand side by side, more of them in a list."""


def labels_of(types: list[type]) -> list[str]:
    """What the fields are called that are asked for."""
    return [one.metadata["label"] for type_ in types for one in fields(type_) if "label" in one.metadata]


def row(label: str, control: QWidget, beside: Sequence[str]) -> QWidget:
    """A grey label, as wide as the widest of its column, and the control."""
    made, name = QWidget(), ColumnLabel(label, beside)
    name.setProperty("role", "dim")
    line = QHBoxLayout(made)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(ROW_GAP)
    line.addWidget(name)
    line.addWidget(control, 1)
    return made


class SettingsForm(QWidget):
    """A control for each field that is asked for. beside: the labels of the column at their left; None where
    choices have none and others stand under theirs.
    """

    def __init__(self, type_: type, session: Session, beside: Sequence[str] | None = None) -> None:
        super().__init__()
        self._beside, self._change = beside, partial(session.change, type_)
        self._controls = Controls(type_, self._change)
        self._fields = [one for one in fields(type_) if "label" in one.metadata]
        self.controls: dict[str, Any] = {}
        self._rows: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for one in self._fields:
            self.controls[one.name] = control = self._made(one)
            chosen = "choices" in one.metadata and beside is not None
            self._rows[one.name] = row(one.metadata["label"], control, beside) if chosen else control
            column.addWidget(self._rows[one.name])

    def display(self, settings: Any, layers: int, streams: bool = False) -> None:
        """The settings' values. layers: how many there are. streams: whether there are several of tokens."""
        for one in self._fields:
            control, how = self.controls[one.name], one.metadata
            if "last" in how:
                last = getattr(settings, how["last"])
                control.set_limits(0, layers - 1)
                control.set_value(getattr(settings, one.name), layers - 1 if last is None else last)
            if "streams" in how:
                self._rows[one.name].setVisible(streams)
            if "after" in how:
                control.setVisible(getattr(settings, how["after"][0]) == how["after"][1])
        self._controls.display(settings)
        self._last = layers - 1

    def _made(self, one: Field) -> QWidget:
        how, name, label = one.metadata, one.name, one.metadata["label"]
        if "last" in how:
            control = RangeRow(label, 0, 1, beside=self._beside)
            control.changed.connect(lambda low, high: self._ranged(name, low, how["last"], high))
            return control
        if "span" in how:
            control = LabelledSlider(
                *(label, *how["span"], partial(_written, how), one.default), beside=self._beside
            )
        elif len(how["choices"]) > IN_SIGHT:
            control = Choice(list(how["choices"]), label)
            control.may_shrink()
        else:
            control = Segmented(list(how["choices"].items()), label)
        return self._controls.bind(name, control)

    def _ranged(self, first: str, low: int, last: str, high: int) -> None:
        end = None if high >= self._last else int(high)
        self._change(gesture=first, **{first: int(low), last: end})


def _written(how: Mapping[str, Any], value: float) -> str:
    zero = how.get("zero", "") if value == 0 else ""
    return zero or how["written"].format(value).replace("%", " %")


class MethodForms(QWidget):
    """The settings of the method that is shown, of those that can be. beside: as of a form."""

    def __init__(self, methods: list[Method], session: Session, beside: Sequence[str] | None = None) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.forms: dict[type, SettingsForm] = {}
        for type_ in asked_types(methods):
            form = self.forms[type_] = SettingsForm(type_, session, beside)
            form.hide()  # what is there before any is shown takes no room
            column.addWidget(form)

    def display(self, method: Method, view: View, trace: Trace | None) -> None:
        shown = {type(settings): settings for settings in settings_of(method, view)}
        for type_, form in self.forms.items():
            form.setVisible(type_ in shown)
            if type_ in shown:
                layers = layers_counted(trace, shown[type_]) if trace is not None else 0
                form.display(shown[type_], layers, trace is not None and len(trace.streams) > 1)


def asked_types(methods: list[Method]) -> list[type]:
    """The settings of methods of which a person is asked for any."""
    types = dict.fromkeys(resolve(one) for method in methods for one in method.settings)
    return [type_ for type_ in types if labels_of([type_])]


class MethodChoice(Segmented):
    """All methods of a slot that there are for the documents of a pane. needs: the pane's."""

    def __init__(self, slot: Slot, needs: Needs, session: Session, name: str, row: int | None = None) -> None:
        self.methods = slot.offered_in(needs)
        super().__init__([(method.id, method.title) for method in self.methods], name, row=row)
        self._slot = slot
        self.changed.connect(lambda chosen: session.change(MapSettings, **{slot.setting: chosen}))

    def display(self, document: Document, view: View) -> None:
        """What is chosen, what cannot be and why; nothing of what is not for such documents."""
        chosen = self._slot.method(document, view)
        self.set_value(None if chosen.needs.never(document) else chosen.id)
        for method in self.methods:
            reason = method.needs.met(document)
            self.set_option_enabled(method.id, not reason, reason.rstrip("."))
            self.set_option_visible(method.id, method.needs.suits(document.kind))
