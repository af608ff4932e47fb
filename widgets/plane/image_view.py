"""The picture, what attention says of it, and what is selected in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.models.core.colours import overlay_colours
from headlight.widgets.base import theme
from headlight.widgets.base.outline import Rect, Segment, boxes_outline, mask_outline
from headlight.widgets.plane.field_marks import FieldMarks, LineStyle, size_label
from headlight.widgets.plane.plane_view import HALO, POINTED, SELECTED, PlaneView, cosmetic

_VEIL = (12, 13, 16, 176)
_GRID = QColor(128, 128, 128, 150)


class ImageView(PlaneView):
    """The plane is the picture in its own pixels: pixel (x, y) fills [x, x+1) × [y, y+1).

    The overlay lies on its region corner to corner, whatever the zoom; what is outside of the region is
    hatched, since the model did not see it.

    hovered: (x, y) under the cursor inside the region, or None. clicked: x, y, add. boxed: x0, y0, x1, y1,
    add, clipped to the region.
    """

    clicked = Signal(float, float, bool)
    boxed = Signal(float, float, float, float, bool)

    largest_scale = 40.0
    unseen = "not seen by the model"
    """What is said of a part that the model was not given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture, self._overlay = self.add_raster(), self.add_raster()
        self._heat, self._veil = self.add_raster(), self.add_raster()
        self._marks = FieldMarks()
        self._region: QRectF | None = None
        self._grid = (0, 0)
        self._grid_visible = False
        self._mask_lines: list[Segment] = []
        self._selected: list[Segment] = []
        self._hover: list[Segment] = []
        self._lut, self._opacity, self._zero = colour_table(), 0.75, 0
        self._heat_lut, self._heat_opacity = colour_table("viridis"), 0.85
        veil = np.zeros((256, 4), np.uint8)
        veil[128:] = _VEIL
        self._veil.set_colours(veil)
        self._recolour()
        self.setAccessibleName("Picture with attention")

    # What panes call.

    def set_picture(self, rgb: np.ndarray | None) -> None:
        """uint8 (height, width, 3). All that was drawn over the picture before is taken away."""
        height, width = rgb.shape[:2] if rgb is not None else (0, 0)
        self._region, self._grid = None, (0, 0)
        self._overlay.set_array(None, QRectF())
        self._heat.set_array(None, QRectF())
        self._marks.clear()
        self.set_mask(None)
        self.set_boxes([], None)
        self._picture.set_array(rgb, QRectF(0, 0, width, height))
        self.setAccessibleDescription(f"{width} × {height} pixels")
        self.set_content(width, height)
        self.refresh()

    def set_overlay(
        self,
        levels: np.ndarray | None,
        region: Rect | None = None,
        smooth: bool = False,
        seen: bool = True,
    ) -> None:
        """levels: uint8 (rows, columns) over `region` (x0, y0, x1, y1) in pixels of the picture, or None.

        smooth: blend between neighbouring cells instead of showing each. seen: the region is what the model
        saw; if not, it is a part of that.
        """
        if levels is None:
            self._overlay.set_array(None, QRectF())
        else:
            if region is None:
                raise ValueError("an overlay needs the region that it covers")
            if seen:
                self._region = _rect(region)
            if seen and not smooth:
                self._grid = levels.shape
            self._overlay.set_array(levels, _rect(region), smooth)
        self.refresh()

    def set_opacity(self, opacity: float) -> None:
        """How much the overlay hides the picture, 0 to 1 (see `overlay_colours`)."""
        self._opacity = opacity
        self._recolour()

    def set_lut(self, lut: np.ndarray, zero: int = 0) -> None:
        """Colours of the overlay, uint8 (256, 4). zero: the level where it shows nothing."""
        self._lut, self._zero = lut, zero
        self._recolour()

    def set_grid(self, rows: int, columns: int, region: Rect) -> None:
        """The patches: rows × columns over `region`."""
        self._grid, self._region = (rows, columns), _rect(region)
        self.refresh()

    def set_grid_visible(self, visible: bool) -> None:
        """Draw thin lines between the patches."""
        self._grid_visible = visible
        self.update()

    def set_mask(self, mask: np.ndarray | None) -> None:
        """bool (rows, columns) over the region: True is outlined, the rest darkened."""
        if mask is None:
            self._mask_lines = []
            self._veil.set_array(None, QRectF())
        else:
            region, (rows, columns) = self._seen(), mask.shape
            xs = np.linspace(region.left(), region.right(), columns + 1)
            ys = np.linspace(region.top(), region.bottom(), rows + 1)
            self._mask_lines = mask_outline(mask, xs, ys)
            self._veil.set_array(np.where(mask, 0, 255).astype(np.uint8), region)
        self.update()

    def set_boxes(self, selected: Sequence[Rect], hovered: Rect | None = None) -> None:
        """Outlines in pixels of the picture: selected in amber (neighbours as one shape), hovered in blue."""
        self._selected = boxes_outline(selected)
        self._hover = boxes_outline([hovered] if hovered is not None else [])
        self.update()

    # Receptive fields.

    def set_field(
        self,
        box: Rect | None,
        image_box: Rect | None = None,
        label: str | None = None,
        hovered: bool = False,
    ) -> None:
        """The theoretical field (x0, y0, x1, y1) of a unit in pixels of the picture, unclipped; or None.

        It is drawn within `image_box` (else what the model saw), dashed along the edge beyond which it goes.
        label: what stands at it, else its unclipped size. hovered: the field of the unit under the cursor, in
        blue, beside that of the selected unit in amber.
        """
        seen = self._seen().getCoords() if image_box is None else image_box
        text = size_label(box) if box is not None and label is None else label or ""
        self._marks.set_field(box, seen, text, hovered)
        self.update()

    def set_heat(self, levels: np.ndarray | None, region: Rect | None = None, smooth: bool = False) -> None:
        """levels: uint8 (rows, columns) over `region`, as for `set_overlay`, and drawn over that one.

        Where there is no heat, the picture and the overlay stay as they are.
        """
        if levels is None:
            self._heat.set_array(None, QRectF())
        else:
            if region is None:
                raise ValueError("heat needs the region that it covers")
            self._region = _rect(region)
            self._heat.set_array(levels, self._region, smooth)
        self.refresh()

    def set_heat_lut(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level of heat."""
        self._heat_lut = lut
        self._recolour()

    def set_heat_opacity(self, opacity: float | None) -> None:
        """How much the hottest hides the picture, 0 to 1 (see `overlay_colours`); None: as the table says."""
        self._heat_opacity = opacity
        self._recolour()

    def set_contours(
        self, contours: Sequence[tuple[np.ndarray, LineStyle]], labels: Sequence[str] = ()
    ) -> None:
        """Polylines float (n, 2) in pixels of the picture, each "solid", "dashed" or "dotted".

        labels: one for each, "" for none, written at its uppermost point.
        """
        self._marks.set_contours(contours, labels)
        self.update()

    def set_lines(self, segments: np.ndarray | None, style: LineStyle = "solid") -> None:
        """float (n, 4): x0, y0, x1, y1 in pixels of the picture, replacing those of this style; or None."""
        self._marks.set_lines(segments, style)
        self.update()

    # What the base asks.

    def painted_part(self) -> QRectF:
        """Cells that reach beyond the picture, where a model saw padding, end with it."""
        whole = QRectF(0, 0, self._content.width(), self._content.height())
        if whole.isEmpty() or whole.contains(self._seen()):
            return super().painted_part()
        return super().painted_part().intersected(self.region_to_widget(whole))

    def margin(self) -> float:
        return float(theme.em(0.6))

    def target(self, point: QPointF) -> tuple[float, float] | None:
        region = self._seen()
        inside = region.left() <= point.x() < region.right() and region.top() <= point.y() < region.bottom()
        return (point.x(), point.y()) if inside else None

    def tip_text(self, target: Any, point: QPointF) -> str:
        if target is None and QRectF(0, 0, self._content.width(), self._content.height()).contains(point):
            return self.unseen
        return super().tip_text(target, point)

    def click(self, target: Any, add: bool) -> None:
        self.clicked.emit(*target, add)

    def box(self, rect: QRectF, add: bool) -> None:
        rect = rect.intersected(self._seen())
        if not rect.isEmpty():
            self.boxed.emit(*rect.getCoords(), add)

    # Painting.

    def _seen(self) -> QRectF:
        whole = QRectF(0, 0, self._content.width(), self._content.height())
        return whole if self._region is None else self._region

    def _recolour(self) -> None:
        self._overlay.set_colours(overlay_colours(self._lut, self._opacity, self._zero))
        plain = self._heat_opacity is None
        heat = self._heat_lut if plain else overlay_colours(self._heat_lut, self._heat_opacity)
        self._heat.set_colours(heat)

    def paint_over(self, painter: QPainter) -> None:
        if self._content.isEmpty():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_unseen(painter)
        if self._grid_visible:
            self._paint_grid(painter)
        painter.setClipRect(self.painted_part())
        self._marks.paint(painter, self._camera, self.area())
        painter.setClipping(False)
        self._paint_outline(painter, self._mask_lines, QColor(255, 255, 255), 1)
        self._paint_outline(painter, self._selected, SELECTED, 2)
        self._paint_outline(painter, self._hover, POINTED, 2)

    def _paint_unseen(self, painter: QPainter) -> None:
        whole = self.pixels(QRectF(0, 0, self._content.width(), self._content.height()))
        seen = self.pixels(self._seen())
        if seen.contains(whole):
            return
        outside, inside = QPainterPath(), QPainterPath()
        outside.addRect(QRectF(whole))
        inside.addRect(QRectF(seen))
        outside = outside.subtracted(inside)
        painter.fillPath(outside, QColor(*_VEIL))
        painter.fillPath(outside, QBrush(QColor(255, 255, 255, 60), Qt.BrushStyle.BDiagPattern))

    def _paint_grid(self, painter: QPainter) -> None:
        rows, columns = self._grid
        if not rows or not columns:
            return
        region = self.region_to_widget(self._seen())
        if min(region.width() / columns, region.height() / rows) < 4:
            return  # the lines would hide the picture
        lines = [
            QLineF(x, region.top(), x, region.bottom())
            for x in np.linspace(region.left(), region.right(), columns + 1)
        ]
        lines += [
            QLineF(region.left(), y, region.right(), y)
            for y in np.linspace(region.top(), region.bottom(), rows + 1)
        ]
        painter.setPen(cosmetic(_GRID, 1))
        painter.drawLines(lines)

    def _paint_outline(
        self, painter: QPainter, segments: list[Segment], colour: QColor, width: float
    ) -> None:
        lines = [self._camera.map(QLineF(*segment)).toLine() for segment in segments]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for pen in (cosmetic(HALO, width + 2), cosmetic(colour, width)):
            painter.setPen(pen)
            painter.drawLines(lines)


def _rect(region: Rect) -> QRectF:
    return QRectF(QPointF(region[0], region[1]), QPointF(region[2], region[3]))
