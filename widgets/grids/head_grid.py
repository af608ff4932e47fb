"""The head grid: a small map for every head of every layer, layers across, heads down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygon, QRegion
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import RIGHT, label_font
from headlight.widgets.grids.cell_grid import FRAME, Cell, CellGrid

SMALLEST = 14
"""Cells are never smaller than a square of so many pixels; the grid scrolls instead."""
NARROWEST = 6
"""Nor is the short side of a long cell ever shorter than this."""
LONGEST_ASPECT = 8
ROWS_SEEN = 8
"""A grid asks for room for so many heads, each as small as it can be."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where cells stand, in pixels: the corner of the first, the size of one, the gap between two."""

    left: int
    top: int
    width: int
    height: int
    gap: int

    def cell(self, layer: int, head: int) -> QRect:
        x = self.left + layer * (self.width + self.gap)
        return QRect(x, self.top + head * (self.height + self.gap), self.width, self.height)

    def at(self, x: float, y: float) -> Cell:
        """The cell at a pixel, a gap counting to the cell before it; may lie outside the grid."""
        layer = (x - self.left) // (self.width + self.gap)
        return int(layer), int((y - self.top) // (self.height + self.gap))


class HeadGrid(CellGrid):
    """Maps of all heads, one shape (h, w) a layer, as large as fit with their aspect kept.

    hovered: (layer, head), or None. clicked: layer, head.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fused = False
        self._marks: dict[Cell, str] = {}
        self._together: frozenset[Cell] = frozenset()
        self._places = Places(0, 0, SMALLEST, SMALLEST, 3)
        self.setAccessibleName("Heads of all layers")

    # What is shown.

    def set_shape(self, layers: int, heads: int | Sequence[int]) -> None:
        """An empty grid; `heads` is one number, or one for each layer."""
        counts = [heads] * layers if isinstance(heads, int) else list(heads)
        if len(counts) != layers:
            raise ValueError(f"{layers} layers, but {len(counts)} numbers of heads")
        self._empty(counts)
        self.updateGeometry()

    def set_maps(self, levels: np.ndarray | Sequence[np.ndarray]) -> None:
        """All maps: uint8 (layers, heads, h, w), or (heads, h, w) for each layer. The shape follows them."""
        if [len(maps) for maps in levels] != self._counts:
            self.set_shape(len(levels), [len(maps) for maps in levels])
        before = self._aspect()
        self._maps = [np.asarray(maps) for maps in levels]
        self._blocked = {}
        self._changed(range(len(self._maps)), before)

    def set_layer_maps(self, layer: int, levels: np.ndarray) -> None:
        """The maps of one layer, uint8 (heads, h, w), as they arrive."""
        if len(levels) != self._counts[layer]:
            raise ValueError(f"layer {layer} has {self._counts[layer]} heads, but {len(levels)} maps came")
        before = self._aspect()
        self._maps[layer] = np.asarray(levels)
        self._blocked.pop(layer, None)
        self._changed([layer], before)

    def set_blocked(self, layer: int, reason: str) -> None:
        """Hatch a layer instead of drawing its maps; `reason` becomes its tool tip."""
        self._blocked[layer] = reason
        self._renew([layer])

    def set_selected(self, layer: int | None, head: int | None) -> None:
        """Frame a head in amber (while fused its whole layer); None for no frame."""
        self._select(None if layer is None or head is None else (layer, head))

    def set_fused(self, fused: bool) -> None:
        """Whether the heads are fused, so that a whole layer is selected."""
        region = self._mark_region(self._selected, True)
        self._fused = fused
        self._repaint(region.united(self._mark_region(self._selected, True)))

    def set_marks(self, marks: Mapping[Cell, str], together: Iterable[Cell] = ()) -> None:
        """marks: what was changed of heads, in a word; "off" is struck through, all else has a corner.
        together: heads that are chosen together, framed by dashes."""
        marks, together = dict(marks), frozenset(together)
        if (marks, together) != (self._marks, self._together):
            self._marks, self._together = marks, together
            said = ", ".join(f"layer {layer} head {head} {word}" for (layer, head), word in marks.items())
            self.setAccessibleDescription(said)
            self.viewport().update()

    def cell_rect(self, layer: int, head: int) -> QRect:
        """Where a cell stands in the viewport, in pixels."""
        return self._rect((layer, head))

    def height_for(self, width: int, aspect: float) -> int:
        """The height that the grid fills at a width, in pixels. aspect: width / height of its maps."""
        left, top, margin = self._margins()
        gap, rows = _gap(), self._rows()
        aspect = _held(aspect)
        wide = (width - left - margin) / self._columns() - gap
        return top + rows * (int(max(wide / aspect, _least(aspect))) + gap) - gap + margin

    def _changed(self, layers: Sequence[int] | range, aspect_before: float) -> None:
        if self._aspect() != aspect_before:
            self._arrange()
        else:
            self._renew(layers)

    # Geometry.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(3.5) * (self._columns() + 1), theme.em(3.5) * (self._rows() + 1))

    def minimumSizeHint(self) -> QSize:
        """All heads of a few are seen; many scroll."""
        _, top, margin = self._margins()
        gap, rows = _gap(), min(self._rows(), ROWS_SEEN)
        return QSize(theme.em(8), max(theme.em(6), top + rows * (SMALLEST + gap) - gap + margin))

    def _columns(self) -> int:
        return max(1, len(self._counts))

    def _rows(self) -> int:
        return max([1, *self._counts])

    def _aspect(self) -> float:
        """Width / height of a cell: that of the first maps there are."""
        first = next((maps for maps in self._maps if maps is not None), None)
        aspect = 1.0 if first is None else first.shape[2] / first.shape[1]
        return _held(aspect)

    def _margins(self) -> tuple[int, int, int]:
        """Pixels at the left (axis name and head numbers), above (layer numbers) and at the far sides."""
        metrics = QFontMetrics(label_font())
        left = metrics.height() + metrics.horizontalAdvance("00") + theme.em(0.9)
        left = max(left, metrics.horizontalAdvance("layer") + theme.em(0.7))
        return left, metrics.height() + theme.em(0.5), theme.em(0.4)

    def _arrange(self) -> None:
        """Find the largest cells that fit and put the grid in the middle."""
        left, top, margin = self._margins()
        gap = _gap()
        room, aspect = self.viewport().size(), self._aspect()
        wide = (room.width() - left - margin) / self._columns() - gap
        high = (room.height() - top - margin) / self._rows() - gap
        height = max(min(high, wide / aspect), _least(aspect))
        width, height = max(NARROWEST, int(height * aspect)), max(NARROWEST, int(height))
        content = QSize(
            left + self._columns() * (width + gap) - gap + margin,
            top + self._rows() * (height + gap) - gap + margin,
        )
        self._places = Places(left + max(0, (room.width() - content.width()) // 2), top, width, height, gap)
        self._lay_out(content, SMALLEST)

    def _place(self, cell: Cell) -> QRect:
        return self._places.cell(*cell)

    def _extent(self, group: int) -> QRect:
        return self._place((group, 0)).united(self._place((group, self._counts[group] - 1)))

    def _framed(self, cell: Cell, selected: bool) -> QRect:
        if not (selected and self._fused):
            return self._rect(cell)
        return self._extent(cell[0]).translated(-self._offset())

    def _labels_of(self, cell: Cell) -> QRegion:
        return QRegion(self._layer_number(cell[0])).united(self._head_number(cell[1]))

    def _layer_number(self, layer: int) -> QRect:
        rect = self.cell_rect(layer, 0)
        return QRect(rect.x() - self._places.gap, 0, rect.width() + 2 * self._places.gap, self._places.top)

    def _head_number(self, head: int) -> QRect:
        rect, right = self.cell_rect(0, head), self._body().left() - theme.em(0.3)
        width = QFontMetrics(label_font()).horizontalAdvance("000")
        return QRect(right - width, rect.y() - 1, width, rect.height() + 2)

    def _body(self) -> QRect:
        left = self._places.left
        return self.viewport().rect().adjusted(left - FRAME - 2, self._places.top - FRAME - 2, 0, 0)

    def _cell_at(self, point: QPoint) -> Cell | None:
        if not self._body().contains(point):
            return None
        point += self._offset()
        layer, head = self._places.at(point.x(), point.y())
        return (layer, head) if 0 <= layer < len(self._counts) and 0 <= head < self._counts[layer] else None

    # Painting.

    def _paint_labels(self, painter: QPainter, dirty: QRect) -> None:
        left, top = self._body().left(), self._places.top
        if dirty.left() > left and dirty.top() > top:
            return
        colours, font = theme.current(), label_font()
        painter.setFont(font)
        painter.setPen(QColor(colours.dim))
        metrics = QFontMetrics(font)
        gap = theme.em(0.3)
        number_width = metrics.horizontalAdvance("000")
        painter.drawText(QRect(0, 0, left - gap, top), RIGHT, "layer")
        rows = self.cell_rect(0, 0).united(self.cell_rect(0, self._rows() - 1))
        painter.save()
        painter.translate(left - gap - number_width, rows.center().y())
        painter.rotate(-90)
        strip = QRect(-rows.height() // 2, -metrics.height(), rows.height(), metrics.height())
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, "head")
        painter.restore()
        self._paint_axis(painter, self._columns(), 0, self._layer_number, Qt.AlignmentFlag.AlignCenter)
        self._paint_axis(painter, self._rows(), 1, self._head_number, RIGHT)

    def _paint_frames(self, painter: QPainter) -> None:
        for cell, word in self._marks.items():
            if self._is_there(cell):
                self._paint_mark(painter, self._rect(cell), word)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell in filter(self._is_there, self._together):
            painter.setPen(QPen(QColor(theme.current().amber), FRAME, Qt.PenStyle.DotLine))
            painter.drawRect(self._rect(cell).adjusted(1, 1, -1, -1))
        super()._paint_frames(painter)

    def _is_there(self, cell: Cell) -> bool:
        return cell[0] < len(self._counts) and cell[1] < self._counts[cell[0]]

    def _paint_mark(self, painter: QPainter, cell: QRect, word: str) -> None:
        """Light on dark and dark on light: maps are of any colour."""
        side = max(5, min(cell.width(), cell.height()) // 3)
        corner = QPolygon(
            [cell.topRight(), cell.topRight() - QPoint(side, 0), cell.topRight() + QPoint(0, side)]
        )
        for colour, width in (("#101216", 4), ("#f2f3f5", 2)):
            painter.setPen(QPen(QColor(colour), width))
            if word == "off":
                inside = cell.adjusted(2, 2, -2, -2)
                painter.drawLine(inside.bottomLeft(), inside.topRight())
            else:
                painter.setBrush(QColor("#f2f3f5"))
                painter.setPen(QPen(QColor(colour), width - 1 if width == 2 else width))
                painter.drawPolygon(corner)

    def _paint_axis(
        self,
        painter: QPainter,
        count: int,
        axis: int,
        place: Callable[[int], QRect],
        align: Qt.AlignmentFlag,
    ) -> None:
        """The numbers of layers (axis 0) or heads (axis 1), as many as have room and are in sight whole."""
        colours, plain, bold = theme.current(), label_font(), label_font(QFont.Weight.DemiBold)
        widest = QFontMetrics(bold).horizontalAdvance(str(count - 1)) + 2
        pitch = self._places.width + self._places.gap
        every = 1 if axis else max(1, -(-widest // pitch))
        chosen = self._selected[axis] if self._selected and not (axis and self._fused) else None
        pointed = self._hovered[axis] if self._hovered else None
        body = self._body()
        for number in range(0, count, every):
            cell = self.cell_rect(0, number) if axis else self.cell_rect(number, 0)
            if cell.y() < body.y() if axis else cell.x() < body.x():
                continue  # scrolled under the names of the axes
            painter.setFont(bold if number == chosen else plain)
            ink = {chosen: colours.amber_text, pointed: colours.blue} if number in (chosen, pointed) else {}
            painter.setPen(QColor(ink.get(number, colours.dim)))
            painter.drawText(place(number), align, str(number))


def _gap() -> int:
    """Pixels between two cells."""
    return max(3, theme.em(0.24))


def _held(aspect: float) -> float:
    """Cells are not longer than that, whatever their maps are."""
    return min(max(aspect, 1 / LONGEST_ASPECT), LONGEST_ASPECT)


def _least(aspect: float) -> float:
    """The height in pixels below which cells do not go."""
    return max(SMALLEST / aspect**0.5, NARROWEST * max(1.0, 1 / aspect))
