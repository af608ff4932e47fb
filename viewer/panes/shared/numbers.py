"""The numbers of what is shown, for every kind of document at one place: under the cursor, then in sum.

Panes say their figures with `said`, each in its section; none of them shows figures of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from headlight.viewer import registry
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.session import NOWHERE, Hover
from headlight.viewer.session.view import FieldSettings
from headlight.widgets.controls.readout import Figures, Readout

POINTED = "pointed"


class NumbersPane(QObject):
    subtitle_changed = Signal(str)

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(desk.parent())
        self.session = session = desk.session
        self.widget = Readout()
        self._shown: tuple[int, str] | None = None
        desk.said.connect(self._say)
        session.current_changed.connect(self._turn)
        session.page_changed.connect(self._turn)
        session.hover_changed.connect(self._hovered)
        session.view_changed.connect(self._offer)
        for rows in dict.fromkeys(kind.layouts[0].numbers for kind in REGISTRY.all(registry.Kind).values()):
            if rows:
                self.widget.set_sections(registry.resolve(rows))  # made now, and used again by what is opened
        self._turn()

    def _sections(self) -> tuple[Figures, ...]:
        document = self.session.current
        rows = "" if document is None else document.kind.layout(document.page).numbers
        return registry.resolve(rows) if rows else ()

    def _turn(self) -> None:
        """Nothing is said yet of another document or page, whoever hears of it first."""
        document, sections = self.session.current, self._sections()
        if document is None or not sections or self._shown == (document.number, document.page):
            return
        self._shown = (document.number, document.page)
        self.widget.set_sections(sections)
        for section in sections:
            self.widget.forget(section.id)
        self._offer()

    def _offer(self, *_: object) -> None:
        """The second network's figures only beside another network."""
        if any(one.id == "second" for one in self._sections()):
            self.widget.set_section_visible("second", self.session.view[FieldSettings].compare is not None)

    def _say(self, pane: Pane, section: str, figures: Mapping[str, str], title: str | None) -> None:
        """What a pane of another page says late goes unheard."""
        document = self.session.current
        if document is None or not pane.needs.fits(document.kind, document.page):
            return
        self._turn()
        if any(one.id == section for one in self._sections()):
            self.widget.say(section, figures, title)

    def _hovered(self, hover: Hover) -> None:
        if hover == NOWHERE and any(one.id == POINTED for one in self._sections()):
            self.widget.forget(POINTED)
