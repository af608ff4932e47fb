"""What the panes of boxes share: which are shown, which are selected, and setting them by hand."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np

from headlight.models.core.answers import BoxEdits, Boxes
from headlight.models.core.classes.palettes import class_colours
from headlight.models.core.tokens import Cuboid, Place
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover, Session
from headlight.viewer.session.view import BoxSettings, Selection, View
from headlight.viewer.slices.clouds.boxes.measured import FIGURES
from headlight.viewer.slices.clouds.boxes.shown import Read, Shown, read_of, set_by_hand, shown
from headlight.widgets.controls.readout import Figures

POINTED = ("Class", "Box score", "Middle", "Size", "Heading", "Points inside", "Truth")
SECTIONS = (
    Figures("agreement", "At this score", FIGURES),
    Figures("pointed", "Box under the cursor", POINTED),
)
"""Of the numbers pane."""


def asked_of(view: View) -> tuple[BoxSettings, BoxEdits]:
    return view[BoxSettings], view[BoxEdits]


class ShownBoxes:
    """Of the boxes that are shown, by one number each: those found first, then the true ones where they are
    drawn."""

    def __init__(self, now: Shown, truth: bool) -> None:
        self.now = now
        true = now.truth if truth and now.truth is not None else None
        self.found = len(now.boxes)
        self.parts: tuple[Boxes, ...] = (now.boxes,) if true is None else (now.boxes, true)
        self.boxes = np.concatenate([part.boxes.astype(np.float64) for part in self.parts])
        labels = np.concatenate([part.labels for part in self.parts])
        colours = class_colours(self.parts[-1].classes)
        self.colours = colours[labels] if len(labels) else np.empty((0, 3), np.uint8)
        self.dashed = np.arange(len(self.boxes)) >= self.found

    def place(self, number: int) -> Cuboid:
        true = number >= self.found
        return self.parts[int(true)].place(number - self.found * true)

    def number(self, place: object) -> int | None:
        """Of the box at a place, None where none of them is."""
        at = self.now.find(place)
        if at is None or (at[0] and len(self.parts) == 1):
            return None
        return at[1] + self.found * at[0]

    def numbers(self, places: tuple[Place, ...]) -> frozenset[int]:
        found = (self.number(place) for place in places)
        return frozenset(number for number in found if number is not None)


class Chooses:
    """Mix in before a pane: selecting, pointing at and setting boxes."""

    session: Session
    all: ShownBoxes | None = None

    def chosen(self, view: View) -> frozenset[int]:
        return frozenset() if self.all is None else self.all.numbers(view[Selection].queries)

    def pointed(self, hover: Hover) -> int | None:
        return None if self.all is None else self.all.number(hover.query)

    def point_at(self, number: int | None) -> None:
        here = number is not None and self.all is not None
        self.session.set_hover(Hover(query=self.all.place(number)) if here else NOWHERE)

    def choose(self, number: int | None, add: bool = False) -> None:
        if self.all is None or (number is None and add):
            return
        self.session.select(queries=() if number is None else (self.all.place(number),), add=add)

    def set_box(self, number: int, box: np.ndarray) -> None:
        """A found box as it is to be, (7,) metres."""
        if self.all is not None and number < self.all.found:
            put(self.session, self.all.place(number), Cuboid(*map(float, box)))


def put(
    session: Session, place: Cuboid | None, now: Cuboid | None, label: int | None = None, gesture: str = ""
) -> None:
    """Set a box by hand, and select it, in one step."""
    edits = set_by_hand(session.view[BoxEdits], place, now, label)
    selection = session.view[Selection]
    kept = tuple(one for one in selection.queries if one != place)
    chosen = Selection(selection.layer, selection.head, (now,) if now is not None else kept, selection.keys)
    session.change(BoxEdits, made=edits.made, also=(chosen,), gesture=gesture)


class BoxPane(Chooses, Pane):
    """Its slice is what is shown."""

    waits = False

    def subject(self, document: Document, view: View, hover: Hover) -> Read:
        return read_of(document)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return asked_of(view)

    def slice(self, subject: Any, view: View, hover: Hover) -> Call | None:
        return partial(shown, subject, *asked_of(view))

    def take(self, now: Shown) -> ShownBoxes:
        self.all = ShownBoxes(now, self.session.view[BoxSettings].truth)
        return self.all

    def clear(self, document: Document | None) -> None:
        self.all = None
