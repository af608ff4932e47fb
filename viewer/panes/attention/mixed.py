"""A picture with a text: what the chosen token looks at lies on the picture and behind the words alike."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import MIDDLE, lut
from headlight.models.core.errors import known
from headlight.models.core.tokens import INPUT, OUTPUT, Box, PatchTokens, Place, TextTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.inputs.inputs import PictureTextInput
from headlight.viewer.panes.attention.origin import FrameRow
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.panes.shared.on_input import OnInputPane
from headlight.viewer.session.selecting import asked_tokens
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.maps import Drawn, InputMap
from headlight.viewer.slices.predicted.steps import first_written
from headlight.widgets.base import theme
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.controls.text_editor import TextEditor
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.text.token_strip import TokenStrip

TYPING_PAUSE = 600
"""Milliseconds without a key after which an edited text runs again."""
WORDS, EDITOR = 5.6, 4.2
"""In em: the height of the words, and of the text below them."""


class MixedPane(OnInputPane):
    waits = False
    hint = "A text for the model to read with the picture"

    def make_view(self) -> ImageView:
        """What shows the picture."""
        return ImageView()

    def build(self) -> QWidget:
        self.view, self.strip, self.bar = self.make_view(), TokenStrip(), ColourBar()
        self.view.hovered.connect(self._picture_hovered)
        self.view.clicked.connect(self._picture_clicked)
        self.view.boxed.connect(self._boxed)
        self.view.set_tip(self.read_at)
        self.strip.hovered.connect(self._word_hovered)
        self.strip.clicked.connect(lambda index, add: self._spanned(index, index, add))
        self.strip.spanned.connect(self._spanned)
        self.strip.set_tip(self._word_tip)
        self.strip.setFixedHeight(theme.em(WORDS))
        self.editor = TextEditor("Text", self.hint)
        self.editor.setFixedHeight(theme.em(EDITOR))
        self.editor.textChanged.connect(self._typed)
        self.editor.left.connect(lambda: self.view.setFocus(Qt.FocusReason.OtherFocusReason))
        self._later, self._edited = Later(TYPING_PAUSE, self), None
        self._picture: object = None
        self._tokens: Tokens | None = None
        self._words = np.empty(0, int)
        """Which of these tokens stand in the strip."""
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(with_bar(self.view, self.bar), 1)
        self.frames = FrameRow(self.session, self.runs)
        column.addWidget(self.frames)
        column.addWidget(self.strip)
        column.addWidget(self.editor)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        what = known(document.input, PictureTextInput)
        if what.picture is not self._picture:
            self._picture = what.picture
            self.view.set_picture(what.pixels)
        self.frames.display(document)
        other, self._edited = document is not self._edited, document
        wanted = "" if document.wanted.text is None else document.wanted.text.text
        if self.editor.toPlainText() != wanted and (other or not self.editor.hasFocus()):
            self.editor.show_text(wanted)
        height, width = what.pixels.shape[:2]
        said = f"{width} × {height}"
        if document.trace is not None:
            said = f"{said} · {_counted(document.trace)}"
        self.subtitle_changed.emit(said)

    def paint(self, result: InputMap | Drawn) -> None:
        self.result, reason, trace = result, self.not_drawn(result), self.session.current.trace
        self.signed = self.method().signed
        tokens = known(result.tokens, Tokens)
        written = trace.streams.get(OUTPUT, trace.streams[INPUT])
        words = tokens if isinstance(tokens, TextTokens) and not _is_seen(tokens) else written
        if words is not self._tokens:
            self._show_words(known(words, TextTokens), trace)
        if isinstance(tokens, TextTokens):
            laid = None if reason else known(result, InputMap).laid
            self.view.set_overlay(*((None,) if laid is None else (laid[0], laid[1].corners)))
            hidden = reason or words is not tokens
            shown = (None, None) if hidden else (result.levels[self._words], result.values[self._words])
            self.strip.set_weights(*shown)
        else:
            self.view.set_overlay(
                None if reason else result.levels, known(tokens, PatchTokens).region.corners
            )
            self.strip.set_weights(None, None)
        self.said.emit("shown", self.figures(len(readings.BEST)), None)

    def _show_words(self, tokens: TextTokens, trace: Trace) -> None:
        on_picture = tokens.on_picture if isinstance(tokens, MixedTokens) else np.zeros(len(tokens), bool)
        self._tokens, self._words = tokens, np.flatnonzero(~on_picture)
        some = self._words
        labels = [tokens.labels[int(index)] for index in some]
        self.strip.set_tokens(labels, tokens.special[some], tokens.words[some], tokens.texts[some])
        first = first_written(trace, tokens)
        self.strip.set_written(None if first is None else int(np.searchsorted(some, first)))

    def mark(self, view: View, hover: Hover) -> None:
        self.view.set_lut(lut(self.colours(view)), MIDDLE if self.signed else 0)
        self.view.set_opacity(view[MapSettings].opacity)
        self.strip.set_lut(lut(self.colours(view)))
        self.show_scale(self.bar, view)
        if self.result is None:
            return
        trace = self.session.current.trace
        tokens = asked_tokens(trace, view)
        chosen = [tokens.place(int(index)) for index in tokens.find_all(view[Selection].queries)]
        boxes = [place.corners for place in chosen if isinstance(place, Box)]
        under = [place for place in (hover.key, hover.query) if place is not None]
        box = next((place for place in under if isinstance(place, Box)), None)
        self.view.set_boxes(boxes, box.corners if box else None)
        if self._tokens is not None:
            self.strip.set_selected(self._in_strip(view[Selection].queries))
            found = self._in_strip(under)
            self.strip.set_hovered(int(found[0]) if len(found) else None)

    def _in_strip(self, places: list[Place] | tuple[Place, ...]) -> np.ndarray:
        """int (m,): the words at these places, as the strip counts them."""
        found = self._tokens.find_all([place for place in places if not isinstance(place, Box)])
        return np.flatnonzero(np.isin(self._words, found))

    def clear(self, document: Document | None) -> None:
        self.result = self._tokens = None
        if document is None:
            self._picture = None
            self.view.set_picture(None)
        self.view.set_overlay(None)
        self.view.set_boxes([], None)
        words = [] if document is None else known(document.input, PictureTextInput).text[:2000].split()
        self.strip.set_tokens(words, [False] * len(words))
        self.bar.set_scale(None, lut())
        self.said.emit("shown", {}, None)

    # -- gestures ----------------------------------------------------------------------------------------

    def edit(self) -> None:
        """Put the keyboard behind the text."""
        self.editor.enter()

    def _typed(self) -> None:
        document, text = self._edited, self.editor.toPlainText()

        def run() -> None:
            wanted = document.wanted.text
            if self.runs is not None and (wanted is None or text != wanted.text):
                self.runs.edit(document, text, None)

        if document is not None:
            self._later.ask(document, run)

    def _asked(self) -> Tokens | None:
        document = self.session.current
        if document is None or document.trace is None:
            return None
        return asked_tokens(document.trace, self.session.view)

    def _patch_at(self, x: float, y: float) -> Place | None:
        """The smallest part of the picture there."""
        places = [
            tokens.place(int(index)) for tokens in self._there() for index in tokens.find(Box(x, y, x, y))
        ]
        return min(places, key=_extent, default=None)

    def _there(self) -> tuple[Tokens, ...]:
        """The tokens of the shown layer: those that look, and those that are looked at."""
        document = self.session.current
        if document is None or document.trace is None or not document.trace.layers:
            return ()
        layers = document.trace.layers
        layer = layers[min(self.session.view[Selection].layer, len(layers) - 1)]
        return tuple(dict.fromkeys((layer.queries, layer.keys)))

    def _picture_hovered(self, at: tuple[float, float] | None) -> None:
        place = None if at is None else self._patch_at(*at)
        self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))

    def _picture_clicked(self, x: float, y: float, add: bool) -> None:
        if (place := self._patch_at(x, y)) is not None:
            self.session.select(queries=[place], add=add)

    def _boxed(self, x0: float, y0: float, x1: float, y1: float, add: bool) -> None:
        tokens = self._asked()
        found = () if tokens is None else tokens.find(Box(x0, y0, x1, y1))
        if len(found):
            self.session.select(queries=tokens.places(found), add=add)

    def _word(self, index: int | None) -> Place | None:
        if index is None or self._tokens is None or index >= len(self._words):
            return None
        return self._tokens.place(int(self._words[index]))

    def _word_hovered(self, index: int | None) -> None:
        place = self._word(index)
        self.session.set_hover(Hover(query=place, key=place) if place else NOWHERE)

    def _spanned(self, first: int, last: int, add: bool) -> None:
        places = [place for index in range(first, last + 1) if (place := self._word(index)) is not None]
        if places:
            self.session.select(queries=places, add=add)

    def _word_tip(self, index: int) -> str:
        if self.result is None or self.result.tokens is not self._tokens:
            return ""
        return self.read(int(self._words[index]))


def _extent(place: Place) -> float:
    return (place.x1 - place.x0) * (place.y1 - place.y0) if isinstance(place, Box) else float("inf")


def _is_seen(tokens: TextTokens) -> bool:
    """Whether there are no words among them."""
    return isinstance(tokens, MixedTokens) and bool(tokens.on_picture.all())


def _counted(trace: Trace) -> str:
    tokens = trace.tokens
    if OUTPUT in trace.streams:
        return f"{len(tokens):,} tokens of the picture, {len(trace.streams[OUTPUT]):,} written"
    if not isinstance(tokens, MixedTokens):
        return f"{len(tokens):,} tokens"
    count = int(tokens.on_picture.sum())
    return f"{count:,} tokens of the picture, {len(tokens) - count:,} others"
