"""Boxes drawn over a cloud as their edges, each with a line that says where its front is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from headlight.models.core.answers.boxes import corners
from headlight.widgets.base import theme

_EDGES = np.array(
    [*((at, (at + 1) % 4) for at in range(4)), *((4 + at, 4 + (at + 1) % 4) for at in range(4))]
    + [(at, at + 4) for at in range(4)]
)
"""Pairs of corners, as `corners` has them."""
_FACES = np.array([(0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])
_BEYOND = 0.3
"""Of half its length, how far the line of a box's heading goes beyond its front."""

Project = Callable[[np.ndarray], np.ndarray]
"""(n, 3) metres → (n, 3) pixels and depth, NaN pixels before the near plane."""


@dataclass(frozen=True, eq=False)
class Wires:
    """boxes: float (n, 7), as answers have them. colours: uint8 (n, 3). dashed: bool (n,). fronts: whether
    their fronts are known, and drawn.
    """

    boxes: np.ndarray
    colours: np.ndarray
    dashed: np.ndarray
    fronts: bool = True

    def lines(self) -> np.ndarray:
        """float64 (n, 13, 2, 3): the ends of the edges of each, and of the line to its front."""
        ends = corners(self.boxes)
        below, ahead = ends[:, :4].mean(axis=1), ends[:, [0, 3]].mean(axis=1)
        front = np.stack([below, ahead + _BEYOND * (ahead - below)], axis=1)[:, None]
        return np.concatenate([ends[:, _EDGES], front], axis=1)


@dataclass(eq=False)
class Drawn:
    """What a view draws of them: which are selected, which is pointed at."""

    wires: Wires
    selected: frozenset[int] = frozenset()
    pointed: int | None = None
    _lines: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.wires.lines()

    def paint(self, painter: QPainter, project: Project) -> None:
        """All of them, what is selected and pointed at last."""
        count = len(self._lines)
        if not count:
            return
        ends = project(self._lines.reshape(-1, 3))[:, :2].reshape(count, -1, 4)
        if not self.wires.fronts:
            ends = ends[:, :-1]
        marked = [*sorted(self.selected), *(() if self.pointed is None else (self.pointed,))]
        plain = np.setdiff1d(np.arange(count), marked)
        casing = QColor(0, 0, 0, 130) if theme.current().dark else QColor(29, 33, 41, 150)
        self._stroke(painter, ends, plain, casing, 3.5, dashed=False)
        for number in plain:
            colour = QColor(*self.wires.colours[number].tolist())
            self._stroke(painter, ends, (number,), colour, 1.6, bool(self.wires.dashed[number]))
        for number in marked:
            chosen = number in self.selected
            pointed = number == self.pointed
            colour = theme.current().amber if chosen and not pointed else theme.current().blue
            self._stroke(painter, ends, (number,), casing, 5.0, dashed=False)
            self._stroke(painter, ends, (number,), QColor(colour), 2.4, bool(self.wires.dashed[number]))

    @staticmethod
    def _stroke(
        painter: QPainter, ends: np.ndarray, which: Iterable[int], colour: QColor, width: float, dashed: bool
    ) -> None:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, width, style, Qt.PenCapStyle.RoundCap))
        edges = ends[list(which)].reshape(-1, 4)
        edges = edges[np.isfinite(edges).all(axis=1)]
        painter.drawLines([QLineF(*edge) for edge in edges.tolist()])

    def at(self, where: QPointF, project: Project) -> int | None:
        """The one seen at a pixel; of several one that is not dashed, and the smallest on the screen."""
        if not len(self._lines):
            return None
        count = len(self._lines)
        screen = project(corners(self.wires.boxes).reshape(-1, 3))[:, :2].reshape(count, 8, 2)
        faces = screen[:, _FACES]
        after = np.roll(faces, -1, axis=2)
        edge, to = after - faces, np.array([where.x(), where.y()]) - faces
        with np.errstate(invalid="ignore"):
            side = edge[..., 0] * to[..., 1] - edge[..., 1] * to[..., 0]
            inside = ((side >= 0).all(axis=2) | (side <= 0).all(axis=2)).any(axis=1)
            size = np.ptp(screen, axis=1).prod(axis=1) + 1e9 * self.wires.dashed
        if not inside.any():
            return None
        return int(np.where(inside & np.isfinite(size), size, np.inf).argmin())
