"""What a cloud view draws by OpenGL: few points while the camera moves, all of them piece by piece at rest.

A frame shows `front`. While the camera moves, each frame draws a sample of the points into it, as many as the
measured speed allows, enlarged so that surfaces stay closed. At rest the points are drawn at their true size
into `back`, a chunk a frame, until it shows at least as much; then the two change places and the rest is
added in sight. Last, all are drawn into `back` with two pixels a side for each of the screen, which smooths
their edges. Chunks are short, so that the mouse is heard between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from weakref import WeakSet

import numpy as np
import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from vispy.gloo import gl

from headlight.widgets.base import theme
from headlight.widgets.cloud.camera import Camera
from headlight.widgets.cloud.cutaway import NOTHING, Box, cuts
from headlight.widgets.cloud.eye_dome import STRENGTH
from headlight.widgets.cloud.picking import LARGEST, SMALLEST, PointSize
from headlight.widgets.cloud.prepared import STRETCH, Prepared
from headlight.widgets.cloud.resources import Layer, Resources

_MOVING, _SLOWEST = 0.036, 0.046  # s that a frame may take while the camera moves, and with too few points
_ENOUGH = 8 * STRETCH  # points in a frame, for which it may take that long
_CHUNK = 0.040  # s that a chunk may take at rest
_SOON = 16  # ms after which the driver is loaded, so that the window is seen before
_REST = 90  # ms without a move after which the camera counts as resting
_LATE = 0.2  # s after which what was added is shown
_LEAST = 2 * STRETCH  # points in a frame, however slow the machine
_ENLARGED = 2.0  # most that points grow while few of them are drawn
_SMOOTHING = 1.2  # s that smoothing may take; of more points the edges stay as they are


_CANVASES: WeakSet[CloudCanvas] = WeakSet()


class CloudCanvas(QWidget):
    """settled: all points are drawn, after some were not. failed: what OpenGL lacks, in its own words.
    painted: of a new picture; a queued connection hears of it when it is on the screen.
    """

    settled = Signal()
    failed = Signal(str)
    painted = Signal()

    def __init__(self, camera: Camera, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.camera = camera
        _CANVASES.add(self)
        self.size_by_depth, self.eye_dome = True, True
        self.point_size = 4.0
        self.box: Box | None = None  # of the room whose walls are cut away
        self._points = np.zeros((0, 3), np.float32)  # as on the card, and so are the colours
        self._corners: tuple[np.ndarray, np.ndarray] | None = None  # of the box in which they lie
        self._colours = np.zeros((0, 4), np.uint8)
        self._lit: int | None = None
        self._marked = np.zeros((0, 3), np.float32)
        self._stale: set[str] = set()  # what must be sent to the card: points, colours, marks
        self._gl: Resources | None = None
        self._coming: tuple[Resources, Iterator[None]] | None = None  # while they are made
        self._picture = QImage()  # the last frame
        self._outdated = True  # and is not what is to be seen
        self._restart = True  # begin with a sample, since what is on the screen is elsewhere now
        self._seen: tuple | None = None  # what the front was drawn with
        # Measured, in seconds: what a point takes, a frame without any, Qt to show it, and a shaded frame.
        self._cost, self._frame, self._compose, self._shading = 5e-7, 0.015, 0.005, 0.01
        self._painted = self._shown = 0.0  # when this was last done
        self._added = 0  # points of the front that have been on the screen
        self._idle = True
        self._cannot = QGuiApplication.platformName() in ("offscreen", "minimal")  # those draw no OpenGL
        self._more = QTimer(self, singleShot=True)
        self._more.timeout.connect(self._work)
        self.painted.connect(self._passed_on, Qt.ConnectionType.QueuedConnection)

    # What the view says.

    def set_points(self, cloud: Prepared, packed: np.ndarray) -> None:
        """packed: uint8 (n, 4), their colours, see `Coloured`."""
        self._points, self._colours, self._corners = cloud.shuffled, packed, (cloud.low, cloud.high)
        self._stale |= {"points", "colours"}
        self.redraw()

    def set_colours(self, packed: np.ndarray, reshaped: bool) -> None:
        """uint8 (n, 4), see `Coloured`. reshaped: other points are visible."""
        self._colours = packed
        self._stale.add("colours")
        if reshaped:
            self.redraw()
        else:
            self._repaint()

    def set_lit(self, group: int | None) -> None:
        """Dim all points but those of a group; None for none."""
        if group != self._lit:
            self._lit = group
            self._repaint()

    def _repaint(self) -> None:
        """The same points have other colours."""
        if self._gl is not None and self._gl.front.exact and not self._restart:
            # What is in front is as before: it is painted over what is seen.
            self._gl.front.drawn, self._gl.front.painted = 0, True
            self._gl.back.drawn = 0
            self._wake()
        else:
            self.redraw()

    def set_marked(self, points: np.ndarray) -> None:
        """float32 (k, 3): points that are ringed in amber, over all others."""
        self._marked = np.ascontiguousarray(points, np.float32)
        self._stale.add("marks")
        self.refresh()

    def redraw(self) -> None:
        """Points look different now, though the camera stands still."""
        if self._gl is not None and self._gl.front.drawn > 4 * self._sample():
            # What is seen stays until the new picture is as full.
            self._gl.front.exact, self._gl.back.drawn = False, 0
        else:
            self._restart = True
        self._wake()

    def is_settled(self) -> bool:
        """Whether all that is to be drawn is drawn. (Out of sight nothing is.)"""
        return self._idle or self._cannot or self.visibleRegion().isEmpty()

    # Drawing.

    def refresh(self) -> None:
        """Draw another frame: what is seen, or how, has changed."""
        self._outdated = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._outdated or self._view() != self._seen:
            self._outdated = False
            self._draw_frame()
        elif not self._idle and not self._more.isActive():
            self._more.start(0)  # it went out of sight before all was drawn
        with QPainter(self) as painter:
            # Where there is no picture, and of a pixel that a fractional ratio leaves at its end.
            painter.fillRect(event.rect(), QColor(theme.current().background))
            painter.drawImage(0, 0, self._picture)

    def _draw_frame(self) -> None:
        if self._gl is None:
            if not self._cannot and not self._more.isActive():
                self._idle = False
                self._more.start(_SOON if self._coming is None else 0)
            return
        self._gl.make_current()
        now = self._view()
        moved = self._restart or now != self._seen
        self._restart, self._seen = False, now
        self._send()
        if moved:
            began = perf_counter()
            count = self._draw_sample()
            self._measure(count, began)
        began = perf_counter()
        self._show(moved)
        self._picture = self._gl.picture(self.devicePixelRatioF())
        self._painted = perf_counter()
        taken = self._painted - began
        if moved:
            self._frame = _nearer(self._frame, taken)
            if self._shaded(moved):
                self._shading = _nearer(self._shading, taken)
        else:
            self._shading = min(self._shading, 0.9 * self._patience())  # the next move tries it again
        if self._is_complete():
            if not self._idle:
                self._idle = True
                self.settled.emit()
        else:
            self._idle = False
            self._more.start(_REST if moved else 0)
        self.painted.emit()

    def _begin(self) -> None:
        """Take a step of what it takes to draw."""
        if self._coming is None:
            made = Resources(self)
            self._coming = made, made.steps()
        made, steps = self._coming
        try:
            for _ in steps:
                return self._more.start(0)
            self._gl, self._coming = made, None
        except RuntimeError as error:
            self._cannot = True
            self.failed.emit(str(error) or "OpenGL 2.1 is missing")
        self.refresh()

    def _work(self) -> None:
        """Draw a chunk; the screen is painted again only where there is enough to be seen of it."""
        if self.visibleRegion().isEmpty():
            return
        if self._gl is None:
            return self._begin()
        if self._restart or self._view() != self._seen:
            return  # what is seen will be painted anew before anything is added to it
        self._gl.make_current()
        self._send()
        front, began = self._gl.front, perf_counter()
        count = self._draw_more()
        self._measure(count, began)
        changed = self._gl.front is not front or front.drawn > self._added
        late = perf_counter() - self._painted > _LATE
        if self._is_complete() or (changed and late) or self._gl.front is not front:
            self.refresh()
        else:
            self._more.start(0)

    def _measure(self, count: int, began: float) -> None:
        gl.glFinish()
        if count >= _LEAST / 2:
            self._cost = _nearer(self._cost, (perf_counter() - began) / count)

    def _passed_on(self) -> None:
        if self._painted > self._shown:
            self._shown = perf_counter()
            self._compose = _nearer(self._compose, self._shown - self._painted)

    def _view(self) -> tuple[bytes, tuple[int, int]]:
        """What decides where points are seen, and the size of the screen in its own pixels."""
        ratio = self.devicePixelRatioF()
        pixels = (max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1))
        return self.camera.matrix((self.width(), self.height())).tobytes(), pixels

    def _send(self) -> None:
        if "points" in self._stale:
            self._gl.cloud.set_points(self._points)
        if "colours" in self._stale:
            self._gl.cloud.set_colours(self._colours)
        if "marks" in self._stale:
            self._gl.marks.set_points(self._marked)
        self._stale.clear()
        self._gl.cloud.send()

    def _share(self) -> float:
        """Of the time that drawing may take, as views that move together share it."""
        alive = [canvas for canvas in _CANVASES if shiboken6.isValid(canvas) and canvas.isVisible()]
        return 1 / max(sum(canvas.camera is self.camera for canvas in alive), 1)

    def _sample(self) -> int:
        """Points that can be drawn in a frame while the camera moves."""
        share, others = self._share(), self._frame + self._compose
        soon, late = (int((time * share - others) / self._cost) for time in (_MOVING, _SLOWEST))
        return max(_LEAST, soon, min(late, _ENOUGH))

    def _draw_sample(self) -> int:
        """Begin anew with what a frame has time for. Returns how many points were drawn."""
        n = len(self._points)
        count = min(self._sample() // STRETCH * STRETCH, self._gl.cloud.sent)
        enlarged = min((n / max(count, 1)) ** 0.5, _ENLARGED)
        front = self._gl.front
        front.drawn, front.scale, front.painted = 0, 1, False
        self._draw(front, count, max(enlarged, 1.0))
        front.exact, self._gl.back.drawn = count == n, 0
        return count

    def _draw_more(self) -> int:
        """Go on where the camera stands still. Returns how many points were drawn."""
        n, front, back = len(self._points), self._gl.front, self._gl.back
        chunk, sent = max(_LEAST, int(_CHUNK * self._share() / self._cost)), self._gl.cloud.sent
        if front.exact and front.drawn < n:
            return self._draw(front, min(chunk, sent - front.drawn))
        if front.exact and not self._can_smooth():
            return 0
        if back.drawn == 0:
            back.scale, back.exact, back.painted = 2 if front.exact else 1, True, False
        count = self._draw(back, min(chunk, sent - back.drawn))
        if back.drawn >= min(n, n if back.scale == 2 else _ENLARGED**2 * self._sample()):
            self._gl.front, self._gl.back = back, front
            front.drawn = 0
        return count

    def _draw(self, layer: Layer, count: int, enlarged: float = 1.0) -> int:
        """Add `count` points to a layer, which is cleared if it has none."""
        _, (width, height) = self._view()
        layer.target.resize(width * layer.scale, height * layer.scale)
        layer.target.begin(clear=layer.drawn == 0 and not layer.painted)
        layer.painted = False
        matrix = self.camera.matrix((self.width(), self.height()))
        size = self.drawn_size()
        pixels_a_point = size.pixels * self.devicePixelRatioF() * layer.scale * enlarged
        self._gl.cloud.draw(
            layer.drawn, count, matrix, pixels_a_point, size.reference, self.planes(), self._ground()
        )
        layer.drawn += count
        return count

    def drawn_size(self) -> PointSize:
        """How large points are seen from where the camera is: `point_size` where all was fitted."""
        if not self.size_by_depth:
            return PointSize(self.point_size)
        if self.camera.pose.projection == "perspective":
            return PointSize(self.point_size, self.camera.fitted)
        share = self.camera.fitted / self.camera.pose.distance
        return PointSize(self.point_size * min(max(share, SMALLEST), LARGEST))

    def planes(self) -> np.ndarray:
        """What is cut away from where the camera is."""
        return NOTHING if self.box is None else cuts(self.box, self.camera)

    def _ground(self) -> tuple[float, float, float, float]:
        """What points are dimmed towards, and the alpha of those that are not."""
        rgb = QColor(theme.current().background).getRgbF()[:3]
        return *rgb, 0.0 if self._lit is None else (1 + self._lit) / 255

    def _can_smooth(self) -> bool:
        n, front, pixels = len(self._points), self._gl.front, self._view()[1]
        fits = 2 * max(pixels) <= self._gl.largest_side and self.devicePixelRatioF() < 1.5
        return n > 0 and front.scale == 1 and fits and n * self._cost <= _SMOOTHING

    def _show(self, moved: bool) -> None:
        screen, front = self._gl.screen, self._gl.front
        screen.resize(*self._view()[1])
        ratio = self.devicePixelRatioF()
        ground = QColor(theme.current().background).getRgbF()[:3]
        pose = self.camera.pose
        distance = None if pose.projection == "perspective" else pose.distance
        strength = STRENGTH if self._shaded(moved) else 0.0
        self._added = front.drawn
        self._gl.dome.draw(
            *(front.target, screen, ground, self.camera.clip(), distance, strength, self._part()),
            *(ratio, front.scale, moved),
        )
        size = float(self.drawn_size().at(np.array([pose.distance]))[0])
        self._gl.marks.draw(self.camera, (self.width(), self.height()), front.target.depth, size, ratio)

    def _part(self) -> tuple[float, float, float, float]:
        """Where points are: left, low, right and high, of a view that is 1 wide and high."""
        if not len(self._points):
            return 0.0, 0.0, 0.0, 0.0
        size = np.array([self.width(), self.height()])
        corners = self.camera.extent(*self._corners, size)
        if corners is None:
            return 0.0, 0.0, 1.0, 1.0
        most = _ENLARGED * LARGEST * self.drawn_size().pixels / 2 + 2
        (left, top), (right, bottom) = np.clip((corners + np.array([[-most], [most]])) / size, 0, 1)
        return float(left), float(1 - bottom), float(right), float(1 - top)

    def _shaded(self, moved: bool) -> bool:
        """Whether there is eye-dome lighting: where it would make motion jerky it waits for rest."""
        return self.eye_dome and not (moved and self._shading > self._patience())

    def _patience(self) -> float:
        """Seconds that showing a frame with its shading may take while the camera moves."""
        return 0.5 * _MOVING * self._share()

    def _is_complete(self) -> bool:
        front = self._gl.front
        return front.exact and front.drawn >= len(self._points) and not self._can_smooth()

    def _wake(self) -> None:
        self._idle = False
        self.refresh()

    def hideEvent(self, event) -> None:
        self._more.stop()
        super().hideEvent(event)


def _nearer(estimate: float, taken: float) -> float:
    """An estimate after one more time was taken. A first frame, for which shaders are made, or one in which
    another program had the processor, tells little: at most twice the estimate is believed."""
    return estimate + 0.3 * (min(taken, 2 * estimate) - estimate)
