"""Two columns of tokens joined by lines: who looks at whom, in the colours of the heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.gestures import adds
from headlight.widgets.base.painted import Arranged, Framed, say_instead
from headlight.widgets.base.token_axis import TokenAxis, shown

Side = Literal["query", "key"]
Spot = tuple[Side, int]
GROUND, LIT = 12_000, 2_000
"""Lines that are drawn at most: of all tokens at once, and of those that are pointed at or selected."""
SMOOTH, FINE = 2_500, 150
"""Up to so many lines their edges are smooth: of what is painted once, and of what follows the mouse."""
SHADES = 6
"""Opacities that are told apart: lines of one head and shade are drawn at once."""
TILE = 96
"""Pixels of the height of a piece that is painted once and then shown."""
AHEAD = 4
"""Pieces that are painted before they are scrolled to, on either side."""
DIM = 0.12
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ArcsView(Arranged, Framed, QAbstractScrollArea):
    """Queries at the left, keys at the right. A wheel scrolls, with Ctrl it spreads the rows; a double click
    shows all of them.

    hovered: ("query" or "key", token) under the cursor, or None. clicked: the same, and whether it adds.
    """

    hovered = Signal(object)
    clicked = Signal(str, int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self._axes = {"query": TokenAxis(), "key": TokenAxis()}
        self._links = np.zeros((3, 0), int)
        self._weights = np.zeros(0, np.float32)
        self._colours = np.zeros((0, 3), np.uint8)
        self._message = ""
        self._zoom: float | None = None
        self._row, self._sides = 1.0, (0.0, 0.0)
        self._selected: dict[str, frozenset[int]] = {"query": frozenset(), "key": frozenset()}
        self._hover: Spot | None = None
        self._under: Spot | None = None
        self._lit: list[tuple[QPen, list[QLineF]]] | None = None
        self._lines: list[tuple[QPen, np.ndarray, list[QLineF]]] | None = None
        self._tiles: dict[int, QPixmap] = {}
        self._ahead = QTimer(self, singleShot=True, interval=0)
        self._ahead.timeout.connect(self._paint_ahead)
        self._tip, self._explain = CursorTip(self), None
        self._pan: float | None = None
        self.setAccessibleName("Attention as lines between tokens")

    # What panes call.

    def set_tokens(
        self, queries: Sequence[str], keys: Sequence[str], special: tuple[np.ndarray, np.ndarray]
    ) -> None:
        """Labels of both columns, and bool (tokens,) each: drawn dim."""
        for side, labels, flags in zip(("query", "key"), (queries, keys), special, strict=True):
            self._axes[side] = TokenAxis(tuple(shown(label) for label in labels), flags)
        self._message = ""
        self._selected, self._hover = {"query": frozenset(), "key": frozenset()}, None
        self.set_links(np.zeros((3, 0), int), np.zeros(0, np.float32), self._colours)
        self.setAccessibleDescription(f"{len(queries)} tokens at the left, {len(keys)} at the right")
        self._lay_out()

    def set_links(self, links: np.ndarray, weights: np.ndarray, colours: np.ndarray) -> None:
        """links: int (3, n), head, query and key of each, the strongest first. weights: float32 (n,), 0 to 1.
        colours: uint8 (heads, 3).
        """
        self._links, self._weights, self._colours = links, weights, colours
        self._lines = self._lit = None
        self._tiles.clear()
        self.viewport().update()

    def set_message(self, text: str) -> None:
        """A sentence in place of the tokens, until others come."""
        self.set_tokens((), (), (np.zeros(0, bool), np.zeros(0, bool)))
        self._message = text
        self.viewport().update()

    def set_tip(self, function: Callable[[str, int], str]) -> None:
        """What the read-out says of a token."""
        self._explain = function

    def set_selected(self, queries: Sequence[int] | np.ndarray, keys: Sequence[int] | np.ndarray) -> None:
        """Tokens in amber, whose lines alone are bright."""
        chosen = {"query": frozenset(map(int, queries)), "key": frozenset(map(int, keys))}
        if chosen != self._selected:
            self._selected, self._lit = chosen, None
            self.viewport().update()

    def set_hovered(self, spot: Spot | None) -> None:
        """The token in blue, whose lines alone are bright. Repaints no line of the others."""
        if spot != self._hover:
            self._hover, self._lit = spot, None
            self.viewport().update()

    def drawn(self) -> tuple[int, int]:
        """(lines that are drawn of all tokens, lines that there are)."""
        return min(len(self._weights), GROUND), len(self._weights)

    def spot_rect(self, side: Side, token: int) -> QRectF:
        """Where a label stands, in pixels of the viewport."""
        width, left = self.viewport().width(), self._sides[0]
        x, room = (0.0, left) if side == "query" else (width - self._sides[1], self._sides[1])
        return QRectF(x, self._top(token) - self.verticalScrollBar().value(), room, self._row)

    # Layout.

    def _top(self, token: Any) -> Any:
        """Pixels from the top of all to a token's: half a label stands above the first row."""
        return theme.em(0.5) + token * self._row

    def _count(self) -> int:
        return max(len(axis.labels) for axis in self._axes.values())

    def _lay_out(self) -> None:
        room, count = self.viewport().size(), max(self._count(), 1)
        least, most = (room.height() - theme.em(1)) / count, theme.em(2.2)
        wanted = theme.em(1.5) if self._zoom is None else self._zoom
        self._row = min(max(wanted, least), most)
        metrics, gap = QFontMetricsF(theme.text_font(0.95)), theme.em(0.9)
        widest = [
            max((metrics.horizontalAdvance(label) for label in axis.labels), default=0.0) + gap
            for axis in self._axes.values()
        ]
        self._sides = tuple(min(side, 0.32 * room.width()) for side in widest)
        bar, height = self.verticalScrollBar(), round(self._top(count) + theme.em(0.5))
        bar.setRange(0, max(0, height - room.height()))
        bar.setPageStep(room.height())
        bar.setSingleStep(theme.em(2))
        self._lines = self._lit = None
        self._tiles.clear()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(theme.em(24), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(14), theme.em(8))

    def _resized(self) -> None:
        self._lay_out()

    # Lines.

    def _made(self, chosen: np.ndarray, brighter: bool) -> list[tuple[QPen, np.ndarray, list[QLineF]]]:
        """Lines by pen, with the least and largest y of each, (2, n); faint ones first."""
        left, right = self._sides[0], self.viewport().width() - self._sides[1]
        heads, queries, keys = (part[chosen].astype(int) for part in self._links)
        opacity = np.sqrt(np.clip(self._weights[chosen], 0, 1))
        shades = np.minimum((opacity * SHADES).astype(int), SHADES - 1)
        start, stop = self._top(queries + 0.5), self._top(keys + 0.5)
        groups = shades * (len(self._colours) + 1) + heads
        made = []
        for group in np.unique(groups):
            shade, head = divmod(int(group), len(self._colours) + 1)
            some = groups == group
            colour = QColor(*self._colours[head].tolist())
            alpha = (shade + 0.5) / SHADES
            colour.setAlphaF(0.35 + 0.65 * alpha if brighter else 0.85 * alpha)
            pen = QPen(colour, 1.8 if brighter and len(chosen) <= FINE else 1)
            ends = np.stack([start[some], stop[some]])
            lines = [QLineF(left, a, right, b) for a, b in ends.T.tolist()]
            made.append((pen, np.sort(ends, axis=0), lines))
        return made

    def _tile(self, number: int) -> QPixmap:
        """A piece of what is drawn of all tokens."""
        if number in self._tiles:
            return self._tiles[number]
        if self._lines is None:
            self._lines = self._made(np.arange(min(len(self._weights), GROUND)), brighter=False)
        ratio = self.devicePixelRatioF()
        tile = QPixmap(round(self.viewport().width() * ratio), round(TILE * ratio))
        tile.setDevicePixelRatio(ratio)
        tile.fill(Qt.GlobalColor.transparent)
        top, smooth = number * TILE, len(self._weights) <= SMOOTH
        with QPainter(tile) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
            painter.translate(0, -top)
            for pen, ends, lines in self._lines:
                there = np.flatnonzero((ends[0] <= top + TILE + 1) & (ends[1] >= top - 1)).tolist()
                if there:
                    painter.setPen(pen)
                    painter.drawLines([lines[index] for index in there])
        self._tiles[number] = tile
        return tile

    def _in_sight(self) -> range:
        """The numbers of the pieces that are seen."""
        scrolled = self.verticalScrollBar().value()
        return range(scrolled // TILE, (scrolled + self.viewport().height()) // TILE + 1)

    def _paint_ahead(self) -> None:
        """The nearest piece out of sight that is not painted yet, when nothing else is to be done."""
        seen, last = self._in_sight(), round(self._top(self._count())) // TILE
        around = [at for step in range(1, AHEAD + 1) for at in (seen.stop - 1 + step, seen.start - step)]
        missing = [at for at in around if 0 <= at <= last and at not in self._tiles]
        if missing and self.isVisible():
            self._tile(missing[0])
            self._ahead.start()

    def _bright(self) -> list[tuple[QPen, list[QLineF]]] | None:
        """The lines of what is pointed at, else of what is selected; None where nothing is."""
        if self._hover is None and not any(self._selected.values()):
            return None
        if self._lit is None:
            _, query, key = self._links
            if self._hover is not None:
                side, token = self._hover
                there = (query if side == "query" else key) == token
            else:
                there = np.isin(query, list(self._selected["query"]))
                there |= np.isin(key, list(self._selected["key"]))
            chosen = np.flatnonzero(there)
            pairs = query[chosen].astype(int) << 16 | key[chosen]
            chosen = chosen[np.sort(np.unique(pairs, return_index=True)[1])]  # of several heads the strongest
            made = self._made(chosen[:LIT], brighter=True)
            self._lit = [(pen, lines) for pen, _, lines in made]
        return self._lit

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(event.rect(), QColor(theme.current().panel))
            if not self._count():
                say_instead(painter, self.viewport().rect(), self._message)
                return
            scrolled = self.verticalScrollBar().value()
            bright = self._bright()
            painter.setOpacity(1.0 if bright is None else DIM)
            for number in self._in_sight():
                painter.drawPixmap(QPointF(0, number * TILE - scrolled), self._tile(number))
            self._ahead.start()
            painter.setOpacity(1.0)
            if bright is not None:
                count = sum(len(lines) for _, lines in bright)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, count <= FINE)
                painter.save()
                painter.translate(0, -scrolled)
                for pen, lines in bright:
                    painter.setPen(pen)
                    painter.drawLines(lines)
                painter.restore()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for side in self._axes:
                self._paint_labels(painter, side)
            if self._focus_frame:
                painter.setPen(QColor(theme.current().blue))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_labels(self, painter: QPainter, side: Side) -> None:
        axis, colours = self._axes[side], theme.current()
        scrolled, height = self.verticalScrollBar().value(), self.viewport().height()
        font, marked = theme.text_font(0.95), theme.text_font(0.95, weight=theme.QFont.Weight.DemiBold)
        least, gap = QFontMetricsF(font).height() * 0.9, theme.em(0.45)
        hovered = self._hover[1] if self._hover is not None and self._hover[0] == side else None
        first = ([] if hovered is None else [hovered]) + sorted(self._selected[side])
        first_row = (scrolled - self._top(0)) / self._row
        last_row = first_row + height / self._row
        for tick in axis.ticks(first_row, last_row, self._row, least, first):
            rect = self.spot_rect(side, tick.index)
            rect = QRectF(rect.left(), rect.center().y() - least, rect.width(), 2 * least)
            chosen = tick.index in self._selected[side]
            painter.setFont(marked if tick.index == hovered or chosen else font)
            colour = colours.dim if axis.special[tick.index] else colours.text
            colour = colours.blue if tick.index == hovered else colours.amber_text if chosen else colour
            painter.setPen(QColor(colour))
            room = rect.adjusted(0, 0, -gap, 0) if side == "query" else rect.adjusted(gap, 0, 0, 0)
            text = QFontMetricsF(painter.font()).elidedText(
                tick.text, Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, _RIGHT if side == "query" else _LEFT, text)

    # The mouse.

    def spot_at(self, point: QPointF) -> Spot | None:
        """The token whose label is at a pixel of the viewport."""
        if point.x() <= self._sides[0]:
            side = "query"
        elif point.x() >= self.viewport().width() - self._sides[1]:
            side = "key"
        else:
            return None
        token = int((point.y() + self.verticalScrollBar().value() - self._top(0)) // self._row)
        return (side, token) if 0 <= token < len(self._axes[side].labels) else None

    def _point(self, spot: Spot | None) -> None:
        if spot != self._under:
            self._under = spot
            self.hovered.emit(spot)
        text = "" if spot is None or self._explain is None else self._explain(*spot)
        if spot is None or not text:
            self._tip.hide()
            return
        own = self.spot_rect(*spot)
        middle = QPointF(self.viewport().width() / 2, own.center().y())
        self._tip.show_at(middle, text, [self.spot_rect("query", 0) | own])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan is not None:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - round(event.position().y() - self._pan))
            self._pan = event.position().y()
            return
        self._point(self.spot_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self.spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None:
            self.clicked.emit(*spot, adds(event))
        else:
            self._pan = event.position().y()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pan = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.spot_at(event.position()) is None:
            self._zoom = None if self._zoom == 0 else 0.0
            self._lay_out()

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        bar, at = self.verticalScrollBar(), event.position().y()
        token = (bar.value() + at - self._top(0)) / self._row
        self._zoom = self._row * 1.0015 ** event.angleDelta().y()
        self._lay_out()
        bar.setValue(round(self._top(token) - at))
        event.accept()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
