"""What matrix and picture share: a plane under a camera, the mouse, the rubber band and the read-out.

The wheel zooms at the cursor, the middle or right button pans, the left button points, clicks and drags a
box, a double click or F shows all again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.gestures import adds
from headlight.widgets.base.painted import Arranged, Framed
from headlight.widgets.plane.raster import Raster

HALO = QColor(0, 0, 0, 150)
SELECTED, POINTED = QColor(theme.DARK.amber), QColor(theme.DARK.blue)
"""Marks on maps and pictures are bright in a dark halo in both themes: that is seen on any ground."""
_STEP = 1.0015  # zoom per eighth of a degree of the wheel: a notch is ×1.2


def cosmetic(colour: QColor | str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen of `width` pixels with square, mitred corners."""
    return QPen(QColor(colour), width, style, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)


class PlaneView(Arranged, Framed, QWidget):
    """A rectangle of the plane, (0, 0) at the top left of the content, x to the right, y down.

    hovered: what is under the cursor as the subclass names it, or None; sent when it changes.
    """

    hovered = Signal(object)
    asked = Signal(object, QPoint)
    """What is under a click of the right button, and where on the screen; a drag of it pans."""

    largest_scale = 64.0
    """Pixels per unit of the plane beyond which the wheel zooms no further."""

    at_top = False
    """Whether content lower than the view stands at its top rather than in the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rasters: list[Raster] = []
        self._window = QRectF()
        self._content = QSize(0, 0)
        self._square = True
        self._camera = QTransform()
        self._fitted = True
        self._tip = CursorTip(self)
        self._tip_function: Callable[..., str] | None = None
        self._cursor: QPointF | None = None
        self._under: Any = None
        self._press: QPointF | None = None
        self._band: QRectF | None = None
        self._pan: QPointF | None = None
        self._ask: QPointF | None = None

    # What a subclass says.

    def area(self) -> QRectF:
        """The part of the widget, in its pixels, in which the plane is seen."""
        return QRectF(self.rect())

    def margin(self) -> float:
        """Pixels kept free around the content when all of it is shown."""
        return 0.0

    def painted_part(self) -> QRectF:
        """The part of the widget in which arrays are painted."""
        return self._window

    def target(self, point: QPointF) -> Any:
        """What lies at a point of the plane; None for nothing."""
        raise LookupError(point)

    def tip_text(self, target: Any, point: QPointF) -> str:
        """What the read-out says of a target."""
        return self._tip_function(*target) if self._tip_function and target is not None else ""

    def keep_off(self, target: Any) -> list[QRectF]:
        """What the read-out of a target should not cover, as `CursorTip.show_at` takes it."""
        return []

    def click(self, target: Any, add: bool) -> None:
        """The user clicked `target`."""

    def box(self, rect: QRectF, add: bool) -> None:
        """The user dragged a rectangle of the plane, clipped to the content."""

    def paint_over(self, painter: QPainter) -> None:
        """Paint marks in widget pixels, over the arrays."""

    # What panes call.

    def set_tip(self, function: Callable[..., str] | None) -> None:
        """What the read-out says of the target under the cursor: lines of `label` or `label<tab>value`."""
        self._tip_function = function
        self.refresh_tip()

    def fit(self) -> None:
        """Show all of the content, in the middle or at the top."""
        area = self.area()
        if self._content.isEmpty() or area.width() < 2 or area.height() < 2:
            return
        self._fitted = True
        across, down = self._fit_scale()
        x = area.center().x() - self._content.width() * across / 2
        spare = area.height() - self._content.height() * down
        y = area.top() + (0 if self.at_top else spare / 2)
        self._set_camera(QTransform(across, 0, 0, down, round(x), round(y)))

    def zoom(self, factor: float, at: QPointF) -> None:
        """Scale by `factor`, the point under `at` (widget pixels) staying where it is."""
        if self._content.isEmpty():
            return
        fit_across, fit_down = self._fit_scale()
        most = max(1.0, self.largest_scale / max(fit_across, fit_down))
        now = self._camera.m11() / fit_across
        then = min(max(now * factor, 1.0), most)
        if then <= 1.0 + 1e-9:
            self.fit()
            return
        at = self._nearest_content(at)
        grow = then / now
        self._fitted = False
        x, y = at.x() - (at.x() - self._camera.dx()) * grow, at.y() - (at.y() - self._camera.dy()) * grow
        self._set_camera(QTransform(fit_across * then, 0, 0, fit_down * then, *self._held(x, y, then)))

    def pan(self, dx: float, dy: float) -> None:
        """Move the content by pixels; the middle of the view never leaves the content."""
        if self._fitted:
            return
        now = self._camera.m11() / self._fit_scale()[0]
        x, y = self._held(self._camera.dx() + dx, self._camera.dy() + dy, now)
        self._set_camera(QTransform(self._camera.m11(), 0, 0, self._camera.m22(), x, y))

    def to_widget(self, x: float, y: float) -> QPointF:
        """A point of the plane → widget pixels."""
        return self._camera.map(QPointF(x, y))

    def to_plane(self, point: QPointF) -> QPointF:
        """Widget pixels → a point of the plane."""
        return self._camera.inverted()[0].map(point)

    # For subclasses.

    def set_content(self, width: int, height: int, square: bool = True) -> None:
        """The size of the plane; a new one is shown whole. square: one scale for both directions."""
        size = QSize(width, height)
        if size != self._content or square != self._square:
            self._content, self._square = size, square
            self.fit()

    def add_raster(self) -> Raster:
        """An array on the plane, over those added before."""
        raster = Raster(self.update)
        self._rasters.append(raster)
        return raster

    def region_to_widget(self, rect: QRectF) -> QRectF:
        """A rectangle of the plane → widget pixels."""
        return self._camera.mapRect(rect)

    def pixels(self, rect: QRectF) -> QRect:
        """The pixels of the widget whose centres lie in a rectangle of the plane; maybe none."""
        left, top, right, bottom = (math.ceil(v - 0.5) for v in self._camera.mapRect(rect).getCoords())
        return QRect(left, top, right - left, bottom - top)

    def refresh(self) -> None:
        """Content or marks changed: paint again and let the read-out say what holds now."""
        self.update()
        self._point()

    def relayout(self) -> None:
        """The area changed (a resize, other labels): keep the view as it was, or show all again."""
        middle = self.to_plane(self._window.center())
        self._window = self.area()
        if self._fitted or self._content.isEmpty():
            self.fit()
            return
        fit_across, fit_down = self._fit_scale()
        now = max(self._camera.m11() / fit_across, 1.0)
        centre = self.area().center()
        x = centre.x() - middle.x() * fit_across * now
        y = centre.y() - middle.y() * fit_down * now
        self._set_camera(QTransform(fit_across * now, 0, 0, fit_down * now, *self._held(x, y, now)))

    # The camera.

    def _fit_scale(self) -> tuple[float, float]:
        area, margin = self.area(), 2 * self.margin()
        across = max(area.width() - margin, 1) / self._content.width()
        down = max(area.height() - margin, 1) / self._content.height()
        if self._square:
            across = down = min(across, down)
        return across, down

    def _held(self, x: float, y: float, zoom: float) -> tuple[float, float]:
        across, down = self._fit_scale()
        centre = self.area().center()
        width, height = self._content.width() * across * zoom, self._content.height() * down * zoom
        return (
            min(max(x, centre.x() - width), centre.x()),
            min(max(y, centre.y() - height), centre.y()),
        )

    def _nearest_content(self, at: QPointF) -> QPointF:
        shown = self.region_to_widget(QRectF(0, 0, self._content.width(), self._content.height()))
        return QPointF(
            min(max(at.x(), shown.left()), shown.right()), min(max(at.y(), shown.top()), shown.bottom())
        )

    def _set_camera(self, camera: QTransform) -> None:
        self._camera = camera
        self._window = self.area()
        for raster in self._rasters:
            raster.set_camera(camera, self._window, self.devicePixelRatioF())
        self.update()
        self._point()

    # The mouse.

    def _point(self) -> None:
        under = None
        if self._cursor is not None and self.area().contains(self._cursor) and not self._content.isEmpty():
            under = self.target(self.to_plane(self._cursor))
        if under != self._under:
            self._under = under
            self.hovered.emit(under)
        self.refresh_tip()

    def refresh_tip(self) -> None:
        """Let the read-out say what holds now."""
        text = ""
        if self._cursor is not None and self._pan is None and self.area().contains(self._cursor):
            text = self.tip_text(self._under, self.to_plane(self._cursor))
        self._tip.show_at(self._cursor or QPointF(), text, self.keep_off(self._under) if text else ())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position() if self.area().contains(event.position()) else None
        elif event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            self._pan = event.position()
            self._ask = event.position() if event.button() == Qt.MouseButton.RightButton else None
            self._tip.hide()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._cursor = event.position()
        if self._pan is not None:
            if self._ask is not None and _is_far(event.position() - self._ask):
                self._ask = None
            if not self._fitted:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
            step = event.position() - self._pan
            self._pan = event.position()
            self.pan(step.x(), step.y())
            return
        if self._press is not None and (self._band is not None or _is_far(event.position() - self._press)):
            self._band = QRectF(self._press, event.position()).normalized()
            self.update()
        self._point()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton:
            asked, self._pan, self._ask = self._ask, None, None
            self.unsetCursor()
            self.refresh_tip()
            if asked is not None and self.area().contains(asked):
                target = self.target(self.to_plane(asked))
                if target is not None:
                    self.asked.emit(target, event.globalPosition().toPoint())
            return
        press, band = self._press, self._band
        self._press = self._band = None
        if band is not None:
            self.update()
            inverse = self._camera.inverted()[0]
            whole = QRectF(0, 0, self._content.width(), self._content.height())
            rect = inverse.mapRect(band.intersected(self.area())).intersected(whole)
            if not rect.isEmpty():
                self.box(rect, adds(event))
        elif press is not None and not self._content.isEmpty():
            target = self.target(self.to_plane(press))
            if target is not None:
                self.click(target, adds(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        self._cursor = event.position()
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn:
            self.zoom(_STEP**turn, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._point()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # a drag of the right button pans, and a click asks

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F, + and − are the view's own; all other keys belong to the window."""
        middle = self.area().center()
        if event.key() == Qt.Key.Key_Escape and self._band is not None:
            self._press = self._band = None
            self.update()
        elif event.key() == Qt.Key.Key_F and not event.modifiers():
            self.fit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25, middle)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(0.8, middle)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    # The widget.

    def _resized(self) -> None:
        self.relayout()

    def _restyled(self) -> None:
        self.relayout()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(theme.current().panel))
            painter.setClipRect(self.painted_part())
            for raster in self._rasters:
                raster.paint(painter)
            painter.setClipping(False)
            self._paint_marks(painter)

    def _paint_marks(self, painter: QPainter) -> None:
        self.paint_over(painter)
        if self._band is not None:
            painter.setClipRect(self.area())
            painter.setBrush(QColor(SELECTED.red(), SELECTED.green(), SELECTED.blue(), 36))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            for pen in (cosmetic(HALO, 4), cosmetic(SELECTED, 2)):
                painter.setPen(pen)
                painter.drawRect(self._band.toRect())
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setClipping(False)
        if self._focus_frame:
            painter.setPen(cosmetic(theme.current().blue, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def sizeHint(self) -> QSize:
        return QSize(theme.em(24), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(9), theme.em(6))


def _is_far(way: QPointF) -> bool:
    """Whether the cursor has gone so far that it drags."""
    return way.manhattanLength() >= QApplication.startDragDistance()
