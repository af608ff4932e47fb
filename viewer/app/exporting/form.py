"""The choices of an export as controls: those of the command line, where they apply."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from headlight.viewer.export.choices import Choices
from headlight.viewer.export.options import OPTIONS, Option
from headlight.widgets.base import theme
from headlight.widgets.controls.choices import Choice, Segmented, Toggle

HEADS = (("mean", "Mean of heads"), ("max", "Maximum of heads"), ("min", "Minimum of heads"))
WIDE = 18
"""The width of a control, in em."""


@dataclass(frozen=True)
class _Field:
    """A control. get: its value, None for none; argparse.ArgumentTypeError where it is no value."""

    widget: QWidget
    get: Callable[[], Any]
    set: Callable[[Any], None]


class ExportForm(QWidget):
    """A row a choice. `fill` sets them, `show_for` shows those of an export, `values` are those in sight."""

    changed = Signal()

    def __init__(self, choices: Choices, kind: str) -> None:
        super().__init__()
        self.choices, self.kind = choices, kind
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(theme.em(0.8))
        self._rows.setVerticalSpacing(theme.em(0.5))
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._what, self._ending = "", ""
        self._several: tuple[int, ...] = ()
        self.options = [option for option in OPTIONS if option.label]
        self._fields = {option.name: self._field(option) for option in self.options}
        for option in self.options:
            field = self._fields[option.name]
            field.widget.setToolTip(_explained(option))
            label = label_of("" if option.switch else option.label, field.widget)
            label.setToolTip(_explained(option))
            self._rows.addRow(label, field.widget)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set every choice, without a signal."""
        query = values.get("query")
        self._several = query if isinstance(query, tuple) and len(query) > 1 else ()
        self._offer_lists()
        for option in self.options:
            self._fields[option.name].set(values.get(option.name))
        self._reveal()

    def show_for(self, what: str, ending: str) -> None:
        """Show what there is to choose for such an export."""
        self._what, self._ending = what, ending
        self._offer("layer", self._layers())
        self._offer_lists()
        self._reveal()

    def values(self) -> dict[str, Any]:
        """What is chosen of what is in sight. ValueError says what is none."""
        found = {}
        for option in self.options:
            if self._fits(option):
                try:
                    found[option.name] = self._fields[option.name].get()
                except argparse.ArgumentTypeError as error:
                    raise ValueError(f"{option.label}: {error}.") from error
        return found

    def labels(self) -> list[QLabel]:
        """Those in sight."""
        fields = [self._fields[name].widget for name in self.shown()]
        return [self._rows.labelForField(field) for field in fields]

    def widget(self, name: str) -> QWidget:
        """The control of an option."""
        return self._fields[name].widget

    def shown(self) -> list[str]:
        """The names of the options in sight."""
        return [o.name for o in self.options if self._rows.isRowVisible(self._fields[o.name].widget)]

    # -- controls ----------------------------------------------------------------------------------------

    def _field(self, option: Option) -> _Field:
        if option.switch:
            toggle = Toggle(option.label)
            toggle.changed.connect(self._edited)
            return _Field(toggle, toggle.isChecked, lambda on: toggle.set_on(bool(on)))
        if option.choices:
            names = list(option.choices.items())
            segmented = Segmented(names, option.label)
            segmented.changed.connect(self._edited)
            return _Field(segmented, segmented.value, lambda v: segmented.set_value(v or names[0][0]))
        lists = {
            "layer": self._layers,
            "head": self._heads,
            "first": lambda: self._numbered(None),
            "last": lambda: self._numbered("The last"),
            "query": self._tokens,
        }
        if option.name in lists:
            chooser = ValueChoice(lists[option.name](), option.label)
            chooser.chosen.connect(self._edited)
            return _Field(chooser, chooser.value, chooser.set_value)
        line = QLineEdit()
        line.setAccessibleName(option.label)
        line.setPlaceholderText({"cell": "the middle", "inputs": "1", "discard": "0"}.get(option.name, "all"))
        line.textChanged.connect(self._edited)

        def get() -> Any:
            text = line.text().strip()
            return _parsed(option, text) if text else None

        def set_(value: Any) -> None:
            line.blockSignals(True)
            line.setText(_written(value))
            line.blockSignals(False)

        return _Field(line, get, set_)

    def _layers(self) -> list[tuple[Any, str]]:
        if self._what != "receptive-field":
            return [(str(index), f"{index} · {name}") for index, name in enumerate(self.choices.layers)]
        named = [(name, name) for name in self.choices.fields]
        return named if self._needs("layer") else [(None, "All, what they can see"), *named]

    def _heads(self) -> list[tuple[Any, str]]:
        counts, layer = self.choices.heads, self._layer()
        each = [(head, f"Head {head}") for head in range(counts[layer] if layer < len(counts) else 0)]
        return [*([] if self._needs("head") else [(None, "All heads")]), *HEADS, *each]

    def _layer(self) -> int:
        """The layer of attention that is chosen."""
        chosen = self._fields["layer"].get() if self._what == "attention" else None
        return int(chosen or 0)

    def _numbered(self, none: str | None) -> list[tuple[Any, str]]:
        named = [(index, f"{index} · {name}") for index, name in enumerate(self.choices.layers)]
        return named if none is None else [(None, none), *named]

    def _tokens(self) -> list[tuple[Any, str]]:
        """No token, those that the answer is read from, those that are selected, and each alone."""
        choices, layer = self.choices, self._layer()
        first, labels = [(None, choices.readout)], choices.rolled
        if self._what == "attention":
            first = [(None, "A row for each, as a matrix"), ("readout", choices.readout)]
            labels = choices.tokens[layer] if choices.tokens else ()
        if self._several and max(self._several) < len(labels):
            first.append((self._several, f"Mean of {len(self._several):,} selected"))
        return [*first, *(((index,), f"{index} · {label}") for index, label in enumerate(labels))]

    def _offer_lists(self) -> None:
        """Layers can differ in their heads and tokens."""
        self._offer("head", self._heads())
        self._offer("query", self._tokens())

    def _offer(self, name: str, items: Sequence[tuple[Any, str]]) -> None:
        self.widget(name).set_items(items)

    # -- what is in sight --------------------------------------------------------------------------------

    def _edited(self, *_: object) -> None:
        self._offer_lists()
        self._reveal()
        self.changed.emit()

    def _reveal(self) -> None:
        for option in self.options:
            self._rows.setRowVisible(self._fields[option.name].widget, self._fits(option))

    def _fits(self, option: Option) -> bool:
        if not self._what or not option.fits(self._what, self.kind, self._ending):
            return False
        return not option.after or self._fields[option.after].get() is not None

    def _needs(self, name: str) -> bool:
        option = next(o for o in OPTIONS if o.name == name)
        return option.is_needed(self._what, self._ending)


