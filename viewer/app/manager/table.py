"""The list of models: groups that fold, a row a model."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from headlight.viewer.app.manager import said
from headlight.viewer.host.stock.rows import Group, Row
from headlight.viewer.host.stock.sizes import said_bytes
from headlight.widgets.base import theme

COLUMNS = ("Model", "Reads", "Layers × heads", "Size", "Licence")
WIDTHS = (11, 8, 6, 13)
SHEET = (
    "QTreeView { show-decoration-selected: 0; selection-background-color: transparent; }"
    "QTreeView::item { border-radius: 0px; }"
)
"""A selected row is one bar, without the indentation before it."""
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROW = Qt.ItemDataRole.UserRole


class ModelTable(QTreeWidget):
    """chosen: the Row that is current, or None. asked: the Row that was double-clicked, or Enter."""

    chosen = Signal(object)
    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        self.setAccessibleName("Models")
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setIndentation(theme.em(1))
        self.setStyleSheet(SHEET)
        header = self.header()
        for column in (2, 3):
            self.headerItem().setTextAlignment(column, RIGHT)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, theme.em(WIDTHS[column - 1]))
        header.setStretchLastSection(False)
        self._folded: set[Group] = set()
        self.itemCollapsed.connect(lambda item: self._fold(item, True))
        self.itemExpanded.connect(lambda item: self._fold(item, False))
        self.currentItemChanged.connect(lambda *_: self.chosen.emit(self.row()))
        self.itemActivated.connect(self._activated)

    def row(self) -> Row | None:
        """The one that is current."""
        item = self.currentItem()
        return None if item is None else item.data(0, _ROW)

    def show_rows(self, rows: Sequence[Row], current: str) -> None:
        """current: the id of the row that is to be current, the first one where there is none such."""
        self.blockSignals(True)
        at = self.verticalScrollBar().value()
        self.clear()
        found = None
        for group, title in said.GROUPS.items():
            own = [row for row in rows if row.group == group]
            if not own:
                continue
            top = QTreeWidgetItem([f"{title}  ·  {len(own)}"])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = self.font()
            font.setWeight(font.Weight.DemiBold)
            top.setFont(0, font)
            top.setData(0, _ROW + 1, group)
            self.addTopLevelItem(top)
            top.setFirstColumnSpanned(True)
            for row in own:
                item = _item(row)
                top.addChild(item)
                if row.id == current:
                    found = item
            top.setExpanded(group not in self._folded)
        self.verticalScrollBar().setValue(at)
        if found is not None:
            self.setCurrentItem(found)
            self.scrollToItem(found)
        self.blockSignals(False)

    def select_first(self) -> None:
        """The first row that is in sight."""
        for number in range(self.topLevelItemCount()):
            top = self.topLevelItem(number)
            if top.isExpanded() and top.childCount():
                self.setCurrentItem(top.child(0))
                return

    def _fold(self, item: QTreeWidgetItem, folded: bool) -> None:
        group = item.data(0, _ROW + 1)
        (self._folded.add if folded else self._folded.discard)(group)

    def _activated(self, item: QTreeWidgetItem) -> None:
        row = item.data(0, _ROW)
        if row is not None:
            self.asked.emit(row)


def _item(row: Row) -> QTreeWidgetItem:
    cells = (row.title, said.reads(row), row.extent, said.size(row, said_bytes), row.licence)
    item = QTreeWidgetItem(list(cells))
    item.setData(0, _ROW, row)
    item.setToolTip(0, row.id)
    item.setToolTip(4, row.licence)
    for column in (2, 3):
        item.setTextAlignment(column, RIGHT)
    if not row.opens and row.group != "hub":
        for column in range(len(cells)):
            item.setForeground(column, QColor(theme.current().dim))
    return item
