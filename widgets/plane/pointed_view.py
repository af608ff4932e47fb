"""A picture with points on it that say yes or no, and a box around a thing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.outline import Rect
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.plane_view import HALO, cosmetic

NEAR = 0.8
"""Of an em: how near to a point's middle the cursor is on it."""
_RADIUS = 0.5
_ON, _OFF = QColor(255, 255, 255), QColor(24, 26, 31)


class PointedView(ImageView):
    """A point that says yes is white with a plus, one that says no is dark with a minus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[tuple[QPointF, bool]] = []
        self._frame: QRectF | None = None
        self.setAccessibleName("Picture on which points are set")

    def set_points(self, points: Sequence[tuple[float, float, bool]], frame: Rect | None) -> None:
        """points: x, y in pixels of the picture, whether it says yes. frame: x0, y0, x1, y1 of the box."""
        self._points = [(QPointF(x, y), on) for x, y, on in points]
        self._frame = None if frame is None else QRectF(QPointF(*frame[:2]), QPointF(*frame[2:]))
        said = f"{len(points):,} points" + (", a box" if frame is not None else "")
        self.setAccessibleDescription(said)
        self.update()

    def point_at(self, x: float, y: float) -> int | None:
        """The number of the point that is drawn at a pixel, the uppermost first."""
        here, near = self._camera.map(QPointF(x, y)), theme.em(1) * NEAR
        for number in reversed(range(len(self._points))):
            there = self._camera.map(self._points[number][0])
            if QLineF(here, there).length() <= near:
                return number
        return None

    def paint_over(self, painter: QPainter) -> None:
        super().paint_over(painter)
        painter.setClipRect(self.area())
        if self._frame is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            where = self.region_to_widget(self._frame)
            for pen in (cosmetic(HALO, 4), cosmetic(_ON, 2, Qt.PenStyle.DashLine)):
                painter.setPen(pen)
                painter.drawRect(where)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = theme.em(1) * _RADIUS
        for point, on in self._points:
            middle, (fill, ink) = self._camera.map(point), (_ON, _OFF) if on else (_OFF, _ON)
            painter.setPen(cosmetic(HALO if on else _ON, 1.5))
            painter.setBrush(fill)
            painter.drawEllipse(middle, radius, radius)
            painter.setPen(cosmetic(ink, 2))
            arm = radius * 0.5
            painter.drawLine(QLineF(middle.x() - arm, middle.y(), middle.x() + arm, middle.y()))
            if on:
                painter.drawLine(QLineF(middle.x(), middle.y() - arm, middle.x(), middle.y() + arm))
        painter.setClipping(False)
