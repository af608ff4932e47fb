"""Sections of named figures that keep their places, whatever is said in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import NumberRow, Section

NOTHING = "–"


@dataclass(frozen=True)
class Figures:
    """A section: its id, its title and the names of its rows, in order."""

    id: str
    title: str
    rows: tuple[str, ...]


class Readout(ScrollColumn):
    """What is not said stands as “–”: no row comes or goes with the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._inner = QWidget(parent)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.em(0.3))
        self._column.addStretch(1)
        super().__init__(self._inner)
        self._sections: tuple[Figures, ...] = ()
        self._titles: list[Section] = []
        self._rows: list[list[NumberRow]] = []
        """Under each title; what the sections do not need of them is hidden until others do."""

    def set_sections(self, sections: Sequence[Figures]) -> None:
        """Other sections, nothing said in them yet; the same ones stay as they are."""
        if tuple(sections) == self._sections:
            return
        self._sections = tuple(sections)
        for number, section in enumerate(sections):
            if number == len(self._titles):
                self._titles.append(Section(section.title, rule=number > 0))
                self._rows.append([])
                self._column.insertWidget(self._column.count() - 1, self._titles[-1])
            rows = self._rows[number]
            self._titles[number].set_title(section.title)
            for name in section.rows[len(rows) :]:
                rows.append(NumberRow(name))
                self._column.insertWidget(self._column.indexOf(self._titles[number]) + len(rows), rows[-1])
            for row, name in zip(rows, section.rows, strict=False):
                row.set_label(name)
                row.set_value(NOTHING)
        for number, (title, rows) in enumerate(zip(self._titles, self._rows, strict=True)):
            used = len(sections[number].rows) if number < len(sections) else 0
            title.setVisible(number < len(sections))
            for place, row in enumerate(rows):
                row.setVisible(place < used)

    def say(self, section: str, figures: Mapping[str, str], title: str | None = None) -> None:
        """What stands in a section, by the names of its rows. KeyError for a row that it has not.

        title: another one from now on; without it the title stays.
        """
        rows = self._named(section)
        if unknown := figures.keys() - rows.keys():
            raise KeyError(f"no rows {sorted(unknown)} in {section}")
        for name, row in rows.items():
            row.set_value(figures.get(name, NOTHING))
        if title is not None:
            self._title(section).set_title(title)

    def forget(self, section: str) -> None:
        """Say nothing in a section."""
        self.say(section, {})

    def set_section_visible(self, section: str, visible: bool) -> None:
        for widget in (self._title(section), *self._named(section).values()):
            widget.setVisible(visible)

    def figures(self, section: str) -> dict[str, str]:
        """What stands in a section now."""
        return {name: row.value() for name, row in self._named(section).items()}

    def title(self, section: str) -> str:
        """What a section is called now."""
        return self._title(section).title()

    def _number(self, section: str) -> int:
        return [one.id for one in self._sections].index(section)

    def _title(self, section: str) -> Section:
        return self._titles[self._number(section)]

    def _named(self, section: str) -> dict[str, NumberRow]:
        number = self._number(section)
        return dict(zip(self._sections[number].rows, self._rows[number], strict=False))
