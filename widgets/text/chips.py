"""Chips: small labels in wrapping rows, for tokens that have no place in the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget

from headlight.widgets.base import theme

Role = Literal["plain", "selected", "hovered", "special", "absent"]


@dataclass(frozen=True, slots=True)
class Chip:
    """What a chip says and how it stands out; `tooltip` is shown when the cursor rests on it.

    An absent one is not seen, but its room is kept.
    """

    label: str
    role: Role = "plain"
    tooltip: str = ""


class Chips(QWidget):
    """A wrapping row of chips."""

    clicked = Signal(int, bool)
    """index, and whether shift was held to add to the selection"""
    hovered = Signal(object)
    """index under the cursor, or None when it leaves"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: list[Chip] = []
        self._buttons: list[QPushButton] = []
        self._flow = FlowLayout(self, theme.em(0.4))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_chips(self, chips: Sequence[Chip]) -> None:
        """Show these; the buttons of earlier chips are used again."""
        self._chips = list(chips)
        while len(self._buttons) > len(chips):
            button = self._buttons.pop()
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        while len(self._buttons) < len(chips):
            self._buttons.append(self._new_button(len(self._buttons)))
        for button, chip in zip(self._buttons, chips, strict=True):
            role = "chip" if chip.role in ("plain", "absent") else f"chip-{chip.role}"
            button.setVisible(chip.role != "absent")
            button.setText(chip.label.replace("&", "&&"))
            button.setToolTip(chip.tooltip)
            state = "" if chip.role == "plain" else f", {chip.role}"
            button.setAccessibleName(chip.label + state)
            theme.set_role(button, role)
        self._keep_height()

    def chips(self) -> list[Chip]:
        return list(self._chips)

    def chip_rect(self, index: int) -> QRect:
        """Where a chip stands, in this widget's pixels."""
        return self._buttons[index].geometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        # Docks know nothing of heights that follow from widths; a minimum they respect.
        self.setMinimumHeight(self._flow.heightForWidth(max(self.width(), self._flow.minimumSize().width())))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Enter and watched in self._buttons:
            self.hovered.emit(self._buttons.index(watched))
        elif event.type() == QEvent.Type.Leave and watched in self._buttons:
            self.hovered.emit(None)
        return False

    def _new_button(self, index: int) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.installEventFilter(self)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self._click(index))
        self._flow.addWidget(button)
        return button

    def _click(self, index: int) -> None:
        add = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.clicked.emit(index, add)


class FlowLayout(QLayout):
    """Widgets from left to right, in as many rows as the width needs."""

    def __init__(self, parent: QWidget | None = None, gap: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return QSize(width, max([0, *(size.height() for size in sizes)]))

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items]
        return QSize(
            max([0, *(size.width() for size in sizes)]), max([0, *(size.height() for size in sizes)])
        )

    def _arrange(self, rect: QRect, move: bool) -> int:
        """Place the items in `rect` (only measure without `move`); returns the height they take."""
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, row = rect.x(), y + row + self.spacing(), 0
            if move:
                size = QSize(min(size.width(), rect.width()), size.height())
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self.spacing()
            row = max(row, size.height())
        return y + row - rect.y()
