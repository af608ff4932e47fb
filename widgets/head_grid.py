"""The head grid: a small map for every head of every layer, layers across, heads down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from widgets import theme
from widgets.atlas import Atlas, colours_of

SMALLEST = 14
"""Cells are never smaller than this many pixels on their short side; the grid scrolls instead."""
LONGEST_ASPECT = 8
FRAME = 2

Cell = tuple[int, int]
"""(layer, head)"""


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


class HeadGrid(QAbstractScrollArea):
    """Maps of all heads, one shape (h, w) a layer, as large as fit with their aspect kept.

    Maps are painted into one picture when they or the size change; pointing only repaints two cells' frames.
    """

    hovered = Signal(object)
    """(layer, head) under the cursor, or None when it leaves."""
    clicked = Signal(int, int)
    """layer, head"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heads: list[int] = []
        self._maps: list[np.ndarray | None] = []
        self._blocked: dict[int, str] = {}
        self._colours = colours_of(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1))
        self._selected: Cell | None = None
        self._hovered: Cell | None = None
        self._fused = False
        self._explain: Callable[[int, int], str] | None = None
        self._places = Places(0, 0, SMALLEST, SMALLEST, 3)
        self._atlas = Atlas(1, 1)
        self._stale: set[int] = set()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Heads of all layers")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)

    # What is shown

    def set_shape(self, layers: int, heads: int | Sequence[int]) -> None:
        """An empty grid; `heads` is one number, or one for each layer."""
        self._heads = [heads] * layers if isinstance(heads, int) else list(heads)
        if len(self._heads) != layers:
            raise ValueError(f"{layers} layers, but {len(self._heads)} numbers of heads")
        self._maps = [None] * layers
        self._blocked = {}
        self._selected = self._hovered = None
        self._arrange()

    def set_maps(self, levels: np.ndarray | Sequence[np.ndarray]) -> None:
        """All maps: uint8 (layers, heads, h, w), or (heads, h, w) for each layer. The shape follows them."""
        if [len(maps) for maps in levels] != self._heads:
            self.set_shape(len(levels), [len(maps) for maps in levels])
        before = self._aspect()
        self._maps = [np.asarray(maps) for maps in levels]
        self._blocked = {}
        self._renew(range(len(self._maps)), before)

    def set_layer_maps(self, layer: int, levels: np.ndarray) -> None:
        """The maps of one layer, uint8 (heads, h, w), as they arrive."""
        if len(levels) != self._heads[layer]:
            raise ValueError(f"layer {layer} has {self._heads[layer]} heads, but {len(levels)} maps came")
        before = self._aspect()
        self._maps[layer] = np.asarray(levels)
        self._blocked.pop(layer, None)
        self._renew([layer], before)

    def set_blocked(self, layer: int, reason: str) -> None:
        """Hatch a layer instead of drawing its maps; `reason` becomes its tool tip."""
        self._blocked[layer] = reason
        self._renew([layer], self._aspect())

    def set_lut(self, lut: np.ndarray) -> None:
        """The colours of the levels: uint8 (256, 4), red, green, blue, alpha."""
        self._colours = colours_of(lut)
        self._renew(range(len(self._maps)), self._aspect())

    def set_selected(self, layer: int | None, head: int | None) -> None:
        """Frame a head in amber (while fused its whole layer); None for no frame."""
        region = self._mark_region(self._selected, self._fused)
        self._selected = None if layer is None or head is None else (layer, head)
        self._repaint(region.united(self._mark_region(self._selected, self._fused)))

    def set_hovered(self, cell: Cell | None) -> None:
        """Frame (layer, head) in blue, as when it is pointed at elsewhere; no signal."""
        if cell != self._hovered:
            region = self._mark_region(self._hovered)
            self._hovered = cell
            self._repaint(region.united(self._mark_region(cell)))

    def set_fused(self, fused: bool) -> None:
        """Whether the heads are fused, so that a whole layer is selected."""
        region = self._mark_region(self._selected, self._fused)
        self._fused = fused
        self._repaint(region.united(self._mark_region(self._selected, fused)))

    def set_tooltip(self, function: Callable[[int, int], str] | None) -> None:
        """What to say of (layer, head) when the cursor rests on it."""
        self._explain = function

    def cell_rect(self, layer: int, head: int) -> QRect:
        """Where a cell stands in the viewport, in pixels."""
        return self._places.cell(layer, head).translated(-self._offset())

    # Geometry

    def sizeHint(self) -> QSize:
        return QSize(theme.em(3.5) * (self._columns() + 1), theme.em(3.5) * (self._rows() + 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(8), theme.em(6))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()

    def _columns(self) -> int:
        return max(1, len(self._heads))

    def _rows(self) -> int:
        return max([1, *self._heads])

    def _aspect(self) -> float:
        """Width / height of a cell: that of the first maps there are."""
        first = next((maps for maps in self._maps if maps is not None), None)
        aspect = 1.0 if first is None else first.shape[2] / first.shape[1]
        return min(max(aspect, 1 / LONGEST_ASPECT), LONGEST_ASPECT)

    def _margins(self) -> tuple[int, int, int]:
        """Pixels at the left (axis name and head numbers), above (layer numbers) and at the far sides."""
        metrics = QFontMetrics(_label_font())
        left = metrics.height() + metrics.horizontalAdvance("00") + theme.em(0.9)
        left = max(left, metrics.horizontalAdvance("layer") + theme.em(0.7))
        return left, metrics.height() + theme.em(0.5), theme.em(0.4)

    def _arrange(self) -> None:
        """Find the largest cells that fit and put the grid in the middle."""
        left, top, margin = self._margins()
        gap = max(3, theme.em(0.24))
        room, aspect = self.viewport().size(), self._aspect()
        wide = (room.width() - left - margin) / self._columns() - gap
        high = (room.height() - top - margin) / self._rows() - gap
        height = max(min(high, wide / aspect), SMALLEST * max(1.0, 1 / aspect))
        width, height = max(SMALLEST, int(height * aspect)), max(SMALLEST, int(height))
        content = QSize(
            left + self._columns() * (width + gap) - gap + margin,
            top + self._rows() * (height + gap) - gap + margin,
        )
        self._places = Places(left + max(0, (room.width() - content.width()) // 2), top, width, height, gap)
        for bar, inside, outside in (
            (self.horizontalScrollBar(), room.width(), content.width()),
            (self.verticalScrollBar(), room.height(), content.height()),
        ):
            bar.setRange(0, max(0, outside - inside))
            bar.setPageStep(inside)
            bar.setSingleStep(SMALLEST)
        ratio = self.devicePixelRatioF()
        far = self._places.cell(self._columns() - 1, self._rows() - 1)
        self._atlas = Atlas(int((far.right() + 2) * ratio) + 1, int((far.bottom() + 2) * ratio) + 1)
        self._stale = set(range(len(self._maps)))
        self.viewport().update()

    def _offset(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _boxes(self, layer: int) -> list[tuple[int, int, int, int]]:
        """The cells of a layer in device pixels."""
        ratio = self.devicePixelRatioF()
        cells = [self._places.cell(layer, head) for head in range(self._heads[layer])]
        size = round(self._places.width * ratio), round(self._places.height * ratio)
        return [(round(cell.x() * ratio), round(cell.y() * ratio), *size) for cell in cells]

    def _renew(self, layers: Sequence[int] | range, aspect_before: float) -> None:
        if self._aspect() != aspect_before:
            self._arrange()
            return
        self._stale.update(layers)
        for layer in layers:
            column = self._places.cell(layer, 0).united(self._places.cell(layer, self._rows() - 1))
            self.viewport().update(column.translated(-self._offset()))

    def _mark_region(self, cell: Cell | None, column: bool = False) -> QRegion:
        """What changes when `cell` gets or loses a frame: the frame and the two numbers."""
        if cell is None:
            return QRegion()
        reach = FRAME + 2
        region = QRegion(self._marked(cell, column).adjusted(-reach, -reach, reach, reach))
        return region.united(self._layer_number(cell[0])).united(self._head_number(cell[1]))

    def _marked(self, cell: Cell, column: bool) -> QRect:
        layer, head = cell
        if not column:
            return self.cell_rect(layer, head)
        return self.cell_rect(layer, 0).united(self.cell_rect(layer, self._heads[layer] - 1))

    def _repaint(self, region: QRegion) -> None:
        if not region.isEmpty():
            self.viewport().update(region)

    def _layer_number(self, layer: int) -> QRect:
        rect = self.cell_rect(layer, 0)
        return QRect(rect.x() - self._places.gap, 0, rect.width() + 2 * self._places.gap, self._places.top)

    def _head_number(self, head: int) -> QRect:
        rect, right = self.cell_rect(0, head), self._body().left() - theme.em(0.3)
        width = QFontMetrics(_label_font()).horizontalAdvance("000")
        return QRect(right - width, rect.y() - 1, width, rect.height() + 2)

    def _body(self) -> QRect:
        """The part of the viewport in which cells are seen; numbers stay put beside it while it scrolls."""
        left = self._places.left
        return self.viewport().rect().adjusted(left - FRAME - 2, self._places.top - FRAME - 2, 0, 0)

    # Pointing

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self._show_tooltip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._cell_at(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.clicked.emit(*cell)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def _point(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self.set_hovered(cell)
            self.hovered.emit(cell)

    def _cell_at(self, point: QPoint) -> Cell | None:
        if not self._body().contains(point):
            return None
        point += self._offset()
        layer, head = self._places.at(point.x(), point.y())
        return (layer, head) if 0 <= layer < len(self._heads) and 0 <= head < self._heads[layer] else None

    def _show_tooltip(self, event: QHelpEvent) -> None:
        cell = self._cell_at(event.pos())
        text = ""
        if cell is not None:
            text = self._blocked.get(cell[0]) or (self._explain(*cell) if self._explain else "")
        if text:
            QToolTip.showText(event.globalPos(), text, self.viewport(), self.cell_rect(*cell))
        else:
            QToolTip.hideText()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._heads:
            return
        self._paint_stale()
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_numbers(painter, event.rect())
            painter.setClipRect(self._body(), Qt.ClipOperation.IntersectClip)
            self._paint_missing(painter, event.region())
            painter.drawImage(-self._offset(), self._atlas.image(self.devicePixelRatioF()))
            self._paint_frames(painter)

    def _paint_stale(self) -> None:
        for layer in self._stale:
            maps, boxes = self._maps[layer], self._boxes(layer)
            if maps is None or layer in self._blocked:
                self._atlas.clear(boxes)
            else:
                self._atlas.put(maps, boxes, self._colours)
        self._stale.clear()

    def _paint_missing(self, painter: QPainter, region: QRegion) -> None:
        """Cells without a map yet are plain; those of a blocked layer are hatched."""
        colours = theme.current()
        for layer, maps in enumerate(self._maps):
            if maps is not None and layer not in self._blocked:
                continue
            for head in range(self._heads[layer]):
                cell = self.cell_rect(layer, head)
                if region.intersects(cell):
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(QColor(colours.raised))
                    painter.drawRoundedRect(cell, 2, 2)
                    if layer in self._blocked:
                        painter.setBrush(QBrush(QColor(colours.dim), Qt.BrushStyle.BDiagPattern))
                        painter.drawRoundedRect(cell, 2, 2)

    def _paint_frames(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, colour, column, out in (
            (self._selected, colours.amber, self._fused, FRAME),
            (self._hovered, colours.blue, False, 0),
        ):
            if cell is not None:
                # The selected frame lies around the map, the hovered one within: both show on one cell.
                frame = QRectF(self._marked(cell, column)).adjusted(-out, -out, out, out)
                painter.setPen(QPen(QColor(colour), FRAME))
                half = FRAME / 2
                painter.drawRoundedRect(frame.adjusted(half, half, -half, -half), 3, 3)

    def _paint_numbers(self, painter: QPainter, dirty: QRect) -> None:
        left, top = self._body().left(), self._places.top
        if dirty.left() > left and dirty.top() > top:
            return
        colours, font = theme.current(), _label_font()
        painter.setFont(font)
        painter.setPen(QColor(colours.dim))
        metrics = QFontMetrics(font)
        gap = theme.em(0.3)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        number_width = metrics.horizontalAdvance("000")
        painter.drawText(QRect(0, 0, left - gap, top), right, "layer")
        rows = self.cell_rect(0, 0).united(self.cell_rect(0, self._rows() - 1))
        painter.save()
        painter.translate(left - gap - number_width, rows.center().y())
        painter.rotate(-90)
        strip = QRect(-rows.height() // 2, -metrics.height(), rows.height(), metrics.height())
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, "head")
        painter.restore()
        self._paint_axis(painter, self._columns(), 0, self._layer_number, Qt.AlignmentFlag.AlignCenter)
        self._paint_axis(painter, self._rows(), 1, self._head_number, right)

    def _paint_axis(
        self,
        painter: QPainter,
        count: int,
        axis: int,
        place: Callable[[int], QRect],
        align: Qt.AlignmentFlag,
    ) -> None:
        """The numbers of layers (axis 0) or heads (axis 1), as many as have room."""
        colours, plain, bold = theme.current(), _label_font(), _label_font(QFont.Weight.DemiBold)
        widest = QFontMetrics(bold).horizontalAdvance(str(count - 1)) + 2
        pitch = self._places.width + self._places.gap
        every = 1 if axis else max(1, -(-widest // pitch))
        chosen = self._selected[axis] if self._selected and not (axis and self._fused) else None
        pointed = self._hovered[axis] if self._hovered else None
        for number in range(0, count, every):
            painter.setFont(bold if number == chosen else plain)
            ink = {chosen: colours.amber_text, pointed: colours.blue} if number in (chosen, pointed) else {}
            painter.setPen(QColor(ink.get(number, colours.dim)))
            painter.drawText(place(number), align, str(number))


def _label_font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    return theme.text_font(0.85, weight)
