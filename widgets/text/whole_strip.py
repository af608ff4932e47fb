"""A strip of tokens that stands in a column which scrolls: all its lines are in sight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize

from headlight.widgets.base import theme
from headlight.widgets.text.token_strip import TokenStrip

HIGHEST = 8.0
"""Em of a text before it scrolls by itself."""


class WholeStrip(TokenStrip):
    """As high as its lines, up to `HIGHEST`."""

    def set_tokens(
        self,
        labels: Sequence[str],
        special: np.ndarray,
        words: np.ndarray | None = None,
        texts: np.ndarray | None = None,
    ) -> None:
        super().set_tokens(labels, special, words, texts)
        self._keep_height()

    def maximumViewportSize(self) -> QSize:
        """In the height that it is about to have."""
        size = super().maximumViewportSize()
        return QSize(size.width(), max(size.height(), self.minimumHeight()))

    def _resized(self) -> None:
        self._keep_height()
        super()._resized()

    def _restyled(self) -> None:
        super()._restyled()
        self._keep_height()

    def _keep_height(self) -> None:
        if not hasattr(self, "_widths"):
            return
        height = max(min(self.heightForWidth(max(self.width(), 1)), theme.em(HIGHEST)), theme.em(2))
        if height != self.minimumHeight():
            self.setFixedHeight(height)
            self._lay_out()
