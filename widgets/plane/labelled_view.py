"""A picture with labels on it that a hand can move."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.base.outline import Rect
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.plane_view import HALO, POINTED, cosmetic


class LabelledView(ImageView):
    """moved: a label, and by how many pixels of the picture along x and y."""

    moved = Signal(int, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[QRectF] = []
        self._taken: tuple[int, QPointF, QPointF] | None = None
        """The label that is held, where in the widget and in the plane it was taken."""
        self._by = QPointF()
        self._far = False

    def set_labels(self, boxes: Sequence[Rect]) -> None:
        """(x0, y0, x1, y1) in pixels of the picture, the uppermost last."""
        self._labels = [QRectF(QPointF(*box[:2]), QPointF(*box[2:])) for box in boxes]
        self._taken = None
        self.update()

    def _label_at(self, point: QPointF) -> int | None:
        under = self.to_plane(point)
        found = [number for number, box in enumerate(self._labels) if box.contains(under)]
        return found[-1] if found else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = None
        if event.button() == Qt.MouseButton.LeftButton:
            number = self._label_at(event.position())
        if number is None:
            super().mousePressEvent(event)
            return
        event.accept()
        self._taken = number, event.position(), self.to_plane(event.position())
        self._by, self._far = QPointF(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._taken is None:
            over = None if event.buttons() else self._label_at(event.position())
            self.setCursor(Qt.CursorShape.ArrowCursor if over is None else Qt.CursorShape.OpenHandCursor)
            super().mouseMoveEvent(event)
            return
        event.accept()
        _, start, where = self._taken
        far = (event.position() - start).manhattanLength() >= QApplication.startDragDistance()
        self._far = self._far or far
        self._by = self.to_plane(event.position()) - where if self._far else QPointF()
        self._tip.hide()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._taken is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        event.accept()
        number, by = self._taken[0], self._by
        self._taken = None
        self.update()
        if self._far:
            self.moved.emit(number, by.x(), by.y())

    def paint_over(self, painter: QPainter) -> None:
        super().paint_over(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, box in enumerate(self._labels):
            held = self._taken is not None and self._taken[0] == number
            where = self.region_to_widget(box.translated(self._by) if held else box)
            for pen in (cosmetic(HALO, 3), cosmetic(POINTED, 1, Qt.PenStyle.DashLine)):
                painter.setPen(pen)
                painter.drawRect(where)