class ValueChoice(Choice):
    """A list of values by their labels."""

    chosen = Signal()
    """By the user."""

    def __init__(self, items: Sequence[tuple[Any, str]], name: str) -> None:
        super().__init__([], name)
        self.setMinimumContentsLength(WIDE)
        self.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._items: list[tuple[Any, str]] = []
        self.set_items(items)
        self.activated.connect(lambda _: self.chosen.emit())

    def set_items(self, items: Sequence[tuple[Any, str]]) -> None:
        """Offer these; what was chosen stays chosen where it is among them, else the first is."""
        if list(items) == self._items:
            return
        before = self.value()
        self._items = list(items)
        self.clear()
        self.addItems([label for _, label in self._items])
        self.set_value(before)

    def value(self) -> Any:
        at = self.currentIndex()
        return self._items[at][0] if 0 <= at < len(self._items) else None

    def set_value(self, value: Any) -> None:
        """Choose without a signal; the first where there is no such value."""
        places = [at for at, (one, _) in enumerate(self._items) if one == value]
        self.setCurrentIndex(places[0] if places else 0)


def label_of(text: str, field: QWidget) -> QLabel:
    """What stands before a control, in the middle of its height."""
    label = QLabel(text)
    label.setProperty("role", "dim")
    label.setBuddy(field)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
    return label


def _explained(option: Option) -> str:
    words = option.help.split("; ")[0].split(": ", 1)[-1]
    return f"{words[:1].upper()}{words[1:]} · {option.flag}"


def _parsed(option: Option, text: str) -> Any:
    try:
        return option.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no number") from error


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
