"""A picture on which a part is drawn by mouse: a rectangle or a lasso."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.plane.image_view import ImageView

Corner = tuple[float, float]


class RegionView(ImageView):
    """outlined: the corners of what was drawn, (x, y) in pixels of the picture each."""

    outlined = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lasso, self._path = False, list[Corner]()
        self._outline: tuple[Corner, ...] = ()
        self.boxed.connect(self._box_drawn)
        self.setAccessibleName("Picture on which a part is drawn")

    def set_lasso(self, on: bool) -> None:
        """Whether a drag draws a lasso rather than a rectangle."""
        self._lasso = on

    def set_outline(self, corners: Sequence[Corner]) -> None:
        """What is drawn on the picture; none for nothing."""
        self._outline = tuple(corners)
        self._draw(self._outline)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._lasso or self._press is None:
            super().mouseMoveEvent(event)
            return
        event.accept()
        self._cursor = event.position()
        far = (event.position() - self._press).manhattanLength() >= QApplication.startDragDistance()
        if far or self._path:
            self._path = self._path or [self._on_picture(self._press)]
            self._path.append(self._on_picture(event.position()))
            self._draw(self._path)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        path, self._path = self._path, []
        if event.button() != Qt.MouseButton.LeftButton or not path:
            super().mouseReleaseEvent(event)
            return
        event.accept()
        self._press = None
        if len(path) < 3:
            self._draw(self._outline)
        else:
            self.outlined.emit(tuple(path))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up what is being drawn."""
        if event.key() == Qt.Key.Key_Escape and self._path:
            self._press, self._path = None, []
            self._draw(self._outline)
            return
        super().keyPressEvent(event)

    def _on_picture(self, point: QPointF) -> Corner:
        at, size = self.to_plane(point), self._content
        return min(max(at.x(), 0.0), float(size.width())), min(max(at.y(), 0.0), float(size.height()))

    def _box_drawn(self, x0: float, y0: float, x1: float, y1: float, _add: bool) -> None:
        if not self._lasso:
            self.outlined.emit(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))

    def _draw(self, corners: Sequence[Corner]) -> None:
        closed = np.array([*corners, *corners[:1]], float).reshape(-1, 2)
        self.set_contours([(closed, "solid")] if len(corners) > 1 else [])
