"""What the panes share that show one representation of a cloud each."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from PySide6.QtWidgets import QMenu

from headlight.viewer import registry
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.panes.clouds.represented.links import links_of
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import head, offer
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import RepresentSettings, View
from headlight.viewer.slices.clouds.represented.kept import asked_of
from headlight.viewer.slices.clouds.represented.linked import POINTED, TITLES
from headlight.viewer.slices.clouds.represented.parts import PartName, named
from headlight.viewer.slices.clouds.represented.pictures import Why, drawn, title_of
from headlight.widgets.controls.readout import Figures

LONG = 1_000_000
"""Points from which on representing takes seconds."""
SECTIONS = (
    Figures("places", "Where it is", tuple(TITLES.values())),
    Figures("pointed", "Under the cursor", POINTED),
)
"""Of the numbers pane."""


class PartPane(Pane):
    """Its subject is the cloud; what cannot be shown is said in its place."""

    waits = False
    part: PartName = "space"
    choices: ClassVar[Mapping[str, tuple[str, Mapping[str, str]]]] = {}
    """What its menu offers: the settings' fields, each with a heading and the words of its values."""

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(entry, desk)
        self.result: Any = None
        self._shown: tuple = ()
        """What the marks are of."""
        self.links = links_of(desk)
        self.links.join(self)
        self.links.changed.connect(self._linked)

    # -- what a subclass says ----------------------------------------------------------------------------

    def looks(self, settings: RepresentSettings) -> Hashable:
        """What the picture depends on beside the representation."""
        return ()

    def show_why(self, sentence: str) -> None:
        """Nothing can be shown, and why."""

    def show_picture(self, result: Any) -> None:
        """Show what was drawn."""

    def show_links(self) -> None:
        """Mark what is selected and pointed at."""

    # -- the machinery -----------------------------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> CloudInput:
        return document.input

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        settings = view[RepresentSettings]
        return asked_of(settings, named(settings, self.part)), self.looks(settings)

    def lane_for(self, view: View) -> Lane:
        document = self.session.current
        return "run" if document is not None and len(document.input.points) > LONG else "look"

    def slice(self, subject: CloudInput, view: View, hover: Hover) -> Call:
        return partial(drawn, self.part, subject, view[RepresentSettings])

    def prepare(self, document: Document, view: View) -> None:
        self.title_changed.emit(title_of(view[RepresentSettings], self.part))
        self.links.update()

    def paint(self, result: Any) -> None:
        if isinstance(result, Why):
            self.result = None
            self.subtitle_changed.emit("")
            self.show_why(result.sentence)
        else:
            self.result = result
            self.subtitle_changed.emit(result.said)
            self.show_picture(result)

    def mark(self, view: View, hover: Hover) -> None:
        """At a gesture nothing is known yet of where things are: what is the same is not painted again."""
        shown = self.result, self.links.hovered, self.links.selected, view[RepresentSettings]
        if self.result is not None and not _same(self._shown, shown):
            self._shown = shown
            self.show_links()

    def clear(self, document: Document | None) -> None:
        self.result, self._shown = None, ()
        self.subtitle_changed.emit("")
        self.show_why("")

    def _linked(self) -> None:
        if self.widget.isVisible():
            self.mark(self.session.view, self.session.hover)

    # -- gestures ----------------------------------------------------------------------------------------

    def point_at(self, cell: int | None) -> None:
        """This cell of the part is under the cursor."""
        self.session.set_hover(NOWHERE if cell is None else Hover(cell=(self.part, cell)))

    def choose(self, add: bool, at: Any, cells: np.ndarray | None = None) -> None:
        """Select as `Links.select` has it."""
        document = self.session.current
        if document is not None and self.result is not None:
            self.links.select(document, add, at, cells)

    def tip(self) -> str:
        """What the read-out says of the cell that is pointed at."""
        one, hover = self.links.hovered, self.session.hover
        if one is None or hover.cell is None or hover.cell[0] != self.part or not one.count:
            return ""
        rows = ("Range", "Intensity") if self.part == "range" else ("Points", "z")
        lines = [f"{row.lower()}\t{one.figures[row]}" for row in rows if row in one.figures]
        return "\n".join([one.figures.get("What", ""), *lines])

    def fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        if not self.can_show(self.session.current):
            return
        settings = self.session.view[RepresentSettings]
        for name, (heading, words) in self.choices.items():
            head(menu, heading)
            for value, word in words.items():
                change = partial(self.session.change, RepresentSettings, **self.chosen(name, value))
                on = all(getattr(settings, one) == of for one, of in self.chosen(name, value).items())
                offer(menu, word, on, lambda _, change=change: change())

    def chosen(self, name: str, value: str) -> dict[str, Any]:
        """The settings that a choice of the menu makes."""
        return {name: value}


def _same(one: tuple, other: tuple) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
