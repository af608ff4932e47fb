"""Values between -1 and 1 layer by layer, a curve each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.widgets.plots.axes import Axis
from headlight.widgets.plots.line_plot import LinePlot, Series

STEP = 0.1
"""The axis begins at a multiple of it."""


class CurvePlot(LinePlot):
    """The axis ends at 1 and begins below the lowest value."""

    def __init__(self, name: str, nothing: str, titles: tuple[str, str]) -> None:
        """titles: of the axes across and up."""
        super().__init__()
        self.nothing, self._titles = nothing, titles
        self.setAccessibleName(name)

    def set_nothing(self, said: str) -> None:
        """What is said where there are no curves."""
        if said != self.nothing:
            self.nothing = said
            self.update()

    def set_curves(self, curves: Sequence[Series]) -> None:
        self._take(curves, [np.asarray(one.sizes, float) for one in curves])

    def _axes(self) -> tuple[Axis, Axis, str, str]:
        values = np.concatenate(self._sizes)
        deepest = max(float(np.max(one.depths, initial=1)) for one in self._series)
        low = np.floor((float(values.min()) - 0.02) / STEP) * STEP
        return Axis(0.0, deepest * 1.02), Axis(max(float(low), -1.0), 1.0), *self._titles

    def _figure(self, series: int, index: int) -> str:
        return f"{self._sizes[series][index]:.3f}"


class SharePlot(CurvePlot):
    """Shares of shares, such as precision over recall: both axes are whole, whatever is reached."""

    def _axes(self) -> tuple[Axis, Axis, str, str]:
        return Axis(0.0, 1.0), Axis(0.0, 1.0), *self._titles
