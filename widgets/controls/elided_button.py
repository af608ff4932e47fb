"""A button that gives way: its label ends in "…" where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter

from headlight.widgets.base import theme

LEAST = 6.0
"""Its least width, in em."""


class ElidedButton(QPushButton):
    """A push button whose label is cut where it does not fit, and then stands in its tool tip too."""

    def __init__(self, text: str = "", hint: str = "") -> None:
        """hint: what the button does, for the tool tip."""
        super().__init__(text)
        self._hint = hint
        self._cut = False
        self.setToolTip(hint)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(theme.em(LEAST), hint.width()), hint.height())

    def shown(self) -> str:
        """The label as it is drawn now."""
        missing = self.sizeHint().width() - self.width()
        if missing <= 0:
            return self.text()
        metrics = self.fontMetrics()
        room = max(metrics.horizontalAdvance(self.text()) - missing, 0)
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown()
        if (option.text != self.text()) != self._cut:
            self._cut = not self._cut
            self.setToolTip("\n".join(filter(None, (self.text() if self._cut else "", self._hint))))
        with QStylePainter(self) as painter:
            painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
