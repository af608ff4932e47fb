"""Signs of messages: one for each kind, told apart by shape as well as by colour, and a bell."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme
from headlight.widgets.shell.messages import Kind


def ink(kind: Kind) -> str:
    """The colour of a kind in the theme in force."""
    colours = theme.current()
    return {"info": colours.blue, "warning": colours.amber, "error": colours.red}[kind]


class Sign(QWidget):
    """The sign of one kind."""

    def __init__(self, kind: Kind = "info") -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(theme.em(1.2), theme.em(1.3))

    def set_kind(self, kind: Kind) -> None:
        self._kind = kind
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            side = theme.em(1.1)
            painter.translate(self.width() / 2, self.height() / 2)
            painter.scale(side / 16, side / 16)
            painter.setPen(_pen(ink(self._kind)))
            if self._kind == "warning":
                painter.drawPolygon([QPointF(0, -7), QPointF(7.5, 6), QPointF(-7.5, 6)])
                painter.drawLine(QPointF(0, -2.2), QPointF(0, 1.4))
                painter.drawPoint(QPointF(0, 3.9))
                return
            painter.drawEllipse(QRectF(-7, -7, 14, 14))
            if self._kind == "info":
                painter.drawPoint(QPointF(0, -3.4))
                painter.drawLine(QPointF(0, -0.4), QPointF(0, 3.6))
            else:
                painter.drawLine(QPointF(-2.6, -2.6), QPointF(2.6, 2.6))
                painter.drawLine(QPointF(-2.6, 2.6), QPointF(2.6, -2.6))


def bell(colour: str, size: QSize, ratio: float = 1.0) -> QIcon:
    """A bell of `size` logical pixels for a screen of `ratio` pixels each."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size.width() / 16, size.height() / 16)
        painter.setPen(_pen(colour, 1.4))
        body = QPainterPath(QPointF(2.5, 12))
        body.cubicTo(QPointF(4.6, 10), QPointF(3.6, 7.4), QPointF(4.2, 5.6))
        body.cubicTo(QPointF(4.9, 1.2), QPointF(11.1, 1.2), QPointF(11.8, 5.6))
        body.cubicTo(QPointF(12.4, 7.4), QPointF(11.4, 10), QPointF(13.5, 12))
        body.closeSubpath()
        painter.drawPath(body)
        painter.drawArc(QRectF(6.2, 11.6, 3.6, 3.2), 180 * 16, 180 * 16)
    return QIcon(pixmap)


def _pen(colour: str, width: float = 1.6) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
