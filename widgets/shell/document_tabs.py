"""A tab for each document: never too narrow to read; what does not fit is scrolled to, or found in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QTabBar, QToolButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.painted import Arranged
from headlight.widgets.base.waiting import ring

NARROWEST, WIDEST = 13.0, 24.0
"""Of a tab, in em."""
NOTCH = 120
"""Of a wheel, in eighths of a degree."""


class DocumentTabs(Arranged, QWidget):
    """Tabs and, where they do not all fit, a list of all documents."""

    chosen = Signal(int)
    """A tab was clicked, the current one too, or reached by the arrow keys."""
    close_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = _Bar()
        self.bar.setParent(self)
        self.bar.currentChanged.connect(self._clicked)
        self.bar.tabBarClicked.connect(self._clicked)
        self.bar.tabCloseRequested.connect(self.close_asked)
        self.all = QToolButton(self)
        self.all.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.all.setToolTip("All open documents")
        self._menu = QMenu(self.all)
        self._menu.aboutToShow.connect(self._list)
        self.all.setMenu(self._menu)
        self.all.hide()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def show_titles(self, titles: Sequence[str], current: int) -> None:
        """A tab for each title; `current` is -1 where none of them is shown."""
        self.bar.blockSignals(True)
        while self.bar.count() > len(titles):
            self.bar.removeTab(self.bar.count() - 1)
        while self.bar.count() < len(titles):
            self.bar.addTab("")
        for index, title in enumerate(titles):
            self.bar.name(index, title)
        self.bar.choose(current)
        self.bar.blockSignals(False)
        self.all.setText(f"▾ {len(titles)}")
        self.all.setAccessibleName(f"All {len(titles)} open documents")
        self.updateGeometry()
        self._place()

    def show_running(self, shares: Mapping[int, float]) -> None:
        """Mark the tabs whose documents are being read: index → how far that is, 0 to 1."""
        side, before = theme.em(1.1), self.bar.sizeHint()
        for index in range(self.bar.count()):
            share = shares.get(index)
            # A ring of a few pixels has no more than so many steps that can be told apart.
            mark = None if share is None else round(share * 24)
            if self.bar.tabData(index) == mark:
                continue
            self.bar.setTabData(index, mark)
            self.bar.setTabIcon(
                index, QIcon() if mark is None else ring(mark / 24, side, self.devicePixelRatioF())
            )
        if self.bar.sizeHint() != before:  # a ring takes room, and gives it back
            self.updateGeometry()
            self._place()

    def sizeHint(self) -> QSize:
        return self.bar.sizeHint()

    def minimumSizeHint(self) -> QSize:
        least = theme.em(NARROWEST + 8)  # a tab, the arrows and the list
        return QSize(min(least, self.bar.sizeHint().width()), self.bar.minimumSizeHint().height())

    def _resized(self) -> None:
        self._place()

    def _restyled(self) -> None:
        self.updateGeometry()

    def _place(self) -> None:
        """The tabs fill the widget; where they are too many, the list stands beside them."""
        room, listed, gap = self.width(), self.all.sizeHint().width(), theme.em(0.3)
        too_many = self.bar.count() > 1 and self.bar.narrowest() > room
        height = self.height()
        high = min(self.bar.sizeHint().height(), height)
        left = max(room - (listed + gap if too_many else 0), 0)
        self.bar.setGeometry(0, (height - high) // 2, left, high)
        high = min(self.all.sizeHint().height(), height)
        self.all.setGeometry(room - listed, (height - high) // 2, listed, high)
        self.all.setVisible(too_many)

    def _list(self) -> None:
        self._menu.clear()
        for index in range(self.bar.count()):
            action = self._menu.addAction(self.bar.title(index).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(index == self.bar.chosen())
            action.triggered.connect(lambda _=False, index=index: self.chosen.emit(index))

    def _clicked(self, index: int) -> None:
        if index >= 0:
            self.chosen.emit(index)


class _Bar(QTabBar):
    def __init__(self) -> None:
        super().__init__()
        self.setTabsClosable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setUsesScrollButtons(True)
        # Names of files often differ at their ends alone.
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Documents")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the panes
        self._pressed = -1
        self._turned = 0

    def choose(self, index: int) -> None:
        """-1 for none: Qt keeps the last one, which then must not look as if it were shown."""
        self.setCurrentIndex(index)
        if self.chosen() != index:
            self.setProperty("none_chosen", index < 0)
            self.style().polish(self)
            self.update()

    def chosen(self) -> int:
        """The tab that looks chosen, -1 for none."""
        return -1 if self.property("none_chosen") else self.currentIndex()

    def name(self, index: int, title: str) -> None:
        plain = title.replace("&", "&&")  # else it marks a letter to press
        if self.tabText(index) != plain:
            self.setTabText(index, plain)
            self.setTabToolTip(index, title)

    def title(self, index: int) -> str:
        return self.tabText(index).replace("&&", "&")

    def tabSizeHint(self, index: int) -> QSize:
        hint = super().tabSizeHint(index)
        return QSize(min(max(hint.width(), theme.em(5)), theme.em(WIDEST)), hint.height())

    def minimumTabSizeHint(self, index: int) -> QSize:
        hint = self.tabSizeHint(index)
        return QSize(min(hint.width(), theme.em(NARROWEST)), hint.height())

    def narrowest(self) -> int:
        """The width below which the tabs do not all fit."""
        return sum(self.minimumTabSizeHint(index).width() for index in range(self.count()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, as everywhere; Qt would choose the next document."""
        turn = event.angleDelta()
        self._turned += turn.y() or turn.x()
        left, right = (self._scroller(arrow) for arrow in (Qt.ArrowType.LeftArrow, Qt.ArrowType.RightArrow))
        while left is not None and right is not None and abs(self._turned) >= NOTCH:
            (left if self._turned > 0 else right).click()
            self._turned -= NOTCH if self._turned > 0 else -NOTCH
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._under(event)
        if event.button() == Qt.MouseButton.LeftButton:  # no other chooses
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self._under(event)
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0 and index == self._pressed:
            self.tabCloseRequested.emit(index)

    def _under(self, event: QMouseEvent) -> int:
        return self.tabAt(QPoint(event.position().toPoint()))

    def _scroller(self, arrow: Qt.ArrowType) -> QToolButton | None:
        buttons = self.findChildren(QToolButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return next((b for b in buttons if b.arrowType() == arrow and b.isVisible()), None)
