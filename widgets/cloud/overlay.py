"""What is drawn over a cloud in screen space: the star of a point, the lasso, axes and a scale."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.painted import say_instead
from headlight.widgets.cloud.camera import Camera
from headlight.widgets.cloud.wires import Drawn

_WIDEST = 7.0  # px of the line of the largest weight
_PIECES = 16  # of each edge of a box
_EDGES = np.array(
    [
        (corner, np.add(corner, np.eye(3, dtype=int)[axis]))
        for corner in np.ndindex(2, 2, 2)
        for axis in range(3)
        if corner[axis] == 0
    ]
)
"""int (12, 2, 3): the two corners of each edge of a box, each as which end it is along x, y, z."""
_AXES = (("x", "#e5484d"), ("y", "#3fb950"), ("z", "#4c8dff"))


@dataclass(eq=False)
class Star:
    """A point and those it draws on. centre (3,), ends (k, 3) metres; weights (k,); colours uint8 (k, 3)."""

    centre: np.ndarray
    ends: np.ndarray
    weights: np.ndarray
    colours: np.ndarray


@dataclass(eq=False)
class Marks:
    """All that the overlay shows beside axes and scale."""

    star: Star | None = None
    hovered: np.ndarray | None = None  # (3,) metres
    box: np.ndarray | None = None  # (2, 3) metres: its low and its high corner
    cell: np.ndarray | None = None  # the same of what is pointed at
    boxes: Drawn | None = None
    lasso: list[QPointF] = field(default_factory=list)
    message: str = ""  # in the middle, where there is no cloud
    focus: bool = False


class CloudOverlay(QWidget):
    """Lies over the canvas and lets all events through."""

    def __init__(self, camera: Camera, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.camera = camera
        self.marks = Marks()
        self.point_size = 3.0

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.marks.message:
                say_instead(painter, self.rect(), self.marks.message)
            else:
                if self.marks.box is not None:
                    self._paint_box(painter, self.marks.box, theme.current().amber)
                if self.marks.cell is not None:
                    self._paint_box(painter, self.marks.cell, theme.current().blue)
                if self.marks.boxes is not None:
                    self.marks.boxes.paint(painter, self._on_screen)
                if self.marks.star is not None:
                    self._paint_star(painter, self.marks.star)
                if self.marks.hovered is not None:
                    self._paint_hovered(painter, self.marks.hovered)
                self._paint_axes(painter)
                self._paint_scale(painter)
            self._paint_lasso(painter)
            if self.marks.focus:
                painter.setPen(QPen(QColor(theme.current().blue), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _size(self) -> tuple[float, float]:
        return self.width(), self.height()

    def box_at(self, where: QPointF) -> int | None:
        """The number of the box that is seen at a pixel."""
        return None if self.marks.boxes is None else self.marks.boxes.at(where, self._on_screen)

    def _on_screen(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) metres → float64 (n, 3): x, y in pixels, NaN before the near plane, and depth."""
        screen = self.camera.project(np.asarray(points, np.float64).reshape(-1, 3), self._size())
        screen[screen[:, 2] <= self.camera.clip()[0], :2] = np.nan
        return screen

    def _paint_star(self, painter: QPainter, star: Star) -> None:
        """Each line in a casing, so that it is seen on any cloud; the heaviest are painted last."""
        screen = self._on_screen(np.vstack([star.centre, star.ends]))
        centre, ends = screen[0], screen[1:]
        largest = max(float(star.weights.max(initial=0)), 1e-12)
        casing = QColor(0, 0, 0, 190) if theme.current().dark else QColor(29, 33, 41, 215)
        order = np.argsort(star.weights)
        order = order[np.isfinite(ends[order, 0])]
        if np.isfinite(centre[0]):
            middle = QPointF(centre[0], centre[1])
            for outline in (True, False):
                for i in order:
                    width = max(_WIDEST * float(star.weights[i]) / largest, 0.8)
                    colour = casing if outline else QColor(*star.colours[i])
                    pen = QPen(colour, width + 2 if outline else width)
                    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                    painter.setPen(pen)
                    painter.drawLine(middle, QPointF(ends[i, 0], ends[i, 1]))
        painter.setPen(QPen(casing, 1.5))
        for i in order:
            share = float(star.weights[i]) / largest
            radius = max(self.point_size / 2, 1.5) + 2.0 + 3.0 * share**0.5
            painter.setBrush(QColor(*star.colours[i]))
            painter.drawEllipse(QPointF(ends[i, 0], ends[i, 1]), radius, radius)
        if np.isfinite(centre[0]):
            radius = max(self.point_size / 2, 1.5) + 4.5
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(casing, 5), QPen(QColor(theme.DARK.amber), 2.5)):
                painter.setPen(pen)
                painter.drawEllipse(QPointF(centre[0], centre[1]), radius, radius)

    def _paint_box(self, painter: QPainter, box: np.ndarray, colour: str) -> None:
        """The twelve edges; where one ends behind the viewer in pieces, of which those before are seen."""
        ends = np.stack([box[first, range(3)] for first in _EDGES.reshape(-1, 3)]).reshape(-1, 2, 1, 3)
        pieces = 1 if np.isfinite(self._on_screen(ends)).all() else _PIECES
        steps = np.linspace(0, 1, pieces + 1)[:, None]
        points = ends[:, 0] + steps * (ends[:, 1] - ends[:, 0])
        screen = self._on_screen(points).reshape(len(_EDGES), -1, 3)[..., :2]
        edges = [QPolygonF([QPointF(x, y) for x, y in one[np.isfinite(one[:, 0])]]) for one in screen]
        casing = QColor(0, 0, 0, 150) if theme.current().dark else QColor(255, 255, 255, 200)
        for pen in (QPen(casing, 3.5), QPen(QColor(colour), 1.5)):
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            for edge in edges:
                painter.drawPolyline(edge)

    def _paint_hovered(self, painter: QPainter, point: np.ndarray) -> None:
        x, y, _ = self._on_screen(point)[0]
        if not np.isfinite(x):
            return
        radius = max(self.point_size / 2, 1.5) + 3.5
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 170), 4), QPen(QColor(theme.DARK.blue), 2)):
            painter.setPen(pen)
            painter.drawEllipse(QPointF(x, y), radius, radius)

    def _paint_lasso(self, painter: QPainter) -> None:
        if len(self.marks.lasso) < 2:
            return
        path = QPainterPath()
        path.addPolygon(QPolygonF(self.marks.lasso))
        path.closeSubpath()
        amber = QColor(theme.DARK.amber)
        painter.setBrush(QColor(amber.red(), amber.green(), amber.blue(), 40))
        for pen in (QPen(QColor(0, 0, 0, 150), 4), QPen(amber, 2)):
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_axes(self, painter: QPainter) -> None:
        """A small tripod at the bottom left, the axis that points at the viewer painted last."""
        length, gap = theme.em(1.9), theme.em(0.6)
        middle = QPointF(length + gap, self.height() - length - gap)
        painter.setFont(theme.text_font(0.82, theme.text_font().Weight.Medium))
        axes = self.camera.axes()
        for axis in np.argsort(axes[2]):
            name, colour = _AXES[axis]
            ahead = QPointF(axes[0, axis] * length, -axes[1, axis] * length)
            pen = QPen(QColor(colour), 2)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(middle, middle + ahead * 0.72)
            painter.setPen(QColor(theme.current().text))
            box = QRectF(0, 0, length, length)
            box.moveCenter(middle + ahead)
            if abs(axes[2, axis]) < 0.97:  # else it would lie over the other two
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_scale(self, painter: QPainter) -> None:
        """A bar of a round length at the bottom right; in perspective it holds in the plane of the centre."""
        scale = float(self.camera.pixels_per_metre(self.camera.pose.distance, self._size()))
        length, text = scale_bar(scale, theme.em(9))
        pixels, gap = length * scale, theme.em(0.9)
        right, y = self.width() - gap, self.height() - gap
        now = theme.current()
        painter.setPen(QPen(QColor(now.dim), 1.5))
        left, tick = right - pixels, theme.em(0.3)
        painter.drawPolyline(
            [QPointF(left, y - tick), QPointF(left, y), QPointF(right, y), QPointF(right, y - tick)]
        )
        painter.setFont(theme.text_font(0.85))
        box = QRectF(right - theme.em(9), y - theme.em(1.9), theme.em(9) - theme.em(0.35), theme.em(1.6))
        painter.setPen(QColor(now.dim))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def scale_bar(pixels_per_metre: float, most: float) -> tuple[float, str]:
    """(metres, text): the longest of 1, 2, 5 · 10ⁿ metres that takes at most `most` pixels."""
    longest = max(most / pixels_per_metre, 1e-9)
    power = 10.0 ** np.floor(np.log10(longest) + 1e-9)
    metres = float(max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9)))
    for unit, size in (("km", 1e3), ("m", 1.0), ("cm", 1e-2), ("mm", 1e-3)):
        if metres >= size * (1 - 1e-9):
            return metres, f"{metres / size:g} {unit}"
    return metres, f"{metres / 1e-6:g} µm"
