"""Boxes on the ground over a map of cells; a selected one can be moved, turned and resized by the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from headlight.models.core.answers.boxes import corners
from headlight.widgets.base.gestures import adds
from headlight.widgets.plane.cells_view import CellsView
from headlight.widgets.plane.plane_view import HALO, POINTED, SELECTED, cosmetic

REACH = 9.0
"""Pixels from a handle within which the mouse has it."""
LEAST = 0.2
"""Metres of a side at least."""
_BEYOND = 0.35
"""Of half the length: how far before its front a box's handle for turning stands."""


@dataclass(frozen=True, eq=False)
class Footprints:
    """boxes: float64 (n, 7) in metres, as answers have them. colours: uint8 (n, 3). dashed: bool (n,), of the
    truth: these cannot be set. fronts: whether their fronts are known, and drawn.
    """

    boxes: np.ndarray
    colours: np.ndarray
    dashed: np.ndarray
    fronts: bool = True


class BoxesView(CellsView):
    """box_hovered: the number of the box under the cursor, or None. box_clicked: the number, or None beside
    all of them, and whether to add. box_set: its number and float64 (7,), as it was let go of.
    """

    box_hovered = Signal(object)
    box_clicked = Signal(object, bool)
    box_set = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(below=True, parent=parent)
        self._prints = Footprints(np.empty((0, 7)), np.empty((0, 3), np.uint8), np.empty(0, bool))
        self._origin, self._edge = np.zeros(2), np.ones(2)
        self._marked: frozenset[int] = frozenset()
        self._pointed: int | None = None
        self._box_under: int | None = None
        self._drag: tuple[str, int, np.ndarray, np.ndarray] | None = None
        """What is dragged, of which box, as it was, and where it was taken."""
        self._now: np.ndarray | None = None
        self._pressed: int | None = None

    # What panes call.

    def set_frame(self, origin: tuple[float, float], edge: tuple[float, float]) -> None:
        """Metres of the first cell's corner, and of a cell, along x and y."""
        self._origin, self._edge = np.asarray(origin, float), np.asarray(edge, float)

    def set_boxes(self, prints: Footprints) -> None:
        self._prints, self._drag, self._now = prints, None, None
        self.refresh()

    def set_boxes_marked(self, selected: frozenset[int], pointed: int | None) -> None:
        """Which are selected, and which one is pointed at, here or elsewhere."""
        if (selected, pointed) != (self._marked, self._pointed):
            self._marked, self._pointed = selected, pointed
            self.update()

    def metres(self, point: QPointF) -> np.ndarray:
        """float64 (2,): x and y in metres of a pixel of the widget."""
        plane = self.to_plane(point)
        return self._origin + np.array([plane.x(), self._shape[0] - plane.y()]) * self._edge

    def cursor_metres(self) -> np.ndarray | None:
        """Where the cursor is, None where it is elsewhere."""
        return None if self._cursor is None else self.metres(self._cursor)

    def pixels_of(self, points: np.ndarray) -> np.ndarray:
        """float64 (k, 2): pixels of the widget of metres (k, 2)."""
        return self.where((np.asarray(points, float) - self._origin) / self._edge)

    # Pointing.

    def _found(self, point: QPointF) -> int | None:
        """The box under a pixel; of several a found one, and the smallest."""
        boxes = self._prints.boxes
        if not len(boxes):
            return None
        apart = self.metres(point) - boxes[:, :2]
        ahead = np.cos(boxes[:, 6]) * apart[:, 0] + np.sin(boxes[:, 6]) * apart[:, 1]
        left = np.cos(boxes[:, 6]) * apart[:, 1] - np.sin(boxes[:, 6]) * apart[:, 0]
        spare = 3 * float(self._edge[0]) / max(self._camera.m11(), 1e-9)
        inside = (np.abs(ahead) <= boxes[:, 3] / 2 + spare) & (np.abs(left) <= boxes[:, 4] / 2 + spare)
        size = np.where(inside, boxes[:, 3] * boxes[:, 4] + 1e9 * self._prints.dashed, np.inf)
        return int(size.argmin()) if inside.any() else None

    def _point(self) -> None:
        super()._point()
        free = self._cursor is not None and self.area().contains(self._cursor) and self._drag is None
        under = self._found(self._cursor) if free and not self._content.isEmpty() else None
        if under != self._box_under:
            self._box_under = under
            self.box_hovered.emit(under)
        handle = self._handle(self._cursor) if free else None
        shapes = {"move": Qt.CursorShape.SizeAllCursor, "turn": Qt.CursorShape.CrossCursor}
        self.setCursor(
            QCursor(shapes.get(handle[0], Qt.CursorShape.SizeFDiagCursor))
        ) if handle else self.unsetCursor()

    def click(self, target: tuple[int, int], add: bool) -> None:
        self.box_clicked.emit(self._pressed, add)

    # Setting by the mouse.

    def _only(self) -> int | None:
        """The one box that is selected and can be set."""
        one = next(iter(self._marked)) if len(self._marked) == 1 else None
        return None if one is None or one >= len(self._prints.boxes) or self._prints.dashed[one] else one

    def _handles(self, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres: (4, 2) corners, (2,) what turns it, before its front."""
        ends = corners(box[None])[0, :4, :2]
        ahead = ends[[0, 3]].mean(axis=0)
        return ends, ahead + _BEYOND * max(float(np.hypot(*(ahead - box[:2]))), 1.0) * _unit(box[6])

    def _handle(self, at: QPointF) -> tuple[str, int] | None:
        number = self._only()
        if number is None:
            return None
        ends, turn = self._handles(self._prints.boxes[number])
        marks = self.pixels_of(np.vstack([turn, ends]))
        near = np.hypot(*(marks - (at.x(), at.y())).T)
        inside = self._found(at) == number
        # In a box that is small on the screen there must be room to take it by its inside.
        side = float(np.hypot(*(marks[1:] - np.roll(marks[1:], 1, axis=0)).T).min())
        if near.min() <= (min(REACH, side / 4) if inside else REACH):
            return ("turn", "resize", "resize", "resize", "resize")[int(near.argmin())], number
        return ("move", number) if inside else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = None
        if event.button() == Qt.MouseButton.LeftButton and not adds(event):
            handle = self._handle(event.position())
        if handle is None:
            self._pressed = self._found(event.position()) if not self._content.isEmpty() else None
            super().mousePressEvent(event)
            return
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        what, number = handle
        self._drag = what, number, self._prints.boxes[number].copy(), self.metres(event.position())
        self._taken = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            super().mouseMoveEvent(event)
            return
        event.accept()
        self._cursor = event.position()
        far = (event.position() - self._taken).manhattanLength() >= QApplication.startDragDistance()
        if far or self._now is not None:
            self._now = self._set(self.metres(event.position()))
            self._tip.hide()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        event.accept()
        number = self._drag[1]
        now = None if self._now is None else self._set(self.metres(event.position()))
        self._drag = self._now = None
        if now is None:
            self.box_clicked.emit(number, False)
        else:
            self.box_set.emit(number, now)
        self._point()
        self.update()

    def _set(self, at: np.ndarray) -> np.ndarray:
        what, _, before, start = self._drag
        box = before.copy()
        if what == "move":
            box[:2] += at - start
        elif what == "turn":
            box[6] = np.arctan2(*(at - box[:2])[::-1])
        else:  # the corner across stays where it is
            ends = corners(before[None])[0, :4, :2]
            fixed = ends[(int(np.hypot(*(ends - start).T).argmin()) + 2) % 4]
            ahead, left = _unit(box[6]), _unit(box[6] + np.pi / 2)
            along, across = float((at - fixed) @ ahead), float((at - fixed) @ left)
            box[3], box[4] = max(abs(along), LEAST), max(abs(across), LEAST)
            box[:2] = fixed + np.copysign(box[3], along) / 2 * ahead + np.copysign(box[4], across) / 2 * left
        return box

    # Painting.

    def paint_over(self, painter: QPainter) -> None:
        super().paint_over(painter)
        if self._content.isEmpty() or self.message():
            return
        painter.setClipRect(self.area())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        marked = self._marked | ({self._pointed} if self._pointed is not None else set())
        count = len(self._prints.boxes)
        for number in [
            *(i for i in range(count) if i not in marked),
            *sorted(i for i in marked if i < count),
        ]:
            self._paint_box(painter, number)
        number = self._only()
        if number is not None:
            box = self._now if self._now is not None else self._prints.boxes[number]
            ends, turn = self._handles(box)
            painter.setPen(cosmetic(HALO, 1))
            painter.setBrush(SELECTED)
            for x, y in self.pixels_of(ends):
                painter.drawRect(round(x) - 3, round(y) - 3, 6, 6)
            x, y = self.pixels_of(turn[None])[0]
            painter.drawEllipse(QPointF(x, y), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipping(False)

    def _paint_box(self, painter: QPainter, number: int) -> None:
        prints = self._prints
        moved = self._drag is not None and self._drag[1] == number and self._now is not None
        box = self._now if moved else prints.boxes[number]
        ends = corners(box[None])[0, :4, :2]
        ahead = ends[[0, 3]].mean(axis=0)
        lines = [QPolygonF([QPointF(x, y) for x, y in self.pixels_of(np.vstack([ends, ends[:1]]))])]
        if prints.fronts:
            lines.append(QPolygonF([QPointF(x, y) for x, y in self.pixels_of(np.stack([box[:2], ahead]))]))
        chosen, pointed = number in self._marked, number == self._pointed
        colour = POINTED if pointed else SELECTED if chosen else QColor(*prints.colours[number].tolist())
        width = 2.4 if chosen or pointed else 1.6
        style = Qt.PenStyle.DashLine if prints.dashed[number] else Qt.PenStyle.SolidLine
        for pen in (cosmetic(HALO, width + 2), cosmetic(colour, width, style)):
            painter.setPen(pen)
            for line in lines:
                painter.drawPolyline(line)


def _unit(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)])
