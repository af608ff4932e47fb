"""What each head is worth: the score without it, or what it carries over from another open text."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from headlight.models.core.colours import DIVERGING, Scale, levels, lut, scale_about_zero
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.host.recipe import Making
from headlight.viewer.panes.explain.experiments.base import signed
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.target_choice import TargetChoice
from headlight.viewer.session.able import no_sweep
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import (
    ExperimentSettings,
    MapSettings,
    RolloutQuery,
    Selection,
    TargetSettings,
    View,
)
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.experiments import PatchedBy, Swept, patched, swept
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.choices import Choice, Segmented
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.grids.head_grid import HeadGrid
from headlight.widgets.grids.word_grid import WordGrid

AT_ONCE = 40_000
"""Tokens times heads up to which every head is measured without being asked to."""


class SweepPane(Pane):
    """A column a layer, a row a head, as everywhere; of two texts the tokens after each layer too."""

    tallest = 0.6

    def build(self) -> QWidget:
        self.mode = Segmented([("off", "Switched off"), ("patched", "From another text")], "Each head")
        self.mode.changed.connect(lambda mode: self.session.change(ExperimentSettings, sweep=mode))
        self.target = TargetChoice(self.session)
        self.giving = Choice([], "Taken from")
        self.giving.may_shrink()
        self.giving.activated.connect(
            lambda at: self.session.change(ExperimentSettings, giving=self._others[at].number)
        )
        self.start = QPushButton("Measure every head")
        self.start.clicked.connect(self._started)
        self.note = Note()
        self.grid, self.bar = HeadGrid(), ColourBar()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.set_tooltip(self._tip)
        self.grid.set_lut(lut(DIVERGING))
        self.states = WordGrid("Tokens after each layer")
        self.states.set_lut(lut(DIVERGING))
        self.states.set_tip(self._state_tip)
        self._others: list[Document] = []
        self._found: Swept | PatchedBy | None = None
        self._wanted: Hashable = None
        """What was asked for with the button, where it takes long."""
        self.map = with_bar(self.grid, self.bar)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for one in (self.mode, self.target, self.giving, self.start, self.note):
            column.addWidget(one)
        column.addWidget(self.map, 3)
        column.addWidget(self.states, 2)
        column.addStretch()
        for one in (self.giving, self.start, self.map, self.states):  # or they would claim room at first
            one.hide()
        return widget

    # -- what is measured --------------------------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        """Of the input as it is: what is changed of it makes no difference."""
        return document.number, _bare(document)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        other = self._giving(document, view)
        places = view[Selection].queries if view[RolloutQuery].selected else ()
        of_other = None if other is None else (other.number, _bare(other))
        return places, view[TargetSettings], view[ExperimentSettings].sweep, of_other, self._wanted

    def lane_for(self, view: View) -> Lane:
        return "run"

    def slice(self, subject: Hashable, view: View, hover: Hover) -> Call | None:
        document = self.session.current
        if no_sweep(document):
            return None
        given = document.trace, document.input, document.options
        if view[ExperimentSettings].sweep == "off":
            return None if self._waits(document, view) else partial(swept, *given, view)
        other = self._giving(document, view)
        if other is None:
            return None
        return partial(patched, *given, other.trace, (other.input, other.options), view)

    def _giving(self, document: Document, view: View) -> Document | None:
        """The text whose activations are taken: the one that is chosen, else the first."""
        if view[ExperimentSettings].sweep == "off":
            return None
        number, others = view[ExperimentSettings].giving, self._offered(document)
        return next((one for one in others if one.number == number), others[0] if others else None)

    def _offered(self, document: Document) -> list[Document]:
        model = document.trace.model.id
        read = (one for one in self.session.documents if one is not document and one.trace is not None)
        return [one for one in read if one.kind is document.kind and one.trace.model.id == model]

    def _waits(self, document: Document, view: View) -> bool:
        """Whether it takes so long that it waits for the button."""
        heads = sum(layer.heads for layer in document.trace.layers)
        long = heads * len(document.trace.tokens) > AT_ONCE
        return long and self._wanted != self._asked_for(document, view)

    def _asked_for(self, document: Document, view: View) -> Hashable:
        return document.number, _bare(document), view[TargetSettings]

    def _started(self) -> None:
        if self.session.current is not None and self.session.current.trace is not None:
            self._wanted = self._asked_for(self.session.current, self.session.view)
            self.update()

    # -- what is shown -----------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        trace, mode = document.trace, view[ExperimentSettings].sweep
        is_text = "characters" in document.kind.gives
        self.mode.set_value(mode)
        self.mode.setVisible(is_text)
        if trace is None:
            return
        reason = no_sweep(document)
        self.target.display(trace, view)
        self.target.setVisible(not reason)
        self._others = self._offered(document)
        self.giving.clear()
        self.giving.addItems([one.title for one in self._others])
        other = self._giving(document, view)
        self.giving.setVisible(mode == "patched" and bool(self._others))
        self.giving.setCurrentIndex(-1 if other is None else self._others.index(other))
        waits = not reason and mode == "off" and self._waits(document, view)
        self.start.setVisible(waits)
        if not reason and mode == "patched" and other is None:
            reason = "Open a second text with the same model: as many tokens, another answer."
        if reason or waits:
            self._empty(reason)

    def paint(self, result: Swept | PatchedBy) -> None:
        self._found = result
        heads = result.effect if isinstance(result, Swept) else result.found.heads
        scale = scale_about_zero(heads, 100)
        self._draw(heads, scale)
        unit = "lost without the head" if isinstance(result, Swept) else "share carried over"
        self.bar.set_scale(scale, lut(DIVERGING), unit)
        self.note.hide()
        self.map.show()
        self.states.setVisible(isinstance(result, PatchedBy))
        if isinstance(result, PatchedBy):
            self._draw_states(result)
        self._say(result, heads)

    def _draw(self, heads: np.ndarray, scale: Scale) -> None:
        counts = np.isfinite(heads).sum(1).tolist()
        painted = levels(np.nan_to_num(heads), scale)
        self.grid.set_maps([row[:count, None, None] for row, count in zip(painted, counts, strict=True)])

    def _draw_states(self, result: PatchedBy) -> None:
        states, (mine, theirs) = result.found.states, result.labels
        values = np.nan_to_num(states)
        columns = [one if one == other else f"{other}→{one}" for one, other in zip(mine, theirs, strict=True)]
        written = [[f"{value:.2f}".replace("-", "\u2212") for value in row] for row in values]
        rows = [f"layer {number}" for number in range(len(states))]
        painted = levels(values, scale_about_zero(values, 100))
        self.states.set_words(rows, list(map(names.visible, columns)), written, painted, values > 0.5)

    def _say(self, result: Swept | PatchedBy, heads: np.ndarray) -> None:
        at = np.unravel_index(np.nanargmax(np.abs(heads)), heads.shape)
        score = result.target.score if isinstance(result, Swept) else result.found.taking
        figures = {
            "Of": names.visible(result.target.name),
            "Most": signed(float(heads[at])),
            "Head": f"layer {at[0]}, head {at[1]}",
        }
        if score == score:
            figures["Score"] = f"{score:.3f}"
        self.said.emit("sweep", figures, None)
        self.subtitle_changed.emit(f"for “{names.visible(result.target.name)}”")

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_selected(view[Selection].layer, view[Selection].head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))

    def clear(self, document: Document | None) -> None:
        self._empty("")
        self.start.hide()

    def complain(self, failure: Failure) -> None:
        self._empty(f"{failure.cause} {failure.next_step}")

    def _empty(self, said: str) -> None:
        self._found = None
        self.grid.set_shape(0, 0)
        self.bar.set_scale(None, lut())
        self.map.hide()
        self.states.hide()
        self.note.setText(said)
        self.note.setVisible(bool(said))
        self.said.emit("sweep", {}, None)
        self.subtitle_changed.emit("")

    def _tip(self, layer: int, head: int) -> str:
        if self._found is None:
            return ""
        heads = self._found.effect if isinstance(self._found, Swept) else self._found.found.heads
        return f"layer {layer}, head {head}: {signed(float(heads[layer, head]))}"

    def _state_tip(self, row: int, column: int) -> str:
        if not isinstance(self._found, PatchedBy):
            return ""
        mine, theirs = self._found.labels
        share = signed(float(self._found.found.states[row, column]))
        return f"“{theirs[column]}” for “{mine[column]}” after layer {row}\t{share}"

    def _clicked(self, layer: int, head: int) -> None:
        one = self.session.view.changed(MapSettings, heads="one")[MapSettings]
        self.session.select(layer=layer, head=head, also=(one,))

    def _hovered(self, at: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if at is None else Hover(layer=at[0], head=at[1]))


def _bare(document: Document) -> Making:
    return document.made.amended(interventions=())
