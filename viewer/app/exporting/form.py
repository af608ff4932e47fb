"""The choices of an export as controls: those of the command line, where they apply."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from headlight.viewer.export.choices import Choices, fits
from headlight.viewer.export.options import choices_of
from headlight.viewer.options import Option, written
from headlight.widgets.base import theme
from headlight.widgets.controls.choices import Choice, Segmented, Toggle

WIDE = 18
"""The width of a control, in em."""

KINDS = {
    "png": "A picture in pixels, with its colour bar.",
    "svg": "A drawing that can be enlarged, with its colour bar.",
    "npz": "Arrays for NumPy: every number as it was computed, with labels and what the model saw.",
    "csv": "A table for a spreadsheet, nine digits a number.",
    "ply": "The cloud in its own coordinates, with colour, class and confidence of every point.",
    "html": "One page to read or print without a network, which “headlight replay” makes again.",
}
"""What is said of files, by their endings."""


@dataclass(frozen=True)
class _Field:
    """A control. get: its value, None for none; argparse.ArgumentTypeError where it is no value."""

    widget: QWidget
    get: Callable[[], Any]
    set: Callable[[Any], None]


class ExportForm(QWidget):
    """A row a choice. `show_for` shows those of an export, `fill` sets them, `values` are those in sight."""

    changed = Signal()

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.choices = choices
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(theme.em(0.8))
        self._rows.setVerticalSpacing(theme.em(0.5))
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._what, self._ending = "", ""
        self._set: dict[str, Any] = {}
        self.options: tuple[Option, ...] = ()
        self._fields: dict[str, _Field] = {}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set every choice, without a signal."""
        self._set = dict(values)
        # How many heads there are is said by the layer, which stands before them.
        for option in self.options:
            self._offer(option)
            self._fields[option.name].set(values.get(option.name))
        self._reveal()

    def show_for(self, what: str, ending: str) -> None:
        """Show what there is to choose for such an export."""
        if what != self._what:
            self._build(what)
        self._ending = ending
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

    def _build(self, what: str) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._what, self._set = what, {}
        without = self.choices.filled[what].without
        offered = (o for o in choices_of(self.choices.exports[what]) if o.label)
        self.options = tuple(option for option in offered if option.name not in without)
        self._fields = {option.name: self._field(option) for option in self.options}
        for option in self.options:
            field = self._fields[option.name]
            field.widget.setToolTip(_explained(option))
            label = label_of("" if option.switch else option.label, field.widget)
            label.setToolTip(_explained(option))
            self._rows.addRow(label, field.widget)

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
        if option.name in self.choices.filled[self._what].lists:
            chooser = ValueChoice([], option.label)
            chooser.chosen.connect(self._edited)
            return _Field(chooser, chooser.value, chooser.set_value)
        line = QLineEdit()
        line.setAccessibleName(option.label)
        line.setPlaceholderText(option.empty)
        line.textChanged.connect(self._edited)

        def get() -> Any:
            text = line.text().strip()
            return _parsed(option, text) if text else None

        def set_(value: Any) -> None:
            line.blockSignals(True)
            line.setText(written(value))
            line.blockSignals(False)

        return _Field(line, get, set_)

    def _offer_lists(self) -> None:
        """What there is to choose can hang on what is chosen: layers can differ in their heads and tokens."""
        for option in self.options:
            self._offer(option)

    def _offer(self, option: Option) -> None:
        items = self.choices.filled[self._what].lists.get(option.name)
        if items is None:
            return
        # Several tokens that were selected stay on offer after another is chosen.
        lists = self.choices.filled[self._what].lists
        chosen = {name: self._fields[name].get() for name in lists if name in self._fields}
        chosen[option.name] = self._set.get(option.name)
        self.widget(option.name).set_items(items(chosen, self._ending in option.needed.endings))

    # -- what is in sight --------------------------------------------------------------------------------

    def _edited(self, *_: object) -> None:
        self._offer_lists()
        self._reveal()
        self.changed.emit()

    def _reveal(self) -> None:
        for option in self.options:
            self._rows.setRowVisible(self._fields[option.name].widget, self._fits(option))

    def _fits(self, option: Option) -> bool:
        names = [name for name in (option.after[0], option.only[0]) if name]
        return fits(option, self._ending, {name: self._fields[name].get() for name in names})


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
    return f"{option.help[:1].upper()}{option.help[1:]} · {option.flag}"


def _parsed(option: Option, text: str) -> Any:
    try:
        return option.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no number") from error


def command_field() -> QPlainTextEdit:
    """Where the same export stands as a command, to be read and copied."""
    field = QPlainTextEdit()
    field.setReadOnly(True)
    field.setPlaceholderText("No command makes what is built in the window.")
    field.setAccessibleName("The same on the command line")
    field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    field.setFixedHeight(theme.em(4.4))
    field.setTabChangesFocus(True)
    return field
