"""A point cloud in space, what is selected in it and which points a point draws on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.gestures import by_keyboard
from headlight.widgets.cloud.camera import Camera, Pose, Projection
from headlight.widgets.cloud.canvas import CloudCanvas
from headlight.widgets.cloud.gestures import CloudGestures
from headlight.widgets.cloud.overlay import CloudOverlay, Star
from headlight.widgets.cloud.prepared import STRETCH, Coloured, Prepared, prepare, same
from headlight.widgets.cloud.wires import Drawn, Wires

_CLOSED, _SIZES = 1.9, (2.5, 7.0)  # spacings that make a point's diameter, held within these pixels
_FIT_SAMPLE = 5 * STRETCH  # points that decide what "all is seen" means


class CloudView(CloudGestures):
    """Points in metres, z up, in a frame whose zero is near them (float32 has 7 digits).

    settled: all points are drawn, after some were not. wire_hovered: the number of the box under the cursor,
    or None; sent when it changes. It is `wire`, also while `clicked` and `background_clicked` are sent.
    """

    settled = Signal()
    wire_hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None, camera: Camera | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Point cloud")
        self._camera = camera or Camera()
        self._canvas = CloudCanvas(self._camera, self)
        self._overlay = CloudOverlay(self._camera, self)
        self._tip = CursorTip(self)
        self._tip_function: Callable[[int], str] | None = None
        self._cloud = prepare(np.zeros((0, 3)))
        self._points = self._cloud.points
        self._coloured = self._cloud.coloured(np.zeros((0, 3), np.uint8))
        self._lut = colour_table()
        self._lacking = ""
        self.wire: int | None = None
        self._cutaway = False
        self._blank = True  # no cloud was given, and none is missed
        self._own_size: float | None = None
        self._unfitted = True  # fit as soon as the view has its size
        self._fitted: Pose | None = None  # the camera as it was fitted to this view's size
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

    def set_points(self, points: Prepared | np.ndarray, fit: bool = True) -> None:
        """A cloud that a worker prepared; of float32 (n, 3), as of a few points, it is prepared here.

        Colours, mask and marks are taken away. fit: False keeps the camera.
        """
        self._blank = False
        self._set(points if isinstance(points, Prepared) else prepare(points), fit)

    def clear(self) -> None:
        """Show no cloud, and say nothing of that."""
        self._blank = True
        self._set(prepare(np.zeros((0, 3))), fit=False)

    def _set(self, cloud: Prepared, fit: bool) -> None:
        self._cloud, self._points = cloud, cloud.points
        marks = self._overlay.marks
        marks.star = marks.hovered = marks.box = marks.cell = None
        self._canvas.set_marked(np.zeros((0, 3), np.float32))
        grey = np.broadcast_to(np.array((200, 200, 200, 1), np.uint8), (len(cloud.points), 4))
        self._coloured = Coloured(grey[:, :3], None, None, grey)
        self._canvas.set_points(cloud, grey)
        self.set_cutaway(self._cutaway)
        if len(self._points):
            self._camera.set_scene(cloud.low, cloud.high)
            if fit:
                self.fit()
        self._say()
        self._hover(None)

    def set_colours(self, colours: Coloured | np.ndarray, groups: np.ndarray | None = None) -> None:
        """What a worker made ready of colours, groups and visible points; or uint8 (n, 3), made ready here.

        Of an array visible points stay as they are.
        """
        if not isinstance(colours, Coloured):
            colours = self._cloud.coloured(colours, groups, self._visible)
        if len(colours.packed) != len(self._points):
            raise ValueError(f"{len(colours.packed)} colours are not {len(self._points)}")
        reshaped = not same(self._visible, colours.visible)
        self._coloured = colours
        self._canvas.set_colours(colours.packed, reshaped)
        if reshaped:
            self._say()
            self._point_soon.start()

    def set_lit(self, group: int | None) -> None:
        """Dim all points but those of a group of `set_colours`; None for none. Nothing is sent again."""
        self._canvas.set_lit(group)

    def set_visible(self, mask: np.ndarray | None) -> None:
        """bool (n,): True is drawn and can be pointed at. None for all."""
        mask = None if mask is None else np.asarray(mask, bool)
        self.set_colours(self._cloud.coloured(self._coloured.rgb, self._coloured.groups, mask))

    @property
    def colours(self) -> Coloured:
        """What was given last."""
        return self._coloured

    @property
    def _visible(self) -> np.ndarray | None:
        return self._coloured.visible

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
            pixels = min(max(_CLOSED * self._cloud.spacing * scale, _SIZES[0]), _SIZES[1])
            if not self._cloud.spacing:  # a point, or the same one again and again
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
        self._canvas.box = self._cloud.box if on else None
        self._cutaway = on
        self._canvas.redraw()
        self._point_soon.start()

    def set_eye_dome(self, on: bool) -> None:
        """Darken what lies behind its neighbours on the screen."""
        self._canvas.eye_dome = on
        self._canvas.refresh()

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
            shown = np.zeros(0, int) if self._visible is None else np.flatnonzero(self._visible)
            few = self._points[shown[:: max(1, len(shown) // _FIT_SAMPLE)]]
            if not len(few):
                few = self._cloud.shuffled[:_FIT_SAMPLE]
            self._camera.fit(_bulk(few), self._size())
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

    def set_hovered_box(self, corners: np.ndarray | None) -> None:
        """The edges of the cell that is pointed at, as `set_box`, in blue."""
        if corners is not None or self._overlay.marks.cell is not None:
            self._overlay.marks.cell = corners
            self._overlay.update()

    def set_wires(self, wires: Wires | None) -> None:
        """Boxes as edges over the points, in place of those before; None for none."""
        self._overlay.marks.boxes = None if wires is None else Drawn(wires)
        self._overlay.update()
        self._point_soon.start()

    def set_wires_marked(self, selected: Iterable[int], pointed: int | None) -> None:
        """Which of the boxes are selected, and which one is pointed at, here or in another pane."""
        drawn = self._overlay.marks.boxes
        if drawn is not None and (drawn.selected, drawn.pointed) != (frozenset(selected), pointed):
            drawn.selected, drawn.pointed = frozenset(selected), pointed
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

    def is_settled(self) -> bool:
        """Whether all that is to be seen is drawn; True while out of sight."""
        return self._canvas.is_settled()

    def pick(self, x: float, y: float) -> int | None:
        """The point seen at a pixel of the widget."""
        grid = self._cloud.grid_at_hand if len(self._points) else None
        if grid is None:
            return None
        canvas = self._canvas
        return grid.pick(
            self._camera, x, y, self._size(), self._visible, canvas.drawn_size(), canvas.planes()
        )

    # What gestures ask.

    def _point(self) -> None:
        free = self._cursor is not None and not self._drag
        self._point_at_wire(self._overlay.box_at(self._cursor) if free else None)
        super()._point()

    def _point_at_wire(self, wire: int | None) -> None:
        if wire != self.wire:
            self.wire = wire
            self.wire_hovered.emit(wire)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at_wire(None)
        super().leaveEvent(event)

    def _has_points(self) -> bool:
        return len(self._points) > 0

    def _place(self, index: int) -> np.ndarray:
        return self._points[index].astype(np.float64)

    def _inside(self, polygon: np.ndarray) -> np.ndarray:
        return self._cloud.grid.inside(
            self._camera, polygon, self._size(), self._visible, self._canvas.planes()
        )

    def _camera_moved(self) -> None:
        self._canvas.refresh()
        self._overlay.update()
        super()._camera_moved()

    def _show_lasso(self, corners: Sequence[QPointF]) -> None:
        self._overlay.marks.lasso = list(corners)
        self._overlay.update()

    def _read_out(self, index: int | None, cursor: QPointF | None) -> None:
        said = index is not None and self._tip_function is not None
        self._tip.show_at(cursor or QPointF(), self._tip_function(index) if said else "")

    # The widget.

    def _failed(self, why: str) -> None:
        self._lacking = f"This machine's OpenGL cannot draw the points: {why}"
        self._say()

    def _say(self) -> None:
        n = len(self._points)
        shown = n if self._visible is None else int(np.count_nonzero(self._visible))
        why = "All points are hidden." if n else "" if self._blank else "No points to show."
        nothing = "" if shown else why
        self._overlay.marks.message = self._lacking or nothing
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
            self._canvas.refresh()
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
        return QSize(theme.em(9), theme.em(6))


def _bulk(points: np.ndarray) -> np.ndarray:
    """Those of (n, 3) points that a first look is for: without what little lies far outside of the rest."""
    low, high = np.percentile(points, (1, 99), axis=0)
    margin = max(0.25 * float((high - low).max()), 1e-6)
    inside = ((points >= low - margin) & (points <= high + margin)).all(axis=1)
    return points[inside] if inside.any() else points
