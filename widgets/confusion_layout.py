"""Where the parts of a confusion matrix stand: names, cells, figures beside them, the scale below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QFont, QFontMetrics

from widgets import theme
from widgets.labels import label_font

_SMALLEST_TEXT = 8
"""Pixels of the smallest letters; where rows are lower, every second label is left out, and so on."""
FIGURES = ("IoU", "recall", "precision")
"""The columns beside the matrix, as many from the left as have room."""


@dataclass(frozen=True, slots=True)
class Places:
    """Pixels: where all starts, the matrix's corner, its cells, where figures and the scale below start."""

    start: int = 0
    left: int = 0
    top: int = 0
    cell: int = 1
    figures: int = 0
    columns: tuple[str, ...] = ()
    scale: int | None = None

    def rect(self, row: int, column: int) -> QRect:
        """A cell."""
        return QRect(self.left + column * self.cell, self.top + row * self.cell, self.cell, self.cell)

    def figure(self, row: int, column: int) -> QRect:
        """A figure of a class."""
        width = figure_width()
        return QRect(self.figures + column * width, self.rect(row, 0).y(), width, self.cell)

    def at(self, point: QPointF, count: int) -> tuple[int, int | None] | None:
        """(row, column) of `count` at a pixel, (row, None) over its name or figures."""
        row, column = int((point.y() - self.top) // self.cell), int((point.x() - self.left) // self.cell)
        if not 0 <= row < count:
            return None
        return row, column if 0 <= column < count else None


def arrange(names: Sequence[str], size: QSize) -> Places:
    """The largest square cells that fit with the IoU beside them; more figures where there is room."""
    metrics, gap = QFontMetrics(label_font()), theme.em(0.5)
    widest = max(map(metrics.horizontalAdvance, names), default=0)
    axis = metrics.height() + 2
    widest += 2  # widths are fractions
    left = axis + min(widest, size.width() // 4) + gap
    top = axis + max(min(widest, size.height() // 4), metrics.horizontalAdvance("IoU") + 2) + gap
    count, width = max(1, len(names)), figure_width()
    low = size.height() < theme.em(18)
    below = 2 if low else metrics.height() + theme.em(1.1)
    cell = min((size.width() - left - width - gap) // count, (size.height() - top - below) // count)
    cell = max(cell, 4)
    spare = size.width() - left - count * cell - gap
    columns = FIGURES[: max(1, min(len(FIGURES), spare // width))]
    used = left + count * cell + gap + len(columns) * width
    aside = max(0, size.width() - used) // 2
    right, bottom = aside + left + count * cell, top + count * cell
    scale = None if low else bottom + theme.em(0.7)
    return Places(aside, aside + left, top, cell, right + gap, columns, scale)


def figure_width() -> int:
    """Pixels of a column of figures."""
    return QFontMetrics(label_font(QFont.Weight.Medium)).horizontalAdvance("0.00") + theme.em(0.5)


def fitting_font(cell: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The labels' font, smaller where cells are lower than its letters."""
    font = label_font(weight)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(cell * 0.85))))
    return font


def number_font(cell: int) -> QFont:
    """For a share in per cent inside a cell."""
    font = label_font(QFont.Weight.Medium)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(cell * 0.55))))
    return font
