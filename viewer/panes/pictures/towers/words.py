"""The chosen class text, word by word: which of its words draw it to the picture."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.answers import TextClasses
from headlight.models.core.colours import DIVERGING, lut
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.pictures.towers.base import SLOT
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.methods import settings_of
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, TargetSettings, View
from headlight.viewer.slices.explain.towers import Words, words
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.text.token_strip import TokenStrip


class WordsPane(Pane):
    blank = True

    def build(self) -> QWidget:
        self.strip, self.bar = TokenStrip(), ColourBar()
        self.strip.set_tip(self._tip)
        self.prompt = Choice([], "Prompt")
        self.prompt.may_shrink()
        self.prompt.activated.connect(lambda _: self.update())
        self._result: Words | None = None
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.4))
        column.addWidget(self.prompt)
        column.addWidget(self.strip, 1)
        column.addWidget(self.bar)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        answer = None if document.trace is None else document.trace.answer(TextClasses)
        prompts = () if answer is None else answer.prompts
        self.prompt.setVisible(len(prompts) > 1)
        if [*prompts] != [self.prompt.itemText(at) for at in range(self.prompt.count())]:
            self.prompt.clear()
            self.prompt.addItems(prompts)

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        method = SLOT.method(document, view)
        return (method.id, view[TargetSettings], self.prompt.currentIndex(), *settings_of(method, view))

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        if trace.answer(TextClasses) is None:
            return None
        method = SLOT.method(self.session.current, view)
        return partial(words, trace, view, method, max(self.prompt.currentIndex(), 0))

    def paint(self, result: Words) -> None:
        self._result = result
        tokens = result.tokens
        self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
        self.strip.set_weights(result.levels, result.values)
        self.subtitle_changed.emit(f"“{result.text}”")
        best = int(result.values.argmax()) if len(result.values) else -1
        highest = "" if best < 0 else f"{tokens.labels[best].strip()} {read_out(float(result.values[best]))}"
        special = percent(result.special)
        self.said.emit(
            "words", {"As read": result.text, "Highest": highest, "On special tokens": special}, None
        )

    def mark(self, view: View, hover: Hover) -> None:
        signed = SLOT.method(self.session.current, view).signed
        colours = lut(DIVERGING if signed else view[MapSettings].colours)
        self.strip.set_lut(colours)
        self.bar.set_scale(self._result.scale if self._result else None, colours)

    def clear(self, document: Document | None) -> None:
        self._result = None
        self.strip.set_tokens([], [])
        self.bar.set_scale(None, lut())
        self.said.emit("words", {}, None)
        self.subtitle_changed.emit("")

    def _tip(self, index: int) -> str:
        result = self._result
        if result is None:
            return ""
        word, value = result.tokens.labels[index].strip(), read_out(float(result.values[index]))
        self.said.emit("pointed", {"Word": word, "Relevance": value}, None)
        return f"{word}\t{value}"
