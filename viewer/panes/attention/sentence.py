"""The text as a strip of tokens; the weights of the chosen query lie behind them. Editing runs again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from headlight.models.core.colours import lut
from headlight.models.core.tokens import TextTokens
from headlight.models.core.trace import Trace
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.panes.shared.on_input import OnInputPane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.maps import InputMap
from headlight.viewer.slices.predicted.steps import first_written
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.controls.text_editor import TextEditor
from headlight.widgets.text.token_strip import TokenStrip

TYPING_PAUSE = 400
"""Milliseconds without a key after which an edited text runs again."""
EDITED = 9.0
"""The height of the editors, in em."""


class SentencePane(OnInputPane):
    waits = False

    def build(self) -> QWidget:
        self.strip = TokenStrip()
        self.strip.hovered.connect(self.point_at)
        self.strip.clicked.connect(self._clicked)
        self.strip.spanned.connect(self._spanned)
        self.strip.set_tip(self.read)
        self.bar = ColourBar()
        self._input: object = None
        self.stack = QStackedWidget()
        self.stack.addWidget(self.strip)
        self.stack.addWidget(self._editors())
        self.reason = ElidedLabel()
        self.reason.setProperty("role", "dim")
        self.reason.hide()
        self.edit_button = QPushButton("Edit text")
        self.edit_button.setCheckable(True)
        self.edit_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.edit_button.setToolTip("Change the text; it runs again as you type (F2; Escape leaves)")
        self.edit_button.toggled.connect(self._edit)
        foot, said = QHBoxLayout(), QVBoxLayout()
        said.setSpacing(4)
        said.addWidget(self.reason)
        said.addWidget(self.bar)
        foot.addLayout(said, 1)
        foot.addWidget(self.edit_button)
        self.stretch = LabelledSlider("Tokens shown", 0, 1, 1, self._stretch_text, first=1)
        self.stretch.changed.connect(self._stretched)
        self.stretch.hide()
        self._later = Later(TYPING_PAUSE, self)
        self._typing = False
        """What is asked for now was typed in the editors."""
        self.session.asked.connect(self._asked)
        self._edited: Document | None = None
        """Whose text stands in the editors."""
        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.stretch)
        layout.addLayout(foot)
        return widget

    def _editors(self) -> QWidget:
        self.first = TextEditor("Text", "Text")
        self.second = TextEditor("Second text", "Second text (optional): the model reads both as a pair")
        row = QWidget()
        row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # until it is in sight
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        for editor in (self.first, self.second):
            editor.textChanged.connect(self._typed)
            editor.left.connect(lambda: self.edit_button.setChecked(False))
            column = QVBoxLayout()
            column.setSpacing(2)
            label = QLabel(editor.accessibleName())
            label.setProperty("role", "dim")
            column.addWidget(label)
            column.addWidget(editor, 1)
            layout.addLayout(column)
        return row

    def height_for(self, width: int) -> int:
        foot = max(self.edit_button.sizeHint().height(), self.bar.sizeHint().height())
        gap = self.widget.layout().spacing()
        rest = foot + gap + (self.stretch.sizeHint().height() + gap if not self.stretch.isHidden() else 0)
        text = theme.em(EDITED) if self.edit_button.isChecked() else self.strip.heightForWidth(width)
        return text + rest

    # -- slice -------------------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        self._show_input(document, view)

    def paint(self, result: InputMap) -> None:
        tokens: TextTokens = result.tokens
        if self.result is None or tokens is not self.result.tokens:
            self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
            self.height_changed.emit()
        self.result = result
        trace = self.session.current.trace
        self.strip.set_written(first_written(trace, tokens))
        if reason := self.not_drawn(result):
            self.strip.set_weights(None, None)
            self._say_reason(reason)
            self.said.emit("shown", {}, None)
            return
        self.strip.set_weights(result.levels, result.values)
        self._say_reason("")
        self.said.emit("shown", self.figures(len(readings.BEST)), None)

    def _say_reason(self, why_not: str) -> None:
        """Why nothing is drawn; it takes no room where there is nothing to say."""
        self.reason.setText(why_not)
        self.reason.setVisible(bool(why_not))

    def mark(self, view: View, hover: Hover) -> None:
        self.strip.set_lut(lut(view[MapSettings].colours))
        self.show_scale(self.bar, view)
        if self.result is None:
            return
        tokens = self.result.tokens
        self.strip.set_selected(tokens.find_all(view[Selection].queries))
        under = [place for place in (hover.key, hover.query) if place is not None]
        found = tokens.find_all(under[:1])
        self.strip.set_hovered(int(found[0]) if len(found) else None)

    def clear(self, document: Document | None) -> None:
        self.result = None
        if document is None:
            self._input = None
        # Until the tokens are there, the words stand in their place.
        plain = document.input.text[:2000].split() if document is not None else []
        self.strip.set_tokens(plain, [False] * len(plain))
        self._say_reason("")
        self.bar.set_scale(None, lut())
        self.said.emit("shown", {}, None)
        self.stretch.hide()
        self.subtitle_changed.emit("")
        self.height_changed.emit()

    def _show_input(self, document: Document, view: View) -> None:
        trace = document.trace
        other, self._edited = document is not self._edited, document
        wanted = document.wanted.text
        if other or wanted is not self._input:
            self._input = wanted
            self._fill(document, keep_typed=not other)
        if trace is None:
            return
        self.subtitle_changed.emit(_said(trace, view[MapSettings].step))
        self.stretch.setVisible(trace.stretch is not None)
        if trace.stretch is not None:
            first, stop, total = trace.stretch
            self._span = (stop - first, total)
            self.stretch.set_range(0, max(total - (stop - first), 1))
            if not self._later.waits_for(document):
                asked = document.wanted.options.start
                self.stretch.set_value(first if asked == document.options.start else asked)

    def _asked(self, document: Document) -> None:
        """Another text is wanted: by an undo, unless it was typed here."""
        if document is self._edited and not self._typing:
            self._fill(document, keep_typed=False)

    def _fill(self, document: Document, keep_typed: bool) -> None:
        wanted = document.wanted.text
        for editor, text in ((self.first, wanted.text), (self.second, wanted.pair or "")):
            # What is being typed now must not be taken from under the cursor.
            if editor.toPlainText() != text and not (keep_typed and editor.hasFocus()):
                editor.show_text(text)

    # -- gestures ----------------------------------------------------------------------------------------

    _span = (0, 0)

    def _stretch_text(self, first: float) -> str:
        shown_tokens, total = self._span
        return f"{first + 1:,.0f} to {first + shown_tokens:,.0f} of {total:,}"

    def _stretched(self, value: float) -> None:
        document = self._edited
        if document is not None:
            self._later.ask(document, lambda: self.runs.change(document, "stretch", start=int(value)))

    def _typed(self) -> None:
        document = self._edited
        text, pair = self.first.toPlainText(), self.second.toPlainText()

        def run() -> None:
            wanted = document.wanted.text
            if text.strip() and (text, pair) != (wanted.text, wanted.pair or ""):
                self._typing = True
                self.runs.edit(document, text, pair)
                self._typing = False

        if document is not None:
            self._later.ask(document, run)

    def _edit(self, on: bool) -> None:
        # Editors need more room than a line of tokens, which has none to give while they are out of sight.
        down = QSizePolicy.Policy.Expanding if on else QSizePolicy.Policy.Ignored
        self.stack.widget(1).setSizePolicy(QSizePolicy.Policy.Expanding, down)
        self.stack.setCurrentIndex(int(on))
        self.edit_button.setText("Done" if on else "Edit text")
        self.height_changed.emit()
        if on:
            self.first.enter()
        else:
            self.strip.setFocus(Qt.FocusReason.OtherFocusReason)
            self._later.now()

    def _clicked(self, index: int, add: bool) -> None:
        self._spanned(index, index, add)

    def _spanned(self, first: int, last: int, add: bool) -> None:
        if self.result is not None:
            tokens = self.result.tokens
            self.session.select(queries=tokens.places(range(first, last + 1)), add=add)


def _said(trace: Trace, step: int | None) -> str:
    """Of what the strip shows, in a few words."""
    said = f"{len(trace.tokens):,} tokens"
    if trace.written is not None:
        count = len(trace.written.ids)
        said += f", {count:,} written" if step is None else f", {step:,} of {count:,} written seen"
    return f"{said} · point, click, drag · F2 to edit"
