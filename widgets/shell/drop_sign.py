"""Lies over what is open while something is dragged over it, and says that it can be let go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme


class DropSign(QWidget):
    """Covers a whole widget; the drag itself goes on to what lies under it."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self.hide()

    def set_active(self, active: bool) -> None:
        if active == self.isVisible():
            return
        self.setGeometry(self.parentWidget().rect())
        self.setVisible(active)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self.parentWidget().rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            dimmed = QColor(colours.background)
            dimmed.setAlphaF(0.55)
            painter.fillRect(self.rect(), dimmed)
            pen = QPen(QColor(colours.amber), 2)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            radius, edge = theme.em(0.8), theme.em(0.7)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(edge, edge, -edge, -edge), radius, radius)
            painter.setFont(theme.text_font(1.5, QFont.Weight.DemiBold))
            text = "Drop to open"
            size = painter.fontMetrics().boundingRect(text).size()
            plate = QRectF(0, 0, size.width() + 2 * theme.em(1.6), size.height() + 2 * theme.em(0.9))
            plate.moveCenter(QRectF(self.rect()).center())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.panel))
            painter.drawRoundedRect(plate, radius, radius)
            painter.setPen(QColor(colours.text))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
