"""Content that scrolls where it is given less than it needs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.wheel import point_after_wheel

LEAST = (9.0, 5.0)
"""In em: the width and height below which a pane is of no use even if it scrolls."""


class Roomy(QScrollArea):
    """Holds `content`, which fills it; where there is too little for the content's minimum, bars appear.

    So that panes never force more room on a window than there is.
    """

    outgrown = Signal()
    """The content needs more than before, and more than it has."""

    def __init__(self, content: QWidget, parent: QWidget | None = None, edge: int = 0) -> None:
        """edge: pixels that are left free at the right, in which the bar stands where there is one: content
        that is a little too high keeps its width."""
        super().__init__(parent)
        self._edge = edge
        self._last = QSize()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        content.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        point_after_wheel(self)

    def sizeHint(self) -> QSize:
        return self.widget().sizeHint().expandedTo(self.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:
        least = QSize(theme.em(LEAST[0]), theme.em(LEAST[1]))
        return self.needed().boundedTo(least) + QSize(self._edge, 0)

    def needed(self) -> QSize:
        """The size below which it scrolls."""
        content = self.widget()
        return content.minimumSizeHint().expandedTo(content.minimumSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._asked()
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A scroll area filters the events of its widget already; content with a layout hears of it itself.
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self._asked()
        return super().eventFilter(watched, event)

    def _asked(self) -> None:
        """The content asks for more, or for less."""
        self.updateGeometry()
        self._fill()
        needed, room = self.needed(), self.size()
        more = needed.expandedTo(self._last) != self._last
        self._last = needed
        if more and needed.boundedTo(room) != needed and self.isVisible():
            self.outgrown.emit()

    def _fill(self) -> None:
        """Not `setWidgetResizable`: that asks for the height in which a text would need no bar of its own."""
        needed, room = self.needed(), self.size() - QSize(self._edge, 0)
        across = self.horizontalScrollBar().sizeHint().height()
        bar = self.verticalScrollBar().sizeHint().width()
        down = max(bar - self._edge, 0)
        high = needed.height() > room.height()
        wide = needed.width() > room.width() - (down if high else 0)
        high = needed.height() > room.height() - (across if wide else 0)
        self.setViewportMargins(0, 0, max(self._edge - bar, 0) if high else self._edge, 0)
        free = QSize(room.width() - (down if high else 0), room.height() - (across if wide else 0))
        self.widget().resize(needed.expandedTo(free).boundedTo(self.widget().maximumSize()))
