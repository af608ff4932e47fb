"""A table whose rows are sorted by a click on a heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.painted import Arranged

Key = float | str
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SortableTable(KeepsArrows, Arranged, QTableWidget):
    """Rows are spoken of by their number as they were given, however they are sorted.

    row_selected: number, add. row_hovered: the number under the cursor, or None.
    """

    row_selected = Signal(int, bool)
    row_hovered = Signal(object)

    _marked: tuple[frozenset[int], int | None] = frozenset(), None
    _lit: frozenset[int] = frozenset()

    def __init__(
        self, headings: Sequence[str], name: str, parent: QWidget | None = None, *, roomy: bool = False
    ) -> None:
        """roomy: columns stand well apart; else as many as can be find room."""
        super().__init__(0, len(headings), parent)
        self.setHorizontalHeaderLabels(list(headings))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        sides = theme.em(0.6) if roomy else 0
        self.setStyleSheet(
            f"QTableView::item {{ padding: 0px {sides}px; }}"
            f"QHeaderView::section {{ padding: 2px {sides + 3}px; }}"
        )
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setMinimumSectionSize(theme.em(1.5))
        header.sortIndicatorChanged.connect(self._sort)
        self._sorted: tuple[int, Qt.SortOrder] | None = None
        self.cellEntered.connect(lambda row, _: self.row_hovered.emit(self._number(row)))
        self.currentCellChanged.connect(lambda row, *_: self._walked(row))
        self._restyled()

    # What panes call.

    def set_rows(
        self,
        rows: Sequence[Sequence[str]],
        keys: Sequence[Sequence[Key]] | None = None,
        swatches: Sequence[Sequence[int]] | None = None,
        lit: Iterable[int] = (),
    ) -> None:
        """Texts by columns. keys: what they are sorted by, the texts without. swatches: red, green, blue of a
        square before each row. lit: rows that are set off."""
        self.blockSignals(True)
        self._lit = frozenset(lit)
        self.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                item = _Item(text, text if keys is None else keys[number][column], number)
                figures = keys is not None and not isinstance(keys[number][column], str)
                side = _RIGHT if figures else _LEFT
                item.setTextAlignment(side)
                if number == 0:
                    self.horizontalHeaderItem(column).setTextAlignment(side)
                if column == 0 and swatches is not None:
                    item.setData(Qt.ItemDataRole.DecorationRole, QColor(*map(int, swatches[number])))
                if number in self._lit:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.setItem(number, column, item)
        self.blockSignals(False)
        if self._sorted is not None:
            self._sort(*self._sorted)
        self._marked = frozenset(), None
        self.setAccessibleDescription(f"{len(rows):,} rows")

    def set_marked(self, selected: Iterable[int], hovered: int | None) -> None:
        """Which rows are selected and pointed at, here or elsewhere, by their numbers."""
        marked = frozenset(selected), hovered
        if marked == self._marked:
            return
        news = marked[0] - self._marked[0]
        self._marked = marked
        self._paint_marks()
        if len(news) == 1 and (row := self.row_of(next(iter(news)))) is not None:
            self.scrollToItem(self.item(row, 0))

    def row_of(self, number: int) -> int | None:
        """Where a row stands now."""
        return next((row for row in range(self.rowCount()) if self._number(row) == number), None)

    def texts(self) -> list[list[str]]:
        """As they stand now."""
        return [
            [self.item(row, column).text() for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    # The widget.

    def _number(self, row: int) -> int | None:
        item = self.item(row, 0)
        return item.number if isinstance(item, _Item) else None

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._sorted = column, order
        self.sortItems(column, order)

    def _walked(self, row: int) -> None:
        if self.hasFocus() and (number := self._number(row)) is not None and self.keeps_arrows():
            self.row_selected.emit(number, False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        row = self.rowAt(event.position().toPoint().y())
        if event.button() == Qt.MouseButton.LeftButton and (number := self._number(row)) is not None:
            held = event.modifiers() & (
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
            )
            self.row_selected.emit(number, bool(held))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.row_hovered.emit(None)
        return super().viewportEvent(event)

    def _paint_marks(self) -> None:
        colours = theme.current()
        selected, hovered = self._marked
        self.blockSignals(True)
        for row in range(self.rowCount()):
            number = self._number(row)
            amber, blue = number in selected, number == hovered
            ground = QBrush(QColor(colours.hover)) if amber or blue else QBrush()
            ink = colours.amber_text if amber else colours.blue if blue else colours.text
            for column in range(self.columnCount()):
                if (item := self.item(row, column)) is not None:
                    item.setBackground(ground)
                    item.setForeground(QColor(ink))
        self.blockSignals(False)

    def _resized(self) -> None:
        """Sections are as wide as their texts."""

    def _restyled(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + theme.em(0.5))
        self._paint_marks()


class _Item(QTableWidgetItem):
    """Sorted by a key."""

    def __init__(self, text: str, key: Key, number: int) -> None:
        super().__init__(text)
        self.key, self.number = key, number

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, _Item) and (self.key, self.number) < (other.key, other.number)
