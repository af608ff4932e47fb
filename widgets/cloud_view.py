"""A point cloud in space, what is selected in it and which points a point draws on.

The left button turns, the middle or right button moves, the wheel zooms at the cursor, a double click turns
about the point under it. A click selects, with Shift or Ctrl it adds; Shift and a drag draws a lasso, with
Ctrl as well it adds; `set_lasso(True)` makes every drag of the left button a lasso.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from widgets import theme
from widgets.camera import Camera, Pose, Projection
from widgets.cloud_canvas import CloudCanvas
from widgets.cloud_overlay import CloudOverlay, Star
from widgets.colormap import lut as colour_table
from widgets.cursor_tip import CursorTip
from widgets.cutaway import room_box
from widgets.gestures import adds, by_keyboard
from widgets.picking import PointGrid, spacing

_STEP = 1.0015  # zoom per eighth of a degree of the wheel: a notch is ×1.2, as on pictures
_CLOSED, _SIZES = 1.9, (2.5, 7.0)  # spacings that make a point's diameter, held within these pixels
_FIT_SAMPLE = 20_000  # points that decide what "all is seen" means
_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class _Press:
    """Where the left button went down, and what was held then."""

    at: QPointF
    add: bool
    shift: bool
    control: bool


class CloudView(QWidget):
    """Points in metres, z up, in a frame whose zero is near them (float32 has 7 digits).

    hovered: the index of the point under the cursor, or None; sent when it changes. clicked: index, add.
    background_clicked: a click where no point is. region: int64 indices inside a lasso (maybe none), add.
    settled: all points are drawn, after some were not.
    """

    hovered = Signal(object)
    clicked = Signal(int, bool)
    background_clicked = Signal()
    region = Signal(object, bool)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None, camera: Camera | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Point cloud")
        self._camera = camera or Camera()
        self._canvas = CloudCanvas(self._camera, self)
        self._overlay = CloudOverlay(self._camera, self)
        self._tip = CursorTip(self)
        self._tip_function: Callable[[int], str] | None = None
        self._points = np.zeros((0, 3), np.float32)
        self._colours = np.zeros((0, 3), np.uint8)
        self._visible: np.ndarray | None = None
        self._grid: PointGrid | None = None
        self._lut = colour_table()
        self._cursor: QPointF | None = None
        self._under: int | None = None
        self._press: _Press | None = None
        self._last = QPointF()
        self._drag = ""  # "orbit", "pan" or "lasso"
        self._pan_depth: float | None = None
        self._lasso_mode = self._cutaway = False
        self._own_size: float | None = None
        self._spacing = 0.0  # metres between points
        self._unfitted = True  # fit as soon as the view has its size
        self._fitted: Pose | None = None  # the camera as it was fitted to this view's size
        # One pick for all mouse moves that arrive in one round of the event loop.
        self._point_soon = QTimer(self, singleShot=True, interval=0)
        self._point_soon.timeout.connect(self._point)
        self._canvas.settled.connect(self.settled)
        self._canvas.failed.connect(self._failed)
        self._camera.changed.connect(self._camera_moved)
        self._say()

    # What panes call.

    @property
    def camera(self) -> Camera:
        """Where this is looked at from; give it to another view with `set_camera` to lock the two."""
        return self._camera

    def set_camera(self, camera: Camera) -> None:
        """Look through `camera` from now on; several views may share one."""
        self._camera.changed.disconnect(self._camera_moved)
        self._camera = self._canvas.camera = self._overlay.camera = camera
        camera.changed.connect(self._camera_moved)
        self._unfitted = False
        self._camera_moved()

    def set_points(self, points: np.ndarray, grid: PointGrid | None = None, fit: bool = True) -> None:
        """float32 (n, 3) metres; ValueError where any is not finite. Colours, mask and marks are taken away.

        grid: PointGrid(points), where it was made off the GUI thread; else it is made when first needed.
        fit: False keeps the camera.
        """
        points = np.ascontiguousarray(points, np.float32).reshape(-1, 3)
        if len(points) and not np.isfinite([points.min(), points.max()]).all():
            raise ValueError("a point of the cloud is not finite")
        self._points, self._grid, self._visible = points, grid, None
        self._spacing = spacing(points)
        self._colours = np.full(points.shape, 200, np.uint8)
        self._overlay.marks.star = self._overlay.marks.hovered = self._overlay.marks.box = None
        self._canvas.set_marked(np.zeros((0, 3), np.float32))
        self._canvas.set_points(points)
        self.set_cutaway(self._cutaway)
        if len(points):
            self._camera.set_scene(points.min(0), points.max(0))
            if fit:
                self.fit()
        self._say()
        self._hover(None)

    def set_colours(self, rgb: np.ndarray) -> None:
        """uint8 (n, 3): the colour of each point."""
        self._check(rgb, 3)
        self._colours = rgb
        self._canvas.set_colours(rgb, self._visible, reshaped=False)

    def set_visible(self, mask: np.ndarray | None) -> None:
        """bool (n,): True is drawn and can be pointed at. None for all."""
        if mask is not None:
            self._check(mask)
            mask = np.asarray(mask, bool)
        self._visible = mask
        self._canvas.set_colours(self._colours, mask, reshaped=True)
        self._say()
        self._point_soon.start()

    @property
    def point_size(self) -> float:
        """Diameter of a point in pixels of the screen where all was fitted."""
        return self._canvas.point_size

    def set_point_size(self, pixels: float | None) -> None:
        """Diameter of a point in pixels of the screen; None (as at first) for one at which surfaces close."""
        self._own_size = pixels
        self._resize_points()

    def _resize_points(self) -> None:
        pixels = self._own_size
        if pixels is None:
            distance, fitted = self._camera.pose.distance, self._camera.fitted
            scale = float(self._camera.pixels_per_metre(distance, self._size())) * distance / fitted
            pixels = min(max(_CLOSED * self._spacing * scale, _SIZES[0]), _SIZES[1])
            if not self._spacing:  # a point, or the same one again and again
                pixels = _SIZES[1]
        if pixels != self._canvas.point_size:
            self._canvas.point_size = self._overlay.point_size = float(min(max(pixels, 1.0), 32.0))
            self._canvas.redraw()
            self._overlay.update()

    def set_size_by_depth(self, on: bool) -> None:
        """Points have their size where all was fitted and grow, up to fourfold, as one comes closer, so that
        surfaces stay closed. Otherwise all have the same size everywhere."""
        self._canvas.size_by_depth = on
        self._canvas.redraw()

    def set_cutaway(self, on: bool) -> None:
        """Leave out the walls and the ceiling of a room that stand between the camera and its inside."""
        self._canvas.box = room_box(self._points) if on and len(self._points) else None
        self._cutaway = on
        self._canvas.redraw()
        self._point_soon.start()

    def set_eye_dome(self, on: bool) -> None:
        """Darken what lies behind its neighbours on the screen."""
        self._canvas.eye_dome = on
        self._canvas.update()

    def set_projection(self, projection: Projection) -> None:
        """ "perspective" or "orthographic", of the camera and so of all views that share it."""
        self._camera.set_projection(projection)

    def look(self, name: str) -> None:
        """Turn to "top", "bottom", "front", "back", "left", "right" or "iso", and show all points."""
        self._camera.look(name)
        self.fit()

    def fit(self) -> None:
        """Show all visible points as large as can be, without turning."""
        self._unfitted = not self.isVisible()
        if len(self._points):
            points = self._points if self._visible is None else self._points[self._visible]
            points = points if len(points) else self._points
            self._camera.fit(points[:: max(1, len(points) // _FIT_SAMPLE)], self._size())
            self._fitted = self._camera.pose
            self._resize_points()

    def set_star(
        self, centre: np.ndarray | None, ends: np.ndarray | None = None, weights: np.ndarray | None = None
    ) -> None:
        """Lines from `centre` (3,) to `ends` (k, 3), as wide and as bright as their weights (k,) ≥ 0.

        None takes the star away.
        """
        star = None
        if centre is not None:
            ends = np.asarray(ends, np.float64).reshape(-1, 3)
            weights = np.nan_to_num(np.asarray(weights, np.float64).reshape(-1))
            if len(ends) != len(weights):
                raise ValueError(f"{len(ends)} ends and {len(weights)} weights")
            levels = weights / max(float(weights.max(initial=0)), 1e-12)
            # The table's dark end would be lost on a dark cloud, so that lines begin at a third of it.
            colours = self._lut[np.round(80 + 175 * np.clip(levels, 0, 1)).astype(int), :3]
            star = Star(np.asarray(centre, np.float64), ends, weights, colours)
        self._overlay.marks.star = star
        self._overlay.update()

    def set_box(self, corners: np.ndarray | None) -> None:
        """The edges of a box along the axes, from its low to its high corner, (2, 3) metres; None for none.

        Where it is infinite it ends where the cloud does.
        """
        if corners is not None and len(self._points):
            ends = self._points.min(0), self._points.max(0)
            corners = np.where(np.isinf(corners), ends, corners)
        self._overlay.marks.box = corners
        self._overlay.update()

    def set_lut(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colours of the star's weights, from the next star on."""
        self._lut = lut

    def set_selected(self, indices: np.ndarray | list[int]) -> None:
        """Mark these points in amber, also where others hide them."""
        self._canvas.set_marked(self._points[np.asarray(indices, np.int64)])

    def set_hovered(self, index: int | None) -> None:
        """Ring this point in blue: the one under the cursor, here or in another pane."""
        point = None if index is None or not 0 <= index < len(self._points) else self._points[index]
        before = self._overlay.marks.hovered
        if point is None and before is None:
            return
        self._overlay.marks.hovered = point
        self._overlay.update()

    def set_tip(self, function: Callable[[int], str] | None) -> None:
        """What the read-out says of a point: lines of `label` or `label<tab>value`."""
        self._tip_function = function
        self._refresh_tip()

    def set_lasso(self, on: bool) -> None:
        """Whether a drag of the left button draws a lasso instead of turning."""
        self._lasso_mode = on
        self.setCursor(Qt.CursorShape.CrossCursor) if on else self.unsetCursor()

    def is_settled(self) -> bool:
        """Whether all that is to be seen is drawn; True while out of sight."""
        return self._canvas.is_settled()

    def pick(self, x: float, y: float) -> int | None:
        """The point seen at a pixel of the widget."""
        if not len(self._points):
            return None
        canvas = self._canvas
        return self._index().pick(
            self._camera, x, y, self._size(), self._visible, canvas.drawn_size(), canvas.planes()
        )

    # The camera.

    def _size(self) -> tuple[int, int]:
        return max(self.width(), 1), max(self.height(), 1)

    def _index(self) -> PointGrid:
        if self._grid is None:
            self._grid = PointGrid(self._points)
        return self._grid

    def _camera_moved(self) -> None:
        self._canvas.update()
        self._overlay.update()
        if self._drag not in ("orbit", "pan"):
            self._point_soon.start()

    def _anchor(self, at: QPointF) -> np.ndarray:
        """The point under the cursor, or where the line of sight meets the plane of the centre."""
        index = self.pick(at.x(), at.y())
        if index is not None:
            return self._points[index].astype(np.float64)
        return self._camera.focus(at.x(), at.y(), self._size())

    # The mouse.

    def _hover(self, index: int | None) -> None:
        if index != self._under:
            self._under = index
            self.hovered.emit(index)
        self._refresh_tip()

    def _point(self) -> None:
        """Find what is under the cursor now."""
        under = None
        if self._cursor is not None and not self._drag:
            under = self.pick(self._cursor.x(), self._cursor.y())
        self._hover(under)

    def _refresh_tip(self) -> None:
        text = ""
        if self._under is not None and self._cursor is not None and not self._drag and self._tip_function:
            text = self._tip_function(self._under)
        self._tip.show_at(self._cursor or QPointF(), text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._last = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            keys = event.modifiers()
            self._press = _Press(event.position(), adds(event), bool(keys & _SHIFT), bool(keys & _CTRL))
        elif event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            self._begin("pan", Qt.CursorShape.ClosedHandCursor)
            anchor = self._camera.project(self._anchor(event.position()), self._size())
            self._pan_depth = float(anchor[0, 2])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._cursor = event.position()
        if self._press is not None and not self._drag:
            far = (event.position() - self._press.at).manhattanLength()
            if far >= QApplication.startDragDistance():
                if self._lasso_mode or self._press.shift:
                    self._begin("lasso", Qt.CursorShape.CrossCursor)
                    self._overlay.marks.lasso = [self._press.at]
                else:
                    self._begin("orbit", Qt.CursorShape.ClosedHandCursor)
        step = event.position() - self._last
        self._last = event.position()
        if self._drag == "orbit":
            self._camera.orbit(step.x(), step.y())
        elif self._drag == "pan":
            self._camera.pan(step.x(), step.y(), self._size(), self._pan_depth)
        elif self._drag == "lasso":
            self._extend(event.position())
        else:
            self._point_soon.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        drag, press, lasso = self._drag, self._press, self._overlay.marks.lasso
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = None
        elif drag != "pan":
            return
        self._end()
        if drag == "lasso" and press is not None:
            self._close_lasso(lasso, press)
        elif not drag and press is not None and len(self._points):
            index = self.pick(press.at.x(), press.at.y())
            if index is None:
                self.background_clicked.emit()
            else:
                self.clicked.emit(index, press.add)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or not len(self._points):
            return
        index = self.pick(event.position().x(), event.position().y())
        if index is None:
            self.fit()
        else:
            self._camera.centre_on(self._points[index])

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn and len(self._points):
            self._cursor = event.position()
            self._camera.zoom(_STEP**turn, self._anchor(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._point_soon.stop()
        self._hover(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button moves

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F, + and − are the view's own; Escape gives up a lasso; all other keys belong to the window."""
        if event.key() == Qt.Key.Key_Escape and self._drag == "lasso":
            self._press = None
            self._end()
        elif event.key() == Qt.Key.Key_F and not event.modifiers():
            self.fit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._camera.zoom(1.25)
        elif event.key() == Qt.Key.Key_Minus:
            self._camera.zoom(0.8)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def _begin(self, drag: str, shape: Qt.CursorShape) -> None:
        self._drag = drag
        self.setCursor(shape)
        self._hover(None)

    def _end(self) -> None:
        self._drag = ""
        self._overlay.marks.lasso = []
        self._overlay.update()
        self.set_lasso(self._lasso_mode)  # the cursor's shape
        self._point_soon.start()

    def _extend(self, at: QPointF) -> None:
        lasso = self._overlay.marks.lasso
        if (at - lasso[-1]).manhattanLength() >= 3:
            lasso.append(at)
            self._overlay.update()

    def _close_lasso(self, lasso: list[QPointF], press: _Press) -> None:
        """Shift began it, unless every drag is a lasso: then Shift adds as Ctrl does."""
        if len(lasso) < 3 or not len(self._points):
            return
        polygon = np.array([[at.x(), at.y()] for at in lasso])
        found = self._index().inside(
            self._camera, polygon, self._size(), self._visible, self._canvas.planes()
        )
        self.region.emit(found, press.add if self._lasso_mode else press.control)

    # The widget.

    def _check(self, array: np.ndarray, columns: int | None = None) -> None:
        wanted = (len(self._points),) if columns is None else (len(self._points), columns)
        if array.shape != wanted:
            raise ValueError(f"{array.shape} is not {wanted}")

    def _failed(self, why: str) -> None:
        self._overlay.marks.message = f"This machine's OpenGL cannot draw the points: {why}"
        self._overlay.update()

    def _say(self) -> None:
        n = len(self._points)
        shown = n if self._visible is None else int(np.count_nonzero(self._visible))
        self._overlay.marks.message = "" if shown else "All points are hidden." if n else "No points to show."
        self.setAccessibleDescription(f"{shown:,} points" if shown == n else f"{shown:,} of {n:,} points")
        self._overlay.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._overlay.marks.focus = by_keyboard(event)
        self._overlay.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._overlay.marks.focus = False
        self._overlay.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._canvas.update()
            self._overlay.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._canvas.setGeometry(self.rect())
        self._overlay.setGeometry(self.rect())
        if self._camera.pose == self._fitted:
            self.fit()  # nobody has moved since
        self._point_soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unfitted:
            self.fit()

    def sizeHint(self) -> QSize:
        return QSize(theme.em(24), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(9), theme.em(9))
