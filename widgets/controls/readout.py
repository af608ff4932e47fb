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
        self._titles: dict[str, Section] = {}
        self._rows: dict[str, dict[str, NumberRow]] = {}

    def set_sections(self, sections: Sequence[Figures]) -> None:
        """Other sections, nothing said in them yet; the same ones stay as they are."""
        if tuple(sections) == self._sections:
            return
        self._sections = tuple(sections)
        for widget in self._widgets():
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._titles = {
            section.id: Section(section.title, rule=number > 0) for number, section in enumerate(sections)
        }
        self._rows = {section.id: {name: NumberRow(name) for name in section.rows} for section in sections}
        for place, widget in enumerate(self._widgets()):
            self._column.insertWidget(place, widget)

    def say(self, section: str, figures: Mapping[str, str], title: str | None = None) -> None:
        """What stands in a section, by the names of its rows. KeyError for a row that it has not.

        title: another one from now on; without it the title stays.
        """
        rows = self._rows[section]
        if unknown := figures.keys() - rows.keys():
            raise KeyError(f"no rows {sorted(unknown)} in {section}")
        for name, row in rows.items():
            row.set_value(figures.get(name, NOTHING))
        if title is not None:
            self._titles[section].set_title(title)

    def forget(self, section: str) -> None:
        """Say nothing in a section."""
        self.say(section, {})

    def set_section_visible(self, section: str, visible: bool) -> None:
        for widget in (self._titles[section], *self._rows[section].values()):
            widget.setVisible(visible)

    def figures(self, section: str) -> dict[str, str]:
        """What stands in a section now."""
        return {name: row.value() for name, row in self._rows[section].items()}

    def title(self, section: str) -> str:
        """What a section is called now."""
        return self._titles[section].title()

    def _widgets(self) -> list[QWidget]:
        return [w for id_, title in self._titles.items() for w in (title, *self._rows[id_].values())]
