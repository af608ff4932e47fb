"""What grids of small maps share: one picture of all maps, frames, hatching, pointing and tool tips."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.abstract import AbstractWidget
from headlight.widgets.base.painted import Arranged
from headlight.widgets.base.wheel import point_after_wheel
from headlight.widgets.grids.atlas import Atlas, colours_of

FRAME = 2

Cell = tuple[int, int]
"""(group, member): a layer's head, or a row's map."""


class CellGrid(Arranged, QAbstractScrollArea, metaclass=AbstractWidget):
    """Groups of cells, each cell a map of uint8 levels, all cells of one size.

    Maps are painted into one picture when they or the size change; pointing only repaints two cells' frames.
    A subclass says where cells stand and writes the labels beside them.
    """

    hovered = Signal(object)
    """The cell under the cursor, or None when it leaves."""
    clicked = Signal(int, int)
    taken = Signal(int, int, bool)
    """A cell that is taken into those chosen together: clicked with Ctrl, or, True, dragged over with it."""
    asked = Signal(int, int, QPoint)
    """A cell was clicked with the right button, at a place on the screen: what can be done with it?"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: list[int] = []
        self._maps: list[np.ndarray | None] = []
        self._blocked: dict[int, str] = {}
        self._colours = colours_of(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1))
        self._lut: np.ndarray | None = None
        self._selected: Cell | None = None
        self._hovered: Cell | None = None
        self._explain: Callable[[int, int], str] | None = None
        self._atlas = Atlas(1, 1)
        self._stale: set[int] = set()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # arrow keys are the window's
        self.viewport().setMouseTracking(True)
        point_after_wheel(self)
        self.viewport().setAutoFillBackground(False)

    # What a subclass says.

    @abstractmethod
    def _place(self, cell: Cell) -> QRect:
        """Where a cell stands in the content, in pixels; scrolling does not change it."""

    @abstractmethod
    def _extent(self, group: int) -> QRect:
        """What holds all cells of a group, in the content."""

    @abstractmethod
    def _cell_at(self, point: QPoint) -> Cell | None:
        """The cell at a pixel of the viewport."""

    @abstractmethod
    def _body(self) -> QRect:
        """The part of the viewport in which cells are seen; labels stay put beside it while it scrolls."""

    @abstractmethod
    def _labels_of(self, cell: Cell) -> QRegion:
        """The labels that change when `cell` is marked."""

    @abstractmethod
    def _arrange(self) -> None:
        """Find the places of all cells, then `_lay_out`."""

    @abstractmethod
    def _paint_labels(self, painter: QPainter, dirty: QRect) -> None:
        """Write what stands beside the cells that `dirty` meets, a part of the viewport."""

    def _pictures(self, group: int, _width: int, _height: int) -> np.ndarray:
        """uint8 (members, h, w) of a group, for cells of so many device pixels."""
        return self._maps[group]

    def _framed(self, cell: Cell, selected: bool) -> QRect:
        """What the frame of a selected or hovered cell goes round, in the viewport."""
        return self._rect(cell)

    def _named(self, cell: Cell) -> Cell:
        """What the world calls a cell."""
        return cell

    def _placed(self, name: Cell) -> Cell | None:
        """The cell of that name; None if it is not shown."""
        return name

    # What is shown.

    def set_lut(self, lut: np.ndarray) -> None:
        """The colours of the levels: uint8 (256, 4), red, green, blue, alpha."""
        if lut is not self._lut:  # panes say it at every move of the cursor
            self._lut, self._colours = lut, colours_of(lut)
            self._renew(range(len(self._maps)))

    def set_tooltip(self, function: Callable[[int, int], str] | None) -> None:
        """What to say of a cell when the cursor rests on it."""
        self._explain = function

    def _select(self, name: Cell | None) -> None:
        cell = None if name is None else self._placed(name)
        if cell == self._selected:
            return
        region = self._mark_region(self._selected, True)
        self._selected = cell
        self._reveal()
        self._repaint(region.united(self._mark_region(cell, True)))

    def _reveal(self) -> None:
        """Scroll no further than the selected cell needs to be in sight."""
        if self._selected is None:
            return
        cell, body = self._rect(self._selected), self._body()
        reach = FRAME + 2
        for bar, low, high, start, end in (
            (self.horizontalScrollBar(), cell.left(), cell.right(), body.left(), body.right()),
            (self.verticalScrollBar(), cell.top(), cell.bottom(), body.top(), body.bottom()),
        ):
            beyond = max(high + reach - end, 0)
            bar.setValue(bar.value() + (min(low - reach - start, 0) or beyond))

    def set_hovered(self, cell: Cell | None) -> None:
        """Frame a cell in blue, as when it is pointed at elsewhere; no signal."""
        cell = None if cell is None else self._placed(cell)
        if cell != self._hovered:
            region = self._mark_region(self._hovered)
            self._hovered = cell
            self._repaint(region.united(self._mark_region(cell)))

    def _empty(self, counts: list[int]) -> None:
        """Start again with so many cells in each group, no maps yet."""
        self._counts = counts
        self._maps = [None] * len(counts)
        self._blocked = {}
        self._selected = self._hovered = None
        self._arrange()

    def _renew(self, groups: Iterable[int]) -> None:
        """Maps or colours of these groups changed."""
        groups = list(groups)
        self._stale.update(groups)
        for group in groups:
            self.viewport().update(self._extent(group).translated(-self._offset()))

    # Geometry.

    def _resized(self) -> None:
        self._arrange()

    def _lay_out(self, content: QSize, step: int) -> None:
        """The places are known: set the scroll bars and start a new picture. step: pixels a turn scrolls."""
        room = self.viewport().size()
        for bar, inside, outside in (
            (self.horizontalScrollBar(), room.width(), content.width()),
            (self.verticalScrollBar(), room.height(), content.height()),
        ):
            bar.setRange(0, max(0, outside - inside))
            bar.setPageStep(inside)
            bar.setSingleStep(step)
        ratio = self.devicePixelRatioF()
        whole = QRect()
        for group in range(len(self._counts)):
            whole = whole.united(self._extent(group))
        far = whole.bottomRight()
        self._atlas = Atlas(int((far.x() + 2) * ratio) + 1, int((far.y() + 2) * ratio) + 1)
        self._stale = set(range(len(self._maps)))
        self._reveal()
        self.viewport().update()

    def _offset(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _rect(self, cell: Cell) -> QRect:
        """Where a cell stands in the viewport, in pixels."""
        return self._place(cell).translated(-self._offset())

    def _boxes(self, group: int) -> list[tuple[int, int, int, int]]:
        """The cells of a group in device pixels."""
        ratio = self.devicePixelRatioF()
        cells = [self._place((group, member)) for member in range(self._counts[group])]
        return [tuple(round(v * ratio) for v in cell.getRect()) for cell in cells]

    def _mark_region(self, cell: Cell | None, selected: bool = False) -> QRegion:
        """What changes when `cell` gets or loses a frame: the frame and the labels."""
        if cell is None:
            return QRegion()
        reach = FRAME + 2
        region = QRegion(self._framed(cell, selected).adjusted(-reach, -reach, reach, reach))
        return region.united(self._labels_of(cell))

    def _repaint(self, region: QRegion) -> None:
        if not region.isEmpty():
            self.viewport().update(region)

    # Pointing.

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self._show_tooltip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before, cell = self._hovered, self._cell_at(event.position().toPoint())
        self._point(cell)
        dragged = event.buttons() & Qt.MouseButton.LeftButton and _with_ctrl(event)
        if dragged and cell is not None and cell != before:
            self.taken.emit(*self._named(cell), True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell is None:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            if _with_ctrl(event):
                self.taken.emit(*self._named(cell), False)
            else:
                self.clicked.emit(*self._named(cell))
        elif event.button() == Qt.MouseButton.RightButton:
            self.asked.emit(*self._named(cell), event.globalPosition().toPoint())

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def _point(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            name = None if cell is None else self._named(cell)
            self.set_hovered(name)
            self.hovered.emit(name)

    def _show_tooltip(self, event: QHelpEvent) -> None:
        cell = self._cell_at(event.pos())
        text = ""
        if cell is not None:
            text = self._blocked.get(cell[0]) or (self._explain(*self._named(cell)) if self._explain else "")
        if text:
            QToolTip.showText(event.globalPos(), text, self.viewport(), self._rect(cell))
        else:
            QToolTip.hideText()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._counts:
            return
        self._paint_stale()
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_labels(painter, event.rect())
            painter.setClipRect(self._body(), Qt.ClipOperation.IntersectClip)
            self._paint_missing(painter, event.region())
            painter.drawImage(-self._offset(), self._atlas.image(self.devicePixelRatioF()))
            self._paint_frames(painter)

    def _paint_stale(self) -> None:
        """Maps of one size at once."""
        alike: dict[tuple[int, ...], list[tuple[np.ndarray, list[tuple[int, int, int, int]]]]] = {}
        for group in self._stale:
            boxes = self._boxes(group)
            if not boxes:
                continue
            if self._maps[group] is None or group in self._blocked:
                self._atlas.clear(boxes)
            else:
                pictures = self._pictures(group, *boxes[0][2:])
                alike.setdefault((*pictures.shape[1:], *boxes[0][2:]), []).append((pictures, boxes))
        for parts in alike.values():
            pictures = np.concatenate([part for part, _ in parts])
            self._atlas.put(pictures, [box for _, boxes in parts for box in boxes], self._colours)
        self._stale.clear()

    def _paint_missing(self, painter: QPainter, region: QRegion) -> None:
        """Cells without a map yet are plain; those of a blocked group are hatched."""
        colours = theme.current()
        for group, maps in enumerate(self._maps):
            if maps is not None and group not in self._blocked:
                continue
            for member in range(self._counts[group]):
                cell = self._rect((group, member))
                if region.intersects(cell):
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(QColor(colours.raised))
                    painter.drawRoundedRect(cell, 2, 2)
                    if group in self._blocked:
                        painter.setBrush(QBrush(QColor(colours.dim), Qt.BrushStyle.BDiagPattern))
                        painter.drawRoundedRect(cell, 2, 2)

    def _paint_frames(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, colour, selected, out in (
            (self._selected, colours.amber, True, FRAME),
            (self._hovered, colours.blue, False, 0),
        ):
            if cell is not None:
                # The selected frame lies around the map, the hovered one within: both show on one cell.
                frame = QRectF(self._framed(cell, selected)).adjusted(-out, -out, out, out)
                painter.setPen(QPen(QColor(colour), FRAME))
                half = FRAME / 2
                painter.drawRoundedRect(frame.adjusted(half, half, -half, -half), 3, 3)


def _with_ctrl(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
