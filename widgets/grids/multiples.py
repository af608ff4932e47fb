"""Small multiples: the same picture or points again and again, each with another map, pointed at in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.models.core.colours import overlay_colours
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.gestures import adds
from headlight.widgets.base.labels import LEFT, RIGHT, label_font
from headlight.widgets.base.painted import Arranged, say_instead
from headlight.widgets.base.wheel import point_after_wheel
from headlight.widgets.grids.grounds import Ground, Laid, over

NARROWEST = 9.0
"""Em: maps are no narrower; they scroll instead."""


@dataclass(frozen=True, eq=False)
class Multiple:
    """A map and its caption. levels: uint8 (n,), of each token; None of one that could not be made, which
    says why instead. zero: the level that shows nothing."""

    title: str
    figure: str
    levels: np.ndarray | None
    lut: np.ndarray
    zero: int = 0
    instead: str = ""


class Multiples(Arranged, QAbstractScrollArea):
    """hovered: (map, token) under the cursor, the token None beside all of them; or None. clicked: token,
    add."""

    hovered = Signal(object)
    clicked = Signal(int, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)
        point_after_wheel(self)
        self._ground: Ground | None = None
        self._maps: list[Multiple] = []
        self._opacity = 0.75
        self._laid: Laid | None = None
        self._images: dict[int, QImage] = {}
        self._columns, self._size = 1, QSize(1, 1)
        self._marked: int | None = None
        self._selected: tuple[int, ...] = ()
        self._lit: tuple[int, ...] = ()
        self._under: tuple[int, int | None] | None = None
        self._press: QPoint | None = None
        self._turned: QPoint | None = None
        self._explain: Callable[[int, int], str] | None = None
        self._tip = CursorTip(self.viewport())
        self._lut = colour_table()

    # What panes call.

    def set_ground(self, ground: Ground | None) -> None:
        """What all maps lie on; those of another one are taken away."""
        self._ground, self._laid, self._maps = ground, None, []
        self._selected, self._marked = (), None
        self._resized()

    def set_maps(self, maps: Sequence[Multiple], opacity: float) -> None:
        """In reading order. opacity: as of `overlay_colours`."""
        many = len(maps) != len(self._maps)
        self._maps, self._opacity = list(maps), opacity
        said = (f"{one.title}: {one.instead or one.figure}" for one in maps)
        self.setAccessibleDescription("; ".join(said))
        self._images = {}
        if many:
            self._resized()
        self.viewport().update()

    def set_figures(self, figures: Sequence[str]) -> None:
        """What stands at the right over each map."""
        pairs = zip(self._maps, figures, strict=True)
        changed = [Multiple(m.title, f, m.levels, m.lut, m.zero, m.instead) for m, f in pairs]
        if [one.figure for one in changed] != [one.figure for one in self._maps]:
            self._maps = changed
            self.viewport().update()

    def set_marks(self, selected: Sequence[int], hovered: int | None) -> None:
        """Tokens that are framed in all maps: the selected in amber, one in blue."""
        if (tuple(selected), hovered) != (self._selected, self._marked):
            self._selected, self._marked = tuple(selected), hovered
            self.viewport().update()

    def set_lit(self, maps: Sequence[int]) -> None:
        """Maps whose titles are lit, as when two are compared elsewhere."""
        if tuple(maps) != self._lit:
            self._lit = tuple(maps)
            self.viewport().update()

    def set_tip(self, function: Callable[[int, int], str] | None) -> None:
        """What the read-out says of (map, token)."""
        self._explain = function

    def map_rect(self, number: int) -> QRect:
        """Where a map's picture stands in the viewport, in pixels."""
        row, column = divmod(number, self._columns)
        x = self._left() + column * (self._size.width() + self._gap())
        y = row * self._pitch() + self._caption() - self.verticalScrollBar().value()
        return QRect(QPoint(x, y), self._size)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(40), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(NARROWEST + 1), theme.em(9))

    # Geometry.

    def _gap(self) -> int:
        return theme.em(0.6)

    def _caption(self) -> int:
        return QFontMetrics(label_font()).height() + theme.em(0.25)

    def _pitch(self) -> int:
        """Pixels from row to row."""
        return self._caption() + self._size.height() + self._gap()

    def _left(self) -> int:
        used = self._columns * (self._size.width() + self._gap()) - self._gap()
        return max(0, (self.viewport().width() - used) // 2)

    def _resized(self) -> None:
        """The most columns and rows in which maps are as large as can be."""
        room, count = self.maximumViewportSize(), max(len(self._maps), 1)
        aspect = 1.0 if self._ground is None else self._ground.aspect
        least = theme.em(NARROWEST)
        best = (0.0, 1)
        for columns in range(1, count + 1):
            wide = (room.width() - (columns - 1) * self._gap()) / columns
            rows = ceil(count / columns)
            high = (room.height() - (rows - 1) * self._gap()) / rows - self._caption()
            best = max(best, (min(wide, high * aspect), -columns))
        width, columns = best[0], -best[1]
        if width < least:
            inside = room.width() - self.verticalScrollBar().sizeHint().width()
            columns = max(1, min(count, int((inside + self._gap()) // (least + self._gap()))))
            width = (inside - (columns - 1) * self._gap()) / columns
        size = QSize(max(int(width), 8), max(int(width / aspect), 8))
        if size != self._size or self._columns != columns:
            self._laid = None
        self._size, self._columns, self._images = size, columns, {}
        bar, whole = self.verticalScrollBar(), ceil(count / columns) * self._pitch() - self._gap()
        bar.setRange(0, max(0, whole - room.height()))
        bar.setPageStep(max(room.height(), 1))
        bar.setSingleStep(theme.em(3))
        self.viewport().update()

    def _restyled(self) -> None:
        if hasattr(self, "_tip"):
            self._laid = None
            self._resized()

    def _ground_laid(self) -> Laid:
        if self._laid is None:
            dense = self.devicePixelRatioF()
            self._images = {}
            self._laid = self._ground.laid(
                round(self._size.width() * dense), round(self._size.height() * dense)
            )
        return self._laid

    def _at(self, point: QPoint) -> tuple[int, int | None] | None:
        """(map, token) at a pixel."""
        if self._ground is None:
            return None
        for number in range(len(self._maps)):
            rect = self.map_rect(number)
            if rect.adjusted(0, -self._caption(), 0, 0).contains(point):
                inside, laid = point - rect.topLeft(), self._ground_laid()
                if inside.y() < 0:
                    return number, None
                row = inside.y() * laid.tokens.shape[0] // self._size.height()
                column = inside.x() * laid.tokens.shape[1] // self._size.width()
                token = int(laid.tokens[row, column])
                return number, token if token >= 0 else None
        return None

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    # Pointing.

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None, QPoint())
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press, self._turned = event.position().toPoint(), None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._press is not None and self._ground is not None and self._ground.turns:
            before = self._turned or self._press
            if self._turned is None and (point - before).manhattanLength() < QApplication.startDragDistance():
                return
            self._turned = point
            self._ground.turn(point.x() - before.x(), point.y() - before.y())
            self._laid = None
            self._point(None, point)
            self.viewport().update()
            return
        self._point(self._at(point), point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, turned = self._press, self._turned
        self._press = self._turned = None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None or turned is not None:
            return
        under = self._at(event.position().toPoint())
        if under is not None and under[1] is not None:
            self.clicked.emit(under[1], adds(event))

    def _point(self, under: tuple[int, int | None] | None, point: QPoint) -> None:
        if under != self._under:
            self._under = under
            self.hovered.emit(under)
        said = ""
        if under is not None and under[1] is not None and self._explain is not None:
            said = self._explain(under[0], under[1])
        self._tip.show_at(QPointF(point), said)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            if self._ground is None or not self._maps:
                say_instead(painter, self.viewport().rect(), "" if self._ground is None else "No method")
                return
            for number in range(len(self._maps)):
                if self.map_rect(number).adjusted(0, -self._caption(), 0, 0).intersects(event.rect()):
                    self._paint_map(painter, number)

    def _paint_map(self, painter: QPainter, number: int) -> None:
        one, rect, colours = self._maps[number], self.map_rect(number), theme.current()
        lit = number in self._lit or (self._under is not None and self._under[0] == number)
        above = QRect(rect.left(), rect.top() - self._caption(), rect.width(), self._caption())
        painter.setFont(label_font())
        metrics = QFontMetrics(painter.font())
        painter.setPen(QColor(colours.dim))
        painter.drawText(above, RIGHT, one.figure)
        taken = metrics.horizontalAdvance(one.figure) + theme.em(0.5) if one.figure else 0
        painter.setFont(label_font(QFont.Weight.DemiBold))
        painter.setPen(QColor(colours.blue if lit else colours.text))
        room = above.adjusted(0, 0, -taken, 0)
        painter.drawText(
            room,
            LEFT,
            QFontMetrics(painter.font()).elidedText(one.title, Qt.TextElideMode.ElideRight, room.width()),
        )
        if one.levels is None:
            painter.fillRect(rect, QColor(colours.raised))
            say_instead(painter, rect.adjusted(theme.em(0.5), 0, -theme.em(0.5), 0), one.instead)
            return
        painter.drawImage(rect, self._image(number))
        for tokens, colour in ((self._selected, colours.amber), ((self._marked,), colours.blue)):
            for token in tokens:
                self._frame(painter, rect, token, QColor(colour))

    def _image(self, number: int) -> QImage:
        laid = self._ground_laid()
        if number not in self._images:
            one = self._maps[number]
            table = overlay_colours(one.lut, self._opacity, one.zero)
            if self._ground.turns:  # there is nothing below points that could be seen through them
                table[:, 3] = 255
            painted = np.ascontiguousarray(over(laid, one.levels, table))
            height, width = painted.shape[:2]
            image = QImage(painted.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            self._images[number] = image.convertToFormat(QImage.Format.Format_RGB32)
        return self._images[number]

    def _frame(self, painter: QPainter, rect: QRect, token: int | None, colour: QColor) -> None:
        bounds = None if token is None else self._ground_laid().bounds(token)
        if bounds is None:
            return
        across = rect.width() / self._ground_laid().tokens.shape[1]
        left, top, right, bottom = (edge * across for edge in bounds)
        box = QRectF(rect.left() + left, rect.top() + top, right - left, bottom - top)
        spare = max(0.0, theme.em(0.5) - box.width()) / 2
        box.adjust(-spare, -spare, spare, spare)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, width in ((QColor(0, 0, 0, 160), 3), (colour, 1.5)):
            painter.setPen(QPen(ink, width))
            painter.drawRect(box)
