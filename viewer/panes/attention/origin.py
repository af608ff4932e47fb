"""What of its file a document shows, and how that was read: which picture of several, in which encoding."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from headlight.viewer.inputs.encodings import ENCODINGS, titled
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.session.document import film_of
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Document, Session
from headlight.viewer.shown.files import reread
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.sliders import LabelledSlider

PAUSE = 120
"""Milliseconds in which a slider that moves on makes nothing be read."""


class FrameRow(LabelledSlider):
    """Which of several pictures in its file is shown."""

    def __init__(self, session: Session, runs: Runs | None) -> None:
        self._count = 2
        super().__init__("Picture", 1, 2, 1, self._said, beside=("Picture",))
        self._session, self._runs, self._later = session, runs, Later(PAUSE, self)
        self.setToolTip("Which picture of the file is read (Ctrl+Page Down, Ctrl+Page Up)")
        self.changed.connect(self._moved)
        self.hide()

    def display(self, document: Document | None) -> None:
        film = None if document is None else film_of(document)
        self.setVisible(film is not None and self._runs is not None)
        if film is None or document is None:
            return
        if film.count != self._count:
            self._count = film.count
            self.set_range(1, film.count)
        if not self._later.waits_for(document):
            self.set_value(document.wanted.options.frame or 1)

    def _said(self, at: float) -> str:
        return f"{at:,.0f} of {self._count:,}"

    def _moved(self, at: float) -> None:
        document, runs = self._session.current, self._runs
        if document is not None and runs is not None:
            self._later.ask(document, lambda: runs.change(document, "frame", frame=int(at)))


class EncodingRow(QWidget):
    """In which encoding a text's file is read, where that was guessed or chosen."""

    def __init__(self, session: Session, runs: Runs | None) -> None:
        super().__init__()
        self._session, self._runs = session, runs
        self.choice = Choice((), "Encoding of the file")
        self.choice.setToolTip("In which encoding the file is read, if what is shown reads wrong")
        self.choice.changed.connect(self._chosen)
        name = ElidedLabel("Encoding")
        name.setProperty("role", "dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(name)
        row.addWidget(self.choice)
        row.addStretch(1)
        self.hide()

    def display(self, document: Document | None) -> None:
        text = None if document is None else document.wanted.text
        if document is None or text is None:
            self.hide()
            return
        doubtful = text.encoding != "utf-8" or document.wanted.options.encoding is not None
        self.setVisible(bool(document.path and text.encoding) and doubtful and self._runs is not None)
        titles = list(dict.fromkeys((*ENCODINGS.values(), titled(text.encoding))))
        if [self.choice.itemText(at) for at in range(self.choice.count())] != titles:
            self.choice.clear()
            self.choice.addItems(titles)
        self.choice.setCurrentText(titled(text.encoding))

    def _chosen(self, title: str) -> None:
        document = self._session.current
        if document is None or self._runs is None or document.wanted.text is None:
            return
        encoding = next((one for one, name in ENCODINGS.items() if name == title), title)
        if encoding != document.wanted.text.encoding:
            reread(self._runs, document, encoding)
