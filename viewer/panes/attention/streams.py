"""The tokens of each stream of a text as a strip: what is read and, beneath it, what is written of it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.tokens import INPUT, OUTPUT, Tokens
from headlight.widgets.base.labels import ColumnLabel
from headlight.widgets.text.token_strip import TokenStrip

NAMES = {INPUT: "Input", OUTPUT: "Output"}
GAP = 6


class Streams(QWidget):
    """hovered: a stream, and which of its tokens or None. spanned: a stream, first, last (inclusive), add."""

    hovered = Signal(str, object)
    spanned = Signal(str, int, int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.strips = {stream: TokenStrip() for stream in NAMES}
        self.tokens: dict[str, Tokens] = {}
        """Those that the strips show."""
        self._names = {stream: ColumnLabel(name, tuple(NAMES.values())) for stream, name in NAMES.items()}
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for stream, strip in self.strips.items():
            name = self._names[stream]
            name.setProperty("role", "dim")
            strip.hovered.connect(lambda at, stream=stream: self.hovered.emit(stream, at))
            strip.clicked.connect(lambda at, add, stream=stream: self.spanned.emit(stream, at, at, add))
            strip.spanned.connect(lambda *span, stream=stream: self.spanned.emit(stream, *span))
            line = QHBoxLayout()
            line.setSpacing(GAP)
            line.addWidget(name)
            line.addWidget(strip, 1)
            column.addLayout(line)
        self._show_rows()

    def show_tokens(self, streams: Mapping[str, Tokens]) -> bool:
        """The tokens of each stream; whether any strip holds others than before."""
        before, self.tokens = self.tokens, dict(streams)
        others = [one for one, tokens in streams.items() if before.get(one) is not tokens]
        for stream in others:
            tokens = streams[stream]
            self.strips[stream].set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
        self._show_rows()
        return bool(others) or before.keys() != self.tokens.keys()

    def show_words(self, words: list[str]) -> None:
        """Words in place of tokens that are not there yet."""
        self.tokens = {}
        self.strips[INPUT].set_tokens(words, [False] * len(words))
        self._show_rows()

    def heightForWidth(self, width: int) -> int:
        if OUTPUT not in self.tokens:
            return self.strips[INPUT].heightForWidth(width)
        width -= self._names[INPUT].sizeHint().width() + GAP
        return sum(strip.heightForWidth(width) for strip in self.strips.values()) + GAP

    def minimumSizeHint(self) -> QSize:
        least, rows = self.strips[INPUT].minimumSizeHint(), 1 + (OUTPUT in self.tokens)
        return QSize(least.width(), rows * least.height() + (rows - 1) * GAP)

    def _show_rows(self) -> None:
        several = OUTPUT in self.tokens
        for name in self._names.values():
            name.setVisible(several)
        self.strips[OUTPUT].setVisible(several)
        for row in range(self._column.count()):  # what is hidden would take its share
            self._column.setStretch(row, several or row == 0)
        self.updateGeometry()
