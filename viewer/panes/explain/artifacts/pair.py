"""A map as it is, and where nobody looks at the marked tokens, beside each other."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.relevance import percent
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.explain.artifacts.base import OnTokens, TokensPane
from headlight.viewer.panes.shared import words
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.artifacts import Pair, pair
from headlight.viewer.slices.maps import head_of
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.colour_bar import ColourBar

SIDES = ("whole", "without")
TITLES = {"whole": "With them", "without": "Without them"}


class WithoutPane(TokensPane):
    """Rows keep what is left of them; a rollout makes rows sum to 1 anew."""

    found: Pair | None = None
    blank = True

    def build(self) -> QWidget:
        controls = Controls(ArtifactSettings, partial(self.session.change, ArtifactSettings))
        self.by = controls.bind(
            "by", Segmented([("rollout", "Rollout"), ("head", "Selected head")], "Map of")
        )
        self.note = Note()
        self.shown = {side: OnTokens(partial(self._read, side)) for side in SIDES}
        self.bars = {side: ColourBar() for side in SIDES}
        both = QHBoxLayout()
        both.setSpacing(theme.em(0.8))
        for side in SIDES:
            self.shown[side].clicked.connect(self.select)
            self.shown[side].hovered.connect(self.point_at)
            title = QLabel(TITLES[side])
            title.setProperty("role", "dim")
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(title)
            column.addWidget(self.shown[side], 1)
            column.addWidget(self.bars[side])
            both.addLayout(column, 1)
        widget = QWidget()
        whole = QVBoxLayout(widget)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addWidget(self.by)
        whole.addLayout(both, 1)
        whole.addWidget(self.note)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        self.by.set_value(view[ArtifactSettings].by)
        if document.trace is not None:
            for shown in self.shown.values():
                shown.show_tokens(document, document.trace.tokens)

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        settings, seen = view[ArtifactSettings], view[MapSettings]
        of = (view[RolloutSettings],)
        if settings.by == "head":
            of = (view[Selection].layer, head_of(view), self.blocked(view[Selection].layer))
        return settings.factor, settings.by, view[Selection].queries, seen.log, seen.floor, seen.several, *of

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(pair, trace, view)

    def paint(self, result: Pair) -> None:
        self.found = result
        view = self.session.view
        colours = lut(view[MapSettings].colours)
        reason = self.blocked(view[Selection].layer) if view[ArtifactSettings].by == "head" else ""
        for side in SIDES:
            found = getattr(result, side)
            self.shown[side].show_values(None if reason else found.levels, None if reason else found.values)
            self.shown[side].show_look(colours, view[MapSettings].opacity)
            self.bars[side].set_scale(None if reason else found.scale, colours)
        self.note.setText(reason or _said(result))
        of = names.tokens_named(result.whole.asked_of, result.whole.asked)
        head = words.head(self._trace, *result.whole.at) if result.whole.at else "rollout"
        self.subtitle_changed.emit(f"{head} of {of}")

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is not None:
            for shown in self.shown.values():
                shown.show_marks(self.chosen(view), self.pointed(hover))

    def clear(self, document: Document | None) -> None:
        self.found = None
        for side in SIDES:
            self.shown[side].forget()
            self.bars[side].set_scale(None, lut())
        self.note.setText("")
        self.subtitle_changed.emit("")

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.note.setText(sentence)

    def _read(self, side: str, index: int) -> str:
        return "" if self.found is None else words.reading(getattr(self.found, side), index)


def _said(found: Pair) -> str:
    if found.held is None:
        return "No token is marked: both maps are the same but for their scale."
    alike = "" if found.alike is None else f" Both rank all others alike to {found.alike:.2f} (Spearman)."
    return f"The marked tokens hold {percent(found.held)} of it.{alike}"
