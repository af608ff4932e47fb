"""The texts that are compared, word by word: a click chooses the word that is followed through the layers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.catalogue import entries as catalogue
from headlight.models.core.tokens import CharSpan, TextTokens
from headlight.models.explain import words
from headlight.viewer.host.engines import brought
from headlight.viewer.panes.compare.base import ComparedPane, named
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import CompareSettings, View
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel, Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Toggle
from headlight.widgets.controls.text_line import TextLine
from headlight.widgets.plots import series_style
from headlight.widgets.text.whole_strip import WholeStrip

ALONE = "Only this text is open. Type another one below, drop a file, or read the same in another model."
CLICK = "Click a word in any of them; Shift: in that text alone."
OTHER_MODEL = "In another model…"


class TextsPane(ComparedPane):
    waits = False

    def build(self) -> QWidget:
        self.note = Note(ALONE)
        self.field = TextLine("Another text to compare with", "Another text", empty=True)
        self.field.returnPressed.connect(self._typed)
        self.models = Choice([OTHER_MODEL], "The same text in another model")
        self.models.may_shrink()
        self.models.changed.connect(self._model_chosen)
        self._rows: dict[int, _Text] = {}
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.em(0.5))
        self._column.addStretch(1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(ScrollColumn(content), 1)
        column.addWidget(self.note)
        row = QHBoxLayout()
        row.setSpacing(theme.em(0.4))
        row.addWidget(self.field, 3)
        row.addWidget(self.models, 2)
        column.addLayout(row)
        return widget

    # -- what is shown -----------------------------------------------------------------------------------

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        others = self.texts(document)
        shown = {one.number: one for one in (document, *others)}
        for number in [number for number in self._rows if number not in shown]:
            self._take_out(number)
        for place, one in enumerate(shown.values()):
            row = self._rows.get(one.number) or self._made(one)
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            left_out = one.number in view[CompareSettings].without
            row.show_text(
                one, named(one, [*others, document]), None if one is document else place - 1, left_out
            )
        self.note.setText(CLICK if others else ALONE)
        self._list_models(document)

    def mark(self, view: View, hover: Hover) -> None:
        document = self.session.current
        word = self.word(document, view)
        own = self._rows[document.number]
        own.mark(word, [place for place in (hover.key, hover.query) if place is not None][:1])
        for other in self.read(document, view):
            self._rows[other.number].mark(self.word_there(document, view, other), [])
        said = "" if word is None else f"“{words.said(document.trace.tokens, word)}”"
        self.subtitle_changed.emit(said)

    def clear(self, document: Document | None) -> None:
        if document is None:
            for number in list(self._rows):
                self._take_out(number)
        self.subtitle_changed.emit("")

    def _made(self, document: Document) -> _Text:
        row = self._rows[document.number] = _Text()
        row.strip.clicked.connect(partial(self._clicked, document))
        row.strip.hovered.connect(partial(self._hovered, document))
        row.compared.connect(partial(self._compare, document.number))
        return row

    def _take_out(self, number: int) -> None:
        row = self._rows.pop(number)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _list_models(self, document: Document) -> None:
        """Those that come with Headlight and read texts."""
        there = [entry for entry in (*catalogue.known(), *brought()) if entry.reads(document.kind.id)]
        self._models = {entry.title: entry.id for entry in there if entry.where == "bundled"}
        titles = [OTHER_MODEL, *self._models]
        if [self.models.itemText(number) for number in range(self.models.count())] != titles:
            self.models.clear()
            self.models.addItems(titles)

    # -- gestures ----------------------------------------------------------------------------------------

    def _clicked(self, document: Document, index: int, alone: bool) -> None:
        """A word of this text is the one; of another it is looked for here, unless `alone`."""
        current, settings = self.session.current, self.session.view[CompareSettings]
        if document.trace is None or current is None or current.trace is None:
            return
        tokens = document.trace.tokens
        word = words.word_at(tokens, [tokens.place(index)]) if not tokens.special[index] else None
        if word is None:
            return
        if document is current:
            self.session.select(queries=[word], keys=(), also=(_with(settings, {}),))
            return
        here = None if alone else words.same(current.trace.tokens, words.said(tokens, word))
        if here is None:
            there = dict(settings.words) | {document.number: word}
            self.session.change(CompareSettings, words=tuple(there.items()))
        else:
            self.session.select(queries=[here], keys=(), also=(_with(settings, {document.number: word}),))

    def _hovered(self, document: Document, index: int | None) -> None:
        if document is not self.session.current or document.trace is None or index is None:
            self.session.set_hover(NOWHERE)
            return
        place = document.trace.tokens.place(index)
        self.session.set_hover(Hover(query=place, key=place))

    def _compare(self, number: int, on: bool) -> None:
        without = self.session.view[CompareSettings].without
        self.session.change(CompareSettings, without=without - {number} if on else without | {number})

    def _typed(self) -> None:
        text, document = self.field.text().strip(), self.session.current
        if text and document is not None:
            self.field.clear()
            self.runs.open_beside(text, document)

    def _model_chosen(self, title: str) -> None:
        document = self.session.current
        self.models.setCurrentIndex(0)
        if document is not None and title in self._models:
            self.runs.open_beside(document.input.text, document, model=self._models[title])


def _with(settings: CompareSettings, there: dict[int, CharSpan]) -> CompareSettings:
    return CompareSettings(settings.without, settings.beside, tuple(there.items()), settings.at)


class _Text(QWidget):
    """One of the texts: what it is called, whether it is compared, and its tokens."""

    compared = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._mark, self.title = _Mark(), ElidedLabel()
        self.toggle = Toggle("Compare", True)
        self.toggle.changed.connect(self.compared)
        self.strip = WholeStrip()
        self._of: object = None
        head = QHBoxLayout()
        head.setSpacing(theme.em(0.4))
        for widget, stretch in ((self._mark, 0), (self.title, 1), (self.toggle, 0)):
            head.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.strip)

    def show_text(self, document: Document, title: str, colour: int | None, left_out: bool) -> None:
        """colour: of its curve; None of the text that all others are compared with."""
        tokens = document.trace.tokens if document.trace is not None else None
        self.title.setText(title if colour is not None else f"{title} · this text")
        theme.set_role(self.title, "dim" if left_out else "")
        self._mark.set_colour(None if left_out else colour)
        self._mark.setVisible(colour is not None)
        self.toggle.setVisible(colour is not None)
        self.toggle.set_on(not left_out)
        self.strip.setVisible(not left_out)
        of = tokens if isinstance(tokens, TextTokens) else document.input.text
        if of is self._of:
            return
        self._of = of
        if isinstance(of, TextTokens):
            self.strip.set_tokens(of.labels, of.special, of.words, of.texts)
        else:  # until they are there
            plain = of[:2000].split()
            self.strip.set_tokens(plain, [False] * len(plain))

    def mark(self, word: CharSpan | None, pointed: list) -> None:
        tokens = self._of
        if isinstance(tokens, TextTokens):
            self.strip.set_selected([] if word is None else tokens.find(word))
            found = tokens.find_all(pointed)
            self.strip.set_hovered(int(found[0]) if len(found) else None)


class _Mark(QWidget):
    """The colour and mark of a text's curve."""

    def __init__(self) -> None:
        super().__init__()
        self._colour: int | None = None
        self.setFixedSize(theme.em(0.9), theme.em(0.9))

    def set_colour(self, colour: int | None) -> None:
        if colour != self._colour:
            self._colour = colour
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._colour is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = series_style.colour(self._colour)
            painter.setPen(QPen(colour, 1.4, Qt.PenStyle.SolidLine))
            painter.setBrush(colour)
            painter.drawPath(series_style.mark(self._colour, self.rect().toRectF().center(), theme.em(0.28)))
