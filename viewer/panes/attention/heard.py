"""A sound: what the chosen token looks at lies on its spectrogram, over time, and behind the words."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.errors import known
from headlight.models.core.tokens import OUTPUT
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.viewer.inputs.sounds import spectrogram
from headlight.viewer.inputs.sounds.limits import WINDOW
from headlight.viewer.inputs.sounds.sound import SoundInput
from headlight.viewer.panes.attention.mixed import MixedPane
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.viewer.slices.maps import Drawn, InputMap
from headlight.widgets.controls.choices import Choice, Toggle
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.spectrogram_view import SpectrogramView

MARKED = (1000, 4000, 250, 2000, 500, 100)
"""Hz at which the axis says how high a band is, the most important first."""


class HeardPane(MixedPane):
    unseen = "not heard by the model"
    hint = "What is said, if it is to be written whatever the model hears"

    def build(self) -> QWidget:
        widget = super().build()
        self.view.unseen = self.unseen
        self.since = LabelledSlider("Heard", 0, 1, 1, self._window_text)
        self.since.changed.connect(self._moved)
        self.since.hide()
        self.language = Choice([], "Language")
        self.language.setToolTip("The language of what is said; the model guesses it, or you choose")
        self.language.activated.connect(self._spoken)
        self.translate = Toggle("In English")
        self.translate.setToolTip("Write in English what is said in another language")
        self.translate.clicked.connect(self._spoken)
        self.spoken = QWidget()
        row = QHBoxLayout(self.spoken)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.language)
        row.addWidget(self.translate)
        row.addStretch(1)
        self.spoken.hide()
        column = known(widget.layout(), QVBoxLayout)
        column.insertWidget(1, self.since)
        column.insertWidget(column.count() - 1, self.spoken)
        self._codes: list[str] = []
        return widget

    def make_view(self) -> ImageView:
        return SpectrogramView()

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        what = known(document.input, SoundInput)
        height, width = what.pixels.shape[:2]
        levels = [((1 - spectrogram.height_of(hertz)) * height, _named(hertz)) for hertz in MARKED]
        known(self.view, SpectrogramView).set_axes(what.since, width / what.seconds, levels)
        wanted = document.wanted.options
        self.since.setVisible(what.is_long)
        self.since.set_range(0, max(1, int(what.sound.seconds - 1)))
        self._whole = what.sound.seconds
        if not self._later.waits_for(document):
            self.since.set_value(wanted.since)
        self._show_spoken(document)
        writes = document.trace is None or OUTPUT in document.trace.streams
        for one in (self.strip, self.editor):
            one.setVisible(writes)
        self.subtitle_changed.emit(_said(what, document))

    def paint(self, result: InputMap | Drawn) -> None:
        super().paint(result)
        frames = known(self.session.current.trace.tokens, MixedTokens)
        boxes = frames.boxes[frames.on_picture]
        seen = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
        self.view.set_grid(1, len(boxes), tuple(float(edge) for edge in seen))

    def _show_spoken(self, document: Document) -> None:
        trace, wanted = document.trace, document.wanted.options
        codes = [] if trace is None else [str(code) for code in trace.outputs.get("languages", ())]
        if codes != self._codes:
            self._codes = codes
            self.language.clear()
            self.language.addItems(["Language as heard", *codes])
        self.spoken.setVisible(bool(codes))
        place = 1 + codes.index(wanted.language) if wanted.language in codes else 0
        self.language.setCurrentIndex(place)
        self.translate.setChecked(wanted.translate)

    def read_at(self, x: float, y: float) -> str:
        """What is read there, and when and how high that is."""
        said = super().read_at(x, y)
        document = self.session.current
        if document is None:
            return said
        what = known(document.input, SoundInput)
        height, width = what.pixels.shape[:2]
        time = what.since + x * what.seconds / width
        hertz = spectrogram.hertz_at(1 - y / height)
        return f"{said}\nat\t{time:.2f} s, {hertz:,.0f} Hz"

    # -- gestures ----------------------------------------------------------------------------------------

    _whole = 0.0

    def _window_text(self, since: float) -> str:
        return f"{since:.0f} to {min(since + WINDOW, self._whole):.0f} of {self._whole:.0f} s"

    def _moved(self, value: float) -> None:
        if (document := self._edited) is not None:
            self._later.ask(document, lambda: self._heard_anew(document, "since", since=float(value)))

    def _spoken(self, *_: Any) -> None:
        if (document := self._edited) is not None:
            place = self.language.currentIndex()
            language = self._codes[place - 1] if place > 0 else None
            self._heard_anew(document, "language", language=language, translate=self.translate.isChecked())

    def _heard_anew(self, document: Document, gesture: str, **options: object) -> None:
        """What was written of something else is not given."""
        if self.runs is not None:
            writing = document.wanted.options.writing
            anew = None if writing is None else writing.anew()
            self.runs.change(document, gesture, writing=anew, **options)


def _named(hertz: int) -> str:
    return f"{hertz // 1000} kHz" if hertz >= 1000 else f"{hertz} Hz"


def _said(what: SoundInput, document: Document) -> str:
    said = f"{min(what.seconds, what.sound.seconds):,.2f} s"
    if document.trace is None:
        return said
    written = document.trace.streams.get(OUTPUT)
    more = "" if written is None else f", {len(written):,} tokens written"
    return f"{said} · {len(document.trace.tokens):,} frames{more}"
