"""The map grid: the neighbourhood's weights of every map of a few layers, a line or more for each layer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isqrt

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import RIGHT, label_font
from headlight.widgets.grids.cell_grid import FRAME, Cell, CellGrid

SMALLEST = 12
"""Cells are never smaller than this many pixels; the grid scrolls instead."""
WIDEST = 1.5
"""Cells are up to this many times wider than high where the width is not needed for more of them."""

_ONE_LINE = 8
"""Rows of more maps may take several lines, which have labels of their own."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where cells stand, in pixels from the first one's corner.

    counts: cells of each row, which has as many lines of `columns` as it needs. tops: of its first line.
    """

    counts: tuple[int, ...]
    columns: int
    width: int
    size: int
    gap: int
    tops: tuple[int, ...]
    height: int

    def cell(self, row: int, map: int) -> tuple[int, int]:
        """The corner of a cell."""
        line, column = divmod(map, self.columns)
        return column * (self.width + self.gap), self.tops[row] + line * (self.size + self.gap)

    def at(self, x: int, y: int) -> Cell | None:
        """(row, map) at a pixel, a gap counting to the cell before it; None beside the cells."""
        across, down = self.width + self.gap, self.size + self.gap
        row = bisect_right(self.tops, y) - 1
        if row < 0 or not 0 <= x < self.columns * across:
            return None
        map = (y - self.tops[row]) // down * self.columns + x // across
        return (row, map) if map < self.counts[row] else None


def arrange(counts: Sequence[int], width: int, height: int, gap: int, between: int, label: int) -> Layout:
    """The highest cells, at least SMALLEST, with which all rows fit into `width` × `height` pixels.

    between: least pixels between rows. label: height of a row's label, which a row is never lower than. Of
    the numbers of columns that allow these cells a power of two is taken, else the least. Where not even the
    smallest cells fit, the width is used and the height exceeded.
    """
    most = max([1, *counts])

    def columns_at(size: int) -> int:
        return min(most, max(1, (width + gap) // (size + gap)))

    def stack(size: int, columns: int, between: int) -> tuple[list[int], int]:
        """The top of each row's first line, and the height of all."""
        y, tops = 0, []
        for count in counts:
            cells = ceil(count / columns) * (size + gap) - gap
            tops.append(y + max(0, label - cells) // 2)
            y += max(cells, label) + between
        return tops, max(0, y - between)

    def fits(size: int, columns: int) -> bool:
        inside = columns * (size + gap) - gap <= width
        return inside and stack(size, columns, between)[1] <= height

    size, high = SMALLEST, max(SMALLEST, min(width, height))
    while size < high:  # larger cells leave room for fewer columns and need more height
        middle = (size + high + 1) // 2
        if fits(middle, columns_at(middle)):
            size = middle
        else:
            high = middle - 1
    columns = columns_at(size)
    allowed = [count for count in range(1, columns + 1) if fits(size, count)]
    if allowed:
        columns = next((count for count in reversed(allowed) if count & (count - 1) == 0), allowed[0])
    wide = min(int(size * WIDEST), (width + gap) // columns - gap)
    spare = height - stack(size, columns, between)[1]
    between += min(between, max(0, spare) // max(1, len(counts) - 1))
    tops, bottom = stack(size, columns, between)
    return Layout(tuple(counts), columns, max(size, wide), size, gap, tuple(tops), bottom)


def picture_shape(k: int) -> tuple[int, int]:
    """(rows, columns) in which k weights are drawn: 16 as 4 × 4, 8 as 2 × 4, 1 as 1 × 1."""
    rows = max(1, isqrt(k))
    return rows, ceil(k / rows)


def pictures(levels: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 (maps, k) to (maps, height, width), each level a crisp block, nearest first in reading order."""
    maps, k = levels.shape
    rows, columns = picture_shape(k)
    folded = np.zeros((maps, rows * columns), np.uint8)
    folded[:, :k] = levels
    down, across = np.arange(height) * rows // height, np.arange(width) * columns // width
    return folded.reshape(maps, rows, columns)[:, down[:, None], across]


class MapGrid(CellGrid):
    """Rows of cells, one row a layer, one cell a map: its neighbours' weights, or a single number.

    hovered: (layer, map), or None. clicked: layer, map. Rows are named by their place, cells by their layer.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[str] = []
        self._notes: list[str] = []
        self._layers: list[int] = []
        self._layout = arrange((), 1, 1, 3, 6, 12)
        self._corner = QPoint(0, 0)
        self.setAccessibleName("Maps of the layers")

    # What is shown.

    def set_rows(self, labels: Sequence[str], layers: Sequence[int], maps: Sequence[int]) -> None:
        """An empty grid: of each row its label, its layer's index and its number of maps."""
        if not len(labels) == len(layers) == len(maps):
            raise ValueError(f"{len(labels)} labels, {len(layers)} layers and {len(maps)} numbers of maps")
        self._labels, self._layers = list(labels), list(layers)
        self._notes = [""] * len(labels)
        rows = ", ".join(f"{label}: {count}" for label, count in zip(labels, maps, strict=True))
        self.setAccessibleDescription(rows)
        self._empty(list(maps))

    def set_row_maps(self, row: int, levels: np.ndarray, note: str = "") -> None:
        """The weights of a row's maps, uint8 (maps, k), nearest neighbour first. note: a word on them all."""
        if levels.ndim != 2 or len(levels) != self._counts[row]:
            raise ValueError(f"row {row} has {self._counts[row]} maps, but levels {levels.shape} came")
        self._maps[row] = np.asarray(levels)
        self._blocked.pop(row, None)
        if self._notes[row] != note:
            self._notes[row] = note
            self._arrange()
        self._renew([row])

    def set_blocked(self, row: int, reason: str) -> None:
        """Hatch a row instead of drawing its maps; `reason` becomes its tool tip."""
        self._blocked[row] = reason
        self._renew([row])

    def set_selected(self, layer: int | None, map: int | None) -> None:
        """Frame a map in amber; None, or a layer that has no row, for no frame."""
        self._select(None if layer is None or map is None else (layer, map))

    def cell_rect(self, layer: int, map: int) -> QRect:
        """Where a cell stands in the viewport, in pixels. LookupError for one that is not shown."""
        cell = self._placed((layer, map))
        if cell is None:
            raise LookupError(f"no cell for layer {layer}, map {map}")
        return self._rect(cell)

    def beside(self, layer: int, map: int, right: int = 0, down: int = 0) -> tuple[int, int]:
        """The (layer, map) so many cells further in the grid as it is drawn; the same where it ends."""
        cell = self._placed((layer, map))
        if cell is None:
            return layer, map
        row, at = cell[0], cell[1] + right
        if not 0 <= at < self._counts[row]:
            at = cell[1]
        for _ in range(abs(down)):
            line, column = divmod(at, self._layout.columns)
            line += 1 if down > 0 else -1
            if not 0 <= line < self._lines(row):
                following = row + (1 if down > 0 else -1)
                if not 0 <= following < len(self._counts):
                    break
                row, line = following, 0 if down > 0 else self._lines(following) - 1
            at = min(line * self._layout.columns + column, self._counts[row] - 1)
        return self._layers[row], at

    def _named(self, cell: Cell) -> Cell:
        return self._layers[cell[0]], cell[1]

    def _placed(self, name: Cell) -> Cell | None:
        layer, map = name
        row = self._layers.index(layer) if layer in self._layers else None
        return None if row is None or not 0 <= map < self._counts[row] else (row, map)

    def _pictures(self, group: int, width: int, height: int) -> np.ndarray:
        return pictures(self._maps[group], width, height)

    # Geometry.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(40), theme.em(14))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(12), theme.em(6))

    def _lines(self, row: int) -> int:
        return ceil(self._counts[row] / self._layout.columns)

    def _margins(self) -> tuple[int, int]:
        """Pixels at the left, for the labels, and at the other sides."""
        bold, plain = QFontMetrics(label_font(QFont.Weight.DemiBold)), QFontMetrics(label_font())
        widest = max(
            (bold.horizontalAdvance(self._label(row)) for row in range(len(self._labels))), default=0
        )
        most = max(self._counts, default=0)
        if most > SMALLEST:  # such a row may take several lines
            widest = max(widest, plain.horizontalAdvance(_line_label(most - 2, most - 1)))
        room = self.viewport().width()
        return min(widest, theme.em(9), room // 3) + theme.em(0.9), theme.em(0.2) + FRAME

    def _arrange(self) -> None:
        left, edge = self._margins()
        gap, between = max(3, theme.em(0.24)), max(5, theme.em(0.4))
        room = self.viewport().size()
        width, height = max(1, room.width() - left - edge), max(1, room.height() - 2 * edge)
        label = QFontMetrics(label_font()).height()
        self._layout = layout = arrange(self._counts, width, height, gap, between, label)
        used = layout.columns * (layout.width + gap) - gap
        self._corner = QPoint(left + max(0, width - used) // 2, edge)
        self._lay_out(QSize(left + used + edge, layout.height + 2 * edge), layout.size + gap)

    def _place(self, cell: Cell) -> QRect:
        x, y = self._layout.cell(*cell)
        return QRect(self._corner.x() + x, self._corner.y() + y, self._layout.width, self._layout.size)

    def _extent(self, group: int) -> QRect:
        count, columns = self._counts[group], self._layout.columns
        if not count:
            return QRect()
        line = self._place((group, 0)).united(self._place((group, min(count, columns) - 1)))
        return line.united(self._place((group, count - 1)))

    def _body(self) -> QRect:
        return self.viewport().rect().adjusted(self._corner.x() - FRAME - 2, 0, 0, 0)

    def _cell_at(self, point: QPoint) -> Cell | None:
        if not self._body().contains(point):
            return None
        point = point + self._offset() - self._corner
        return self._layout.at(point.x(), point.y())

    def _label_rect(self, row: int, line: int = 0) -> QRect:
        """Beside a line of a row, in the viewport."""
        first = self._rect((row, line * self._layout.columns))
        height = QFontMetrics(label_font()).height()
        right = self._corner.x() - theme.em(0.6)
        left = max(0, right - self._margins()[0])
        return QRect(left, first.center().y() - height // 2, right - left, height)

    def _label(self, row: int) -> str:
        """dec5.1; dec5.1 · uniform."""
        return f"{self._labels[row]} · {self._notes[row]}" if self._notes[row] else self._labels[row]

    def _labels_of(self, cell: Cell) -> QRegion:
        return QRegion(self._label_rect(cell[0]))

    # Painting.

    def _paint_labels(self, painter: QPainter, dirty: QRect) -> None:
        if dirty.left() > self._corner.x():
            return
        colours, plain, bold = theme.current(), label_font(), label_font(QFont.Weight.DemiBold)
        chosen = self._selected[0] if self._selected else None
        pointed = self._hovered[0] if self._hovered else None
        for row in range(len(self._labels)):
            if not self._counts[row]:
                continue
            rect = self._label_rect(row)
            font = bold if row == chosen else plain
            ink = colours.amber_text if row == chosen else colours.blue if row == pointed else colours.dim
            painter.setFont(font)
            painter.setPen(QColor(ink))
            text = QFontMetrics(font).elidedText(self._label(row), Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, RIGHT, text)
            painter.setFont(plain)
            painter.setPen(QColor(colours.faint))
            if self._layout.size + self._layout.gap >= rect.height():
                for line in range(1, self._lines(row)):
                    first = line * self._layout.columns
                    last = min(first + self._layout.columns, self._counts[row]) - 1
                    painter.drawText(self._label_rect(row, line), RIGHT, _line_label(first, last))


def _line_label(first: int, last: int) -> str:
    """What stands beside a further line of a row: the maps in it."""
    return f"maps {first}–{last}" if first < last else f"map {first}"
