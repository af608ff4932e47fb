"""Painting a confusion matrix: cells, marks, names, figures, the scale of its colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from widgets import theme
from widgets.chip_colours import contrast
from widgets.confusion import Confusion
from widgets.confusion_layout import Places, figure_width, fitting_font, number_font
from widgets.labels import CENTRE, LEFT, RIGHT, UNCLIPPED, label_font


@dataclass(frozen=True, eq=False)
class ConfusionPainter:
    """classes: those that have a row and a column, in order. lut: uint8 (256, 4), the colours of the levels.

    hovered: (truth, predicted or None), marked in blue; selected: (truth, predicted), framed in amber.
    """

    table: Confusion
    classes: list[int]
    places: Places
    lut: np.ndarray
    hovered: tuple[int, int | None] | None
    selected: tuple[int, int] | None

    def cells(self, painter: QPainter) -> None:
        """All cells and their numbers, which pointing leaves as they are."""
        colours, places, matrix = theme.current(), self.places, self.table.matrix
        font = number_font(places.cell)
        metrics = QFontMetrics(font)
        numbers = metrics.horizontalAdvance("88") + 3 <= places.cell
        painter.setFont(font)
        for row, truth in enumerate(self.classes):
            for column, predicted in enumerate(self.classes):
                box = places.rect(row, column).adjusted(0, 0, -1, -1)
                fill = QColor(*self.lut[int(self.table.levels[truth, predicted]), :3].tolist())
                empty = not matrix[truth, predicted]
                painter.fillRect(box, QColor(colours.raised) if empty else fill)
                share = matrix[truth, predicted] / max(1, matrix[truth].sum())
                text = f"{round(100 * share)}"
                room = metrics.horizontalAdvance(text) + 2 <= box.width()
                if numbers and room and share >= 0.005 and not empty:
                    painter.setPen(_ink(fill.rgb()))
                    painter.drawText(box, CENTRE, text)

    def marks(self, painter: QPainter) -> None:
        """The diagonal, the row and the column that are pointed at, the selected cell."""
        colours, places, count = theme.current(), self.places, len(self.classes)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.dim), 1))
        for index in range(count):  # where a prediction is right
            painter.drawRect(places.rect(index, index).adjusted(0, 0, -2, -2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hovered is not None and self.hovered[0] in self.classes:
            painter.setPen(QPen(QColor(colours.blue), 1))
            row = places.rect(self.classes.index(self.hovered[0]), 0)
            across = QRectF(row.x(), row.y(), places.cell * count, places.cell)
            painter.drawRect(across.adjusted(-1.5, -1.5, 0.5, 0.5))
            if self.hovered[1] in self.classes:
                column = places.rect(0, self.classes.index(self.hovered[1]))
                down = QRectF(column.x(), column.y(), places.cell, places.cell * count)
                painter.drawRect(down.adjusted(-1.5, -1.5, 0.5, 0.5))
        if self.selected is not None and set(self.selected) <= set(self.classes):
            painter.setPen(QPen(QColor(colours.amber), 2))
            cell = places.rect(*(self.classes.index(index) for index in self.selected))
            painter.drawRect(QRectF(cell).adjusted(-1, -1, 0, 0))

    def names(self, painter: QPainter) -> None:
        """Of the truth's classes at the left, of the predicted ones above, and of both axes."""
        colours, places, gap = theme.current(), self.places, theme.em(0.5)
        font = fitting_font(places.cell)
        metrics = QFontMetrics(font)
        every = self._every(metrics)
        axis = QFontMetrics(label_font()).height() + 2
        across, down = places.left - gap - axis - places.start, places.top - gap - axis
        painter.setFont(font)
        for place, index in enumerate(self.classes):
            truth, predicted = self._ink_of(index, 0), self._ink_of(index, 1)
            if place % every == 0 or truth != colours.text:
                painter.setPen(QColor(truth))
                room = QRect(places.left - gap - across, places.rect(place, 0).y(), across, places.cell)
                painter.drawText(room, RIGHT | UNCLIPPED, self._short(metrics, index, across))
            if place % every == 0 or predicted != colours.text:
                painter.setPen(QColor(predicted))
                room = QRect(0, -places.cell // 2, down, places.cell)
                self._upright(painter, places.rect(0, place), room, self._short(metrics, index, down))
        painter.setFont(label_font())
        painter.setPen(QColor(colours.dim))
        span = places.cell * len(self.classes)
        painter.drawText(QRect(places.left, 0, span, axis), CENTRE | UNCLIPPED, "predicted →")
        painter.save()
        painter.translate(places.start, places.top + span / 2)
        painter.rotate(-90)
        painter.drawText(QRect(-span // 2, 0, span, axis), CENTRE | UNCLIPPED, "← truth")
        painter.restore()

    def figures(self, painter: QPainter) -> None:
        """IoU and what else has room, each with its heading above."""
        colours, places = theme.current(), self.places
        font = fitting_font(places.cell, QFont.Weight.Medium)
        every = self._every(QFontMetrics(font))
        gap, width = theme.em(0.5), figure_width()
        for number, column in enumerate(places.columns):
            painter.setFont(label_font())
            painter.setPen(QColor(colours.dim))
            head = QRect(places.figures + number * width + gap, 0, width - gap, places.cell)
            room = QRect(0, -head.width() // 2, places.top - gap, head.width())
            self._upright(painter, head, room, column)
            painter.setFont(font)
            for row, index in enumerate(self.classes):
                pointed = self.hovered is not None and self.hovered[0] == index
                if row % every and not pointed:
                    continue
                ink = colours.blue if pointed else colours.text if number == 0 else colours.dim
                painter.setPen(QColor(ink))
                painter.drawText(
                    places.figure(row, number), RIGHT | UNCLIPPED, self.table.figure(column, index)
                )

    def scale(self, painter: QPainter, width: int) -> None:
        """The colours of the shares below the matrix, with ticks where the root puts them.

        width: pixels that the whole has.
        """
        places = self.places
        if places.scale is None:
            return
        metrics, words, x = QFontMetrics(label_font()), "of the truth", places.left
        strip = min(theme.em(9), places.cell * len(self.classes))
        pixels = np.ascontiguousarray(self.lut)
        bar = QRectF(x, places.scale, strip, theme.em(0.4))
        painter.drawImage(bar, QImage(pixels.data, 256, 1, 1024, QImage.Format.Format_RGBA8888))
        painter.setFont(label_font())
        painter.setPen(QColor(theme.current().dim))
        y = round(places.scale + theme.em(0.4) - 1)
        for share, text in ((0.0, "0"), (0.1, "10"), (0.5, "50"), (1.0, "100 %")):
            middle, wide = x + strip * share**0.5, metrics.horizontalAdvance(text)
            start = round(max(x, middle - wide / 2))
            painter.drawText(QRect(start, y, wide + 1, metrics.height()), LEFT, text)
        rest = QRect(x + strip + theme.em(2.6), y, width, metrics.height())
        if rest.x() + metrics.horizontalAdvance(words) <= width:
            painter.drawText(rest, LEFT, words)

    def _every(self, metrics: QFontMetrics) -> int:
        """How many rows share one label."""
        return -(-(metrics.ascent() + metrics.descent()) // (self.places.cell + 3))

    def _ink_of(self, index: int, side: int) -> str:
        """The colour of a class's name; side: 0 for the truth's, 1 for the predicted one's."""
        colours = theme.current()
        if self.hovered is not None and self.hovered[side] == index:
            return colours.blue
        if self.selected is not None and self.selected[side] == index:
            return colours.amber_text
        return colours.text

    def _short(self, metrics: QFontMetrics, index: int, room: int) -> str:
        return metrics.elidedText(self.table.names[index], Qt.TextElideMode.ElideRight, max(room, 0))

    def _upright(self, painter: QPainter, column: QRect, room: QRect, text: str) -> None:
        """Text that is read upwards, above a column. room: from where it starts, turned."""
        painter.save()
        painter.translate(column.x() + (column.width() - 1) / 2, self.places.top - theme.em(0.5))
        painter.rotate(-90)
        painter.drawText(room, LEFT | UNCLIPPED, text)
        painter.restore()


@lru_cache(maxsize=256)
def _ink(rgb: int) -> QColor:
    """Black or white, whichever is read better on a colour."""
    return max((QColor("#000000"), QColor("#ffffff")), key=lambda ink: contrast(ink, QColor.fromRgb(rgb)))
