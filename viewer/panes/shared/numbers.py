"""The numbers of what is shown, for every kind of document at one place: under the cursor, then in sum.

Panes say their figures with `said`, each in its section; none of them shows figures of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal

from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Hover, Session
from headlight.viewer.session.view import FieldSettings
from headlight.viewer.slices import cost_readings
from headlight.widgets.controls.readout import Figures, Readout

POINTED = "pointed"
_POINTED = "Under the cursor"
_CELL = ("Query", "Key", "Weight", "Rank", "In")
_UNIT = (
    *("Layer", "Unit", "Theoretical size", "Stride", "50 %, 95 % lie within"),
    *("Area of 95 % / theoretical", "Mass inside the box", "Weight on padding"),
)
_REACHED = ("Weight", "From", "In")
_COST = (
    Figures(POINTED, _POINTED, ("Of", "Tokens", "Time", "Operations", "Memory", "Tensors")),
    *(Figures(id_, title, cost_readings.LAYER_ROWS) for id_, title in cost_readings.AT.items()),
    Figures("crossings", "Attention costs more from n =", cost_readings.CROSSING_ROWS),
)
SECTIONS: dict[tuple[str, str], tuple[Figures, ...]] = {
    ("text", "attention"): (
        Figures(POINTED, _POINTED, _CELL),
        Figures(
            *("shown", "Shown map"),
            ("Of", "In", "Highest", "Second", "Third", "Entropy", "On special tokens", "Clipped"),
        ),
        Figures("head", "Head", ("Entropy, mean", "On special tokens")),
    ),
    ("image", "attention"): (
        Figures(POINTED, _POINTED, _CELL),
        Figures(
            *("shown", "Shown map"),
            (
                *("Of", "In", "Highest", "Weight on patches", "Entropy", "On special tokens", "On padding"),
                *("Mean distance", "Clipped"),
            ),
        ),
        Figures("head", "Head", ("Entropy, mean", "Distance, mean", "On special tokens")),
    ),
    ("points", "attention"): (
        Figures(POINTED, _POINTED, ("Point", "Class", "Confidence", "Truth", "x", "y", "z", *_REACHED)),
        Figures(
            "near",
            "Neighbourhood",
            ("Of", "Map", "Neighbours", "On itself", "Entropy", "Farthest", "Answered away"),
        ),
    ),
    ("image", "fields"): (Figures("field", "Field", _UNIT), Figures("second", "Second network", _UNIT)),
    ("text", "cost"): _COST,
    ("image", "cost"): _COST,
    ("stack", "fields"): (
        Figures(
            *("field", "Field"),
            (
                *("Layer", "Unit", "Theoretical size", "Stride, start", "Inside the input"),
                *("Equivalent width", "Standard deviation", "Holds 50 %, 95 %", "Weight on padding"),
            ),
        ),
    ),
}
"""Of each page; every kind has its own, so that its rows keep their places."""


class Heard(QObject):
    """What all panes say of their figures."""

    said = Signal(object, str, object, object)
    """(the pane; then as panes say it)."""

    def listen(self, pane: Pane) -> None:
        pane.said.connect(partial(self.said.emit, pane))


class NumbersPane(QObject):
    name, title = "numbers", "Numbers"
    modalities, pages = ("text", "image", "points", "stack"), ("attention", "fields", "cost")
    subtitle_changed = Signal(str)

    def __init__(self, session: Session, heard: Heard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.widget = Readout()
        self._shown: tuple[int, str] | None = None
        heard.said.connect(self._say)
        session.current_changed.connect(self._turn)
        session.page_changed.connect(self._turn)
        session.hover_changed.connect(self._hovered)
        session.view_changed.connect(self._offer)
        self._turn()

    def _sections(self) -> tuple[Figures, ...]:
        document = self.session.current
        return () if document is None else SECTIONS.get((document.modality, document.page), ())

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
        if document is None or document.modality not in pane.modalities or document.page not in pane.pages:
            return
        self._turn()
        if any(one.id == section for one in self._sections()):
            self.widget.say(section, figures, title)

    def _hovered(self, hover: Hover) -> None:
        if hover == NOWHERE and any(one.id == POINTED for one in self._sections()):
            self.widget.forget(POINTED)
