"""A column of controls that scrolls where it is too high, and is never narrower than its widest control."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.wheel import point_after_wheel


def stacked(*widgets: QWidget) -> QWidget:
    """Controls below each other, from the top."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return whole


class ScrollColumn(QScrollArea):
    """Holds `content`, whose controls stand below each other.

    fixed: the least width in em of a column that takes no more than it needs; None for one that takes what
    it is given.
    """

    def __init__(self, content: QWidget, fixed: float | None = None) -> None:
        super().__init__()
        self.fixed = fixed
        content.setObjectName("content")
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        point_after_wheel(self)
        # Qt brings into sight what Tab reaches from within; this is for what it reaches from outside.
        QApplication.instance().focusChanged.connect(self._keep_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A scroll area filters the events of its widget already.
        if watched is self.widget() and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            width, bar = watched.minimumSizeHint().width(), self.verticalScrollBar().sizeHint().width()
            if self.fixed is None:
                self.setMinimumWidth(width + bar)
            else:
                self.setFixedWidth(max(width, theme.em(self.fixed)) + bar)
        if watched is self.widget() and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            QTimer.singleShot(0, self, self._keep_focus)  # once its controls lie where they will
        return super().eventFilter(watched, event)

    def _keep_focus(self) -> None:
        """What has the keyboard is in sight, whatever comes and goes above it."""
        focus = QApplication.focusWidget()
        if focus is not None and self.widget().isAncestorOf(focus) and focus.visibleRegion().isEmpty():
            self.ensureWidgetVisible(focus, 0, 0)
