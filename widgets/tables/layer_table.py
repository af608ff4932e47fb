"""The layers of a network in order, each with the size, stride and start of its receptive field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.cursor_tip import CursorTip
from headlight.widgets.base.painted import Arranged, Framed
from headlight.widgets.base.wheel import point_after_wheel

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class LayerRow:
    """Texts as they are shown. size, stride, start: of the field, in pixels of the input. shape: units.

    note: what is odd about it (branches that are not aligned, say); the row is then marked and the read-out
    says it. level: 0 for an operation, 1 for the end of a block, 2 for that of a stage, set bolder.
    """

    name: str
    kind: str
    size: str
    stride: str
    start: str
    shape: str
    note: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Column:
    field: str
    heading: str
    figures: bool
    rank: int
    """The lowest ranks give way first where there is no room."""


_COLUMNS = (
    _Column("name", "layer", False, 9),
    _Column("kind", "kind", False, 1),
    _Column("size", "field", True, 8),
    _Column("stride", "stride", True, 5),
    _Column("start", "start", True, 3),
    _Column("shape", "units", True, 4),
)
_NOTE_EM = 0.6  # from a figure to the middle of its mark
_STEPS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -(10**6),
    Qt.Key.Key_End: 10**6,
}


class LayerTable(KeepsArrows, Arranged, Framed, QAbstractScrollArea):
    """One row a layer, in the order in which they run; the selected one amber, the hovered one blue.

    Only rows in sight are painted, so thousands of operations cost no more than ten.
    """

    selected = Signal(int)
    """A row chosen by the user, by a click or with the arrow keys."""
    hovered = Signal(object)
    """The row under the cursor, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LayerRow] = []
        self._selected: int | None = None
        self._hovered: int | None = None
        self._widths: dict[str, int] = {}
        self._places: list[tuple[_Column, int, int]] = []
        self._tip = CursorTip(self.viewport())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        point_after_wheel(self)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Layers and their receptive fields")

    # What panes call.

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """All rows anew; nothing is selected then."""
        self._rows = list(rows)
        self._selected = self._hovered = None
        self._tip.hide()
        self._measure()
        self._describe()

    def set_selected(self, index: int | None) -> None:
        """Mark a row, and bring it into sight if it is another one; no signal."""
        if index is not None and not 0 <= index < len(self._rows):
            raise IndexError(f"no row {index} among {len(self._rows)}")
        if index != self._selected:
            self._selected = index
            self._describe()
            self.viewport().update()
            if index is not None:
                self._reveal(index)

    def set_hovered(self, index: int | None) -> None:
        """Mark a row that is pointed at elsewhere; no signal."""
        if index != self._hovered:
            before, self._hovered = self._hovered, index
            for row in (before, index):
                if row is not None and row < len(self._rows):
                    self.viewport().update(self.row_rect(row))

    def row_rect(self, index: int) -> QRect:
        """Where a row stands, in the viewport's pixels; maybe out of sight."""
        height = self._row_height()
        top = height + index * height - self.verticalScrollBar().value()
        return QRect(0, top, self.viewport().width(), height)

    def columns(self) -> list[str]:
        """The columns that have room now, in order."""
        return [column.field for column, _, _ in self._places]

    def heading_at(self, at: QPoint) -> str:
        """The heading at a place of the viewport, or ""."""
        if at.y() >= self._row_height():
            return ""
        return next((column.heading for column, left, right in self._places if left <= at.x() < right), "")

    def cell_rect(self, index: int, column: str) -> QRect:
        """Where a text of a row stands, in the viewport's pixels. LookupError for a column without room."""
        for found, left, right in self._places:
            if found.field == column:
                row = self.row_rect(index)
                return QRect(left, row.top(), right - left, row.height())
        raise LookupError(column)

    # Layout.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(34), theme.em(20))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(16), 4 * self._row_height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        seen = self._selected is not None and self._in_sight(self._selected, event.oldSize().height())
        super().resizeEvent(event)
        if seen:  # and so it stays, in whatever is left
            self._reveal(self._selected)

    def _resized(self) -> None:
        self._arrange()

    def _restyled(self) -> None:
        self._measure()

    def _row_height(self) -> int:
        return QFontMetrics(theme.text_font()).height() + theme.em(0.5)

    def _measure(self) -> None:
        plain, bold, heads = (QFontMetrics(font) for font in (_font(), _font(2), _head_font()))
        self._widths = {}
        for column in _COLUMNS:
            texts = {(getattr(row, column.field), row.level > 1) for row in self._rows}
            widths = [(bold if heavy else plain).horizontalAdvance(text) for text, heavy in texts]
            self._widths[column.field] = max([heads.horizontalAdvance(column.heading), *widths]) + 1
        if any(row.note for row in self._rows):
            self._widths["size"] += round(2 * _NOTE_EM * theme.em())
        self._arrange()

    def _arrange(self) -> None:
        """Names take what figures leave; where that is too little, columns go, the least important first."""
        if not self._widths:
            return
        gap, edge = theme.em(0.9), self._edge()
        room = self.viewport().width() - 2 * edge
        shown = list(_COLUMNS)
        least = min(self._widths["name"], theme.em(10))

        def used() -> int:
            return sum(gap + self._width(column) for column in shown[1:])

        while len(shown) > 2 and used() + least > room:
            shown.remove(min(shown, key=lambda column: column.rank))
        # Names end at the left of their own width, so that figures are not far from what they speak of.
        name = max(min(self._widths["name"], room - used()), 0)
        spare = room - used() - name
        self._places = [(shown[0], edge, edge + name + spare)]
        x = edge + name + spare
        for column in shown[1:]:
            self._places.append((column, x + gap, x + gap + self._width(column)))
            x += gap + self._width(column)
        bar, height = self.verticalScrollBar(), self._row_height()
        bar.setRange(0, max(0, (len(self._rows) + 1) * height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(height)
        self.viewport().update()

    def _width(self, column: _Column) -> int:
        return self._widths[column.field] if column.figures else min(self._widths["kind"], theme.em(9))

    def _edge(self) -> int:
        """Free at both sides; a mark stands in it."""
        return theme.em(0.8)

    def _in_sight(self, index: int, height: int) -> bool:
        """Whether a row is seen whole where the viewport is so high; where none can be, it counts as seen."""
        rect, head = self.row_rect(index), self._row_height()
        return height < 2 * head or (rect.top() >= head and rect.bottom() < height)

    def _reveal(self, index: int) -> None:
        rect, bar, height = self.row_rect(index), self.verticalScrollBar(), self._row_height()
        if rect.top() < height:  # the heading stays
            bar.setValue(bar.value() - (height - rect.top()))
        elif rect.bottom() >= self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() + 1 - self.viewport().height())

    # Pointing.

    def _at(self, point: QPointF) -> int | None:
        height = self._row_height()
        if point.y() < height:
            return None
        index = int((point.y() + self.verticalScrollBar().value()) // height) - 1
        return index if 0 <= index < len(self._rows) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._choose(index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key())
        if step is None or not self._rows:
            event.ignore()
            return
        start = self._selected if self._selected is not None else (-1 if step > 0 else len(self._rows))
        self._choose(min(max(start + step, 0), len(self._rows) - 1))

    def _choose(self, index: int) -> None:
        if index != self._selected:
            self.set_selected(index)
            self.selected.emit(index)
        else:
            self._reveal(index)

    def _point(self, index: int | None) -> None:
        if index != self._hovered:
            self.set_hovered(index)
            self.hovered.emit(index)
        text = "" if index is None else self.tip_text(index)
        row = QRectF() if index is None else QRectF(self.row_rect(index))
        # The rows before and after are what it is compared with.
        self._tip.show_at(row.center(), text, [row, row.adjusted(0, -row.height(), 0, row.height())])

    def tip_text(self, index: int) -> str:
        """What the read-out adds to a row: what is cut short or has no room, and the note."""
        row, shown = self._rows[index], self.columns()
        lines = []
        if self._elided(index) != row.name or "kind" not in shown:
            lines.append(row.name)
        hidden = [column for column in _COLUMNS if column.field not in shown]
        lines += [f"{column.heading}\t{getattr(row, column.field)}" for column in hidden]
        return "\n".join([*lines, *([row.note] if row.note else [])])

    def _describe(self) -> None:
        said = f"{len(self._rows)} layers"
        if self._selected is not None:
            row = self._rows[self._selected]
            said += f", {row.name} selected: field {row.size}, stride {row.stride}, start {row.start}"
            said += f", {row.shape} units" + (f", {row.note}" if row.note else "")
        self.setAccessibleDescription(said)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        height = self._row_height()
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_head(painter)
            painter.setClipRect(QRect(0, height, self.viewport().width(), self.viewport().height() - height))
            offset = self.verticalScrollBar().value()
            first = max(0, (event.rect().top() + offset) // height - 1)
            last = min(len(self._rows), (event.rect().bottom() + offset) // height)
            for index in range(first, last):
                self._paint_row(painter, index)
            painter.setClipping(False)
            if self._focus_frame:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.current().blue), 1))
                frame = QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5)
                painter.drawRoundedRect(frame, 4, 4)

    def _paint_head(self, painter: QPainter) -> None:
        colours, height = theme.current(), self._row_height()
        painter.setFont(_head_font())
        painter.setPen(QColor(colours.dim))
        for column, left, right in self._places:
            room = QRect(left, 0, right - left, height)
            painter.drawText(room, _RIGHT if column.figures else _LEFT, column.heading)
        painter.setPen(QPen(QColor(colours.line), 1))
        y = height - 0.5
        painter.drawLine(QPointF(self._edge(), y), QPointF(self.viewport().width() - self._edge(), y))

    def _paint_row(self, painter: QPainter, index: int) -> None:
        colours, row, rect = theme.current(), self._rows[index], self.row_rect(index)
        selected, pointed = index == self._selected, index == self._hovered
        if selected or pointed:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover if selected else colours.raised))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 0.5, -2, -0.5), 4, 4)
            if pointed:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.blue), 1))
                painter.drawRoundedRect(QRectF(rect).adjusted(2.5, 0.5, -2.5, -1), 4, 4)
            if selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.amber))
                bar = QRectF(2, rect.top() + 3, 3, rect.height() - 6)
                painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.setFont(_font(2 if selected else row.level))
        for column, left, right in self._places:
            room = QRect(left, rect.top(), right - left, rect.height())
            text = self._elided(index) if column.field == "name" else getattr(row, column.field)
            if column.field == "kind":
                text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            strong = column.field in ("name", "size")
            ink = colours.amber_text if selected and strong else colours.text if strong else colours.dim
            painter.setPen(QColor(ink))
            if column.field == "size" and row.note:
                before = right - painter.fontMetrics().horizontalAdvance(text) - _NOTE_EM * theme.em()
                _paint_note(painter, QPoint(round(before), rect.center().y()), QColor(colours.dim))
                painter.setPen(QColor(ink))
            painter.drawText(room, _RIGHT if column.figures else _LEFT, text)

    def _elided(self, index: int) -> str:
        """The end of a name tells layers apart, so its beginning goes where there is no room."""
        _, left, right = self._places[0]
        row = self._rows[index]
        metrics = QFontMetrics(_font(2 if index == self._selected else row.level))
        return metrics.elidedText(row.name, Qt.TextElideMode.ElideLeft, right - left)


def _paint_note(painter: QPainter, at: QPoint, colour: QColor) -> None:
    """A small triangle with a point: there is more to say."""
    size = theme.em(0.32)
    painter.setPen(QPen(colour, 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    top, left, right = QPoint(0, -size), QPoint(-size, size - 1), QPoint(size, size - 1)
    painter.drawPolygon([at + top, at + right, at + left])


def _font(level: int = 0) -> QFont:
    weights = (QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.DemiBold)
    return theme.text_font(weight=weights[min(level, 2)])


def _head_font() -> QFont:
    return theme.text_font(0.85)
