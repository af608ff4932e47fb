"""The class texts with their probabilities: typed, edited and taken away where they stand."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.answers import TextClasses
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.pictures import zero_shot
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import TargetSettings, View
from headlight.viewer.slices.explain.towers import before, chosen
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.text_line import TextLine
from headlight.widgets.tables.class_texts import ClassTextRows

BETWEEN = "|"
"""Stands between prompts in their line."""


class ClassTextsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.note, self.begin = Note(), QPushButton()
        theme.set_role(self.begin, "primary")
        self.begin.clicked.connect(self._begin)
        self.rows = ClassTextRows()
        self.rows.chosen.connect(lambda at: self.session.change(TargetSettings, index=at))
        self.rows.edited.connect(self._edited)
        self.rows.removed.connect(self._removed)
        self.rows.added.connect(self._added)
        self.prompts = TextLine("Prompts", "{}", empty=True)
        self.prompts.setToolTip("Several stand apart by |: a text has the mean of its vectors in all of them")
        self.prompts.left.connect(self._prompted)
        self.prompts_label = QLabel("Prompts")
        self.how = Note()
        self._before: np.ndarray | None = None
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.5))
        for widget in (self.note, self.begin, self.rows, self.how, self.prompts_label, self.prompts):
            column.addWidget(widget)
        column.addStretch(1)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        answer = _answer(document.trace)
        self._show_way(document, answer)
        for widget in (self.rows, self.how, self.prompts_label, self.prompts):
            widget.setVisible(answer is not None)
        if answer is None:
            self.said.emit("text", {}, None)
            self.subtitle_changed.emit("")
            return
        if document.input.plain is None:
            self._before = None
        self._show(answer, view)

    def _show_way(self, document: Document, answer: TextClasses | None) -> None:
        """How to come to class texts where there are none."""
        compares = zero_shot.compares(document)
        waits = document.trace is None and document.state in ("waiting", "running")
        self.note.setVisible(answer is None)
        self.begin.setVisible(answer is None and not waits)
        self.begin.setEnabled(document.state != "running")
        if waits:
            self.note.setText("The picture is being read.")
            return
        if compares:
            title = document.trace.model.title
            self.note.setText(f"{title} says how well texts fit the picture.")
            self.begin.setText(f"Compare with “{zero_shot.TEXTS[0]}”, “{zero_shot.TEXTS[1]}” …")
        else:
            title = document.trace.model.title if document.trace is not None else "This model"
            self.note.setText(
                f"{title} has no tower that reads texts. A model of two towers (CLIP, SigLIP) says how well "
                "any text fits the picture."
            )
            self.begin.setText(f"Read with {zero_shot.TITLE}")

    def _show(self, answer: TextClasses, view: View) -> None:
        was = self._before if self._before is not None and len(self._before) == len(answer.names) else None
        self.rows.set_rows(answer.names, answer.probabilities.tolist(), None if was is None else was.tolist())
        at = chosen(answer, view)
        self.rows.set_chosen(at)
        self.how.setText(_said(answer))
        shown = f" {BETWEEN} ".join(answer.prompts)
        self.prompts.show_text("" if shown == "{}" else shown)
        title = self.session.current.trace.model
        self.subtitle_changed.emit(" · ".join(filter(None, (title.title, title.mark))))
        figures = {
            "Looked at": answer.names[at],
            "Probability": percent(float(answer.probabilities[at])),
            "Cosine": f"{answer.cosines[at]:.4f}",
            "Probability is": answer.how,
        }
        if was is not None:
            figures["Without labels"] = percent(float(was[at]))
        self.said.emit("text", figures, None)

    # -- slice: what was before the labels ---------------------------------------------------------------

    def lane_for(self, view: View) -> Lane:
        return "run"

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        document = self.session.current
        if _answer(trace) is None or document.input.plain is None:
            return None
        return partial(before, trace, document.input)

    def paint(self, result: np.ndarray | None) -> None:
        self._before = result
        answer = _answer(self.session.current.trace)
        if answer is not None:
            self._show(answer, self.session.view)

    def clear(self, document: Document | None) -> None:
        self._before = None

    # -- gestures ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        zero_shot.begin(self.runs, self.session.current)

    def _edited(self, number: int, text: str) -> None:
        zero_shot.change(self.runs, self.session.current, number, text)

    def _removed(self, number: int) -> None:
        zero_shot.remove(self.runs, self.session.current, number)

    def _added(self, text: str) -> None:
        zero_shot.add(self.runs, self.session.current, text)

    def _prompted(self, text: str) -> None:
        document = self.session.current
        if document is not None and _answer(document.trace) is not None:
            parts = [part.strip() for part in text.split(BETWEEN)]
            zero_shot.ask_prompts(self.runs, document, [part for part in parts if part])


def _answer(trace: Trace | None) -> TextClasses | None:
    return None if trace is None else trace.answer(TextClasses)


def _said(answer: TextClasses) -> str:
    if answer.exclusive:
        return "Softmax over these texts: together they have 100\N{NO-BREAK SPACE}%."
    return "Sigmoid: each text by itself, whatever the others are."
