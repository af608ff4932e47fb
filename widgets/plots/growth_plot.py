"""How receptive fields grow with depth, for several networks at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from headlight.widgets.plots.axes import Axis
from headlight.widgets.plots.line_plot import LinePlot, Series


class GrowthPlot(LinePlot):
    """A line a network, of sizes in pixels, above 0.

    From `whole_from` on every unit sees the whole image; the line then runs dashed along the image's side.
    """

    nothing = "No fields yet"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: float | None = None
        self._of, self._unit = "image", "px"
        self._log = True
        self._title = "layers"
        self.setAccessibleName("Size of the receptive field by depth")

    # What panes call.

    def set_series(
        self,
        series: Sequence[Series | tuple],
        image: float | None = None,
        of: str = "image",
        unit: str = "px",
    ) -> None:
        """image: side of the image in pixels, drawn as a level; a series that sees all of it needs one.

        of, unit: what the image and its pixels are called.
        """
        self._of, self._unit, self._image = of, unit, image
        made, found = [Series(*one) for one in series], []
        for one in made:
            sizes = np.array(one.sizes, float)
            if one.whole_from is not None:
                if image is None:
                    raise ValueError(f"{one.name} sees the whole image, but the image's size is not given")
                sizes[one.whole_from :] = image
            found.append(sizes)
        self._take(made, found)

    def set_log(self, log: bool) -> None:
        """A logarithmic or a linear axis of sizes."""
        if log != self._log:
            self._log = log
            self._renew()

    def set_title(self, title: str) -> None:
        """What the axis across counts: "layers", "blocks", "stages"."""
        if title != self._title:
            self._title = title
            self._renew()

    # What the base asks.

    def _said(self, series: int) -> str:
        one = self._series[series]
        if one.whole_from is not None:
            return f"{one.name}: the whole {self._of} from {one.labels[one.whole_from]} on"
        return super()._said(series) if len(self._sizes[series]) else f"{one.name}: no layer"

    def _figure(self, series: int, index: int) -> str:
        whole = self._series[series].whole_from
        if whole is not None and index >= whole:
            return f"whole {self._of}"
        return f"{self._sizes[series][index]:,.0f} {self._unit}"

    def _axes(self) -> tuple[Axis, Axis, str, str]:
        sizes = np.concatenate([*self._sizes, [self._image] if self._image else []])
        deepest = max((float(np.max(one.depths, initial=0)) for one in self._series), default=0) or 1.0
        shallow = min((float(np.min(one.depths, initial=deepest)) for one in self._series), default=0)
        least = max(float(sizes.min()), 1e-3)
        top = float(sizes.max())
        ends = (least / 1.25, max(top * 1.25, least * 2)) if self._log else (0.0, top * 1.06)
        across = Axis(min(0.0, shallow), deepest * 1.02)
        return across, Axis(*ends, log=self._log), self._title, f"field, {self._unit}" + " (log)" * self._log

    def _paint_behind(self, painter: QPainter) -> None:
        if self._image:
            self._frame.paint_level(painter, self._image)

    def _paint_ground(self, painter: QPainter) -> None:
        super()._paint_ground(painter)
        if self._image:
            self._frame.paint_level_label(painter, self._image, f"{self._of} {self._image:,.0f}")
