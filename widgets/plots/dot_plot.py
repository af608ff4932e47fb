"""What plots of dots share: a ground that is painted once, the dot nearest to the cursor, clicks and keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.abstract import AbstractWidget
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.painted import Arranged, Framed, say_instead
from headlight.widgets.plots.axes import Axis, Frame

Key = tuple[int, int]
"""What names a dot: (series, index) or (layer, head)."""

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class DotPlot(KeepsArrows, Arranged, Framed, QWidget, metaclass=AbstractWidget):
    """Dots, each with a key. Pointing takes the nearest within reach and repaints marks alone."""

    hovered = Signal(object)
    """The key of the dot under the cursor or of the keyboard's, or None."""
    clicked = Signal(int, int)
    """A dot's key."""

    nothing = "Nothing to show yet"
    """What is said where there are no dots."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: list[Key] = []
        self._index: dict[Key, int] = {}
        self._places = np.zeros((0, 2))
        self._selected: Key | None = None
        self._hovered: Key | None = None
        self._explain: Callable[[int, int], str] | None = None
        self._frame = Frame(QRectF(), Axis(), Axis())
        self._ground: QPixmap | None = None
        self._tip = CursorTip(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    # What a subclass says.

    @abstractmethod
    def _arrange(self) -> None:
        """Find `_frame` and `_places` (n, 2), the dots in pixels, for this size."""

    @abstractmethod
    def _paint_ground(self, painter: QPainter) -> None:
        """Everything but marks."""

    @abstractmethod
    def _paint_mark(self, painter: QPainter, key: Key, colour: QColor, selected: bool) -> None:
        """The selected or hovered dot, over the ground."""

    @abstractmethod
    def _tip_text(self, key: Key) -> str:
        """What is said beside the cursor."""

    @abstractmethod
    def _walk(self, key: Key, right: int, up: int) -> Key:
        """The dot that an arrow key leads to."""

    # What panes call.

    def set_selected(self, key: Key | None) -> None:
        """Mark a dot in amber; no signal."""
        if key != self._selected:
            self._selected = key
            self.update()

    def set_hovered(self, key: Key | None) -> None:
        """Mark a dot in blue, as when it is pointed at elsewhere; no signal."""
        if key != self._hovered:
            self._hovered = key
            self.update()

    def pointed(self) -> Key | None:
        """The dot that is marked in blue."""
        return self._hovered

    def selected(self) -> Key | None:
        """The dot that is marked in amber."""
        return self._selected

    def set_tip(self, function: Callable[[int, int], str] | None) -> None:
        """What the read-out says of a dot: lines of `label` or `label<tab>value`."""
        self._explain = function

    def dot(self, key: Key) -> QPointF:
        """Where a dot stands, in pixels. LookupError if there is none of that name."""
        return QPointF(*self._places[self._index[key]])

    # For subclasses.

    def _set_keys(self, keys: list[Key]) -> None:
        """The dots changed."""
        self._keys, self._index = keys, {key: index for index, key in enumerate(keys)}
        if self._selected not in self._index:
            self._selected = None
        if self._hovered not in self._index:
            self._hovered = None
            self._tip.hide()
        self._renew()

    def _renew(self) -> None:
        if self._keys:
            self._arrange()
        self._ground = None
        self.update()

    # The widget.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(30), theme.em(18))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(14), theme.em(10))

    def _resized(self) -> None:
        self._renew()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self._keys:
                say_instead(painter, self.rect(), self.nothing)
                return
            if self._ground is None:
                self._ground = self._painted()
            painter.drawPixmap(0, 0, self._ground)
            colours = theme.current()
            for key, colour, selected in (
                (self._selected, colours.amber, True),
                (self._hovered, colours.blue, False),
            ):
                if key in self._index:
                    self._paint_mark(painter, key, QColor(colour), selected)
            if self._focus_frame:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.blue), 1))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        ground = QPixmap(self.size() * ratio)
        ground.setDevicePixelRatio(ratio)
        ground.fill(Qt.GlobalColor.transparent)
        with QPainter(ground) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_ground(painter)
        return ground

    # Pointing.

    def _at(self, point: QPointF) -> Key | None:
        """The nearest dot within reach."""
        if not self._keys:
            return None
        apart = np.hypot(*(self._places - (point.x(), point.y())).T)
        nearest = int(apart.argmin())
        return self._keys[nearest] if apart[nearest] <= theme.em(1.4) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and key is not None:
            self.clicked.emit(*key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key())
        choose = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if step is not None and self._keys:
            self._point(self._first() if self._hovered is None else self._walk(self._hovered, *step))
        elif choose and self._hovered is not None:
            self.clicked.emit(*self._hovered)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._focus_frame and self._keys and self._hovered is None:
            self._point(self._first())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(None)

    def _first(self) -> Key:
        return self._selected if self._selected is not None else self._keys[0]

    def _point(self, key: Key | None) -> None:
        if key != self._hovered:
            self.set_hovered(key)
            self.hovered.emit(key)
        if key is None:
            self._tip.hide()
            return
        text = self._tip_text(key) if self._explain is None else self._explain(*key)
        self._tip.show_at(self.dot(key), text)


def paint_dot_mark(painter: QPainter, at: QPointF, radius: float, colour: QColor, selected: bool) -> None:
    """Around a dot of this radius. Selected: amber, larger and a diamond, not by colour alone."""
    size = radius + theme.em(0.12)
    if selected:
        size += theme.em(0.1)
        painter.setPen(QPen(QColor(theme.current().panel), 1.5))
        painter.setBrush(colour)
        corners = [QPointF(0, -size), QPointF(size, 0), QPointF(0, size), QPointF(-size, 0)]
        painter.drawPolygon([at + corner for corner in corners])
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2))
    painter.drawEllipse(at, size + 2, size + 2)
