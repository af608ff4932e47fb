"""Recordings that a script shows one after another: which of them the other panes are of."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.later import Later
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.viewer.shown.steps import go_to, place_of, steps_of
from headlight.widgets.controls.sliders import LabelledSlider

PAUSE = 60
"""Milliseconds in which a slider that moves on makes nothing be read."""


class StepsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        self._numbers: tuple[int, ...] = (0,)
        self._later = Later(PAUSE, self)
        self.slider = LabelledSlider("Step", 0, 1, 1, self._said, beside=("Step",))
        self.slider.changed.connect(self._moved)
        return self.slider

    def height_for(self, width: int) -> int:
        return self.slider.sizeHint().height()

    def prepare(self, document: Document, view: View) -> None:
        self._numbers = tuple(step.number for step in steps_of(document)) or (0,)
        last = len(self._numbers) - 1
        self.slider.set_range(0, max(last, 1))
        if not self._later.waits_for(document):
            self.slider.set_value(place_of(document))
        self.slider.setEnabled(last > 0)
        follows = "shows the last, and those that come"
        stays = f"{self._numbers[-1]:,} is the last"
        at = place_of(document)
        self.subtitle_changed.emit(f"{len(self._numbers):,} · {follows if at == last else stays}")

    def _said(self, place: float) -> str:
        return f"{self._numbers[min(int(place), len(self._numbers) - 1)]:,}"

    def _moved(self, place: float) -> None:
        document = self.session.current
        if document is not None:
            self._later.ask(document, lambda: go_to(self.runs, document, int(place)))
