"""Where the parts of a confusion matrix stand: names, swatches, cells, figures beside, the scale below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QFont, QFontMetrics

from headlight.widgets.base import theme
from headlight.widgets.base.labels import label_font

_SMALLEST_TEXT = 9
"""Pixels of the smallest letters; where rows are lower, every second label is left out, and so on."""
FIGURES = ("IoU", "recall", "precision")
"""The columns beside the matrix, as many from the left as have room."""
_WIDEST, _HIGHEST = 1.6, 1.8
"""A cell's width over its height and its height over its width, at most, unless a name needs the height."""


@dataclass(frozen=True, slots=True)
class Places:
    """Pixels: where all starts, the matrix's corner, a cell's sides, the scale below.

    upright: the room of the names above the matrix, 0 where swatches alone have room. figures: the left
    edge of each of `columns`, and the right one of the last.
    """

    start: int = 0
    left: int = 0
    top: int = 0
    width: int = 1
    height: int = 1
    upright: int = 0
    columns: tuple[str, ...] = ()
    figures: tuple[int, ...] = (0,)
    scale: int = 0

    def rect(self, row: int, column: int) -> QRect:
        """A cell."""
        return QRect(self.left + column * self.width, self.top + row * self.height, self.width, self.height)

    def swatch(self, row: int | None = None, column: int | None = None) -> QRect:
        """The class's colour beside a row or above a column."""
        side, space = swatch_side(), gap()
        at = self.rect(row or 0, column or 0)
        if row is not None:
            return QRect(self.left - space - side, at.y() + (self.height - 1 - side) // 2, side, side)
        side = min(side, max(2, self.width - 2))
        return QRect(at.x() + (self.width - 1 - side) // 2, self.top - space - side, side, side)

    def figure(self, row: int, column: int) -> QRect:
        """A figure of a class."""
        left, right = self.figures[column : column + 2]
        return QRect(left, self.rect(row, 0).y(), right - left, self.height)

    def at(self, point: QPointF, count: int) -> tuple[int, int | None] | None:
        """(row, column) of `count` at a pixel, (row, None) over its name or figures."""
        row, column = int((point.y() - self.top) // self.height), int((point.x() - self.left) // self.width)
        if not 0 <= row < count:
            return None
        return row, column if 0 <= column < count else None


def arrange(names: Sequence[str], size: QSize) -> Places:
    """Rows share the height; cells are as wide as high, or narrower where recall and precision need it.

    Names stand above the columns too where the height is enough for them.
    """
    count, space, line = max(1, len(names)), gap(), _line()
    widest = _widest(names)
    left = max(min(widest, int(size.width() * 0.32)) + space + swatch_side() + space, _wide("truth ↓"))
    above, below = line + space + swatch_side() + space, _below()
    upright = widest + space if (size.height() - above - below - widest - space) / count >= 1.5 * line else 0
    height = max((size.height() - above - upright - below) // count, 4)
    room = size.width() - left - space
    shown = len(FIGURES)
    while shown > 1 and room - sum(_figure_widths(shown)) < count * _column():
        shown -= 1
    width = (room - sum(_figure_widths(shown))) // count
    width = max(4, min(width, round(height * _WIDEST)))
    height = min(height, max(_row(), round(width * _HIGHEST)))
    used = left + count * width + space + sum(_figure_widths(shown))
    start, top = max(0, size.width() - used) // 2, above + upright
    right = start + left + count * width + space
    columns = tuple(accumulate(_figure_widths(shown), initial=right))
    bottom = top + count * height
    return Places(
        *(start, start + left, top, width, height, upright),
        *(FIGURES[:shown], columns, bottom + theme.em(0.45)),
    )


def least(names: Sequence[str]) -> QSize:
    """What is needed for each name in full beside its row, and all figures."""
    space, count = gap(), max(1, len(names))
    beside = max(min(_widest(names), theme.em(7)) + space + swatch_side() + space, _wide("truth ↓"))
    across = beside + space + sum(_figure_widths(len(FIGURES))) + count * _column()
    above = _line() + space + swatch_side() + space
    return QSize(across, above + count * _row() + _below())


def swatch_side() -> int:
    return theme.em(0.65)


def fitting_font(height: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The labels' font, smaller where rows are lower than its letters."""
    font = label_font(weight)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(height * 0.92))))
    return font


def number_font(height: int) -> QFont:
    """For a share in per cent inside a cell."""
    font = label_font(QFont.Weight.Medium)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(height * 0.72))))
    return font


def narrowed(font: QFont, text: str, room: int) -> QFont:
    """The same, or so much smaller that a text has room: 100 among numbers of two digits."""
    wide = QFontMetrics(font).horizontalAdvance(text)
    if wide <= room:
        return font
    small = QFont(font)
    small.setPixelSize(max(1, font.pixelSize() * room // wide))
    return small


def _row() -> int:
    """The least height of a row: its letters, from capitals to what hangs below the line."""
    metrics = QFontMetrics(label_font())
    return metrics.capHeight() + metrics.descent() + 2


def _column() -> int:
    """The least width of a column: its swatch."""
    return swatch_side() + 1


def _figure_widths(count: int) -> list[int]:
    """Pixels of the first columns of figures, each with its heading above."""
    figures = QFontMetrics(label_font(QFont.Weight.Medium)).horizontalAdvance("0.00")
    return [max(figures, _wide(heading)) + theme.em(0.7) for heading in FIGURES[:count]]


def _widest(names: Sequence[str]) -> int:
    return max(map(_wide, names), default=0) + 2  # widths are fractions


def _wide(text: str) -> int:
    return QFontMetrics(label_font()).horizontalAdvance(text)


def _line() -> int:
    return QFontMetrics(label_font()).height()


def _below() -> int:
    """The scale's room: space, the bar, its numbers."""
    return theme.em(0.45) + theme.em(0.4) + _line()


def gap() -> int:
    """Pixels between names, swatches and cells."""
    return theme.em(0.35)
