"""The chosen head over many inputs: where a measure of it is highest, by deciles, and at random."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from headlight.models.attention.patterns import Measure
from headlight.models.core.settings import PatternSettings
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.heads.base import open_at
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.dialogs import inputs_that_give
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import HeadSettings, Selection, View
from headlight.viewer.slices.heads import by_token, figure, measure
from headlight.viewer.slices.many.texts import Found, read_corpus, texts_of_head
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note, plain_tip
from headlight.widgets.controls.choices import Choice


class ManyPane(Pane):
    """Lists the inputs at which a measure of the chosen head is highest, under headings, and opens them."""

    none, opens, by, alone_said = "", "", "", ""
    """What is said without many inputs and with them, the name of the choice, how they are left."""

    def buttons(self) -> list[QPushButton]:
        """What opens many inputs."""
        return []

    def build(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.em(0.4))
        for button in self.buttons():
            buttons.addWidget(button, 1)
        self.choice = Choice([], self.by)
        self.choice.may_shrink()
        self.choice.changed.connect(self._chosen)
        self.alone = QPushButton(self.alone_said)
        self.alone.clicked.connect(lambda: self.session.change(HeadSettings, corpus=None))
        self.note = Note(self.none)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemActivated.connect(self._activated)
        self._names: tuple[str, ...] = ()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(buttons)
        column.addWidget(self.alone)
        column.addWidget(self.choice)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        column.addStretch()
        return widget

    def prepare(self, document: Document, view: View) -> None:
        corpus = view[HeadSettings].corpus
        for one in (self.choice, self.alone, self.list):
            one.setVisible(corpus is not None)
        self.note.setText(self.none if corpus is None else self.opens)
        self.subtitle_changed.emit("" if corpus is None else f"{corpus.count:,} of {corpus.title}")
        if document.trace is None:
            return
        measures = by_token(document.trace.tokens)
        if self._names != (names := tuple(one.id for one in measures)):
            self._names = names
            self.choice.clear()
            self.choice.addItems([f"By {one.title.lower()}" for one in measures])
        self.choice.setCurrentIndex(names.index(self._by(view)))
        if corpus is None:
            self.list.clear()

    def _by(self, view: View) -> str:
        name = view[HeadSettings].texts_by
        return name if name in self._names else self._names[-1]

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        at = view[Selection].layer, view[Selection].head
        return view[HeadSettings].corpus, view[PatternSettings], at, view[HeadSettings].texts_by

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        corpus = view[HeadSettings].corpus
        if corpus is None:
            return None
        at = view[Selection].layer, view[Selection].head
        return partial(self.found_of, trace, corpus, view[PatternSettings], *at, self._by(view))

    @staticmethod
    def found_of(*asked: Any, **more: Any) -> Any:
        """The slice: groups of what is found."""

    def item(self, one: Measure, found: Any) -> QListWidgetItem:
        """A line of the list."""
        return QListWidgetItem()

    def paint(self, result: tuple[Any, ...]) -> None:
        one = measure(self._by(self.session.view))
        self.list.clear()
        for group in result:
            heading = QListWidgetItem(group.title)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(heading)
            for found in group.found:
                item = self.item(one, found)
                item.setData(Qt.ItemDataRole.UserRole, found)
                item.setToolTip(plain_tip(item.text()))
                self.list.addItem(item)
        if not result:
            self.list.addItem(QListWidgetItem("It is nowhere in these."))

    def clear(self, document: Document | None) -> None:
        self.list.clear()
        self.subtitle_changed.emit("")

    def _activated(self, item: QListWidgetItem) -> None:
        found = item.data(Qt.ItemDataRole.UserRole)
        if found is not None and self.session.current is not None:
            self.opened(self.session.view[HeadSettings].corpus, found)

    def opened(self, many: Any, found: Any) -> None:
        """One of the list was chosen."""

    def _chosen(self, _title: str) -> None:
        self.session.change(HeadSettings, texts_by=self._names[self.choice.currentIndex()])

    def read(self, name: str, call: Call) -> None:
        """Find many inputs, in this process, and look at heads over them."""

        def show(many: Corpus | Pictures) -> None:
            self.session.change(HeadSettings, corpus=many)

        self.jobs.submit(name, call, show, here=True)


class CorpusPane(ManyPane):
    none = "Open a file with a text a line, or a folder of texts: all of them run through this model."
    opens = "A double click opens a text at its token."
    by, alone_said = "Texts by", "Clear: this text alone"
    found_of = staticmethod(texts_of_head)

    def buttons(self) -> list[QPushButton]:
        file, folder = QPushButton("Open a file of texts…"), QPushButton("Open a folder…")
        file.clicked.connect(self._choose_file)
        folder.clicked.connect(self._choose_folder)
        return [file, folder]

    def item(self, one: Measure, found: Found) -> QListWidgetItem:
        return QListWidgetItem(f"{figure(one, found.value)}   {found.before}«{found.token}»{found.after}")

    def opened(self, many: Corpus, found: Found) -> None:
        open_at(self, many.texts[found.number], found.start, found.stop)

    def _choose_file(self) -> None:
        self.open(
            self.dialogs.file("texts", "Open a file with a text a line", inputs_that_give("characters"))
        )

    def _choose_folder(self) -> None:
        self.open(self.dialogs.directory("texts", "Open a folder of texts"))

    def open(self, path: str) -> None:
        """Read many texts, if a path was chosen."""
        if path:
            self.read("read texts", partial(read_corpus, path))
