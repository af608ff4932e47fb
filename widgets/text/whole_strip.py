"""A strip of tokens that stands in a column which scrolls: all its lines are in sight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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

    def _resized(self) -> None:
        super()._resized()
        self._keep_height()

    def _restyled(self) -> None:
        super()._restyled()
        self._keep_height()

    def _keep_height(self) -> None:
        if hasattr(self, "_widths"):
            height = min(self.heightForWidth(max(self.width(), 1)), theme.em(HIGHEST))
            self.setFixedHeight(max(height, theme.em(2)))
