"""A text as its tokens: chips that wrap like words, tinted by weight."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QSizePolicy, QWidget

from headlight.models.core.colours import lut as colour_table
from headlight.widgets.base import theme
from headlight.widgets.base.chip_colours import inks
from headlight.widgets.base.cursor_tip import CursorTip, read_out
from headlight.widgets.base.gestures import adds
from headlight.widgets.base.painted import Arranged, Framed
from headlight.widgets.base.token_axis import shown


class TokenStrip(Arranged, Framed, QAbstractScrollArea):
    """Tokens as chips in lines, scrolled only where the strip is too low for `heightForWidth`.

    hovered: the token under the cursor, or None. clicked: token, add. spanned: first, last (inclusive), add.
    """

    hovered = Signal(object)
    clicked = Signal(int, bool)
    spanned = Signal(int, int, bool)
    asked = Signal(int, QPoint)
    """A token was clicked with the right button, at a place on the screen: what can be done with it?"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._labels: tuple[str, ...] = ()
        self._special = self._words = self._texts = np.zeros(0, int)
        self._levels: np.ndarray | None = None
        self._values: np.ndarray | None = None
        self._written, self._unseen = sys.maxsize, sys.maxsize
        self._selected: frozenset[int] = frozenset()
        self._struck: frozenset[int] = frozenset()
        self._hover: int | None = None
        self._under: int | None = None
        self._cursor: QPointF | None = None
        self._press: QPointF | None = None
        self._drag: tuple[int, int] | None = None
        self._widths: list[int] = []
        self._chips: list[QRectF] = []
        self._tops: list[float] = []
        self._brackets: list[tuple[float, float, float]] = []
        self._fonts = (QFont(), QFont())
        self._lut = colour_table()
        self._inks = inks(self._lut)
        self._tip = CursorTip(self)
        self._tip_function: Callable[[int], str] | None = None
        self.setAccessibleName("Tokens of the text")

    # What panes call.

    def set_tokens(
        self,
        labels: Sequence[str],
        special: np.ndarray,
        words: np.ndarray | None = None,
        texts: np.ndarray | None = None,
    ) -> None:
        """special: bool (n,). words: int (n,), the word of each token, −1 for none. texts: int (n,), 0 or 1.

        Weights and marks of the tokens before are taken away.
        """
        n = len(labels)
        words = np.full(n, -1) if words is None else np.asarray(words, int)
        texts = np.zeros(n, int) if texts is None else np.asarray(texts, int)
        if not len(special) == len(words) == len(texts) == n:
            raise ValueError(f"{n} labels need as many flags, words and texts")
        before = self._labels, self._special, self._words, self._texts
        self._labels = tuple(shown(label) for label in labels)
        self._special, self._words, self._texts = np.asarray(special, bool), words, texts
        now = self._labels, self._special, self._words, self._texts
        self._levels = self._values = self._hover = self._drag = self._press = None
        self._selected = frozenset()
        self._written, self._unseen = sys.maxsize, sys.maxsize
        self.viewport().update()
        if before[0] != now[0] or not all(map(np.array_equal, before[1:], now[1:])):
            self.setAccessibleDescription(" ".join(self._labels))
            self._measure()

    def set_weights(self, levels: np.ndarray | None, values: np.ndarray | None = None) -> None:
        """levels: uint8 (n,), the tint of each token. values: float32 (n,), what is read out."""
        for array in (levels, values):
            if array is not None and array.shape != (len(self._labels),):
                raise ValueError(f"{len(self._labels)} tokens, but weights {array.shape}")
        self._levels, self._values = levels, values
        self.viewport().update()
        self._refresh_tip()

    def set_lut(self, lut: np.ndarray) -> None:
        """uint8 (256, 4): the colour of each level."""
        if lut is not self._lut:
            self._lut, self._inks = lut, inks(lut)
            self.viewport().update()

    def set_selected(self, indices: Sequence[int] | np.ndarray) -> None:
        """Tokens framed in amber."""
        new = frozenset(int(index) for index in indices)
        for index in new ^ self._selected:
            self._update_chip(index)
        self._selected = new

    def set_struck(self, indices: Sequence[int] | np.ndarray) -> None:
        """Tokens that are struck through: the model does not see them."""
        new = frozenset(int(index) for index in indices)
        if new != self._struck:
            self._struck = new
            self.viewport().update()

    def set_written(self, first: int | None) -> None:
        """Tokens from here on were written by a model: a line stands before them, and dots below."""
        self._written = sys.maxsize if first is None else first
        self.viewport().update()

    def set_unseen(self, first: int) -> None:
        """Tokens from here on are faint: they have no weights yet."""
        self._unseen = first
        self.viewport().update()

    def set_hovered(self, index: int | None) -> None:
        """The token framed in blue. Repaints no more than the two chips that change."""
        if index != self._hover:
            self._update_chip(self._hover)
            self._update_chip(index)
            self._hover = index

    def set_tip(self, function: Callable[[int], str] | None) -> None:
        """What the read-out says of a token: lines of `label` or `label<tab>value`."""
        self._tip_function = function
        self._refresh_tip()

    def chip_rect(self, index: int) -> QRectF:
        """A chip in pixels of the viewport."""
        return self._chips[index].translated(0, -self.verticalScrollBar().value())

    # Layout.

    def _gap(self) -> int:
        return theme.em(0.4)

    def _measure(self) -> None:
        self._fonts = theme.text_font(1.38), theme.text_font()
        plain, small = (QFontMetricsF(font) for font in self._fonts)
        pad, known = 2 * theme.em(0.6), {}
        keys = list(zip(self._labels, self._special.tolist(), strict=True))
        for label, special in set(keys):
            known[label, special] = round((small if special else plain).horizontalAdvance(label)) + pad
        self._widths = [known[key] for key in keys]
        self.updateGeometry()
        self._lay_out()

    def _place(self, width: int) -> tuple[list[QRectF], int]:
        """Where the chips stand in a strip of this width, and how high the strip is."""
        gap, edge = self._gap(), theme.em(0.45)
        height = round(QFontMetricsF(self._fonts[0]).height()) + theme.em(0.5)
        indent = edge + (theme.em(1.5) if self._is_pair() else 0)
        room = max(width - indent - edge, theme.em(4))
        chips: list[QRectF] = []
        x, y, last_word, last_text = -gap, edge, -1, 0
        # Special tokens belong to neither text: they stay in the line of what they follow.
        texts = np.maximum.accumulate(np.where(self._special, 0, self._texts))
        for own, word, text in zip(self._widths, self._words.tolist(), texts.tolist(), strict=True):
            own = min(own, room)
            x += 2 if word >= 0 and word == last_word else gap
            if chips and (x + own > room or text != last_text):
                x, y = 0, y + height + 2 * gap
            chips.append(QRectF(indent + x, y, own, height))
            x, last_word, last_text = x + own, word, text
        return chips, (y + height + gap + edge if chips else 0)

    def _height(self) -> float:
        """Of a chip."""
        return self._chips[0].height() if self._chips else 0.0

    def _is_pair(self) -> bool:
        return bool(len(self._texts)) and bool(self._texts.max() > 0)

    def _lay_out(self) -> None:
        bar, room = self.verticalScrollBar(), self.maximumViewportSize()  # as it is without the bar
        self._chips, height = self._place(room.width())
        if height > room.height():
            self._chips, height = self._place(room.width() - bar.sizeHint().width())
        self._tops = [chip.top() for chip in self._chips]
        self._brackets = self._find_brackets()
        bar.setRange(0, max(0, height - room.height()))
        bar.setPageStep(room.height())
        bar.setSingleStep(theme.em(2))
        self.viewport().update()
        self._point()

    def heightForWidth(self, width: int) -> int:
        """In which no line is out of sight. Not for layouts, which would take it for the least height."""
        return self._place(width)[1]

    def sizeHint(self) -> QSize:
        width = max(self.width(), theme.em(20))
        return QSize(width, max(self.heightForWidth(width), theme.em(3)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(8), theme.em(3))

    # Painting.

    def _update_chip(self, index: int | None) -> None:
        if index is not None and index < len(self._chips):
            self.viewport().update(self._frame(index).toAlignedRect())

    def _lines(self, top: float, bottom: float) -> range:
        """The tokens in the lines that may paint between two heights of the viewport."""
        scrolled, around = self.verticalScrollBar().value(), 5
        first = bisect_left(self._tops, top + scrolled - self._height() - around)
        return range(first, bisect_right(self._tops, bottom + scrolled + around))

    def _frame(self, index: int) -> QRectF:
        """All that is painted of a chip: it and the frame around it."""
        return self.chip_rect(index).adjusted(-4, -4, 4, 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            self._paint(painter, event)

    def _paint(self, painter: QPainter, event: QPaintEvent) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        painter.fillRect(event.rect(), QColor(colours.panel))
        exposed, region = event.rect(), event.region()
        for index in self._lines(exposed.top(), exposed.bottom()):
            if region.intersects(self._frame(index).toAlignedRect()):
                self._paint_chip(painter, index, colours)
        self._paint_brackets(painter, exposed, colours)
        if self._is_pair():
            self._paint_names(painter, colours)
        if self._focus_frame:
            painter.setPen(QColor(colours.blue))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_chip(self, painter: QPainter, index: int, colours: theme.Theme) -> None:
        chip, special = self.chip_rect(index), bool(self._special[index])
        fill, ink = self._colours_of(index, colours)
        radius = theme.em(0.35)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(chip, radius, radius)
        if special:
            pen = QPen(QColor(colours.dim), 1, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([3, 2])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        font = self._fonts[special]
        painter.setFont(font)
        painter.setPen(ink)
        room = chip.width() - theme.em(0.6)
        text = self._labels[index]
        if self._widths[index] > chip.width() + 1:
            text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
        if index in self._struck:
            for width, colour in ((4, colours.panel), (2, colours.text)):
                painter.setPen(QPen(QColor(colour), width))
                middle = chip.center().y()
                painter.drawLine(QPointF(chip.left() + 3, middle), QPointF(chip.right() - 3, middle))
        if index >= self._written:
            self._paint_written(painter, index, colours)
        self._paint_frames(painter, index, colours)

    def _paint_written(self, painter: QPainter, index: int, colours: theme.Theme) -> None:
        chip = self.chip_rect(index)
        painter.setPen(QPen(QColor(colours.blue), 1.6, Qt.PenStyle.DotLine))
        painter.drawLine(
            QPointF(chip.left() + 3, chip.bottom() + 1), QPointF(chip.right() - 3, chip.bottom() + 1)
        )
        if index == self._written:
            painter.setPen(QPen(QColor(colours.blue), 2))
            x = chip.left() - self._gap() / 2
            painter.drawLine(QPointF(x, chip.top()), QPointF(x, chip.bottom()))

    def _colours_of(self, index: int, colours: theme.Theme) -> tuple[QColor, QColor]:
        """(fill, text) of a chip; without weights it is plain."""
        if index >= self._unseen:
            return QColor(colours.panel), QColor(colours.dim)
        if self._levels is None:
            return QColor(colours.raised), QColor(colours.text)
        level = int(self._levels[index])
        return QColor(*(int(part) for part in self._lut[level, :3])), self._inks[level]

    def _paint_frames(self, painter: QPainter, index: int, colours: theme.Theme) -> None:
        chip, radius = self.chip_rect(index), theme.em(0.35)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        dragged = self._drag is not None and min(self._drag) <= index <= max(self._drag)
        selected = index in self._selected or dragged
        if selected:
            painter.setPen(QPen(QColor(colours.amber), 2))
            painter.drawRoundedRect(chip.adjusted(-2, -2, 2, 2), radius + 2, radius + 2)
        if index == self._hover:
            around = 0.0 if selected else 2.0  # inside the amber frame, so that both are seen
            painter.setPen(QPen(QColor(colours.blue), 2))
            painter.drawRoundedRect(
                chip.adjusted(-around, -around, around, around), radius + around, radius + around
            )

    def _find_brackets(self) -> list[tuple[float, float, float]]:
        """(left, right, y) of a line under the tokens of one word, once on every line of the strip."""
        brackets, first = [], 0
        words, counts = np.unique(self._words, return_counts=True)
        several = set(words[(counts > 1) & (words >= 0)].tolist())
        numbers = self._words.tolist()
        for i in range(1, len(numbers) + 1):
            goes_on = i < len(numbers) and numbers[i] == numbers[first] and self._tops[i] == self._tops[first]
            if not goes_on:
                if numbers[first] in several:
                    y = self._chips[first].bottom() + self._gap() - 0.5
                    brackets.append((self._chips[first].left() + 2.5, self._chips[i - 1].right() - 2.5, y))
                first = i
        return brackets

    def _paint_brackets(self, painter: QPainter, exposed: QRect, colours: theme.Theme) -> None:
        painter.setPen(QPen(QColor(colours.dim), 1))
        scrolled = self.verticalScrollBar().value()
        for left, right, below in self._brackets:
            y = below - scrolled
            if exposed.top() <= y + 2 and y - 5 <= exposed.bottom():
                corners = ((left, y - 3), (left, y), (right, y), (right, y - 3))
                painter.drawPolyline([QPointF(*corner) for corner in corners])

    def _paint_names(self, painter: QPainter, colours: theme.Theme) -> None:
        painter.setFont(theme.text_font(0.92, QFont.Weight.DemiBold))
        painter.setPen(QColor(colours.dim))
        for text, name in ((0, "A"), (1, "B")):
            where = np.flatnonzero(self._texts == text)
            if len(where):
                chip = self.chip_rect(int(where[0]))
                box = QRectF(0, chip.top(), chip.left() - theme.em(0.3), chip.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    # The mouse.

    def token_at(self, point: QPointF) -> int | None:
        """The token of which the chip is at `point` (pixels of the viewport)."""
        point = QPointF(point.x(), point.y() + self.verticalScrollBar().value())
        line = range(bisect_left(self._tops, point.y() - self._height()), bisect_right(self._tops, point.y()))
        return next((i for i in line if self._chips[i].contains(point)), None)

    def _nearest(self, point: QPointF) -> int:
        """The token nearest to `point`; lines count before places in them."""
        point = QPointF(point.x(), point.y() + self.verticalScrollBar().value())

        def away(i: int) -> tuple[float, float]:
            chip = self._chips[i]
            return (
                max(chip.top() - point.y(), point.y() - chip.bottom(), 0.0),
                max(chip.left() - point.x(), point.x() - chip.right(), 0.0),
            )

        return min(range(len(self._chips)), key=away)

    def _point(self) -> None:
        under = None if self._cursor is None else self.token_at(self._cursor)
        if under != self._under:
            self._under = under
            self.hovered.emit(under)
        self._refresh_tip()

    def _refresh_tip(self) -> None:
        text = ""
        if self._under is not None and self._under < len(self._labels):
            if self._tip_function is not None:
                text = self._tip_function(self._under)
            elif self._values is not None:
                text = f"{self._labels[self._under]}\t{read_out(float(self._values[self._under]))}"
        if not text:
            self._tip.hide()
            return
        chip = self.chip_rect(self._under)
        others = (self.chip_rect(index) for index in range(len(self._chips)) if index != self._under)
        self._tip.show_at(chip.center(), text, [chip, *others])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._chips:
            self._press = event.position()
            return
        token = self.token_at(event.position())
        if event.button() == Qt.MouseButton.RightButton and token is not None:
            self.asked.emit(token, event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if self._press is not None:
            far = (event.position() - self._press).manhattanLength() >= QApplication.startDragDistance()
            if far or self._drag is not None:
                drag = (self._nearest(self._press), self._nearest(event.position()))
                if drag != self._drag:
                    self._drag = drag
                    self.viewport().update()
        self._point()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        press, drag = self._press, self._drag
        self._press = self._drag = None
        if drag is None or drag[0] == drag[1] == self.token_at(press):
            token = self.token_at(press)
            if token is not None:
                self.clicked.emit(token, adds(event))
        else:
            self.spanned.emit(min(drag), max(drag), adds(event))
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._point()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape ends a drag, the page keys scroll; all other keys, the arrows too, belong to the window."""
        if event.key() == Qt.Key.Key_Escape and self._drag is not None:
            self._press = self._drag = None
            self.viewport().update()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
        else:
            event.ignore()

    # The widget.

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
        self._point()

    def _resized(self) -> None:
        self._lay_out()

    def _restyled(self) -> None:
        if hasattr(self, "_widths"):
            self._measure()
