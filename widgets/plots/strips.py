"""Lines of numbers as strips of bars, those with one axis below each other: the steps of a calculation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import CENTRE, LEFT, RIGHT, label_font
from headlight.widgets.plots.figure import Figure

NUMBERED = 20
"""Strips of so many bars at most have their numbers below them, and the names of their places."""
_TITLES = 0.34
"""Of the width, what titles have at most."""


@dataclass(frozen=True, eq=False)
class Strip:
    """values: float (n,), -inf where there is none. figure: what stands behind. ends: the lowest and the
    highest number that it has room for. lit: what lights it. outlined: its bars are not filled.
    """

    title: str
    values: np.ndarray
    figure: str
    ends: tuple[float, float]
    lit: tuple[str, ...] = ()
    outlined: bool = False


@dataclass(frozen=True, eq=False)
class StripGroup:
    """Strips whose bars stand below each other. chosen: the place that is spoken of, or None."""

    title: str
    places: Sequence[str]
    strips: Sequence[Strip]
    chosen: int | None = None


Part = tuple[int, int, int | None]
"""Group, strip, and place within it, None beside its bars."""


class Strips(Figure):
    """The chosen place is amber, the pointed one blue; what is below zero hangs down."""

    hovered = Signal(object)
    """The Part under the cursor or with the keyboard's focus, or None."""
    clicked = Signal(int, int)
    """A place of a group."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._groups: list[StripGroup] = []
        self._lit: frozenset[str] = frozenset()
        self._places: dict[int, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_groups(self, groups: Sequence[StripGroup]) -> None:
        self._groups = list(groups)
        self._places = {}
        self._point(None)
        said = "; ".join(f"{one.title} {one.figure}" for group in groups for one in group.strips)
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def set_lit(self, symbols: frozenset[str]) -> None:
        """Light the strips of these; no signal."""
        if symbols != self._lit:
            self._lit = symbols
            self.update()

    def set_place(self, group: int, place: int | None) -> None:
        """Mark a place of a group as if it were pointed at; no signal."""
        if self._places.get(group) != place:
            self._places = {} if place is None else {group: place}
            self.update()

    def strip(self, part: Part) -> Strip:
        return self._groups[part[0]].strips[part[1]]

    def bar_at(self, part: Part) -> QPointF:
        """The middle of a place of a strip, in pixels."""
        room = next(self._bars(rect) for g, s, rect in self._rows() if (g, s) == part[:2])
        count = len(self._groups[part[0]].places)
        return QPointF(room.left() + ((part[2] or 0) + 0.5) * room.width() / count, room.center().y())

    def sizeHint(self) -> QSize:
        return QSize(theme.em(34), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(22), self._height())

    # Where things stand.

    def _height(self) -> int:
        return round(sum(self._header() + self._group_height(group) for group in self._groups))

    def _header(self) -> float:
        return theme.em(1.9)

    def _row_height(self, group: StripGroup) -> float:
        return theme.em(2.5) if len(group.places) <= NUMBERED else theme.em(1.9)

    def _group_height(self, group: StripGroup) -> float:
        names = theme.em(1.2) if len(group.places) <= NUMBERED else 0
        return len(group.strips) * self._row_height(group) + names

    def _tops(self) -> Iterator[tuple[int, StripGroup, float]]:
        """(number, group, where its strips begin)."""
        top = 0.0
        for number, group in enumerate(self._groups):
            top += self._header()
            yield number, group, top
            top += self._group_height(group)

    def _rows(self) -> Iterator[tuple[int, int, QRectF]]:
        for number, group, top in self._tops():
            height = self._row_height(group)
            for index in range(len(group.strips)):
                yield number, index, QRectF(0, top + index * height, self.width(), height)

    def _bars(self, row: QRectF) -> QRectF:
        """The room of a row's bars, with what stands below them."""
        metrics = QFontMetricsF(label_font(QFont.Weight.DemiBold))
        strips = [one for group in self._groups for one in group.strips]
        titles = max(metrics.horizontalAdvance(one.title) for one in strips)
        figures = max(metrics.horizontalAdvance(one.figure) for one in strips)
        left = min(titles, self.width() * _TITLES) + theme.em(0.7)
        return row.adjusted(left, 0, -figures - theme.em(0.7), 0)

    # Pointing.

    def _at(self, point: QPointF) -> Part | None:
        for group, index, row in self._rows():
            if row.contains(point):
                bars = self._bars(row)
                count = len(self._groups[group].places)
                place = int((point.x() - bars.left()) // max(bars.width() / count, 1e-9))
                return group, index, place if 0 <= place < count else None
        return None

    def _point(self, part: Part | None, cursor: QPointF | None = None) -> None:
        if part != self._hovered:
            self.set_hovered(part)
            self.hovered.emit(part)
        self._tip.show_at(cursor or QPointF(), "" if part is None or part[2] is None else self._said(part))

    def _said(self, part: Part) -> str:
        group, value = self._groups[part[0]], float(self.strip(part).values[part[2]])
        return f"{self.strip(part).title}\n{group.places[part[2]]}\t{number(value)}"

    def _choose(self, part: Part) -> bool:
        if part[2] is not None:
            self.clicked.emit(part[0], part[2])
        return part[2] is not None

    def _start(self) -> None:
        if self._groups and self._hovered is None:
            self._point_at((0, 0, 0))

    def _walk(self, right: int, down: int) -> bool:
        if not self._groups:
            return False
        group, index, place = self._hovered or (0, 0, 0)
        rows = [(g, s) for g, s, _ in self._rows()]
        group, index = rows[min(max(rows.index((group, index)) + down, 0), len(rows) - 1)]
        last = len(self._groups[group].places) - 1
        self._point_at((group, index, min(max((place or 0) + right, 0), last)))
        return True

    def _point_at(self, part: Part) -> None:
        self._point(part, self.bar_at(part))

    # Painting.

    def _paint(self, painter: QPainter) -> None:
        colours = theme.current()
        for group, index, row in self._rows():
            one, bars = self._groups[group].strips[index], self._bars(row)
            pointed = self._hovered is not None and self._hovered[:2] == (group, index)
            lit = pointed or bool(self._lit & set(one.lit))
            if lit:
                painter.fillRect(row, QColor(colours.hover))
            painter.setFont(label_font(QFont.Weight.DemiBold if lit else QFont.Weight.Normal))
            painter.setPen(
                QColor(colours.amber_text if one.outlined else colours.text if lit else colours.dim)
            )
            titles = QRectF(row.left(), row.top(), bars.left() - theme.em(0.5), row.height())
            painter.drawText(
                titles.adjusted(theme.em(0.2), 0, 0, 0), LEFT, self._elided(painter, one.title, titles)
            )
            painter.setPen(QColor(colours.amber_text if one.outlined else colours.text))
            painter.drawText(row.adjusted(0, 0, -theme.em(0.2), 0), RIGHT, one.figure)
            self._paint_strip(painter, group, one, bars.adjusted(0, 2, 0, -2))
        for number_, group, top in self._tops():
            self._paint_frame(painter, number_, group, top)

    def _elided(self, painter: QPainter, text: str, room: QRectF) -> str:
        return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))

    def _paint_frame(self, painter: QPainter, number_: int, group: StripGroup, top: float) -> None:
        """The title above the strips, and the names of few places below."""
        colours, head = theme.current(), self._header()
        painter.setFont(label_font(QFont.Weight.DemiBold))
        painter.setPen(QColor(colours.text))
        title = QRectF(theme.em(0.2), top - head, self.width(), head)
        painter.drawText(
            title.adjusted(0, theme.em(0.3), 0, 0), LEFT, self._elided(painter, group.title, title)
        )
        if len(group.places) > NUMBERED:
            return
        below = top + len(group.strips) * self._row_height(group)
        bars = self._bars(QRectF(0, below, self.width(), theme.em(1.2)))
        pitch = bars.width() / len(group.places)
        for index, name in enumerate(group.places):
            chosen = index == group.chosen
            painter.setFont(label_font(QFont.Weight.DemiBold if chosen else QFont.Weight.Normal))
            painter.setPen(QColor(colours.amber_text if chosen else colours.dim))
            room = QRectF(bars.left() + index * pitch, bars.top(), pitch - 3, bars.height())
            painter.drawText(room, CENTRE, self._elided(painter, name, room))

    def _paint_strip(self, painter: QPainter, group: int, one: Strip, room: QRectF) -> None:
        numbered = len(one.values) <= NUMBERED
        area = room.adjusted(0, 0, 0, -theme.em(1.0)) if numbered else room
        low, high = one.ends
        span = (high - low) or 1.0
        zero = area.bottom() + low / span * area.height()
        painter.setPen(QPen(QColor(theme.current().line), 1))
        painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        places, values = _pooled(one.values, max(1, int(area.width())))
        pitch = area.width() / len(values)
        wide = max(1.0, pitch - max(0.5, pitch * 0.2)) if pitch > 2 else pitch
        heights = np.where(np.isfinite(values), values, 0) / span * area.height()
        marked = self._marked(group)
        for index, height in enumerate(heights.tolist()):
            bar = QRectF(
                area.left() + index * pitch + (pitch - wide) / 2, zero - max(height, 0), wide, abs(height)
            )
            held = [place for place in marked if places[index] <= place < places[index + 1]]
            self._paint_bar(painter, bar, marked[held[0]] if held else theme.current().dim, one.outlined)
            if not np.isfinite(values[index]):
                forbidden = QRectF(bar.left(), area.top(), wide, area.height())
                painter.fillRect(forbidden, QBrush(QColor(theme.current().line), Qt.BrushStyle.BDiagPattern))
        if numbered:
            self._paint_numbers(painter, one.values, room, marked)

    def _marked(self, group: int) -> dict[int, str]:
        """The colour of the places that stand out, the pointed one first."""
        found: dict[int, str] = {}
        pointed = self._places.get(group)
        if self._hovered is not None and self._hovered[0] == group and self._hovered[2] is not None:
            pointed = self._hovered[2]
        if pointed is not None:
            found[pointed] = theme.current().blue
        if (chosen := self._groups[group].chosen) is not None:
            found.setdefault(chosen, theme.current().amber)
        return found

    def _paint_bar(self, painter: QPainter, bar: QRectF, colour: str, outlined: bool) -> None:
        if outlined and bar.width() > 3:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colour), 1.4))
            painter.drawRect(bar.adjusted(0.7, 0, -0.7, 0))
        else:
            painter.fillRect(bar, QColor(colour))

    def _paint_numbers(
        self, painter: QPainter, values: np.ndarray, room: QRectF, marked: dict[int, str]
    ) -> None:
        """Below each bar, where all of them have room."""
        painter.setFont(theme.text_font(0.75))
        pitch, wide = room.width() / len(values), QFontMetricsF(painter.font()).horizontalAdvance
        written = ([number(value, decimals) for value in values.tolist()] for decimals in (2, 1))
        texts = next((texts for texts in written if max(map(wide, texts)) < pitch - 2), [])
        for index, text in enumerate(texts):
            painter.setPen(QColor(theme.current().text if index in marked else theme.current().dim))
            at = QRectF(room.left() + index * pitch, room.bottom() - theme.em(0.95), pitch, theme.em(0.95))
            painter.drawText(at, CENTRE, text)


def number(value: float, decimals: int | None = None) -> str:
    """With its sign, as it is read; forbidden where it is infinitely small."""
    if not np.isfinite(value):
        return "−∞"
    text = read_out(value) if decimals is None else f"{value:.{decimals}f}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _pooled(values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(int (m + 1,), float (m,)): of m ≤ `most` equal stretches where each begins, and its largest number."""
    count = min(len(values), most)
    edges = np.arange(count + 1) * len(values) // count
    if count == len(values):
        return edges, values
    finite = np.where(np.isfinite(values), values, 0)
    high, low = (ufunc.reduceat(finite, edges[:-1]) for ufunc in (np.maximum, np.minimum))
    pooled = np.where(high >= -low, high, low)
    nothing = ~np.logical_or.reduceat(np.isfinite(values), edges[:-1])
    return edges, np.where(nothing, -np.inf, pooled)
