"""One class of a legend: a swatch that shows and hides, the name, its figures in columns at the right."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from headlight.models.core.relevance import percent
from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import KeepsArrows
from headlight.widgets.base.labels import LEFT, RIGHT, label_font

_NONE = "–"
_HOW = "Click or Space: hide or show · Alt-click, double click or Enter: this class alone"
HEADINGS = {"points": "points", "iou": "IoU"}
"""The columns, from the left."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A class: iou is None where no IoU is known at all, NaN where it is in neither truth nor prediction."""

    name: str
    colour: QColor
    points: int | None
    iou: float | None

    @property
    def absent(self) -> bool:
        return not self.points and (self.iou is None or np.isnan(self.iou))

    def text(self, column: str) -> str:
        """What stands in a column."""
        if column == "points":
            return f"{self.points:,}" if self.points else _NONE
        return _NONE if self.iou is None or np.isnan(self.iou) else f"{self.iou:.2f}"

    def said(self, total: int) -> str:
        """All that is known, in words. total: points of all classes."""
        facts = [self.name]
        if self.points is not None:
            share = f" ({percent(self.points / total)})" if self.points else ""
            facts.append(f"{self.points:,} points{share}")
        if self.iou is not None and not np.isnan(self.iou):
            facts.append(f"IoU {self.iou:.4f}")
        return ", ".join(facts)


@dataclass(slots=True)
class Columns:
    """What all rows and their heading share: the columns that are shown, from the left, and pixels.

    widths: of each column. room: what a row may fill of its width.
    """

    shown: tuple[str, ...] = ()
    widths: dict[str, int] = field(default_factory=dict)
    room: int = 0

    def cells(self, height: int) -> list[tuple[str, QRect]]:
        """The columns of a row of this height, from the right end."""
        cells, right = [], self.room - edge()
        for column in reversed(self.shown):
            width = self.widths[column]
            cells.append((column, QRect(right - width, 0, width, height)))
            right -= width + gap()
        return cells


class ClassRow(KeepsArrows, QAbstractButton):
    """Checked means shown. The program checks it, not the click."""

    toggled_by_user = Signal(int)
    soloed = Signal(int)
    pointed = Signal(object)
    """Its index when the cursor or the keyboard comes, None when the keyboard goes."""
    walked = Signal(int)
    """The index of the row that the keyboard asks for; it may be out of range."""

    def __init__(self, index: int, columns: Columns) -> None:
        super().__init__()
        self.index = index
        self.marked = False
        """Whether it is pointed at, here or elsewhere."""
        self._columns = columns
        self._kind = Kind("", QColor(), None, None)
        self._alone = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._act)

    def show_kind(self, kind: Kind, hidden: bool, total: int) -> None:
        """total: points of all classes."""
        self._kind = kind
        said = kind.said(total) + (", hidden" if hidden else "")
        self.setChecked(not hidden)
        self.setAccessibleName(said)
        self.setToolTip(f"{said}\n{_HOW}")
        self.update()

    def set_marked(self, on: bool) -> None:
        """Draw it as pointed at."""
        if on != self.marked:
            self.marked = on
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.em(8), row_height())

    def nextCheckState(self) -> None:
        """`show_kind` says what is shown."""

    # The mouse and the keyboard.

    def _act(self) -> None:
        (self.soloed if self._alone else self.toggled_by_user).emit(self.index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        super().mouseReleaseEvent(event)
        self._alone = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.toggled_by_user.emit(self.index)  # undoes the first click's
            self.soloed.emit(self.index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        to = {
            Qt.Key.Key_Up: self.index - 1,
            Qt.Key.Key_Down: self.index + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: 1 << 30,
        }
        if event.key() in to:
            self.walked.emit(to[event.key()])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.soloed.emit(self.index)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.pointed.emit(self.index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.pointed.emit(self.index)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pointed.emit(None)

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:
        kind, colours, shown = self._kind, theme.current(), self.isChecked()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_ground(painter)
            self._paint_swatch(painter)
            faint = kind.absent or not shown
            right = self._columns.room - 1
            painter.setFont(figure_font())
            for column, rect in self._columns.cells(self.height()):
                main = column == self._columns.shown[-1]
                ink = colours.faint if faint else colours.text if main else colours.dim
                painter.setPen(QColor(ink))
                painter.drawText(rect, RIGHT, kind.text(column))
                right = min(right, rect.left() - gap())
            font = theme.text_font()
            font.setStrikeOut(not shown)
            painter.setFont(font)
            painter.setPen(QColor(colours.dim if faint else colours.text))
            name = QRect(name_left(), 0, max(0, right - name_left()), self.height())
            text = QFontMetrics(font).elidedText(kind.name, Qt.TextElideMode.ElideRight, name.width())
            painter.drawText(name, LEFT, text)

    def _paint_ground(self, painter: QPainter) -> None:
        colours = theme.current()
        if self.hasFocus() or self.marked:
            room = QRectF(0, 0, self._columns.room, self.height())
            painter.setBrush(QColor(colours.hover))
            painter.setPen(QPen(QColor(colours.blue), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_swatch(self, painter: QPainter) -> None:
        side = theme.em(0.85)
        box = QRectF(edge(), (self.height() - side) / 2, side, side)
        colour = QColor(self._kind.colour)
        if not self.isChecked():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.5))
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 2, 2)
            return
        if self._kind.absent:
            colour.setAlphaF(0.45)
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, 3, 3)


def row_height() -> int:
    return max(theme.em(1.65), QFontMetrics(theme.text_font()).height() + 4)


def edge() -> int:
    """Pixels free at both ends of a row."""
    return theme.em(0.35)


def gap() -> int:
    """Pixels between columns."""
    return theme.em(0.9)


def name_left() -> int:
    """Where names start."""
    return edge() + theme.em(0.85) + theme.em(0.6)


def figure_font() -> QFont:
    return theme.text_font(1.0, QFont.Weight.Medium)


def column_width(column: str, kinds: list[Kind]) -> int:
    """Pixels of a column's widest figure or its heading."""
    figures, heads = QFontMetrics(figure_font()), QFontMetrics(label_font())
    widths = [figures.horizontalAdvance(kind.text(column)) for kind in kinds]
    return max([heads.horizontalAdvance(HEADINGS[column]), *widths])
