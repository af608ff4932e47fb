"""What the model says: classes, expected tokens, or the class of every part of a picture."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.answers import Answer, Matches, NextTokens, PixelLabels, Things, listed
from headlight.models.core.tokens import Box, PatchTokens, Place
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.answers import AnswerRows, answer_rows, row_at, said_at
from headlight.viewer.slices.predicted.steps import last_seen
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.tables.target_rows import TargetRows

_PLACED = Things | Matches
"""Answers whose rows are of a token each."""
MARKS = {
    "untrained": "untrained: random weights, which say nothing of the input",
    "built by hand": "built by hand: its weights are set, not trained",
}
PICTURE = 8.0
"""In em: the least height of the picture whose parts have classes."""
WITH_PICTURE = 0.32
"""Of the deck's height, what rows below a picture may take."""
CLEAR, FAINT = 165, 45
"""Alpha of the classes over the picture, and of the others while one is pointed at."""


class AnswerPane(Pane):
    tallest = 0.26

    def build(self) -> QWidget:
        self.mark_line = ElidedLabel()
        self.mark_line.setProperty("role", "dim")
        self.picture = ImageView()
        self.picture.setMinimumHeight(theme.em(PICTURE))
        self.picture.hovered.connect(self._picture_hovered)
        self.picture.set_tip(self._tip)
        self.picture.set_heat_opacity(None)
        self.rows = TargetRows()
        self.rows.hovered.connect(self._row_hovered)
        self.rows.chosen.connect(self._row_chosen)
        self.beneath = ElidedLabel()
        self.beneath.setProperty("role", "dim")
        self._result: AnswerRows | None = None
        self._input: object = None
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.em(0.4))
        layout.addWidget(self.mark_line)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.rows)
        layout.addWidget(self.beneath)
        layout.addStretch()
        self._gap = layout.spacing()
        return ScrollColumn(inner)

    def height_for(self, width: int) -> int | None:
        """That in which every row is seen, and a picture fills the width."""
        result = self._result
        if result is None:
            return None
        gap, height = self._gap, self.rows.sizeHint().height() + self._gap
        if result.region is not None:
            rows, columns = self._input.pixels.shape[:2]
            height += round(width * rows / columns) + gap
        lines = (self.mark_line, self.beneath)
        return height + sum(one.sizeHint().height() + gap for one in lines if not one.isHidden())

    # -- slice -------------------------------------------------------------------------------------------

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        follows_cursor = isinstance(self._answer(), NextTokens)
        return _places(self._trace, view, hover) if follows_cursor else ()

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(answer_rows, trace, _places(trace, view, hover))

    def prepare(self, document: Document, view: View) -> None:
        if document.input is not self._input:
            self._input, self._result = document.input, None
            self.picture.set_picture(getattr(document.input, "pixels", None))

    def paint(self, result: AnswerRows) -> None:
        other = self._result is None or len(result.targets) != len(self._result.targets)
        self._result = result
        self.mark_line.setText(MARKS.get(result.mark, ""))
        self.mark_line.setVisible(bool(result.mark))
        self.picture.setVisible(result.levels is not None)
        self.tallest = WITH_PICTURE if result.levels is not None else type(self).tallest
        if result.levels is not None:
            self.picture.set_heat(result.levels, result.region.corners)
        self.rows.set_rows(
            [target.name for target in result.targets],
            [target.score for target in result.targets],
            result.colours,
        )
        self.rows.set_choosable(isinstance(self._answer(), _PLACED))
        self.beneath.setText(result.beneath)
        self.beneath.setVisible(bool(result.beneath))
        self.subtitle_changed.emit(result.said)
        if other:
            self.height_changed.emit()

    def mark(self, view: View, hover: Hover) -> None:
        result, answer = self._result, self._answer()
        if result is not None and isinstance(answer, _PLACED):
            places = [target.place for target in result.targets]
            self.rows.set_hovered(places.index(hover.query) if hover.query in places else None)
            chosen = (one for one in view[Selection].queries if one in places)
            self.rows.set_chosen(next((places.index(one) for one in chosen), None))
            return
        if result is None or result.levels is None or not isinstance(answer, PixelLabels):
            return
        place = hover.key or hover.query
        row = row_at(answer, result, place) if hover.kind is None else hover.kind
        self.rows.set_hovered(row)
        self.picture.set_heat_lut(_table(result.colours, hover.kind))
        tokens = self._trace.tokens
        chosen = [p for p in view[Selection].queries if isinstance(p, Box)]
        under = place.corners if isinstance(place, Box) and isinstance(tokens, PatchTokens) else None
        self.picture.set_boxes([box.corners for box in chosen], under)

    def clear(self, document: Document | None) -> None:
        self._result = None
        if document is None:
            self._input = None
        self.mark_line.hide()
        self.picture.hide()
        self.beneath.hide()
        self.rows.set_rows([], [])
        self.subtitle_changed.emit("")

    def _answer(self) -> Answer | None:
        return listed(self._trace.answers) if self._trace is not None else None

    # -- gestures ----------------------------------------------------------------------------------------

    def _row_hovered(self, row: int | None) -> None:
        """Of a picture's parts the class alone is lit, of things in it the token that found one."""
        if self._result is not None and isinstance(self._answer(), _PLACED):
            place = None if row is None else self._result.targets[row].place
            self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))
        elif self._result is not None and self._result.levels is not None:
            self.session.set_hover(NOWHERE if row is None else Hover(kind=row))

    def _row_chosen(self, row: int) -> None:
        """Where the token looks that found this."""
        if self._result is not None and (place := self._result.targets[row].place) is not None:
            self.session.select(queries=[place])

    def _picture_hovered(self, at: tuple[float, float] | None) -> None:
        found = self._trace.tokens.find(Box(*at, *at)) if at is not None and self._result is not None else ()
        if not len(found):
            self.session.set_hover(NOWHERE)
            return
        place = self._trace.tokens.place(int(found[0]))
        self.session.set_hover(Hover(query=place, key=place))

    def _tip(self, x: float, y: float) -> str:
        answer = self._answer()
        return said_at(answer, x, y) if isinstance(answer, PixelLabels) else ""


def _places(trace: Trace | None, view: View, hover: Hover) -> tuple[Place, ...]:
    """What is under the cursor, else what was selected last, else the last token that is seen of what a model
    wrote."""
    under = (place for place in (hover.key, hover.query) if place is not None)
    return (*under, *reversed(view[Selection].queries), *last_seen(trace, view))


def _table(colours: np.ndarray, alone: int | None) -> np.ndarray:
    """uint8 (256, 4): the colour of each level, faint but of one row where that is pointed at."""
    table = np.zeros((256, 4), np.uint8)
    table[1 : len(colours) + 1, :3] = colours
    table[1 : len(colours) + 1, 3] = CLEAR if alone is None else FAINT
    if alone is not None and alone < len(colours):
        table[alone + 1, 3] = 255 - FAINT
    return table
