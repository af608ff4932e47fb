"""How a point cloud is turned, moved, zoomed and pointed at.

The left button turns, the middle or right button moves, the wheel zooms at the cursor, a double click turns
about the point under it. A click selects, with Shift or Ctrl it adds; Shift and a drag draws a lasso, with
Ctrl as well it adds; `set_lasso(True)` makes every drag of the left button a lasso.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.base.abstract import AbstractWidget
from headlight.widgets.base.gestures import adds
from headlight.widgets.cloud.camera import Camera

_STEP = 1.0015  # zoom per eighth of a degree of the wheel: a notch is ×1.2, as on pictures
_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class _Press:
    """Where the left button went down, and what was held then."""

    at: QPointF
    add: bool
    shift: bool
    control: bool


class CloudGestures(QWidget, metaclass=AbstractWidget):
    """hovered: the index of the point under the cursor, or None; sent when it changes. clicked: index, add.
    background_clicked: a click where no point is. region: int64 indices inside a lasso (maybe none), add.
    """

    hovered = Signal(object)
    clicked = Signal(int, bool)
    background_clicked = Signal()
    region = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._cursor: QPointF | None = None
        self._under: int | None = None
        self._press: _Press | None = None
        self._last = QPointF()
        self._drag = ""  # "orbit", "pan" or "lasso"
        self._pan_depth: float | None = None
        self._lasso: list[QPointF] = []
        self._lasso_mode = False
        # One pick for all mouse moves that arrive in one round of the event loop.
        self._point_soon = QTimer(self, singleShot=True, interval=0)
        self._point_soon.timeout.connect(self._point)

    # What a subclass says.

    @property
    @abstractmethod
    def camera(self) -> Camera:
        """Where this is looked at from."""

    @abstractmethod
    def _has_points(self) -> bool:
        """Whether there is anything to be pointed at."""

    @abstractmethod
    def pick(self, x: float, y: float) -> int | None:
        """The point seen at a pixel of the widget."""

    @abstractmethod
    def fit(self) -> None:
        """Show all visible points as large as can be, without turning."""

    @abstractmethod
    def _place(self, index: int) -> np.ndarray:
        """float64 (3,): where a point is."""

    @abstractmethod
    def _inside(self, polygon: np.ndarray) -> np.ndarray:
        """int64: the points seen inside a polygon (k, 2) of pixels."""

    @abstractmethod
    def _show_lasso(self, corners: Sequence[QPointF]) -> None:
        """Draw the lasso; of no corners: none."""

    @abstractmethod
    def _read_out(self, index: int | None, cursor: QPointF | None) -> None:
        """Say what is under the cursor; None for nothing."""

    # What panes call.

    def set_lasso(self, on: bool) -> None:
        """Whether a drag of the left button draws a lasso instead of turning."""
        self._lasso_mode = on
        self.setCursor(Qt.CursorShape.CrossCursor) if on else self.unsetCursor()

    # Pointing.

    def _size(self) -> tuple[int, int]:
        return max(self.width(), 1), max(self.height(), 1)

    def _hover(self, index: int | None) -> None:
        if index != self._under:
            self._under = index
            self.hovered.emit(index)
        self._refresh_tip()

    def _refresh_tip(self) -> None:
        self._read_out(None if self._drag or self._cursor is None else self._under, self._cursor)

    def _point(self) -> None:
        """Find what is under the cursor now."""
        under = None
        if self._cursor is not None and not self._drag:
            under = self.pick(self._cursor.x(), self._cursor.y())
        self._hover(under)

    def _camera_moved(self) -> None:
        if self._drag not in ("orbit", "pan"):
            self._point_soon.start()

    def _anchor(self, at: QPointF) -> np.ndarray:
        """The point under the cursor, or where the line of sight meets the plane of the centre."""
        index = self.pick(at.x(), at.y())
        return self.camera.focus(at.x(), at.y(), self._size()) if index is None else self._place(index)

    # The mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._last = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            keys = event.modifiers()
            self._press = _Press(event.position(), adds(event), bool(keys & _SHIFT), bool(keys & _CTRL))
        elif event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            self._begin("pan", Qt.CursorShape.ClosedHandCursor)
            anchor = self.camera.project(self._anchor(event.position()), self._size())
            self._pan_depth = float(anchor[0, 2])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._cursor = event.position()
        if self._press is not None and not self._drag:
            far = (event.position() - self._press.at).manhattanLength()
            if far >= QApplication.startDragDistance():
                if self._lasso_mode or self._press.shift:
                    self._begin("lasso", Qt.CursorShape.CrossCursor)
                    self._lasso = [self._press.at]
                else:
                    self._begin("orbit", Qt.CursorShape.ClosedHandCursor)
        step = event.position() - self._last
        self._last = event.position()
        if self._drag == "orbit":
            self.camera.orbit(step.x(), step.y())
        elif self._drag == "pan":
            self.camera.pan(step.x(), step.y(), self._size(), self._pan_depth)
        elif self._drag == "lasso":
            self._extend(event.position())
        else:
            self._point_soon.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        drag, press, lasso = self._drag, self._press, self._lasso
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = None
        elif drag != "pan":
            return
        self._end()
        if drag == "lasso" and press is not None:
            self._close_lasso(lasso, press)
        elif not drag and press is not None and self._has_points():
            index = self.pick(press.at.x(), press.at.y())
            if index is None:
                self.background_clicked.emit()
            else:
                self.clicked.emit(index, press.add)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or not self._has_points():
            return
        index = self.pick(event.position().x(), event.position().y())
        if index is None:
            self.fit()
        else:
            self.camera.centre_on(self._place(index))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn and self._has_points():
            self._cursor = event.position()
            self.camera.zoom(_STEP**turn, self._anchor(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._point_soon.stop()
        self._hover(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button moves

    # The keyboard.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F, + and − are the view's own; Escape gives up a lasso; all other keys belong to the window."""
        if event.key() == Qt.Key.Key_Escape and self._drag == "lasso":
            self._press = None
            self._end()
        elif event.key() == Qt.Key.Key_F and not event.modifiers():
            self.fit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.camera.zoom(1.25)
        elif event.key() == Qt.Key.Key_Minus:
            self.camera.zoom(0.8)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    # Dragging.

    def _begin(self, drag: str, shape: Qt.CursorShape) -> None:
        self._drag = drag
        self.setCursor(shape)
        self._hover(None)

    def _end(self) -> None:
        self._drag, self._lasso = "", []
        self._show_lasso([])
        self.set_lasso(self._lasso_mode)  # the cursor's shape
        self._point_soon.start()

    def _extend(self, at: QPointF) -> None:
        if (at - self._lasso[-1]).manhattanLength() >= 3:
            self._lasso.append(at)
            self._show_lasso(self._lasso)

    def _close_lasso(self, lasso: list[QPointF], press: _Press) -> None:
        """Shift began it, unless every drag is a lasso: then Shift adds as Ctrl does."""
        if len(lasso) >= 3 and self._has_points():
            found = self._inside(np.array([[at.x(), at.y()] for at in lasso]))
            self.region.emit(found, press.add if self._lasso_mode else press.control)
