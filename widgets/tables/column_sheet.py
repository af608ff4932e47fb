"""The first rows of a table, with what each column is in its head, to be chosen there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.painted import Arranged
from headlight.widgets.controls.choices import Choice

_MOST_WIDE = 16
"""em of a column, however long its cells are."""


class ColumnSheet(KeepsArrows, Arranged, QTableWidget):
    """Cells as they are written, in figures of one width; those that are wrong red, those of columns that are
    passed over grey. Tab goes from head to head.
    """

    changed = Signal(int, str)
    """(column, the role that the user chose for it)"""

    def __init__(self, roles: Mapping[str, str], nothing: str, name: str, says: Mapping[str, str]) -> None:
        """roles: what people call each. nothing: the role of what is passed over. says: what each means."""
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self._titles, self._nothing, self._says = dict(roles), nothing, dict(says)
        self._words = {title: role for role, title in roles.items()}
        self._wrong: Mapping[tuple[int, int], str] = {}
        self.head = _Head(self)
        self.setHorizontalHeader(self.head)
        self.horizontalScrollBar().valueChanged.connect(lambda _: self.head.place())
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setSectionsClickable(False)
        self._restyled()

    def set_table(self, names: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """names: of the file's header, a text a column, () where it has none. lines: numbers of the rows."""
        count = len(rows[0])
        titles = names or [f"Column {at + 1}" for at in range(count)]
        self.setColumnCount(count)
        self.setRowCount(len(rows))
        self.setHorizontalHeaderLabels(list(titles))
        self.setVerticalHeaderLabels([f"{line:,}" for line in lines])
        for number, row in enumerate(rows):
            for at, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(number, at, item)
        for at, title in enumerate(titles):
            self.horizontalHeaderItem(at).setToolTip(title)
        self.head.set_choices([self._choice(at, title) for at, title in enumerate(titles)])
        self._restyled()

    def roles(self) -> tuple[str, ...]:
        """What is chosen, a role a column."""
        return tuple(self._words[choice.currentText()] for choice in self.head.choices)

    def set_roles(self, roles: Sequence[str]) -> None:
        """Choose without a signal."""
        for choice, role in zip(self.head.choices, roles, strict=True):
            choice.setCurrentText(self._titles[role])
        self._paint()

    def set_wrong(self, columns: Collection[int], cells: Mapping[tuple[int, int], str]) -> None:
        """Columns whose heads are red, and cells (row, column), with a sentence for each."""
        self._wrong = dict(cells)
        for at, choice in enumerate(self.head.choices):
            choice.set_invalid(at in columns)
        self._paint()

    def _choice(self, column: int, title: str) -> Choice:
        choice = _Role(list(self._titles.values()), f"What {title} is")
        for at, role in enumerate(self._titles):
            choice.setItemData(at, self._says.get(role, ""), Qt.ItemDataRole.ToolTipRole)
        choice.changed.connect(lambda said: self._chosen(column, said))
        choice.installEventFilter(self)
        choice.setProperty("column", column)
        return choice

    def _chosen(self, column: int, said: str) -> None:
        self._paint()
        self.changed.emit(column, self._words[said])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and watched.property("column") is not None:
            self.scrollTo(self.model().index(0, watched.property("column")))
        return super().eventFilter(watched, event)

    def _paint(self) -> None:
        colours, chosen = theme.current(), self.roles()
        for row in range(self.rowCount()):
            for at, role in enumerate(chosen):
                item, wrong = self.item(row, at), self._wrong.get((row, at), "")
                ink = colours.red if wrong else colours.dim if role == self._nothing else colours.text
                item.setForeground(QColor(ink))
                item.setToolTip(wrong)

    def _restyled(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.em(0.9))
        self.setFont(font)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + theme.em(0.5))
        self._paint()
        self.resizeColumnsToContents()
        for at in range(self.columnCount()):
            self.setColumnWidth(at, min(max(self.columnWidth(at), theme.em(9.4)), theme.em(_MOST_WIDE)))


class _Role(Choice):
    def set_invalid(self, invalid: bool) -> None:
        if bool(self.property("invalid")) != invalid:
            self.setProperty("invalid", invalid)
            self.style().unpolish(self)
            self.style().polish(self)


class _Head(QHeaderView):
    """The name of each column, and a choice below it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.choices: list[_Role] = []
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.sectionResized.connect(lambda *_: self.place())

    def set_choices(self, choices: Sequence[_Role]) -> None:
        for choice in self.choices:
            choice.deleteLater()
        self.choices = list(choices)
        for choice in self.choices:
            choice.setParent(self.viewport())
            choice.setFont(theme.text_font())
            choice.show()
        self.updateGeometries()

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        below = self.choices[0].sizeHint().height() + theme.em(0.5) if self.choices else 0
        return QSize(size.width(), size.height() + below)

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self.place()

    def place(self) -> None:
        """Each choice at the foot of its section, wherever that is now."""
        edge = theme.em(0.2)
        for at, choice in enumerate(self.choices):
            height = choice.sizeHint().height()
            left = self.sectionViewportPosition(at) + edge
            choice.setGeometry(left, self.height() - height - edge, self.sectionSize(at) - 2 * edge, height)
