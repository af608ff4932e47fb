"""The OpenGL surface of a cloud view: few points while the camera moves, all of them piece by piece at rest.

A frame shows `front`. While the camera moves, each frame draws a sample of the points into it, as many as the
measured speed allows, enlarged so that surfaces stay closed. At rest the points are drawn at their true size
into `back`, a chunk a frame, until it shows at least as much; then the two change places and the rest is
added in sight. Chunks are short, so that the mouse is heard between them.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QOffscreenSurface, QOpenGLContext
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget
from vispy.gloo import gl

from widgets import theme
from widgets.camera import Camera
from widgets.cloud_marks import CloudMarks
from widgets.cloud_visual import CloudVisual, shuffled
from widgets.eye_dome import STRENGTH, EyeDome
from widgets.gl_objects import GraphicsError, Target, prepare

_MOVING = 0.030  # s a frame may take while the camera moves, without what Qt adds
_CHUNK = 0.070  # s that a chunk may take at rest
_LEAST = 8_000  # points in a frame, however slow the machine
_ENLARGED = 2.0  # most that points grow while few of them are drawn


class CloudCanvas(QOpenGLWidget):
    """settled: all points are drawn, after some were not. failed: what OpenGL lacks, in its own words."""

    settled = Signal()
    failed = Signal(str)

    def __init__(self, camera: Camera, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.camera = camera
        self.point_size, self.scaled, self.eye_dome = 3.0, True, True
        self._order = np.zeros(0, np.int32)
        self._points = np.zeros((0, 3), np.float32)  # shuffled, as on the card
        self._colours = np.zeros((0, 4), np.uint8)
        self._marked = np.zeros((0, 3), np.float32)
        self._stale: set[str] = set()  # what must be sent to the card: points, colours, marks
        self._gl: _Resources | None = None
        self._restart = True  # begin with a sample, since what is on the screen is elsewhere now
        self._seen: tuple | None = None  # what the front was drawn with
        self._drawn = 0  # points of the front
        self._final = True  # the front's points have their true size and the colours and mask of now
        self._behind = 0  # points of the back
        self._cost = 5e-7  # s a point takes, and a frame without any: measured
        self._frame = 0.02
        self._idle = True
        self._more = QTimer(self, singleShot=True, interval=0)
        self._more.timeout.connect(self.update)

    # What the view says.

    def set_points(self, points: np.ndarray) -> None:
        """float32 (n, 3) metres, finite. Their colour is grey until told."""
        self._order = shuffled(len(points))
        self._points = np.take(points, self._order, axis=0)
        self._colours = np.full((len(points), 4), 200, np.uint8)
        self._stale |= {"points", "colours"}
        self.redraw()

    def set_colours(self, colours: np.ndarray, visible: np.ndarray | None, reshaped: bool) -> None:
        """uint8 (n, 3) and bool (n,) in the order of `set_points`. reshaped: other points are visible now."""
        packed = np.empty((len(colours), 4), np.uint8)
        packed[:, :3] = colours
        packed[:, 3] = 255 if visible is None else np.where(visible, 255, 0)
        self._colours = np.take(packed.view(np.uint32)[:, 0], self._order)[:, None].view(np.uint8)
        self._stale.add("colours")
        if reshaped:
            self.redraw()
        elif self._final and not self._restart:
            # Where all points were seen, the same ones are in front: they are painted over.
            self._drawn = 0
            self._wake()
        else:
            self.redraw()

    def set_marked(self, points: np.ndarray) -> None:
        """float32 (k, 3): points that are ringed in amber, over all others."""
        self._marked = np.ascontiguousarray(points, np.float32)
        self._stale.add("marks")
        self.update()

    def redraw(self) -> None:
        """Points look different now, though the camera stands still."""
        if self._drawn > 4 * self._sample():
            self._final, self._behind = False, 0  # what is seen stays until the new picture is as full
        else:
            self._restart = True
        self._wake()

    def is_settled(self) -> bool:
        """Whether all that is to be drawn is drawn. (Out of sight nothing is.)"""
        return not self.isVisible() or self._gl is None or self._gl.broken or self._idle

    # Drawing.

    def initializeGL(self) -> None:
        self._gl = _Resources(self.context())
        if self._gl.broken:
            self.failed.emit(self._gl.broken)
        self._stale |= {"points", "colours", "marks"}
        self._restart = True

    def paintGL(self) -> None:
        if self._gl is None or self._gl.broken:
            return
        began = perf_counter()
        ratio = self.devicePixelRatioF()
        pixels = (max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1))
        size = (self.width(), self.height())
        matrix = self.camera.matrix(size)
        seen = (matrix.tobytes(), pixels)
        moved = self._restart or seen != self._seen
        self._restart, self._seen = False, seen
        prepare()
        self._send()
        points = self._draw_points(moved, matrix, pixels, ratio)
        gl.glFinish()
        drawn = perf_counter()
        self._show(pixels, ratio, matrix, quick=moved and self._drawn < len(self._points))
        gl.glFinish()
        if points >= _LEAST / 2:
            self._cost += 0.3 * ((drawn - began) / points - self._cost)
        self._frame += 0.3 * (perf_counter() - drawn - self._frame)
        self._after()

    def _send(self) -> None:
        if "points" in self._stale:
            self._gl.cloud.set_points(self._points)
        if "colours" in self._stale:
            self._gl.cloud.set_colours(self._colours)
        if "marks" in self._stale:
            self._gl.marks.set_points(self._marked)
        self._stale.clear()

    def _sample(self) -> int:
        """Points that can be drawn in a frame while the camera moves."""
        return max(_LEAST, int(max(_MOVING - self._frame, 0.3 * _MOVING) / self._cost))

    def _draw_points(self, moved: bool, matrix: np.ndarray, pixels: tuple[int, int], ratio: float) -> int:
        """Add to the front or the back; returns how many points were drawn."""
        n, size = len(self._points), self.point_size * ratio
        reference = self.camera.pose.distance
        if not self.scaled or self.camera.pose.projection == "orthographic":
            reference = 0.0
        front, back = self._gl.front, self._gl.back
        if moved:
            count = min(n, self._sample())
            size *= min(max(n / max(count, 1), 1.0) ** 0.5, _ENLARGED)
            front.resize(*pixels)
            front.begin(clear=True)
            self._gl.cloud.draw(0, count, matrix, size, reference)
            self._drawn, self._final, self._behind = count, count == n, 0
            return count
        chunk = max(_LEAST, int(_CHUNK / self._cost))
        if self._final:
            first, count = self._drawn, min(chunk, n - self._drawn)
            if count:
                front.begin(clear=False)
                self._gl.cloud.draw(first, count, matrix, size, reference)
                self._drawn += count
            return count
        first, count = self._behind, min(chunk, n - self._behind)
        back.resize(*pixels)
        back.begin(clear=first == 0)
        self._gl.cloud.draw(first, count, matrix, size, reference)
        self._behind += count
        if self._behind >= min(n, _ENLARGED**2 * self._sample()):
            self._gl.front, self._gl.back = back, front
            self._drawn, self._final, self._behind = self._behind, True, 0
        return count

    def _show(self, pixels: tuple[int, int], ratio: float, matrix: np.ndarray, quick: bool) -> None:
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self.defaultFramebufferObject())
        gl.glViewport(0, 0, *pixels)
        ground = QColor(theme.current().background).getRgbF()[:3]
        pose = self.camera.pose
        distance = None if pose.projection == "perspective" else pose.distance
        strength = STRENGTH if self.eye_dome else 0.0
        front = self._gl.front
        self._gl.dome.draw(front, ground, self.camera.clip(), distance, strength, ratio, quick)
        self._gl.marks.draw(matrix, front.depth, self.point_size, ratio)

    def _after(self) -> None:
        """Go on if there is more to draw, and say it when there is not."""
        if not self._final or self._drawn < len(self._points):
            self._idle = False
            self._more.start()
        elif not self._idle:
            self._idle = True
            self.settled.emit()

    def _wake(self) -> None:
        self._idle = False
        self.update()

    def hideEvent(self, event) -> None:
        self._more.stop()
        super().hideEvent(event)


class _Resources:
    """What lives in one OpenGL context; deleted with it, since contexts share what is not."""

    def __init__(self, context: QOpenGLContext) -> None:
        self.broken = ""
        self._made: list = []
        try:
            self.cloud, self.dome, self.marks = (
                self._keep(CloudVisual()),
                self._keep(EyeDome()),
                self._keep(CloudMarks()),
            )
            self.front, self.back = self._keep(Target()), self._keep(Target())
            self.front.resize(1, 1)
        except (GraphicsError, RuntimeError) as error:
            self.broken = str(error) or "OpenGL 2.1 is missing"
        surface = QOffscreenSurface()
        surface.setFormat(context.format())
        surface.create()
        made = self._made

        def release() -> None:
            if context.makeCurrent(surface):
                while made:
                    made.pop().delete()
                context.doneCurrent()

        context.aboutToBeDestroyed.connect(release)

    def _keep(self, thing):
        self._made.append(thing)
        return thing
