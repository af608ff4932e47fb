"""Relevance beside the input: what the chosen method says through layers, live as its settings move."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from headlight.models.core.colours import MIDDLE, lut
from headlight.models.core.tokens import Box, PatchTokens, Place, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.controls import offer
from headlight.viewer.panes.shared.method_controls import MethodForms, asked_types, labels_of, row
from headlight.viewer.panes.shared.on_input import OnInputPane
from headlight.viewer.panes.shared.target_choice import SaidAt, TargetChoice
from headlight.viewer.registry import Needs
from headlight.viewer.session.methods import BESIDE
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import Drawn, InputMap
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.text.token_strip import TokenStrip

PICTURE = 7.0
"""In em: the height that the controls leave the picture."""
_PIXELS, _BOTH = Needs(("pixels",)), Needs(("both",))


class RelevancePane(OnInputPane):
    slot = BESIDE
    tallest = 0.6
    menu_title = "The method that is shown"

    def build(self) -> QWidget:
        self.picture, self.strip = ImageView(), TokenStrip()
        self.picture.clicked.connect(self._picture_clicked)
        self.picture.hovered.connect(self._picture_hovered)
        self.picture.set_tip(self.read_at)
        self.strip.clicked.connect(self._select)
        self.strip.hovered.connect(self.point_at)
        self.strip.set_tip(self.read)
        self.stack = QStackedWidget()
        self.stack.setMinimumHeight(theme.em(PICTURE))
        self.stack.addWidget(self.picture)
        self.stack.addWidget(self.strip)
        self.bar = ColourBar()
        self._input: object = None
        self.note = Note()
        self.note.hide()
        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.note)
        layout.addWidget(self._controls())
        return widget

    def _controls(self) -> QWidget:
        self.query = SaidAt(self.session, "Query")
        methods = self.slot.offered_in(self.needs)
        beside = ("Query", "Target", *labels_of(asked_types(methods)))
        self.forms = MethodForms(methods, self.session, beside)
        self.query_row = row("Query", self.query, beside)
        self.target = TargetChoice(self.session)
        self.target_row = row("Target", self.target, beside)
        self.target_row.hide()
        self.controls = QWidget()
        self.controls.hide()  # what they choose among is known with the model
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for one in (self.target_row, self.query_row, self.forms):
            column.addWidget(one)
        return self.controls

    def height_for(self, width: int) -> int | None:
        """That in which a picture fills the width, over the controls."""
        document = self.session.current
        if (
            document is None
            or document.trace is None
            or not (_PIXELS.of_kind(document.kind) or _BOTH.of_kind(document.kind))
        ):
            return None
        rows, columns = document.input.pixels.shape[:2]
        below = (self.bar, self.controls, *([] if self.note.isHidden() else [self.note]))
        gap = self.widget.layout().spacing()
        return round(width * rows / columns) + sum(one.sizeHint().height() + gap for one in below)

    def prepare(self, document: Document, view: View) -> None:
        self.title_changed.emit(self.slot.method(document, view).name)
        self.controls.setVisible(document.trace is not None)
        if document.trace is None:
            return
        self._show_settings(document, view)
        if document.input is not self._input:
            self._input, self.result = document.input, None
            self.subtitle_changed.emit("")
            if _PIXELS.of_kind(document.kind) or _BOTH.of_kind(document.kind):
                self.picture.set_picture(document.input.pixels)
            self.height_changed.emit()

    def paint(self, result: InputMap | Drawn) -> None:
        reason, trace = self.not_drawn(result), self.session.current.trace
        self.signed = self.method().signed
        before, self.result = self.result, result  # what is drawn anew reads out what is under the cursor
        if isinstance(result.tokens, MixedTokens):
            self.stack.setCurrentIndex(0)
            laid = None if reason else result.laid
            self.picture.set_overlay(*((None,) if laid is None else (laid[0], laid[1].corners)), seen=False)
            self.picture.set_mask(None)
        elif isinstance(result.tokens or trace.tokens, PatchTokens):
            self.stack.setCurrentIndex(0)
            corners = (result.tokens or trace.tokens).region.corners
            self.picture.set_overlay(None if reason else result.levels, corners, smooth=result.tokens is None)
            self.picture.set_mask(result.mask if isinstance(result, InputMap) else None)
        else:
            self.stack.setCurrentIndex(1)
            tokens = result.tokens
            if before is None or tokens is not before.tokens:
                self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
            self.strip.set_weights(*((None, None) if reason else (result.levels, result.values)))
        self._say(result, reason)

    def mark(self, view: View, hover: Hover) -> None:
        self.picture.set_lut(lut(self.colours(view)), MIDDLE if self.signed else 0)
        self.picture.set_opacity(view[MapSettings].opacity)
        self.strip.set_lut(lut(self.colours(view)))
        self.show_scale(self.bar, view)
        if self.result is None:
            return
        tokens, asked = self.tokens(), self._asked()
        queries = view[Selection].queries
        shown = not isinstance(self.result, InputMap) or view[RolloutQuery].selected
        chosen = asked.find_all(queries) if shown else np.empty(0, int)
        under = tokens.find_all([p for p in (hover.key, hover.query) if p is not None][:1])
        if isinstance(tokens, PatchTokens | MixedTokens):
            boxes = [place.corners for place in asked.places(chosen) if isinstance(place, Box)]
            placed = [place.corners for place in tokens.places(under) if isinstance(place, Box)]
            self.picture.set_boxes(boxes, placed[0] if placed else None)
        else:
            self.strip.set_selected(tokens.find_all(asked.places(chosen)))
            self.strip.set_hovered(int(under[0]) if len(under) else None)

    def clear(self, document: Document | None) -> None:
        self.result = self._input = None
        self.controls.setVisible(document is not None and document.trace is not None)
        self.picture.set_picture(None)
        self.strip.set_tokens([], [])
        self.bar.set_scale(None, lut())
        self.note.hide()
        self.said.emit("beside", {}, None)
        self.subtitle_changed.emit("")

    def fill_menu(self, menu: QMenu) -> None:
        """The methods that there are for the document."""
        menu.clear()
        menu.setToolTipsVisible(True)
        document = self.session.current
        if document is None or not self.needs.suits(document.kind):
            return
        for one in self.slot.offered(document.kind):
            change = partial(self.session.change, MapSettings, relevance=one.id)
            shown, reason = one is self.method(), one.needs.met(document).rstrip(".")
            offer(menu, one.name, shown, lambda _, change=change: change(), reason)

    # -- what is said ------------------------------------------------------------------------------------

    def _say(self, result: InputMap | Drawn, reason: str) -> None:
        drawn = isinstance(result, InputMap) and not reason
        of_picture = "pixels" in self.session.current.kind.gives
        best = 1 if of_picture else len(readings.BEST)
        self.said.emit("beside", self.figures(best), self.method().name)
        of = names.tokens_named(result.asked_of, result.asked) if drawn else ""
        if self.method().of == "target" and drawn:
            of = self.target.currentText()
        self.subtitle_changed.emit(reason or of)
        if self.note.text() != result.said or self.note.isHidden() == bool(result.said):
            self.note.setText(result.said)
            self.note.setVisible(bool(result.said))
            self.height_changed.emit()

    def _show_settings(self, document: Document, view: View) -> None:
        trace, method = document.trace, self.slot.method(document, view)
        readout = trace.tokens.labels[trace.readout] if trace.readout is not None else "Mean of all"
        is_of_target = method.of == "target"
        placed = self.target.display(trace, view) if is_of_target else None
        self.query.display(view, placed or readout)
        self.query_row.setVisible(method.of == "layers" or bool(placed))
        self.target_row.setVisible(is_of_target)
        self.forms.display(method, view, trace)

    # -- gestures: a click here chooses whose relevance is shown -----------------------------------------

    def _asked(self) -> Tokens:
        return self.result.asked_of if isinstance(self.result, InputMap) else self.tokens()

    def _select(self, index: int, add: bool) -> None:
        if self.result is None:
            return
        place, also = self._asked_at(index), ()
        if isinstance(self.result, InputMap) and len(self._asked().find(place)):
            also = (RolloutQuery(True),)
        self.session.select(queries=[place], add=add, also=also)

    def _asked_at(self, index: int) -> Place:
        """Of a text the token itself, which may be none of those whose relevance is shown."""
        on_picture = isinstance(self.tokens(), PatchTokens | MixedTokens)
        tokens = self._asked() if on_picture else self.tokens()
        return tokens.place(index)

    def _picture_clicked(self, x: float, y: float, add: bool) -> None:
        found = self._asked().find(Box(x, y, x, y)) if self.result is not None else ()
        if len(found):
            self._select(int(found[0]), add)

    def _picture_hovered(self, at: tuple[float, float] | None) -> None:
        found = () if at is None or self.result is None else self.tokens().find(Box(*at, *at))
        self.point_at(int(found[0]) if len(found) else None)
