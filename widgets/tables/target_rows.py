"""Rows of names with a bar and a figure each: classes or tokens and their probabilities, likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from headlight.models.core.relevance import percent
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.base.labels import LEFT, RIGHT, label_font
from headlight.widgets.plots.figure import Figure

_NAMES = 0.6
"""Of the width between swatch and figure, what the names have at most; bars have the rest."""


class TargetRows(Figure):
    """A bar is as long as its share of 1; the first name is bold. With colours each has a swatch."""

    hovered = Signal(object)
    """The row under the cursor or with the keyboard's focus, or None."""
    chosen = Signal(int)
    """A row was clicked, of those that can be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Targets", parent)
        self._names: list[str] = []
        self._scores = np.zeros(0)
        self._colours: np.ndarray | None = None
        self._figures: list[str] | None = None
        self._first: int | None = 0
        self._choosable = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_rows(
        self,
        names: Sequence[str],
        scores: Sequence[float],
        colours: np.ndarray | None = None,
        figures: Sequence[str] | None = None,
    ) -> None:
        """scores: 0 to 1 each. colours: uint8 (rows, 3). figures: written in place of percent."""
        if len(names) != len(scores) or (colours is not None and len(colours) != len(names)):
            raise ValueError(f"{len(names)} names, but {len(scores)} scores or other colours")
        self._names, self._scores, self._colours = list(names), np.asarray(scores, float), colours
        self._figures = None if figures is None else list(figures)
        if self._hovered is not None and self._hovered >= len(names):
            self._point(None)
        first = f", first {names[0]}, {percent(scores[0])}" if names else ""
        self.setAccessibleDescription(f"{len(names):,} rows{first}")
        self.updateGeometry()
        self.update()

    def set_choosable(self, on: bool = True) -> None:
        """Rows can be clicked; the one that `set_chosen` names is marked, in place of the first."""
        if on != self._choosable:
            self._choosable, self._first = on, None if on else 0

    def set_chosen(self, index: int | None) -> None:
        """Mark a row in amber; no signal."""
        if index != self._first:
            self._first = index
            self.update()

    def row_rect(self, index: int) -> QRectF:
        """Where a row stands, in pixels."""
        return QRectF(0, index * _height(), self.width(), _height())

    def sizeHint(self) -> QSize:
        return QSize(theme.em(18), len(self._names) * _height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(10), len(self._names) * _height())

    # Pointing.

    def _at(self, point: QPointF) -> int | None:
        index = int(point.y() // _height())
        return index if 0 <= index < len(self._names) else None

    def _point(self, index: int | None, cursor: QPointF | None = None) -> None:
        if index != self._hovered:
            self.set_hovered(index)
            self.hovered.emit(index)
        said = ""
        if index is not None:
            figure = self._figures[index] if self._figures else read_out(float(self._scores[index]))
            said = f"{self._names[index]}\t{figure}"
        self._tip.show_at(cursor or QPointF(), said)

    def _choose(self, index: int) -> bool:
        if self._choosable:
            self.chosen.emit(index)
        return self._choosable

    def _start(self) -> None:
        if self._names and self._hovered is None:
            self._point_at(0)

    def _walk(self, right: int, down: int) -> bool:
        if not down or not self._names:
            return False
        before = self._hovered if self._hovered is not None else -down
        self._point_at(min(max(before + down, 0), len(self._names) - 1))
        return True

    def _point_at(self, index: int) -> None:
        self._point(index, self.row_rect(index).center())

    # Painting.

    def _paint(self, painter: QPainter) -> None:
        if not self._names:
            return
        figures = self._figures or [percent(score) for score in self._scores]
        metrics, gap = QFontMetricsF(label_font(QFont.Weight.DemiBold)), theme.em(0.5)
        right = max(map(metrics.horizontalAdvance, figures))
        longest = max(map(metrics.horizontalAdvance, self._names)) + 1
        for index, figure in enumerate(figures):
            row = self.row_rect(index)
            if index == self._hovered:
                painter.fillRect(row, QColor(theme.current().hover))
            left = self._paint_swatch(painter, row, index)
            bar = QRectF(row).adjusted(left, 0, -right - gap, 0)
            name = QRectF(bar.left(), row.top(), min(bar.width() * _NAMES, longest), row.height())
            bar.setLeft(name.right() + gap)
            self._paint_bar(painter, bar, index)
            self._paint_text(painter, name, LEFT, index, self._names[index])
            self._paint_text(painter, row, RIGHT, index, figure)

    def _paint_swatch(self, painter: QPainter, row: QRectF, index: int) -> float:
        """Its width, and the gap behind it."""
        if self._colours is None:
            return 0.0
        side = theme.em(0.7)
        box = QRectF(row.left(), row.center().y() - side / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*(int(part) for part in self._colours[index])))
        painter.drawRoundedRect(box, 2, 2)
        return side + theme.em(0.45)

    def _paint_bar(self, painter: QPainter, room: QRectF, index: int) -> None:
        colours, high = theme.current(), theme.em(0.4)
        ground = QRectF(room.left(), room.center().y() - high / 2, room.width(), high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(ground, high / 2, high / 2)
        share = float(np.clip(self._scores[index], 0, 1))
        if share > 0:
            ground.setWidth(max(ground.width() * share, 2.0))  # what is more than nothing is seen
            painter.setBrush(QColor(colours.amber if index == self._first else colours.blue))
            painter.drawRoundedRect(ground, min(high, ground.width()) / 2, high / 2)

    def _paint_text(
        self, painter: QPainter, room: QRectF, side: Qt.AlignmentFlag, index: int, text: str
    ) -> None:
        first = index == self._first
        font = label_font(QFont.Weight.DemiBold if first else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(
            QColor(theme.current().text if first or index == self._hovered else theme.current().dim)
        )
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, side, shown)


def _height() -> int:
    return theme.em(1.55)
