"""How several lines of one plot are told apart: a colour and a mark each, on both themes, for every eye."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainterPath, QPolygonF

from headlight.widgets.base import theme

_DARK = ("#a4f39d", "#d29bfb", "#c76472", "#a09c00", "#1699b2", "#f5c7e6", "#36c28a", "#7f76dc")
_LIGHT = ("#0c6e40", "#a956c6", "#e95979", "#73910e", "#0da0a0", "#742763", "#2a4a2f", "#4c1691")
# Found by search: far from each other, from amber and from blue, to eyes that lack a cone too.
MARKS = ("circle", "square", "diamond", "triangle", "cross", "down", "plus", "star")
"""None is a colour's alone: a series with the same index has always both."""


def colour(index: int) -> QColor:
    """Of the series with this index; amber and blue stay free for what is selected and hovered."""
    return QColor((_DARK if theme.current().dark else _LIGHT)[index % len(_DARK)])


def mark(index: int, at: QPointF, size: float) -> QPainterPath:
    """The mark of the series with this index around a point; size: half of its height in pixels."""
    kind = MARKS[index % len(MARKS)]
    path = QPainterPath()
    if kind == "circle":
        path.addEllipse(at, size * 0.95, size * 0.95)
    elif kind == "square":
        path.addRect(at.x() - size * 0.85, at.y() - size * 0.85, size * 1.7, size * 1.7)
    else:
        turns = _TURNS[kind]
        corners = [
            QPointF(at.x() + r * size * math.sin(turn), at.y() - r * size * math.cos(turn))
            for turn, r in turns
        ]
        path.addPolygon(QPolygonF([*corners, corners[0]]))
    return path


def _even(count: int, start: float = 0.0, radius: float = 1.2) -> list[tuple[float, float]]:
    return [(start + 2 * math.pi * k / count, radius) for k in range(count)]


def _arms(count: int, start: float, inner: float, outer: float) -> list[tuple[float, float]]:
    """Corners of a star: out and in by turns."""
    return [(start + math.pi * k / count, inner if k % 2 else outer) for k in range(2 * count)]


def _plus(start: float) -> list[tuple[float, float]]:
    """Corners of a thick plus, turned by `start`."""
    corners = []
    for arm in range(4):
        middle = start + arm * math.pi / 2
        corners += [(middle - 0.3, 1.25), (middle + 0.3, 1.25), (middle + math.pi / 4, 0.5)]
    return corners


_TURNS = {
    "diamond": _even(4, 0, 1.3),
    "triangle": _even(3, 0, 1.3),
    "down": _even(3, math.pi, 1.3),
    "cross": _plus(math.pi / 4),
    "plus": _plus(0.0),
    "star": _arms(5, 0, 0.55, 1.4),
}
