"""What the model wrote, step by step: how likely each token was, and what could stand in its place."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session import writing
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.predicted.steps import Choice, Steps, figures, steps
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel, Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.tables.target_rows import TargetRows
from headlight.widgets.text.token_strip import TokenStrip

NOTHING = "Nothing is written yet: “Continue” lets the model go on, a click on a token begins with it."
BRANCHES = "A click on another token goes on from there, as a new document."
FIGURE = 8
"""Characters of a figure, so that others stand in a column before it."""
LINES = 7.0
"""The least height of the strip, in em."""


class GenerationPane(Pane):
    blank = True
    _result: Steps | None = None
    _of: Trace | None = None
    """The trace that it is of."""

    def build(self) -> QWidget:
        self.strip = TokenStrip()
        self.strip.setMinimumHeight(theme.em(LINES))
        self.strip.setAccessibleName("Tokens that the model wrote")
        self.strip.clicked.connect(self._clicked)
        self.strip.spanned.connect(lambda first, last, add: self._clicked(last, add))
        self.strip.hovered.connect(self._hovered)
        self.strip.set_tip(self._tip)
        self.bar = ColourBar()
        self.scrubber = LabelledSlider("Written tokens seen", 0, 1, 1, self._seen_said)
        self.scrubber.changed.connect(self._scrubbed)
        self.head, self.foot, self.note = ElidedLabel(), ElidedLabel(), Note()
        for label in (self.head, self.foot, self.note):
            label.setProperty("role", "dim")
        self.rows = TargetRows()
        self.rows.set_choosable()
        self.rows.chosen.connect(self._chosen)
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows)
        column.addWidget(self.foot)
        column.addStretch(1)
        widget = QWidget()
        whole = QVBoxLayout(widget)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        for part, share in (
            *((self.strip, 2), (self.bar, 0), (self.scrubber, 0)),
            *((self.head, 0), (ScrollColumn(listed), 3), (self.note, 0)),
        ):
            whole.addWidget(part, share)
        return widget

    # -- slice -------------------------------------------------------------------------------------------

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[Selection].queries, view[MapSettings].step

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(steps, trace, view)

    def paint(self, result: Steps) -> None:
        tokens, count = result.tokens, len(result.tokens)
        self._result, self._of = result, self._trace
        self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
        self.strip.set_weights(result.levels, result.probabilities)
        self.strip.set_unseen(result.seen)
        for widget in (self.strip, self.bar, self.scrubber):
            widget.setVisible(count > 0)
        self.scrubber.set_range(0, max(count, 1))
        self.scrubber.set_value(result.seen)
        self.note.setText(f"{result.ended} {BRANCHES}" if count else NOTHING)
        self.subtitle_changed.emit(result.how)
        self._show_choice(result.choice)
        self.said.emit("step", figures(result), None)

    def _show_choice(self, choice: Choice | None) -> None:
        if choice is None:
            self.head.setText("")
            self.foot.setText("")
            self.rows.set_rows([], [])
            return
        said = [percent(share) for share in choice.own]
        if choice.drawn is not None:
            drawn = (percent(share).rjust(FIGURE, "\u2007") for share in choice.drawn)
            said = [f"{own} {share}" for own, share in zip(said, drawn, strict=True)]
        self.rows.set_rows(choice.names, choice.own, figures=said)
        self.rows.set_chosen(choice.chosen)
        which = f"after {choice.after}" if choice.chosen is not None else f"what would follow {choice.after}"
        self.head.setText(f"{which} · model" + ("" if choice.drawn is None else ", drawn with"))
        self.foot.setText(f"all others {percent(max(1 - float(choice.own.sum()), 0.0))}")
        self.rows.parentWidget().layout().activate()  # or rows that were none stand nowhere for a moment

    def mark(self, view: View, hover: Hover) -> None:
        result = self._result
        self.strip.set_lut(lut(view[MapSettings].colours))
        drawn = result is not None and len(result.tokens)
        self.bar.set_scale(
            result.scale if drawn else None, lut(view[MapSettings].colours), "probability" if drawn else ""
        )
        if not drawn:
            return
        places = result.places
        self.strip.set_selected([at for at, one in enumerate(places) if one in view[Selection].queries])
        under = [place for place in (hover.key, hover.query) if place is not None]
        self.strip.set_hovered(next((places.index(place) for place in under if place in places), None))

    def clear(self, document: Document | None) -> None:
        self._result = None
        self.strip.set_tokens([], [])
        self.bar.set_scale(None, lut())
        self._show_choice(None)
        self.note.setText("")
        for widget in (self.strip, self.bar, self.scrubber):
            widget.hide()
        self.said.emit("step", {}, None)
        self.subtitle_changed.emit("")

    # -- gestures ----------------------------------------------------------------------------------------

    def _tip(self, index: int) -> str:
        result = self._result
        if result is None or index >= len(result.tokens):
            return ""
        said = f"{names.token(result.tokens, index)}\t{percent(float(result.probabilities[index]))}"
        return said if index < result.seen else f"{said}\nnot written yet"

    def _seen_said(self, count: float) -> str:
        return f"{count:,.0f} of {len(self._result.tokens) if self._result is not None else 0:,}"

    def _hovered(self, index: int | None) -> None:
        place = None if index is None or self._result is None else self._result.places[index]
        self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))

    def _clicked(self, index: int, add: bool) -> None:
        """The token is the query; if it is not written yet, all is."""
        if self._result is None:
            return
        maps = self.session.view[MapSettings]
        also = () if index < self._result.seen else (replace(maps, step=None),)
        self.session.select(queries=(self._result.places[index],), add=add, also=also)

    def _scrubbed(self, value: float) -> None:
        writing.look_at_step(self.session, int(value), gesture="step")

    def _chosen(self, row: int) -> None:
        document, choice = self.session.current, self._result.choice if self._result is not None else None
        if document is None or choice is None or document.trace is not self._of:
            return
        if row == choice.chosen:
            self._clicked(choice.step, False)
        else:
            writing.branch(self.runs, document, choice.step, choice.ids[row], choice.names[row])
