"""What the panes of this page share: what is found of all tokens, and a text or picture to paint it on."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from headlight.models.core.tokens import Box, PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.artifacts import Inspected, inspected
from headlight.widgets.base import theme
from headlight.widgets.controls.readout import Figures
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.text.token_strip import TokenStrip

SECTIONS = (
    Figures("norms", "Norms", ("Behind", "Median", "Highest", "Outliers", "Marked", "Rule")),
    Figures("pointed", "Under the cursor", ("Token", "Norm", "In medians", "Of all attention", "Marked by")),
)
LOWEST = 7.0
"""In em: the height that a picture is left."""


def behind(state: int) -> str:
    """What a state stands behind."""
    return "embedding" if state == 0 else f"layer {state - 1}"


def times(ratio: float) -> str:
    return f"{ratio:.2f} ×" if ratio < 100 else f"{ratio:,.0f} ×"


class TokensPane(Pane):
    """Points at tokens and selects them, here as elsewhere."""

    def tokens(self) -> Tokens:
        return self._trace.tokens

    def select(self, index: int, add: bool) -> None:
        if self._trace is not None:
            self.session.select(queries=[self.tokens().place(index)], add=add)

    def point_at(self, index: int | None) -> None:
        place = None if index is None or self._trace is None else self.tokens().place(index)
        self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))

    def chosen(self, view: View) -> np.ndarray:
        """int (m,)"""
        return self.tokens().find_all(view[Selection].queries)

    def pointed(self, hover: Hover) -> int | None:
        found = self.tokens().find_all([p for p in (hover.key, hover.query) if p is not None][:1])
        return int(found[0]) if len(found) else None

    def complain(self, failure: Failure) -> None:
        self.say_instead(f"{failure.cause} {failure.next_step}")

    def say_instead(self, sentence: str) -> None:
        """There is nothing to show, and this is why."""


class InspectedPane(TokensPane):
    """Shows what `inspected` gives."""

    found: Inspected | None = None
    blank = True

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[ArtifactSettings].factor

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(inspected, trace, view[ArtifactSettings].factor)

    def paint(self, result: Inspected) -> None:
        self.found = result
        self.display()

    def prepare(self, document: Document, view: View) -> None:
        if self.found is not None:
            self.display()

    def display(self) -> None:
        """Paint what was found, as the settings want it seen."""

    def clear(self, document: Document | None) -> None:
        self.found = None
        self.subtitle_changed.emit("")

    def state(self) -> int:
        """Which state is shown."""
        return self.session.view[ArtifactSettings].state(len(self.found.norms))

    def is_marked(self, index: int) -> str:
        """Why a token is marked, or nothing."""
        found = self.found
        why = ["norm"] if found.outliers[:, index].any() else []
        return ", ".join([*why, *(["attention"] if found.drawing[index] else [])])

    def read(self, index: int) -> str:
        """Say all of a token, and give what its tip says."""
        if self.found is None:
            return ""
        found, state, name = self.found, self.state(), names.token(self.tokens(), index)
        norm, ratio = f"{found.norms[state, index]:.4g}", times(found.ratios[state, index])
        beside = "stands apart" if found.apart[index] else "–"
        figures = {
            "Token": name,
            "Norm": norm,
            "In medians": ratio,
            "Of all attention": f"{found.attention[index]:.2%}".replace("%", " %"),
            "Marked by": self.is_marked(index) or beside,
        }
        self.said.emit("pointed", figures, None)
        return f"{name}\t{norm}, {ratio}"


class OnTokens(QStackedWidget):
    """Values on the picture or the text itself.

    clicked: token, add. hovered: the token under the cursor, or None.
    """

    clicked = Signal(int, bool)
    hovered = Signal(object)

    def __init__(self, read: Callable[[int], str]) -> None:
        super().__init__()
        self._read, self._tokens, self._input = read, None, None
        self.picture, self.strip = ImageView(), TokenStrip()
        self.picture.clicked.connect(lambda x, y, add: self._at(x, y, partial(self._click, add=add)))
        self.picture.hovered.connect(self._point)
        self.picture.set_tip(lambda x, y: self._at(x, y, self._read) or "")
        self.strip.clicked.connect(self.clicked)
        self.strip.hovered.connect(self.hovered)
        self.strip.set_tip(read)
        self.setMinimumHeight(theme.em(LOWEST))
        self.addWidget(self.picture)
        self.addWidget(self.strip)

    def show_tokens(self, document: Document, tokens: Tokens) -> None:
        """Of a picture or text that a model has read."""
        if tokens is self._tokens:
            return
        self._tokens = tokens
        if isinstance(tokens, PatchTokens):
            self.setCurrentWidget(self.picture)
            self.picture.set_picture(document.input.pixels)
        else:
            self.setCurrentWidget(self.strip)
            self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)

    def show_values(self, levels: np.ndarray | None, values: np.ndarray | None) -> None:
        """levels: uint8 (n,), or (rows, columns) of a picture. values: float32 (n,)."""
        if isinstance(self._tokens, PatchTokens):
            tokens = self._tokens
            if levels is not None and levels.ndim == 1:
                levels = levels[tokens.prefix :].reshape(tokens.grid)
            self.picture.set_overlay(levels, tokens.region.corners)
        elif self._tokens is not None:
            self.strip.set_weights(levels, values)

    def show_look(self, lut: np.ndarray, opacity: float) -> None:
        self.picture.set_lut(lut)
        self.picture.set_opacity(opacity)
        self.strip.set_lut(lut)

    def show_marks(self, selected: np.ndarray, hovered: int | None) -> None:
        """Tokens in amber, and the one under the cursor."""
        tokens = self._tokens
        if isinstance(tokens, PatchTokens):
            boxes = [tokens.place(int(index)).corners for index in selected if index >= tokens.prefix]
            under = None if hovered is None or hovered < tokens.prefix else tokens.place(hovered).corners
            self.picture.set_boxes(boxes, under)
        elif tokens is not None:
            self.strip.set_selected(selected)
            self.strip.set_hovered(hovered)

    def forget(self) -> None:
        self._tokens = None
        self.picture.set_picture(None)
        self.strip.set_tokens([], [])

    def _at(self, x: float, y: float, act: Callable[[int], str | None]) -> str | None:
        found = () if self._tokens is None else self._tokens.find(Box(x, y, x, y))
        return act(int(found[0])) if len(found) else None

    def _click(self, index: int, add: bool) -> None:
        self.clicked.emit(index, add)

    def _point(self, at: tuple[float, float] | None) -> None:
        found = () if at is None or self._tokens is None else self._tokens.find(Box(*at, *at))
        self.hovered.emit(int(found[0]) if len(found) else None)
