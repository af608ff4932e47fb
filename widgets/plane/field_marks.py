"""What is drawn of a receptive field over a picture: its box, contours of its heat, lines of windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)

from headlight.widgets.base import theme
from headlight.widgets.base.outline import Rect

LineStyle = Literal["solid", "dashed", "dotted"]

_DASHES: dict[str, list[float]] = {"solid": [], "dashed": [4, 3], "dotted": [1, 2]}  # in widths of the line
_HALO = QColor(0, 0, 0, 150)
_LABEL_FILL = QColor(13, 14, 17, 225)
_CONTOUR = QColor(255, 255, 255)
_LINE = QColor(226, 232, 242, 215)


def size_label(box: Rect) -> str:
    """The size of a box (x0, y0, x1, y1) in full: "427 × 427 px"."""
    sides = box[2] - box[0], box[3] - box[1]
    texts = (f"{side:,.0f}" if side >= 100 or side == round(side) else f"{side:.1f}" for side in sides)
    return f"{' × '.join(texts)} px"


class FieldMarks:
    """Held and painted by a view whose plane is the picture; all places are in pixels of the picture."""

    def __init__(self) -> None:
        self._fields: dict[bool, tuple[QRectF, QRectF, str]] = {}
        self._contours: list[tuple[QPainterPath, str, str, QPointF]] = []
        self._lines: dict[str, np.ndarray] = {}
        self._still: tuple[QTransform, QRectF, float, QPixmap] | None = None

    def set_field(self, box: Rect | None, within: Rect | None, label: str, hovered: bool) -> None:
        """One box may be selected and one hovered; None takes it away. `within` clips it."""
        if box is None:
            self._fields.pop(hovered, None)
        else:
            inside = box if within is None else within
            self._fields[hovered] = (_rect(box), _rect(inside), label)

    def set_contours(self, contours: Sequence[tuple[np.ndarray, LineStyle]], labels: Sequence[str]) -> None:
        """Polylines float (n, 2); closed where the last point is the first. labels: one each, or none."""
        if labels and len(labels) != len(contours):
            raise ValueError(f"{len(contours)} contours, but {len(labels)} labels")
        self._contours, self._still = [], None
        for index, (points, style) in enumerate(contours):
            points = np.asarray(points, float).reshape(-1, 2)
            if len(points) < 2:
                continue
            path = QPainterPath()
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))
            at = points[points[:, 1].argmin()]
            self._contours.append((path, style, labels[index] if labels else "", QPointF(*at)))

    def set_lines(self, segments: np.ndarray | None, style: LineStyle) -> None:
        """float (n, 4): x0, y0, x1, y1; they replace those of the same style."""
        self._still = None
        self._lines.pop(style, None)
        if segments is not None and len(segments):
            self._lines[style] = np.asarray(segments, float).reshape(-1, 4)

    def clear(self) -> None:
        self._fields, self._contours, self._lines, self._still = {}, [], {}, None

    # Painting.

    def paint(self, painter: QPainter, camera: QTransform, area: QRectF) -> None:
        """camera: plane → widget pixels. area: the part of the widget in which the plane is seen."""
        if not (self._fields or self._contours or self._lines):
            return
        painter.save()
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._contours or self._lines:
            painter.drawPixmap(
                area.topLeft(), self._painted(camera, area, painter.device().devicePixelRatioF())
            )
        for hovered in (False, True):
            if hovered in self._fields:
                self._paint_box(painter, camera, area, hovered)
        self._paint_labels(painter, camera, area)
        painter.restore()

    def _painted(self, camera: QTransform, area: QRectF, ratio: float) -> QPixmap:
        """Lines and contours, painted once for as long as the boxes alone move: contours are long."""
        if self._still is None or self._still[:3] != (camera, area, ratio):
            pixmap = QPixmap((area.size() * ratio).toSize())
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            with QPainter(pixmap) as painter:
                painter.translate(-area.topLeft())
                for style, segments in self._lines.items():
                    lines = [camera.map(QLineF(*segment)) for segment in segments.tolist()]
                    _draw(painter, [_held(line, area) for line in lines], _LINE, 1, style)
                self._paint_contours(painter, camera)
            self._still = (QTransform(camera), QRectF(area), ratio, pixmap)
        return self._still[3]

    def _paint_contours(self, painter: QPainter, camera: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for path, style, _, _ in self._contours:
            seen = camera.map(path)
            painter.setPen(_pen(_HALO, 3.5, "solid"))
            painter.drawPath(seen)
            painter.setPen(_pen(_CONTOUR, 1.5, style))
            painter.drawPath(seen)

    def _paint_box(self, painter: QPainter, camera: QTransform, area: QRectF, hovered: bool) -> None:
        box, within, _ = self._fields[hovered]
        seen = box.intersected(within)
        if seen.isEmpty():
            return
        left, top, right, bottom = seen.getCoords()
        # A side is where the field ends, or only where the picture does.
        sides = [
            (QLineF(left, top, left, bottom), box.left() >= within.left()),
            (QLineF(right, top, right, bottom), box.right() <= within.right()),
            (QLineF(left, top, right, top), box.top() >= within.top()),
            (QLineF(left, bottom, right, bottom), box.bottom() <= within.bottom()),
        ]
        colour = QColor(theme.DARK.blue if hovered else theme.DARK.amber)
        for ends in (False, True):
            lines = [_held(camera.map(line), area) for line, real in sides if real == ends]
            _draw(painter, lines, colour, 2, "solid" if ends else "dashed")

    def _paint_labels(self, painter: QPainter, camera: QTransform, area: QRectF) -> None:
        font = _font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        taken: list[QRectF] = []
        for text, colour, places in self._wanted_labels(camera, metrics, area):
            room = area.adjusted(2, 2, -2, -2)
            free = [
                place
                for place in places
                if room.contains(place) and not any(place.intersects(other) for other in taken)
            ]
            if not free:
                continue
            taken.append(free[0])
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_LABEL_FILL)
            painter.drawRoundedRect(free[0], 3, 3)
            painter.setPen(colour)
            painter.drawText(free[0], Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)

    def _wanted_labels(
        self, camera: QTransform, metrics: QFontMetricsF, area: QRectF
    ) -> list[tuple[str, QColor, list[QRectF]]]:
        """Texts, colours and the places each may stand, the best first; the hovered box speaks first."""
        wanted = []
        height = metrics.height() + 2
        for hovered in (True, False):
            if hovered not in self._fields or not self._fields[hovered][2]:
                continue
            box, within, text = self._fields[hovered]
            width = metrics.horizontalAdvance(text) + theme.em(0.8)
            corner = box.intersected(within)
            seen = camera.mapRect(corner if not corner.isEmpty() else within).intersected(area)
            left, right = seen.left(), seen.right() - width
            outside = [(left, seen.top() - height - 3), (left, seen.bottom() + 3)]
            inside = [(left + 4, seen.top() + 4), (right - 4, seen.top() + 4)]
            inside += [(left + 4, seen.bottom() - 4 - height), (right - 4, seen.bottom() - 4 - height)]
            small = seen.width() < width * 1.5 or seen.height() < height * 2.5
            order = outside + inside if small else inside[:2] + outside + inside[2:]
            across = area.left() + 2, area.right() - 2 - width
            places = [QRectF(min(max(x, across[0]), across[1]), y, width, height) for x, y in order]
            colour = QColor(theme.DARK.blue if hovered else theme.DARK.amber)
            wanted.append((text, colour, places))
        for _, _, text, at in self._contours:
            if text:
                point = camera.map(at)
                width = metrics.horizontalAdvance(text) + theme.em(0.6)
                rows = (point.y() - height - 3, point.y() + 3)
                places = [QRectF(point.x() - width / 2, y, width, height) for y in rows]
                wanted.append((text, _CONTOUR, places))
        return wanted


def _font() -> QFont:
    return theme.text_font(0.85, QFont.Weight.Medium)


def _pen(colour: QColor, width: float, style: str) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if _DASHES[style]:
        pen.setDashPattern(_DASHES[style])
    return pen


def _draw(painter: QPainter, lines: list[QLineF], colour: QColor, width: float, style: str) -> None:
    """Lines on whole pixels in a dark halo, so that they are seen on any ground."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    whole = [line.toLine() for line in lines]
    halo = _pen(_HALO, width + 2, "solid")
    halo.setCapStyle(Qt.PenCapStyle.SquareCap)
    painter.setPen(halo)
    painter.drawLines(whole)
    pen = _pen(colour, width, style)
    if style == "solid":
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    painter.setPen(pen)
    painter.drawLines(whole)


def _held(line: QLineF, area: QRectF) -> QLineF:
    """Upright and level lines cut off a little outside of what is seen: dashes far away cost time."""
    left, top, right, bottom = area.adjusted(-99, -99, 99, 99).getCoords()
    if line.x1() == line.x2():
        ends = (min(max(y, top), bottom) for y in (line.y1(), line.y2()))
        return QLineF(line.x1(), next(ends), line.x2(), next(ends))
    if line.y1() == line.y2():
        ends = (min(max(x, left), right) for x in (line.x1(), line.x2()))
        return QLineF(next(ends), line.y1(), next(ends), line.y2())
    return line


def _rect(box: Rect) -> QRectF:
    return QRectF(QPointF(box[0], box[1]), QPointF(box[2], box[3]))
