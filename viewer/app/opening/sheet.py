"""Columns…: the first rows of a table, with what each column is in its head, to be told there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.classes.lists import LISTS
from headlight.viewer.inputs.clouds.labels import NO_LIST, OWN, TITLES
from headlight.viewer.inputs.told.classes import classes_said
from headlight.viewer.inputs.told.columns import (
    NOTHING,
    ROLES,
    Roles,
    Table,
    faults,
    is_cell_number,
    wrong_cells,
)
from headlight.viewer.inputs.told.units import SHORT_UNITS
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.choices import Choice, Toggle
from headlight.widgets.tables.column_sheet import ColumnSheet

_MEANT = {
    "x": "Where the point is along x, in the file’s unit",
    "y": "Where the point is along y, in the file’s unit",
    "z": "Where the point is along z, in the file’s unit",
    "red": "Of its colour, to 1, 255 or 65535",
    "green": "Of its colour, to 1, 255 or 65535",
    "blue": "Of its colour, to 1, 255 or 65535",
    "intensity": "How much light or radio came back from it",
    "label": "Its class, by a number of a list of classes or by its name",
    "ring": "Which beam of a turning sensor measured it, from 0",
    "nx": "Of its normal",
    "ny": "Of its normal",
    "nz": "Of its normal",
    NOTHING: "Passed over",
}
_TITLES = {role: role for role in ROLES} | {NOTHING: "nothing"}
GUESS = "As guessed"
_FAULTS = 3
"""Sentences about what is wrong that are shown at once."""


@dataclass(frozen=True)
class Answer:
    """What was told. unit: by its sign, classes: a word of TITLES; None where it is left to a guess."""

    columns: Roles
    unit: str | None
    classes: str | None
    remember: bool


class ColumnsDialog(QDialog):
    """One table. It tells what the user says, and reads nothing."""

    told = Signal(object)
    """The Answer."""
    text_asked = Signal(bool)
    """It is to be read as a text; whether that is to be remembered."""

    def __init__(
        self,
        table: Table,
        parent: QWidget | None = None,
        *,
        open_: bool = True,
        unit: str | None = None,
        classes: str | None = None,
    ) -> None:
        """open_: a document shows the table as a cloud already. unit, classes: how it is read there, None for
        a guess."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Columns of {table.title}")
        self.table = table
        self._build(open_)
        self.remember.set_on(True)
        self.sheet.set_table(table.names, table.rows, table.lines)
        self._guess = table.guessed or (NOTHING,) * table.count
        self.sheet.set_roles(table.roles or self._guess)
        self._offer_lists()
        if unit is not None:
            self.unit.setCurrentText(SHORT_UNITS[unit])
        self._set_classes(classes)
        self._say()

    # -- parts -------------------------------------------------------------------------------------------

    def _build(self, open_: bool) -> None:
        table = self.table
        rows = "the only row" if len(table.rows) == 1 else f"the first {len(table.rows)} rows"
        title, what = ElidedLabel(table.title), QLabel()
        title.setProperty("role", "title")
        what.setText(f"{table.count} columns, {rows}. Say in the heads what each of them is.")
        what.setProperty("role", "dim")
        what.setWordWrap(True)
        self.sheet = ColumnSheet(_TITLES, NOTHING, f"The first rows of {table.title}", _MEANT)
        self.sheet.changed.connect(lambda *_: self._changed())
        self.unit = Choice((GUESS, *SHORT_UNITS.values()), "Unit")
        self.unit.setToolTip("What the numbers of x, y and z count")
        self.classes = Choice((GUESS,), "Classes of the labels")
        self.classes.setToolTip("Which list of classes the numbers of the label belong to")
        self.classes.changed.connect(lambda _: self._say())
        self.meaning, self.said, self.command = ElidedLabel(), QLabel(), ElidedLabel()
        self.meaning.setProperty("role", "dim")
        self.command.setProperty("role", "dim")
        self.command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setMinimumHeight(theme.em(1.4))
        self.remember = Toggle("Remember for tables like this")
        self.remember.setToolTip("Tables with the same header, or columns written alike, are read so at once")
        self.guess = QPushButton("Guess")
        self.guess.setToolTip("Choose in the heads what Headlight would")
        self.guess.clicked.connect(self._take_guess)
        self.text = QPushButton("Open as text")
        self.text.clicked.connect(self._as_text)
        self.cancel, self.read = (
            QPushButton("Cancel"),
            QPushButton("Read it so" if open_ else "Open as cloud"),
        )
        self.cancel.clicked.connect(self.reject)
        self.read.setProperty("role", "primary")
        self.read.clicked.connect(self._read)
        self._lay_out(title, what)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button is self.read)
        self.read.setDefault(True)
        room = self.screen().availableSize() * 0.92
        self.resize(min(theme.em(62), room.width()), min(theme.em(42), room.height()))

    def _lay_out(self, title: QWidget, what: QWidget) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.em(0.8))
        grid.setVerticalSpacing(theme.em(0.5))
        grid.setColumnStretch(2, 1)
        self.labels_of = _label("Classes", self.classes)
        for row, (label, choice, beside) in enumerate(
            (
                (_label("Unit", self.unit), self.unit, self.command),
                (self.labels_of, self.classes, self.meaning),
            )
        ):
            grid.addWidget(label, row, 0)
            grid.addWidget(choice, row, 1)
            grid.addWidget(beside, row, 2)
        foot = QHBoxLayout()
        foot.setSpacing(theme.em(0.7))
        foot.addWidget(self.remember)
        foot.addStretch(1)
        for button in (self.guess, self.text, self.cancel, self.read):
            foot.addWidget(button)
        whole = QVBoxLayout(self)
        edge = theme.em(1.2)
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(theme.em(0.7))
        whole.addWidget(title)
        whole.addWidget(what)
        whole.addWidget(self.sheet, 1)
        whole.addWidget(self.said)
        whole.addLayout(grid)
        whole.addLayout(foot)

    # -- what is chosen ----------------------------------------------------------------------------------

    def answer(self) -> Answer:
        unit, classes = self.unit.currentText(), self.classes.currentText()
        labelled = "label" in self.sheet.roles()
        return Answer(
            self.sheet.roles(),
            next((sign for sign, name in SHORT_UNITS.items() if name == unit), None),
            next((word for word, name in TITLES.items() if name == classes and labelled), None),
            self.remember.isChecked(),
        )

    def _changed(self) -> None:
        self._offer_lists()
        self._say()

    def _labels(self) -> list[str]:
        """The cells of the column that is called a label."""
        roles = self.sheet.roles()
        return [row[roles.index("label")] for row in self.table.rows] if "label" in roles else []

    def _offer_lists(self) -> None:
        """The lists of classes that the labels can be numbers of; words name their own."""
        chosen, cells = self.classes.currentText(), self._labels()
        words = not all(map(is_cell_number, cells))
        titles = [GUESS, TITLES[OWN]] if words else [GUESS, *(TITLES[word] for word in LISTS)]
        self.classes.clear()
        self.classes.addItems([*titles, TITLES[NO_LIST]])
        self.classes.setCurrentText(chosen if chosen in titles else GUESS)
        self.classes.setEnabled(bool(cells))
        self.labels_of.setEnabled(bool(cells))

    def _set_classes(self, word: str | None) -> None:
        if word is not None and self.classes.findText(TITLES[word]) >= 0:
            self.classes.setCurrentText(TITLES[word])

    def _say(self) -> None:
        """What is wrong with the choice, or what is read; what the labels mean."""
        roles = self.sheet.roles()
        found, cells = faults(roles), wrong_cells(roles, self.table)
        self.sheet.set_wrong({at for fault in found for at in fault.columns}, cells)
        wrong = [*(f"{fault.said} {fault.step}" for fault in found), *dict.fromkeys(cells.values())]
        more = f" And {len(wrong) - _FAULTS} more." if len(wrong) > _FAULTS else ""
        read = [role for role in roles if role != NOTHING]
        said = " ".join(wrong[:_FAULTS]) + more if wrong else f"Read: {', '.join(read)}."
        self.said.setText(" ".join((said, *self.table.odd[:_FAULTS])))
        theme.set_role(self.said, "bad" if wrong or self.table.odd else "good")
        self.command.setText(f"On the command line: --columns {','.join(roles)}")
        labels, chosen = self._labels(), self.classes.currentText()
        word = next((word for word, name in TITLES.items() if name == chosen), "")
        self.meaning.setText(classes_said(labels, word) if labels else "No column is a label.")
        self.read.setEnabled(not wrong)
        self.guess.setVisible(bool(self.table.guessed) and roles != self.table.guessed)

    def _take_guess(self) -> None:
        self.sheet.set_roles(self._guess)
        self._changed()

    def _read(self) -> None:
        self.told.emit(self.answer())
        self.accept()

    def _as_text(self) -> None:
        self.text_asked.emit(self.remember.isChecked())
        self.accept()


def _label(text: str, field: QWidget) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    label.setBuddy(field)
    return label
