"""The read-out beside the cursor: a small dark box that says what is under it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from headlight.widgets.base import theme

_FILL = QColor(13, 14, 17, 240)
_EDGE = QColor(255, 255, 255, 28)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_AWAY = 2.0  # em around the cursor, where what is compared lies
_GAP = 5  # px between the box and what it keeps off
_DEAR = 1000  # times as bad as to cover a neighbour is to cover what the box speaks of


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

    def show_at(self, cursor: QPointF, text: str, keep_off: Sequence[QRectF] = ()) -> None:
        """Show `text` near `cursor` (the parent's pixels), inside the parent; an empty text hides the box.

        keep_off: what should stay in sight, first what is spoken of, then what it may be compared with;
        without any it is what lies around the cursor. The box goes where it covers the least of them.
        """
        if not text:
            self.hide()
            return
        self._text = text
        self.resize(self._size().toSize())
        away = theme.em(_AWAY)
        around = QRectF(cursor.x() - away, cursor.y() - away, 2 * away, 2 * away)
        self.move(self._place(cursor, list(keep_off) or [around]).toPoint())
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

    def _place(self, cursor: QPointF, keep_off: list[QRectF]) -> QPointF:
        """The nearest of the places that cover the least: beside each corner of what must be seen, and along
        the parent's edges.
        """
        room, width, height = self.parentWidget().rect(), self.width(), self.height()
        sides = np.array([(rect.left(), rect.top(), rect.right(), rect.bottom()) for rect in keep_off])
        of, (left, top) = sides[0], sides.min(0)[:2]
        right, bottom = sides.max(0)[2:]
        xs = np.array([of[2] + _GAP, of[0] - _GAP - width, right + _GAP, left - _GAP - width, 2, np.inf])
        ys = np.array([of[3] + _GAP, of[1] - _GAP - height, bottom + _GAP, top - _GAP - height, 2, np.inf])
        xs = np.append(xs, (of[0] + of[2] - width) / 2).clip(2, max(2, room.width() - width - 2))
        ys = np.append(ys, (of[1] + of[3] - height) / 2).clip(2, max(2, room.height() - height - 2))
        x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
        over_x = np.minimum(x[:, None] + width, sides[:, 2]) - np.maximum(x[:, None], sides[:, 0])
        over_y = np.minimum(y[:, None] + height, sides[:, 3]) - np.maximum(y[:, None], sides[:, 1])
        covered = over_x.clip(0) * over_y.clip(0)
        covered[:, 0] *= _DEAR
        far = np.hypot(x + width / 2 - cursor.x(), y + height / 2 - cursor.y())
        best = np.lexsort((far, covered.sum(1).round()))[0]
        return QPointF(x[best], y[best])

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
