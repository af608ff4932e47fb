"""Text that fits: an elided label, numbers written short, the font and the places of labels."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from headlight.widgets.base import theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
UNCLIPPED = Qt.TextFlag.TextDontClip

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def label_font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """For what stands beside maps, bars and cells."""
    return theme.text_font(0.85, weight)


PARTS, SENTENCES = " · ", ". "
"""Stand between the parts of a text, the most important one first."""


class ElidedLabel(QLabel):
    """One line of plain text that ends in "…" where it does not fit; its tool tip then holds the whole.

    parts: PARTS or SENTENCES, which are left out first as wholes, from the last one on, as long as there is
    more than one; "" where it has none.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, parts: str = "") -> None:
        super().__init__(text, parent)
        self._parts = parts
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._explain()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def shown(self) -> str:
        """The text as it is drawn now."""
        text, metrics = self.text(), self.fontMetrics()
        while self._parts and self._parts in text and metrics.horizontalAdvance(text) > self.width():
            text = text.rpartition(self._parts)[0] + self._parts.strip(" ·")
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._explain()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(self.palette().windowText().color())
            painter.drawText(self.rect(), self.alignment() | Qt.TextFlag.TextSingleLine, self.shown())

    def _explain(self) -> None:
        text = self.text()
        whole = plain_tip(text) if self.shown() != text else ""
        if whole != self.toolTip():
            self.setToolTip(whole)


class Note(QLabel):
    """Sentences in as many lines as they need, dim; plain, as they may name tokens such as <s>."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, wordWrap=True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "dim")
        self._laid = 0
        """The width that it was given last."""

    def minimumSizeHint(self) -> QSize:
        """As many lines as there are at its width: what stands below it would be squeezed else, since the
        least height of a column does not ask for the width."""
        least = super().minimumSizeHint()
        return (
            QSize(least.width(), max(least.height(), self.heightForWidth(self._laid)))
            if self._laid
            else least
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != self._laid:
            self._laid = event.size().width()
            self.updateGeometry()


def plain_tip(text: str) -> str:
    """A tool tip that says this as it is, where Qt may take it for HTML too."""
    return f"<p>{escape(text)}</p>" if "<" in text else text


class ColumnLabel(ElidedLabel):
    """One of the labels of a column: as wide as the widest of them, at any size of text."""

    def __init__(self, text: str, column: Sequence[str]) -> None:
        super().__init__(text)
        self._column = column
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        widest = max(map(self.fontMetrics().horizontalAdvance, self._column))
        return QSize(widest + 1, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def short_number(value: float, digits: int = 2) -> str:
    """`value` with `digits` significant digits: "0", "0.021", "5.3", "1,370", "2.1·10⁻⁶"."""
    if value == 0 or not isfinite(value):
        return "0" if value == 0 else str(value)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < 6:
        decimals = max(0, digits - 1 - power)
        return f"{value:,.{decimals}f}"
    return f"{mantissa.rstrip('0').rstrip('.')}·10{str(power).translate(_SUPERSCRIPT)}"
