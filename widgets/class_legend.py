"""The legend of classes: a swatch that shows and hides, the name, points and IoU; overall scores below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
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
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.arrow_keys import KeepsArrows
from widgets.controls import NumberRow, Segmented
from widgets.labels import percent

_NONE = "–"
_HOW = "Click or Space: hide or show · Alt-click, double click or Enter: this class alone"
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    colour: QColor
    points: int | None
    iou: float | None
    """None where no IoU is known at all, NaN where this class is in neither truth nor prediction."""

    @property
    def absent(self) -> bool:
        return not self.points and (self.iou is None or np.isnan(self.iou))

    def text(self, column: str) -> str:
        if column == "points":
            return f"{self.points:,}" if self.points else _NONE
        return _NONE if self.iou is None or np.isnan(self.iou) else f"{self.iou:.2f}"


class ClassLegend(QWidget):
    """A row for each class. Which classes are hidden is the program's to say, with `set_hidden`.

    Points and IoU stand side by side where both have room; else the user chooses one.
    """

    toggled = Signal(int)
    """Show the class if it is hidden, hide it if it is shown."""
    soloed = Signal(int)
    """Show this class alone. A double click sends `toggled` twice before, which leaves all as it was."""
    hovered = Signal(object)
    """The class under the cursor or with the keyboard's focus, or None."""
    all_shown = Signal()
    """Show every class again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: list[_Class] = []
        self._rows: list[_Row] = []
        self._hidden: frozenset[int] = frozenset()
        self._hovered: int | None = None
        self._pointed: int | None = None
        self._scores: list[NumberRow] = []
        self._now: tuple[str, ...] = ()
        self._widths: dict[str, int] = {}
        self._column = Segmented((("iou", "IoU"), ("points", "Points")), "Column")
        self._column.changed.connect(self._arrange)
        self._head = _Head(self)
        self._head.show_all.clicked.connect(self.all_shown)
        self._list = _List()
        self._list.left.connect(lambda: self._point(None))
        self._list.resized.connect(self._arrange)
        self._area = QScrollArea()
        self._area.setWidget(self._list)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._area.viewport().setAutoFillBackground(False)
        self._list.setAutoFillBackground(False)
        self._rule = QFrame()
        self._rule.setProperty("role", "rule")
        self._column_box = QVBoxLayout(self)
        self._column_box.setContentsMargins(0, 0, 0, 0)
        self._column_box.setSpacing(theme.em(0.4))
        for widget in (self._column, self._head, self._area, self._rule):
            self._column_box.addWidget(widget)
        self._column_box.setStretchFactor(self._area, 1000)
        self._column_box.addStretch(1)  # what the list does not need stays free below the scores
        self.setAccessibleName("Classes")
        self._arrange()

    # What panes call.

    def set_classes(
        self,
        names: Sequence[str],
        colours: np.ndarray,
        counts: Sequence[int] | np.ndarray | None = None,
        iou: np.ndarray | None = None,
        scores: Sequence[tuple[str, str]] = (),
    ) -> None:
        """colours: uint8 (C, 3). counts: points of each class (C,). iou: float (C,), NaN for an absent class.

        scores: what stands below, as (label, figure): ("mIoU", "0.771"), …
        """
        sizes = {len(names), len(colours), *(len(v) for v in (counts, iou) if v is not None)}
        if len(sizes) != 1:
            raise ValueError(f"{len(names)} names, {len(colours)} colours; counts or IoU are not as many")
        self._classes = [
            _Class(
                name,
                QColor(*(int(part) for part in colours[index])),
                None if counts is None else int(counts[index]),
                None if iou is None else float(iou[index]),
            )
            for index, name in enumerate(names)
        ]
        # Before the rows: Qt asks for sizes while they are put in.
        self._widths = {column: self._measured(column) for column in self._given()}
        self._hidden = frozenset(index for index in self._hidden if index < len(names))
        self._hovered = None
        while len(self._rows) > len(names):
            row = self._rows.pop()
            self._list.column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._rows) < len(names):
            row = _Row(len(self._rows), self)
            self._rows.append(row)
            self._list.column.insertWidget(row.index, row)
        self._set_scores(scores)
        self._renew()
        self._arrange()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Which classes are hidden: hollow swatches, names struck through."""
        self._hidden = frozenset(hidden)
        self._renew()

    def set_hovered(self, index: int | None) -> None:
        """Mark a class that is pointed at elsewhere; no signal."""
        if index != self._hovered:
            before, self._hovered = self._hovered, index
            for row in (before, index):
                if row is not None and row < len(self._rows):
                    self._rows[row].update()

    def columns(self) -> tuple[str, ...]:
        """What stands at the right now: "points", "iou", or both."""
        return self._now

    def set_column(self, column: str) -> None:
        """Which column is shown where only one has room: "iou" or "points"; no signal."""
        self._column.set_value(column)
        self._arrange()

    def row_rect(self, index: int) -> QRect:
        """Where a class stands, in this widget's pixels."""
        row = self._rows[index]
        return QRect(row.mapTo(self, row.rect().topLeft()), row.size())

    # Layout.

    def sizeHint(self) -> QSize:
        height = self._column_box.sizeHint().height() - self._area.sizeHint().height()
        return QSize(theme.em(16), height + self._list.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        height = super().minimumSizeHint().height() - self._area.minimumSizeHint().height()
        given = self._given()
        narrow = max((self._needed([column]) for column in given), default=0)
        width = max(theme.em(8), narrow, self._column.minimumSizeHint().width() if len(given) > 1 else 0)
        return QSize(width + self._area.verticalScrollBar().sizeHint().width(), height + 4 * _row_height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self._rows:
            for row in self._rows:
                row.updateGeometry()
            self._arrange()

    def _given(self) -> list[str]:
        """The columns of which there are figures."""
        points = any(kind.points is not None for kind in self._classes)
        iou = any(kind.iou is not None for kind in self._classes)
        return ["points"] * points + ["iou"] * iou

    def _room(self) -> int:
        bar = self._area.verticalScrollBar()
        return self.width() - (bar.sizeHint().width() if bar.isVisible() else 0)

    def _needed(self, columns: Sequence[str]) -> int:
        """Pixels in which every name, but for very long ones, and these columns stand in full."""
        metrics = QFontMetrics(theme.text_font())
        names = max((metrics.horizontalAdvance(kind.name) for kind in self._classes), default=0)
        names = min(names, theme.em(10))
        return _name_left() + names + sum(self._widths[c] + _gap() for c in columns) + _edge()

    def column_width(self, column: str) -> int:
        """Pixels of a column that is shown."""
        return self._widths[column]

    def _measured(self, column: str) -> int:
        """Pixels of a column's widest figure or its heading."""
        figures, heads = QFontMetrics(_figure_font()), QFontMetrics(_head_font())
        widths = [figures.horizontalAdvance(kind.text(column)) for kind in self._classes]
        return max([heads.horizontalAdvance(_HEADINGS[column]), *widths])

    def _arrange(self) -> None:
        given = self._given()
        self._widths = {column: self._measured(column) for column in given}
        both = len(given) < 2 or self._room() >= self._needed(given)
        self._now = tuple(given) if both else (self._column.value(),)
        self._column.setVisible(not both)
        self._area.setMaximumHeight(max(1, len(self._rows)) * _row_height())
        self.updateGeometry()
        self._head.update()
        self._list.update()

    def _set_scores(self, scores: Sequence[tuple[str, str]]) -> None:
        while len(self._scores) > len(scores):
            row = self._scores.pop()
            self._column_box.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._scores) < len(scores):
            row = NumberRow("")
            row.layout().setContentsMargins(_edge(), 0, _edge(), 0)
            self._scores.append(row)
            self._column_box.insertWidget(self._column_box.count() - 1, row)
        for row, (label, value) in zip(self._scores, scores, strict=True):
            row.set_label(label)
            row.set_value(value)
        self._rule.setVisible(bool(scores))

    # Rows.

    def _renew(self) -> None:
        total = sum(kind.points or 0 for kind in self._classes)
        for row, kind in zip(self._rows, self._classes, strict=True):
            facts = []
            if kind.points is not None:
                share = f" ({percent(kind.points / total)})" if kind.points else ""
                facts.append(f"{kind.points:,} points{share}")
            if kind.iou is not None and not np.isnan(kind.iou):
                facts.append(f"IoU {kind.iou:.4f}")
            hidden = row.index in self._hidden
            said = ", ".join([kind.name, *facts])
            row.setChecked(not hidden)
            row.setAccessibleName(said + (", hidden" if hidden else ""))
            row.setToolTip(f"{said}{', hidden' if hidden else ''}\n{_HOW}")
            row.setFocusPolicy(Qt.FocusPolicy.TabFocus if row.index == 0 else Qt.FocusPolicy.NoFocus)
            row.update()
        self._head.show_all.setVisible(bool(self._hidden))

    def _point(self, index: int | None) -> None:
        if index != self._pointed:
            self._pointed = index
            self.set_hovered(index)
            self.hovered.emit(index)

    def _walk(self, index: int) -> None:
        """Give the keyboard to a row; Tab comes back to it."""
        index = min(max(index, 0), len(self._rows) - 1)
        for row in self._rows:
            policy = Qt.FocusPolicy.TabFocus if row.index == index else Qt.FocusPolicy.NoFocus
            row.setFocusPolicy(policy)
        self._rows[index].setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(self._rows[index], 0, 0)


_HEADINGS = {"points": "points", "iou": "IoU"}


class _List(QWidget):
    """The rows, without gaps: the cursor goes from one to the next. `left` when it leaves them all."""

    left = Signal()
    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addStretch(1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class _Head(QWidget):
    """What the columns are, and a way back from hidden classes."""

    def __init__(self, legend: ClassLegend) -> None:
        super().__init__(legend)
        self._legend = legend
        self.show_all = QPushButton("Show all", self)
        self.show_all.setProperty("role", "flat")
        self.show_all.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self.show_all.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_all.setGeometry(QRect(0, 0, self.show_all.sizeHint().width(), self.height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(_head_font())
            painter.setPen(QColor(theme.current().dim))
            room = QRect(0, 0, self._legend._room(), self.height())
            for column, rect in _cells(self._legend, room):
                painter.drawText(rect, _RIGHT, _HEADINGS[column])


class _Row(KeepsArrows, QAbstractButton):
    """One class; checked means shown. The program checks it, not the click."""

    def __init__(self, index: int, legend: ClassLegend) -> None:
        super().__init__()
        self.index = index
        self._legend = legend
        self._alone = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._act)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(8), _row_height())

    def nextCheckState(self) -> None:
        """`set_hidden` says what is shown."""

    def _act(self) -> None:
        (self._legend.soloed if self._alone else self._legend.toggled).emit(self.index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        super().mouseReleaseEvent(event)
        self._alone = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self._legend.toggled.emit(self.index)  # undoes the first click's
            self._legend.soloed.emit(self.index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self._legend._rows) - 1
        to = {
            Qt.Key.Key_Up: self.index - 1,
            Qt.Key.Key_Down: self.index + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if key in to:
            self._legend._walk(to[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._legend.soloed.emit(self.index)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._legend._point(self.index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._legend._point(self.index)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._legend._point(None)

    def paintEvent(self, _event: QPaintEvent) -> None:
        kind, colours = self._legend._classes[self.index], theme.current()
        shown = self.isChecked()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            room = QRect(0, 0, self._legend._room(), self.height())
            self._paint_ground(painter, room)
            self._paint_swatch(painter, kind)
            faint = kind.absent or not shown
            font = theme.text_font()
            font.setStrikeOut(not shown)
            right = room.right()
            for column, rect in _cells(self._legend, room):
                painter.setFont(_figure_font())
                main = column == self._legend.columns()[-1]
                ink = colours.faint if faint else colours.text if main else colours.dim
                painter.setPen(QColor(ink))
                painter.drawText(rect, _RIGHT, kind.text(column))
                right = min(right, rect.left() - _gap())
            painter.setFont(font)
            painter.setPen(QColor(colours.dim if faint else colours.text))
            name = QRect(_name_left(), 0, max(0, right - _name_left()), self.height())
            text = QFontMetrics(font).elidedText(kind.name, Qt.TextElideMode.ElideRight, name.width())
            painter.drawText(name, _LEFT, text)

    def _paint_ground(self, painter: QPainter, room: QRect) -> None:
        colours = theme.current()
        if self.hasFocus() or self.index == self._legend._hovered:
            painter.setBrush(QColor(colours.hover))
            painter.setPen(QPen(QColor(colours.blue), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_swatch(self, painter: QPainter, kind: _Class) -> None:
        side = theme.em(0.85)
        box = QRectF(_edge(), (self.height() - side) / 2, side, side)
        colour = QColor(kind.colour)
        if not self.isChecked():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.5))
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 2, 2)
            return
        if kind.absent:
            colour.setAlphaF(0.45)
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, 3, 3)


def _cells(legend: ClassLegend, room: QRect) -> list[tuple[str, QRect]]:
    """The columns of a row, from the right end."""
    cells, right = [], room.right() + 1 - _edge()
    for column in reversed(legend.columns()):
        width = legend.column_width(column)
        cells.append((column, QRect(right - width, room.top(), width, room.height())))
        right -= width + _gap()
    return cells


def _row_height() -> int:
    return max(theme.em(1.65), QFontMetrics(theme.text_font()).height() + 4)


def _edge() -> int:
    return theme.em(0.35)


def _gap() -> int:
    return theme.em(0.9)


def _name_left() -> int:
    return _edge() + theme.em(0.85) + theme.em(0.6)


def _figure_font() -> QFont:
    return theme.text_font(1.0, QFont.Weight.Medium)


def _head_font() -> QFont:
    return theme.text_font(0.85)
