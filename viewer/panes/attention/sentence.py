"""The text as a strip of tokens; the weights of the chosen query lie behind them. Editing runs again."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from headlight.models.core.colours import lut
from headlight.models.core.tokens import INPUT, OUTPUT, TextTokens
from headlight.models.core.trace import Trace
from headlight.viewer.panes.attention.change_menu import fill_input_menu
from headlight.viewer.panes.attention.origin import EncodingRow
from headlight.viewer.panes.attention.streams import Streams
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.panes.shared.on_input import OnInputPane
from headlight.viewer.session import changing
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import InputMap
from headlight.viewer.slices.predicted.steps import first_written
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.controls.text_editor import TextEditor

TYPING_PAUSE = 400
"""Milliseconds without a key after which an edited text runs again."""
EDITED = 9.0
"""The height of the editors, in em."""


class SentencePane(OnInputPane):
    waits = False

    def build(self) -> QWidget:
        self.streams = Streams()
        self.streams.hovered.connect(self._hovered)
        self.streams.spanned.connect(self._spanned)
        for stream, strip in self.streams.strips.items():
            strip.set_tip(partial(self._tip, stream))
            strip.asked.connect(partial(self._open_menu, stream))
        self.menu = QMenu(self.streams)
        self.menu.aboutToHide.connect(lambda: self.session.set_hover(NOWHERE))
        self.strip = self.streams.strips[INPUT]
        self.bar = ColourBar()
        self._input: object = None
        self.stack = QStackedWidget()
        self.stack.addWidget(self.streams)
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
        self.encoding = EncodingRow(self.session, self.runs)
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
        layout.addWidget(self.encoding)
        layout.addLayout(foot)
        return widget

    def _editors(self) -> QWidget:
        self.first = TextEditor("Text", "Text")
        self.second = TextEditor("Second text", "Second text (optional): the model reads both as a pair")
        self.target = TextEditor("Target", "Target (optional): what is written, in place of the model's own")
        row = QWidget()
        row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # until it is in sight
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        for editor in (self.first, self.second, self.target):
            editor.textChanged.connect(self._typed)
            editor.left.connect(lambda: self.edit_button.setChecked(False))
            one = QWidget()
            column = QVBoxLayout(one)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            label = QLabel(editor.accessibleName())
            label.setProperty("role", "dim")
            column.addWidget(label)
            column.addWidget(editor, 1)
            layout.addWidget(one)
        self.target.parentWidget().hide()
        return row

    def height_for(self, width: int) -> int:
        foot = max(self.edit_button.sizeHint().height(), self.bar.sizeHint().height())
        gap = self.widget.layout().spacing()
        rows = (row for row in (self.stretch, self.encoding) if not row.isHidden())
        rest = foot + gap + sum(row.sizeHint().height() + gap for row in rows)
        text = theme.em(EDITED) if self.edit_button.isChecked() else self.streams.heightForWidth(width)
        return text + rest

    # -- slice -------------------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        self._show_input(document, view)
        shown = not self.encoding.isHidden()
        self.encoding.display(document)
        if shown == self.encoding.isHidden():
            self.height_changed.emit()

    def paint(self, result: InputMap) -> None:
        tokens: TextTokens = result.tokens
        streams = self.streams
        if streams.show_tokens(result.streams or {tokens.stream: tokens}):
            self.height_changed.emit()
        self.result = result
        trace = self.session.current.trace
        for stream, shown in streams.tokens.items():
            streams.strips[stream].set_written(first_written(trace, shown))
            streams.strips[stream].set_weights(None, None)
        if reason := self.not_drawn(result):
            self._say_reason(reason)
            self.said.emit("shown", {}, None)
            return
        streams.strips[tokens.stream].set_weights(result.levels, result.values)
        self._say_reason("")
        self.said.emit("shown", self.figures(len(readings.BEST)), None)

    def _say_reason(self, why_not: str) -> None:
        """Why nothing is drawn; it takes no room where there is nothing to say."""
        self.reason.setText(why_not)
        self.reason.setVisible(bool(why_not))

    def mark(self, view: View, hover: Hover) -> None:
        self.show_scale(self.bar, view)
        if self.result is None:
            return
        under = [place for place in (hover.key, hover.query) if place is not None]
        for stream, tokens in self.streams.tokens.items():
            strip = self.streams.strips[stream]
            strip.set_lut(lut(view[MapSettings].colours))
            strip.set_selected(tokens.find_all(view[Selection].queries))
            strip.set_struck(tokens.find_all(changing.hidden(self.session.current)))
            found = tokens.find_all(under if self.result.streams else under[:1])
            strip.set_hovered(int(found[0]) if len(found) else None)

    def clear(self, document: Document | None) -> None:
        self.result = None
        if document is None:
            self._input = None
        # Until the tokens are there, the words stand in their place.
        plain = document.input.text[:2000].split() if document is not None else []
        self.streams.show_words(plain)
        self._say_reason("")
        self.bar.set_scale(None, lut())
        self.said.emit("shown", {}, None)
        self.stretch.hide()
        self.subtitle_changed.emit("")
        self.height_changed.emit()

    def _open_menu(self, stream: str, index: int, where: QPoint) -> None:
        """What can be changed of this token, or of those that are selected with it."""
        document, tokens = self.session.current, self.streams.tokens.get(stream)
        if self.runs is None or document is None or tokens is None or document.trace is None:
            return
        place = tokens.place(index)
        if place not in self.session.view[Selection].queries:
            self.session.select(queries=[place])
        fill_input_menu(self.menu, document, self.runs)
        self.menu.popup(where)

    def _show_input(self, document: Document, view: View) -> None:
        trace = document.trace
        other, self._edited = document is not self._edited, document
        wanted = document.wanted.text
        if other or wanted is not self._input:
            self._input = wanted
            self._fill(document, keep_typed=not other)
        if trace is None:
            return
        self.subtitle_changed.emit(_said(trace, view[MapSettings].step, wanted is not None))
        self.target.parentWidget().setVisible(OUTPUT in trace.streams)
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
        wanted, target = document.wanted.text, _target(document)
        self.edit_button.setVisible(wanted is not None)
        if wanted is None:  # nobody typed it
            self.edit_button.setChecked(False)
            return
        texts = (self.first, wanted.text), (self.second, wanted.pair or ""), (self.target, target)
        for editor, text in texts:
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
        target = self.target.toPlainText()

        def run() -> None:
            wanted = document.wanted.text
            asked = wanted.text, wanted.pair or "", _target(document)
            if text.strip() and (text, pair, target) != asked:
                self._typing = True
                self.runs.edit(document, text, pair, target)
                self._typing = False

        if document is not None:
            self._later.ask(document, run)

    def edit(self) -> None:
        """Open the editors, or leave them."""
        self.edit_button.toggle()

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

    def _spanned(self, stream: str, first: int, last: int, add: bool) -> None:
        if tokens := self.streams.tokens.get(stream):
            self.session.select(queries=tokens.places(range(first, last + 1)), add=add)

    def _hovered(self, stream: str, index: int | None) -> None:
        tokens = self.streams.tokens.get(stream)
        place = tokens.place(index) if tokens and index is not None and index < len(tokens) else None
        self.session.set_hover(Hover(query=place, key=place) if place else NOWHERE)

    def _tip(self, stream: str, index: int) -> str:
        tokens = self.streams.tokens.get(stream)
        if self.result is None or tokens is None or tokens is self.result.tokens:
            return self.read(index)
        return names.token(tokens, index)


def _target(document: Document) -> str:
    writing = document.wanted.options.writing
    return "" if writing is None else writing.target or ""


def _said(trace: Trace, step: int | None, is_typed: bool) -> str:
    """Of what the strip shows, in a few words."""
    said = f"{len(trace.tokens):,} tokens"
    if trace.written is not None:
        count = len(trace.written.ids)
        said += f", {count:,} written" if step is None else f", {step:,} of {count:,} written seen"
    return f"{said} · point, click, drag{' · F2 to edit' if is_typed else ''}"
