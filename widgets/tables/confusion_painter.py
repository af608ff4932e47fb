"""Painting a confusion matrix: cells, marks, names with their classes' colours, figures, the scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from headlight.widgets.base import theme
from headlight.widgets.base.chip_colours import contrast
from headlight.widgets.base.labels import CENTRE, LEFT, RIGHT, UNCLIPPED, label_font
from headlight.widgets.tables.confusion import Confusion
from headlight.widgets.tables.confusion_layout import Places, fitting_font, gap, narrowed, number_font


@dataclass(frozen=True, eq=False)
class ConfusionPainter:
    """classes: those that have a row and a column, in order. lut: uint8 (256, 4), the colours of the levels.

    colours: uint8 (C, 3), the legend's, of all classes; None for no swatches.
    hovered: (truth, predicted or None), marked in blue; selected: (truth, predicted), framed in amber.
    """

    table: Confusion
    classes: list[int]
    places: Places
    lut: np.ndarray
    colours: np.ndarray | None
    hovered: tuple[int, int | None] | None
    selected: tuple[int, int] | None

    def cells(self, painter: QPainter) -> None:
        """All cells and their numbers, which pointing leaves as they are."""
        colours, places, matrix = theme.current(), self.places, self.table.matrix
        font = number_font(places.height)
        metrics = QFontMetrics(font)
        numbers = (
            metrics.horizontalAdvance("88") + 3 <= places.width and metrics.capHeight() < places.height - 2
        )
        painter.setFont(font)
        for row, truth in enumerate(self.classes):
            for column, predicted in enumerate(self.classes):
                box = places.rect(row, column).adjusted(0, 0, -1, -1)
                fill = QColor(*self.lut[int(self.table.levels[truth, predicted]), :3].tolist())
                empty = not matrix[truth, predicted]
                painter.fillRect(box, QColor(colours.raised) if empty else fill)
                share = matrix[truth, predicted] / max(1, matrix[truth].sum())
                text = f"{round(100 * share)}"
                if numbers and share >= 0.005 and not empty:
                    painter.setPen(_ink(fill.rgb()))
                    painter.setFont(narrowed(font, text, box.width() - 2))
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
            across = QRectF(row.x(), row.y(), places.width * count, places.height)
            painter.drawRect(across.adjusted(-1.5, -1.5, 0.5, 0.5))
            if self.hovered[1] in self.classes:
                column = places.rect(0, self.classes.index(self.hovered[1]))
                down = QRectF(column.x(), column.y(), places.width, places.height * count)
                painter.drawRect(down.adjusted(-1.5, -1.5, 0.5, 0.5))
        if self.selected is not None and set(self.selected) <= set(self.classes):
            painter.setPen(QPen(QColor(colours.amber), 2))
            cell = places.rect(*(self.classes.index(index) for index in self.selected))
            painter.drawRect(QRectF(cell).adjusted(-1, -1, 0, 0))

    def names(self, painter: QPainter) -> None:
        """Of the truth's classes at the left, of the predicted ones above where there is room; swatches."""
        colours, places = theme.current(), self.places
        font = fitting_font(places.height)
        metrics, every = QFontMetrics(font), self._every(QFontMetrics(font))
        painter.setFont(font)
        for place, index in enumerate(self.classes):
            beside, above = places.swatch(row=place), places.swatch(column=place)
            for swatch in (beside, above) if self.colours is not None else ():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(*self.colours[index].tolist()))
                painter.drawRoundedRect(swatch, 2, 2)
            truth = self._ink_of(index, 0)
            if place % every == 0 or truth != colours.text:
                painter.setPen(QColor(truth))
                room = QRect(places.start, beside.y(), beside.x() - gap() - places.start, beside.height())
                painter.drawText(room, RIGHT | UNCLIPPED, self._short(metrics, index, room.width()))
            if places.upright and places.width + 3 >= metrics.ascent() + metrics.descent():
                painter.setPen(QColor(self._ink_of(index, 1)))
                self._upright(painter, above, self._short(metrics, index, places.upright))
        self._axes(painter)

    def _axes(self, painter: QPainter) -> None:
        """What goes down and what goes across, once."""
        places, metrics = self.places, QFontMetrics(label_font())
        painter.setFont(label_font())
        painter.setPen(QColor(theme.current().dim))
        corner = QRect(places.start, 0, places.left - gap() - places.start, metrics.height())
        painter.drawText(corner, RIGHT | UNCLIPPED, "truth ↓")
        across = QRect(places.left, 0, places.width * len(self.classes), metrics.height())
        painter.drawText(across, LEFT | UNCLIPPED, "predicted →")
        for number, column in enumerate(places.columns):
            head = places.figure(0, number)
            head.setTop(0)
            head.setHeight(metrics.height())
            painter.drawText(head, RIGHT | UNCLIPPED, column)

    def figures(self, painter: QPainter) -> None:
        """IoU and what else has room."""
        colours, places = theme.current(), self.places
        font = fitting_font(places.height, QFont.Weight.Medium)
        every = self._every(QFontMetrics(font))
        painter.setFont(font)
        for number, column in enumerate(places.columns):
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
        metrics, words, x = QFontMetrics(label_font()), f"of the class’s {self.table.things}", places.left
        strip = min(theme.em(9), max(places.width * len(self.classes), theme.em(6)))
        pixels = np.ascontiguousarray(self.lut)
        bar = QRectF(x, places.scale, strip, theme.em(0.4))
        painter.drawImage(bar, QImage(pixels.data, 256, 1, 1024, QImage.Format.Format_RGBA8888))
        painter.setFont(label_font())
        painter.setPen(QColor(theme.current().dim))
        y = round(places.scale + theme.em(0.4) - 1)
        taken: list[tuple[float, float]] = []
        for share, text in ((0.0, "0"), (1.0, "100 %"), (0.1, "10"), (0.5, "50")):
            middle, wide = x + strip * share**0.5, metrics.horizontalAdvance(text)
            start = round(max(x, middle - wide / 2))
            if all(start + wide + gap() < left or right + gap() < start for left, right in taken):
                painter.drawText(QRect(start, y, wide + 1, metrics.height()), LEFT, text)
                taken.append((start, start + wide))
        rest = QRect(
            x + strip + metrics.horizontalAdvance("100 %") // 2 + theme.em(0.6), y, width, metrics.height()
        )
        if rest.x() + metrics.horizontalAdvance(words) <= width:
            painter.drawText(rest, LEFT, words)

    def _every(self, metrics: QFontMetrics) -> int:
        """How many rows share one label."""
        return -(-(metrics.capHeight() + metrics.descent()) // self.places.height)

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

    def _upright(self, painter: QPainter, swatch: QRect, text: str) -> None:
        """Text that is read upwards, above a column's swatch."""
        painter.save()
        painter.translate(swatch.x() + swatch.width() / 2, swatch.y() - gap())
        painter.rotate(-90)
        height = self.places.width
        painter.drawText(QRect(0, -height // 2, self.places.upright, height), LEFT | UNCLIPPED, text)
        painter.restore()


@lru_cache(maxsize=256)
def _ink(rgb: int) -> QColor:
    """Black or white, whichever is read better on a colour."""
    return max((QColor("#000000"), QColor("#ffffff")), key=lambda ink: contrast(ink, QColor.fromRgb(rgb)))
