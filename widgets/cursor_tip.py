"""The read-out beside the cursor: a small dark box that says what is under it."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets import theme

_FILL = QColor(13, 14, 17, 240)
_EDGE = QColor(255, 255, 255, 28)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_AWAY = 14  # px from the cursor, so that the box never lies over what it speaks of


def read_out(value: float) -> str:
    """A weight as it is read: four decimals, or two figures and a power of ten where those would be zeros."""
    if value == 0 or abs(value) >= 0.001 or not math.isfinite(value):
        return f"{value:.4f}"
    figures, power = f"{value:.1e}".split("e")
    return f"{figures}·10{str(int(power)).translate(_RAISED)}"


class CursorTip(QWidget):
    """Shown by its parent view while the mouse moves; lets all events through.

    Text: lines of `label` or `label<tab>value`; values are set bold and in amber. The box is dark in both
    themes, because it lies over pictures.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._text = ""
        self.hide()

    @property
    def text(self) -> str:
        """What is shown; empty while hidden."""
        return "" if self.isHidden() else self._text

    def show_at(self, cursor: QPointF, text: str, around: QRectF | None = None) -> None:
        """Show `text` beside `cursor` (the parent's pixels), inside the parent; an empty text hides the box.

        around: what must stay in sight; the box then goes below it, or above where there is no room.
        """
        if not text:
            self.hide()
            return
        self._text = text
        self.resize(self._size().toSize())
        self.move((self._place(cursor) if around is None else self._place_around(around)).toPoint())
        self.show()
        self.raise_()
        self.update()

    def _fonts(self) -> tuple[QFont, QFont]:
        return theme.text_font(0.92), theme.text_font(0.92, QFont.Weight.DemiBold)

    def _size(self) -> QRectF:
        plain, bold = (QFontMetricsF(font) for font in self._fonts())
        gap, pad = theme.em(0.45), theme.em(0.6)
        widths = []
        for line in self._text.split("\n"):
            label, _, value = line.partition("\t")
            between = gap if label and value else 0
            widths.append(plain.horizontalAdvance(label) + between + bold.horizontalAdvance(value))
        height = plain.lineSpacing() * len(widths)
        return QRectF(0, 0, max(widths) + 2 * pad + 1, height + pad).size()

    def _place(self, cursor: QPointF) -> QPointF:
        room, width, height = self.parentWidget().rect(), self.width(), self.height()
        x, y = cursor.x() + _AWAY, cursor.y() - height / 2
        if x + width > room.width() - 2:
            x = cursor.x() - _AWAY - width
        if x < 2:  # neither side has room: go above or below the cursor
            x = max(2.0, min(cursor.x() - width / 2, room.width() - width - 2))
            y = cursor.y() - _AWAY - height if cursor.y() > height + _AWAY else cursor.y() + _AWAY
        return QPointF(x, max(2.0, min(y, room.height() - height - 2)))

    def _place_around(self, around: QRectF) -> QPointF:
        room, edge = self.parentWidget().rect(), 5
        x = max(2.0, min(around.center().x() - self.width() / 2, room.width() - self.width() - 2))
        y = around.bottom() + edge
        if y + self.height() > room.height() - 2:
            y = max(2.0, around.top() - edge - self.height())
        return QPointF(x, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_EDGE)
        painter.setBrush(_FILL)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, theme.em(0.4), theme.em(0.4))
        plain, bold = self._fonts()
        metrics = QFontMetricsF(plain)
        gap, pad = theme.em(0.45), theme.em(0.6)
        y = pad / 2 + metrics.ascent()
        for line in self._text.split("\n"):
            label, _, value = line.partition("\t")
            painter.setFont(plain)
            painter.setPen(QColor(theme.DARK.text))
            painter.drawText(QPointF(pad, y), label)
            painter.setFont(bold)
            painter.setPen(QColor(theme.DARK.amber))
            x = pad + (metrics.horizontalAdvance(label) + gap if label else 0)
            painter.drawText(QPointF(x, y), value)
            y += metrics.lineSpacing()
