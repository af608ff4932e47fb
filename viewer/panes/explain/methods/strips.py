"""A text again and again, below each other, each time tinted by another method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel, Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.grids.multiples import Multiple
from headlight.widgets.text.whole_strip import WholeStrip


class _Row(QWidget):
    """A title, a figure, the text; or why there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.figure, self.strip, self.note = ElidedLabel(), QLabel(), WholeStrip(), Note()
        self.figure.setProperty("role", "value")
        above = QHBoxLayout()
        above.addWidget(self.title, 1)
        above.addWidget(self.figure)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(above)
        column.addWidget(self.strip)
        column.addWidget(self.note)


class Strips(ScrollColumn):
    """As `Multiples`, of a text."""

    hovered = Signal(object)
    clicked = Signal(int, bool)

    def __init__(self) -> None:
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.em(0.5))
        self._column.addStretch(1)
        super().__init__(inner)
        self.rows: list[_Row] = []
        self._tokens: tuple = ((), np.zeros(0, bool))
        self._explain: Callable[[int, int], str] | None = None

    def set_tokens(self, *tokens: Sequence) -> None:
        """As those of a `TokenStrip`; the maps before are taken away."""
        self._tokens = tokens
        for row in self.rows:
            row.hide()

    def set_maps(self, maps: Sequence[Multiple], opacity: float) -> None:
        while len(self.rows) < len(maps):
            self._add()
        for row, one in zip(self.rows, maps, strict=False):
            row.strip.set_tokens(*self._tokens)
            row.title.setText(one.title)
            row.figure.setText(one.figure)
            row.strip.set_lut(one.lut)
            row.strip.set_weights(one.levels)
            row.note.setText(one.instead)
            row.strip.setVisible(not one.instead)
            row.note.setVisible(bool(one.instead))
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(maps))

    def set_figures(self, figures: Sequence[str]) -> None:
        for row, said in zip(self.rows, figures, strict=False):
            row.figure.setText(said)

    def set_marks(self, selected: Sequence[int], hovered: int | None) -> None:
        for row in self.rows:
            row.strip.set_selected(selected)
            row.strip.set_hovered(hovered)

    def set_lit(self, maps: Sequence[int]) -> None:
        for number, row in enumerate(self.rows):
            row.title.setProperty("role", "lit" if number in maps else "")
            row.title.style().polish(row.title)

    def set_tip(self, function: Callable[[int, int], str] | None) -> None:
        self._explain = function

    def _add(self) -> None:
        row, number = _Row(), len(self.rows)
        row.strip.hovered.connect(partial(self._hovered, number))
        row.strip.clicked.connect(self.clicked)
        row.strip.set_tip(lambda token: self._explain(number, token) if self._explain else "")
        self.rows.append(row)
        self._column.insertWidget(number, row)

    def _hovered(self, number: int, token: int | None) -> None:
        self.hovered.emit(None if token is None else (number, token))
