"""Maps of a picture with a text: each on the picture, and below behind the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from headlight.models.core.tokens.mixed import MixedTokens
from headlight.viewer.panes.explain.methods.strips import Strips
from headlight.widgets.grids.grounds import BoxesGround
from headlight.widgets.grids.multiples import Multiple, Multiples


class Both(QSplitter):
    """As `Multiples`, of tokens of which some are parts of a picture and the others words."""

    hovered = Signal(object)
    clicked = Signal(int, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.maps, self.strips = Multiples(f"{name}, on the picture"), Strips()
        self._words = np.empty(0, int)
        """The tokens that are no parts of the picture."""
        self.setChildrenCollapsible(False)
        for part, stretch in ((self.maps, 62), (self.strips, 38)):
            self.addWidget(part)
            self.setStretchFactor(self.count() - 1, stretch)
        self.maps.hovered.connect(self.hovered)
        self.maps.clicked.connect(self.clicked)
        self.strips.hovered.connect(self._word_hovered)
        self.strips.clicked.connect(lambda word, add: self.clicked.emit(int(self._words[word]), add))

    def set_input(self, rgb: np.ndarray, tokens: MixedTokens) -> None:
        """What all maps lie on; those of another input are taken away."""
        self._words = words = np.flatnonzero(~tokens.on_picture)
        self.maps.set_ground(BoxesGround(rgb, tokens.boxes))
        labels = [tokens.labels[index] for index in words]
        self.strips.set_tokens(labels, tokens.special[words], tokens.words[words], tokens.texts[words])

    def clear(self) -> None:
        self._words = np.empty(0, int)
        self.maps.set_ground(None)
        self.strips.set_tokens([], np.zeros(0, bool))

    def set_maps(self, maps: Sequence[Multiple], opacity: float) -> None:
        self.maps.set_maps(maps, opacity)
        of_words = [
            one if one.levels is None else replace(one, levels=one.levels[self._words]) for one in maps
        ]
        self.strips.set_maps(of_words, opacity)

    def set_figures(self, figures: Sequence[str]) -> None:
        self.maps.set_figures(figures)

    def set_marks(self, selected: Sequence[int], hovered: int | None) -> None:
        self.maps.set_marks(selected, hovered)
        under = self._in_strips([] if hovered is None else [hovered])
        self.strips.set_marks(self._in_strips(selected), under[0] if under else None)

    def set_lit(self, maps: Sequence[int]) -> None:
        self.maps.set_lit(maps)
        self.strips.set_lit(maps)

    def set_tip(self, function: Callable[[int, int], str]) -> None:
        self.maps.set_tip(function)
        self.strips.set_tip(lambda number, word: function(number, int(self._words[word])))

    def _in_strips(self, tokens: Sequence[int]) -> list[int]:
        return [int(one) for one in np.flatnonzero(np.isin(self._words, list(tokens)))]

    def _word_hovered(self, under: tuple[int, int | None] | None) -> None:
        at = None if under is None or under[1] is None else int(self._words[under[1]])
        self.hovered.emit(None if under is None else (under[0], at))
