"""The command palette: type a few letters of a command, press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme

ROWS = 12
LEAVING = (
    *(Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ShortcutFocusReason),
    *(Qt.FocusReason.OtherFocusReason, Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason),
)
"""Why the keyboard goes to another widget of the window, not to another window or a menu."""


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One command as it is listed."""

    id: str
    title: str
    category: str = ""
    shortcut: str = ""
    enabled: bool = True


def match(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """How well the letters of `query` appear in order in `text`: (score, their places), or None.

    Starts of words and runs of letters count more, letters passed over cost a little; spaces in the query are
    ignored. The best of all ways to place the letters is found by dynamic programming, O(len · len).
    """
    letters, target = query.casefold().replace(" ", ""), text.casefold()
    if len(target) != len(text):  # a letter that folds to two: places would shift
        target = text.lower() if len(text.lower()) == len(text) else text
    ways: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for letter in letters:
        following = []
        for place, sign in enumerate(target):
            if sign != letter:
                continue
            start = place == 0 or not target[place - 1].isalnum()
            worth = 5 if place == 0 else 3 if start else 1
            options = [
                (score + worth + (2 if places and places[-1] == place - 1 else 0), places)
                for score, places in ways
                if not places or places[-1] < place
            ]
            if options:
                score, places = max(options)
                following.append((score, (*places, place)))
        ways = following
    best = max(ways, default=None)
    return None if best is None else (best[0] - 0.01 * len(text), best[1])


class CommandPalette(QWidget):
    """A veil over the window with the list on it; a click beside the list or Escape closes it."""

    chosen = Signal(str)
    """The id of the entry chosen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._entries: list[PaletteEntry] = []
        self._before: QWidget | None = None
        self._card = QFrame(self)
        self._card.setProperty("role", "popup")
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find a command")
        self._field.setAccessibleName("Find a command")
        self._field.setClearButtonEnabled(True)
        self._list = QListWidget()
        self._list.setAccessibleName("Commands")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setItemDelegate(_Row(self._list))
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing = QLabel("No command has these letters in this order.")
        self._nothing.setProperty("role", "dim")
        column = QVBoxLayout(self._card)
        edge = theme.em(0.6)
        column.setContentsMargins(edge, edge, edge, edge)
        for widget in (self._field, self._list, self._nothing):
            column.addWidget(widget)
        self._field.textChanged.connect(self._filter)
        self._field.installEventFilter(self)
        self._list.itemClicked.connect(lambda _item: self._choose())
        self._list.itemEntered.connect(self._list.setCurrentItem)
        parent.installEventFilter(self)

    def open_with(self, entries: Sequence[PaletteEntry]) -> None:
        """Show these and take the keyboard; closing gives it back to where it was."""
        self._entries = list(entries)
        self._before = QApplication.focusWidget()
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()
        self._field.clear()
        self._filter("")
        self._field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_palette(self) -> None:
        """Hide it and give the keyboard back."""
        self.hide()
        if self._before is not None and self._before.isVisible():  # a command may have turned the page
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def titles(self) -> list[str]:
        """The titles listed now, best first."""
        return [self._list.item(row).data(Qt.ItemDataRole.DisplayRole) for row in range(self._list.count())]

    def _filter(self, query: str) -> None:
        found = []
        for order, entry in enumerate(self._entries):
            scored = match(query, entry.title)
            if scored is None and entry.category:
                wide = match(query, f"{entry.category} {entry.title}")
                skip = len(entry.category) + 1
                scored = wide and (wide[0] - 2, tuple(p - skip for p in wide[1] if p >= skip))
            if scored is not None:
                found.append((not entry.enabled, -scored[0] if query else 0, order, entry, scored[1]))
        self._list.clear()
        for *_, entry, places in sorted(found, key=lambda row: row[:3]):
            item = QListWidgetItem(entry.title)
            item.setData(Qt.ItemDataRole.UserRole, (entry, places))
            if not entry.enabled:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(item)
        if self._list.count() and self._entry(0).enabled:
            self._list.setCurrentRow(0)
        self._list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self._place()

    def _entry(self, row: int) -> PaletteEntry:
        return self._list.item(row).data(Qt.ItemDataRole.UserRole)[0]

    def _place(self) -> None:
        width = min(theme.em(44), self.width() - theme.em(2))
        row = self._list.sizeHintForRow(0) if self._list.count() else 0
        self._list.setFixedHeight(min(ROWS, self._list.count()) * row + 2)
        self._card.setGeometry(
            (self.width() - width) // 2, theme.em(5), width, self._card.sizeHint().height()
        )

    def _step(self, by: int) -> None:
        rows = [row for row in range(self._list.count()) if self._entry(row).enabled]
        if rows:
            at = rows.index(self._list.currentRow()) if self._list.currentRow() in rows else 0
            self._list.setCurrentRow(rows[(at + by) % len(rows)])

    def _choose(self) -> None:
        row = self._list.currentRow()
        if row >= 0 and self._entry(row).enabled:
            chosen = self._entry(row).id
            self.close_palette()
            self.chosen.emit(chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget():
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self.setGeometry(self.parentWidget().rect())
                self._place()
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            # Every key is the palette's: a window's shortcut must not act under it, nor take Escape from it.
            event.accept()
            return True
        if event.type() == QEvent.Type.FocusOut and event.reason() in LEAVING and self.isVisible():
            self._before = None  # the keyboard is somewhere else already
            self.close_palette()
        return event.type() == QEvent.Type.KeyPress and self._key(event)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: ROWS - 1,
            Qt.Key.Key_PageUp: 1 - ROWS,
        }
        if event.key() in steps:
            self._step(steps[event.key()])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_palette()
        elif event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            return False
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close_palette()

    def paintEvent(self, _event: QPaintEvent) -> None:
        veil = QColor(theme.current().background)
        veil.setAlphaF(0.55)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), veil)


class _Row(QStyledItemDelegate):
    """Title with the found letters bold, category in grey beside it, shortcut at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:
        return QSize(theme.em(20), option.fontMetrics.height() + theme.em(0.75))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        entry, places = index.data(Qt.ItemDataRole.UserRole)
        colours = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover))
            painter.drawRoundedRect(option.rect, theme.em(0.35), theme.em(0.35))
        plain, bold = theme.text_font(), theme.text_font(weight=QFont.Weight.DemiBold)
        area = option.rect.adjusted(theme.em(0.6), 0, -theme.em(0.6), 0)
        right = QFontMetrics(plain).horizontalAdvance(entry.shortcut)
        painter.setFont(plain)
        painter.setPen(QColor(colours.dim))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, entry.shortcut)
        area.setRight(area.right() - right - theme.em(1))
        x = area.left()
        for start, stop, found in _runs(len(entry.title), places):
            font = bold if found else plain
            painter.setFont(font)
            painter.setPen(QColor(colours.text if entry.enabled else colours.faint))
            width = QFontMetrics(font).horizontalAdvance(entry.title[start:stop])
            painter.drawText(
                QRect(x, area.y(), area.right() - x, area.height()), middle, entry.title[start:stop]
            )
            x += width
        painter.setFont(plain)
        painter.setPen(QColor(colours.dim))
        x += theme.em(0.8)
        room = area.right() - x
        category = QFontMetrics(plain).elidedText(entry.category, Qt.TextElideMode.ElideRight, max(0, room))
        painter.drawText(QRect(x, area.y(), max(0, room), area.height()), middle, category)
        painter.restore()


def _runs(length: int, places: Sequence[int]) -> list[tuple[int, int, bool]]:
    """Stretches (start, stop, found) of a title of `length` letters that were found or not."""
    found = [place in set(places) for place in range(length)]
    cuts = [0, *(i for i in range(1, length) if found[i] != found[i - 1]), length]
    return [(a, b, found[a]) for a, b in pairwise(cuts) if b > a]
