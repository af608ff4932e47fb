"""The label tool: a note of paper or a pen's letters on the picture, and the note that answers it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from headlight.models.core.errors import HeadlightError
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.pictures import zero_shot
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice, Segmented
from headlight.widgets.controls.elided_button import ElidedButton
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.controls.text_line import TextLine

STEPS = 0.02
"""Of the picture's short side, by which letters grow."""


class LabelPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self.tempt, self.deny = ElidedButton("Label it"), ElidedButton("Answer it")
        theme.set_role(self.tempt, "primary")
        self.tempt.clicked.connect(self._put_tempting)
        self.deny.clicked.connect(lambda: self._try(lambda it: zero_shot.deny(self.runs, it)))
        self.text = TextLine("Text of the label", "Text of a label", empty=True)
        self.text.returnPressed.connect(self._typed)
        self.style = Segmented([("paper", "Paper"), ("pen", "Pen")], "Label on")
        self.style.changed.connect(lambda style: self._amend(style=style))
        self.letters = Segmented(
            [("plain", "Plain"), ("hand", "Hand"), ("serif", "Serif")], "Letters of the label"
        )
        self.letters.changed.connect(lambda letters: self._amend(letters=letters))
        self.turned = LabelledSlider("Turned", -45, 45, 1, lambda v: f"{v:.0f}°".replace("-", "\u2212"), 0)
        self.turned.changed.connect(lambda angle: self._amend("label turned", turned=float(angle)))
        self.size = LabelledSlider("Letters", 0.04, 0.4, STEPS, lambda v: f"{100 * v:.0f} %", 0.12)
        self.size.changed.connect(self._sized)
        self.which = Choice([], "Label")
        self.which.may_shrink()
        self.which.activated.connect(lambda _: self.update())
        self.off = QPushButton("Take off")
        self.off.clicked.connect(self._take_off)
        self.reword = ElidedButton("Write the text on it instead")
        self.reword.clicked.connect(self._reword)
        self.text.textChanged.connect(lambda text: self.reword.setEnabled(bool(text.strip())))
        self.note = Note("Drag a label on the picture to where it should be.")
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.em(0.4))
        line.addWidget(self.which, 1)
        line.addWidget(self.off)
        self.row = row
        parts = (self.tempt, self.deny, self.text, self.style, self.letters, row, self.reword, self.size)
        parts = (*parts, self.turned, self.note)
        return ScrollColumn(stacked(*parts))

    def prepare(self, document: Document, view: View) -> None:
        labels, word = zero_shot.labels_of(document), zero_shot.tempting(document)
        self.tempt.setVisible(bool(word) and not labels)
        self.tempt.setText(f"Label it “{word}”")
        self.deny.setVisible(bool(labels) and not zero_shot.denies(labels[-1]))
        self.deny.setText("Answer it with a note")
        self.row.setVisible(bool(labels))
        for one in (self.size, self.turned, self.reword):
            one.setVisible(bool(labels))
        self.reword.setEnabled(bool(self.text.text().strip()))
        self.note.setVisible(bool(labels))
        names = [one.text for one in labels]
        if names != [self.which.itemText(at) for at in range(self.which.count())]:
            self.which.clear()
            self.which.addItems(names)
            self.which.setCurrentIndex(len(names) - 1)
        if labels:
            label = labels[self._at(document)]
            short = min(document.input.pixels.shape[:2])
            self.size.set_value(label.size / short)
            self.style.set_value(label.style)
            self.letters.set_value(label.letters)
            self.turned.set_value(label.turned)
        self.subtitle_changed.emit(f"{len(labels):,} on the picture" if labels else "")

    # -- gestures ----------------------------------------------------------------------------------------

    def _at(self, document: Document) -> int:
        count = len(zero_shot.labels_of(document))
        return min(max(self.which.currentIndex(), 0), count - 1)

    def _try(self, act: Callable[[Document], object]) -> None:
        """Do it, or tell why it cannot be done; all stays as it was then."""
        document = self.session.current
        if document is None:
            return
        try:
            act(document)
        except HeadlightError as error:
            self.runs.notify("error", error.cause, error.next_step, None, document)

    def _put_tempting(self) -> None:
        how = self.style.value(), self.letters.value()
        self._try(lambda it: zero_shot.put(self.runs, it, zero_shot.tempting(it), *how))

    def _typed(self) -> None:
        text, how = self.text.text().strip(), (self.style.value(), self.letters.value())
        self._try(lambda it: zero_shot.put(self.runs, it, text, *how))
        self.text.clear()

    def _reword(self) -> None:
        self._amend(text=self.text.text().strip())
        self.text.clear()

    def _sized(self, share: float) -> None:
        document = self.session.current
        if document is not None:
            self._amend("label size", size=share * min(document.input.pixels.shape[:2]))

    def _amend(self, gesture: str = "", **fields: object) -> None:
        from dataclasses import replace

        document = self.session.current
        labels = () if document is None else zero_shot.labels_of(document)
        if not labels:
            return
        label = labels[self._at(document)]
        self._try(lambda it: zero_shot.replace_label(self.runs, it, label, replace(label, **fields), gesture))

    def _take_off(self) -> None:
        document = self.session.current
        label = zero_shot.labels_of(document)[self._at(document)]
        zero_shot.take_off(self.runs, document, label)
