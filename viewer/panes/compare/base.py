"""What the panes of the page share: which texts are compared, and where the word stands in each."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from headlight.models.core.tokens import CharSpan
from headlight.models.explain import words
from headlight.viewer import registry
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CompareSettings, Selection, View
from headlight.widgets.controls.readout import Figures

MOST = 7
"""Texts beside the first: so many colours can be told apart."""
SHORT = 16
"""Characters of a title that another text has too."""
SECTIONS = (
    Figures("pointed", "Under the cursor", ("Query", "Key", "Here", "There", "Difference", "In")),
    Figures("word", "Chosen word", ("Word", "Text", "After", "Cosine")),
)


class ComparedPane(Pane):
    """Shows something of the current text and of the others that are open; its subject is their traces."""

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(entry, desk)
        self._compared: tuple[Any, ...] = ()
        self.session.documents_changed.connect(self.update_soon)

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return document.trace, *(other.trace for other in self.read(document, view))

    def prepare(self, document: Document, view: View) -> None:
        """What was shown of a text that is closed, left out or read anew goes at once."""
        compared = tuple(other.trace for other in self.read(document, view))
        if any(before not in compared for before in self._compared):
            self.forget()
            self.clear(document)
        self._compared = compared

    def read(self, document: Document, view: View) -> list[Document]:
        """The other texts that are compared and that a model has read, in the order of their tabs."""
        without = view[CompareSettings].without
        texts = (other for other in self.texts(document) if other.number not in without)
        return [other for other in texts if other.trace is not None][:MOST]

    def texts(self, document: Document) -> list[Document]:
        """All other texts that are open."""
        return [
            other
            for other in self.session.documents
            if other is not document and self.needs.suits(other.kind)
        ]

    def beside(self, document: Document, view: View) -> Document | None:
        """The text whose attention is taken away."""
        read, chosen = self.read(document, view), view[CompareSettings].beside
        return next((other for other in read if other.number == chosen), read[0] if read else None)

    def word(self, document: Document, view: View) -> CharSpan | None:
        """The chosen word; without a choice the longest that the texts share."""
        tokens, queries = document.trace.tokens, view[Selection].queries
        places = [place for place in queries if isinstance(place, CharSpan)]
        others = [other.trace.tokens for other in self.read(document, view)]
        return words.word_at(tokens, places) or words.shared(tokens, others)

    def word_there(self, document: Document, view: View, other: Document) -> CharSpan | None:
        """What stands for the chosen word in another text."""
        chosen, word = view[CompareSettings].word_in(other.number), self.word(document, view)
        if chosen is not None and len(other.trace.tokens.find(chosen)):
            return chosen
        return (
            None if word is None else words.same(other.trace.tokens, words.said(document.trace.tokens, word))
        )

    def colour(self, document: Document) -> int:
        """Which colour and mark a text has: always the same while it is open."""
        return document.number - 1

    def _document_changed(self, document: Document) -> None:
        if self.needs.suits(document.kind):
            self.update_soon()


def named(document: Document, others: list[Document]) -> str:
    """A text by its title, and by its model where another one has the same title."""
    if any(other is not document and other.title == document.title for other in others):
        model = document.trace.model.title if document.trace is not None else document.options.model or ""
        return f"{document.title[:SHORT].rstrip(' .…')}… · {model.partition(',')[0]}"
    return document.title
