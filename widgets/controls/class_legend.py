"""The legend of classes: a swatch that shows and hides, the name, points and IoU; overall scores below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import RIGHT, label_font
from headlight.widgets.base.painted import Arranged
from headlight.widgets.base.wheel import point_after_wheel
from headlight.widgets.controls.choices import NumberRow, Segmented
from headlight.widgets.controls.class_row import (
    HEADINGS,
    ClassRow,
    Columns,
    Kind,
    column_width,
    edge,
    gap,
    name_left,
    row_height,
)

_FEWEST, _MOST = 4, 16
"""Rows that are in sight at least, and at most before they have to scroll."""


class ClassLegend(Arranged, QWidget):
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
        self._classes: list[Kind] = []
        self._rows: list[ClassRow] = []
        self._hidden: frozenset[int] = frozenset()
        self._pointed: int | None = None
        self._scores: list[NumberRow] = []
        self._columns = Columns()
        self._column = Segmented((("iou", "IoU"), ("points", "Points")), "Column")
        self._column.changed.connect(self._arrange)
        self._head = _Head(self._columns)
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
        point_after_wheel(self._area)
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
            Kind(
                name,
                QColor(*(int(part) for part in colours[index])),
                None if counts is None else int(counts[index]),
                None if iou is None else float(iou[index]),
            )
            for index, name in enumerate(names)
        ]
        # Before the rows: Qt asks for sizes while they are put in.
        self._measure()
        self._hidden = frozenset(index for index in self._hidden if index < len(names))
        self.set_hovered(None)
        while len(self._rows) > len(names):
            row = self._rows.pop()
            self._list.column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._rows) < len(names):
            row = ClassRow(len(self._rows), self._columns)
            row.toggled_by_user.connect(self.toggled)
            row.soloed.connect(self.soloed)
            row.pointed.connect(self._point)
            row.walked.connect(self._walk)
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
        for row in self._rows:
            row.set_marked(row.index == index)

    def columns(self) -> tuple[str, ...]:
        """What stands at the right now: "points", "iou", or both."""
        return self._columns.shown

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
        rows = min(max(len(self._rows), _FEWEST), _MOST)  # more of them scroll by themselves
        return QSize(width + self._area.verticalScrollBar().sizeHint().width(), height + rows * row_height())

    def _resized(self) -> None:
        self._arrange()

    def _restyled(self) -> None:
        for row in self._rows:
            row.updateGeometry()
        if self._rows:
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
        return name_left() + names + sum(self._columns.widths[c] + gap() for c in columns) + edge()

    def _measure(self) -> None:
        self._columns.widths = {column: column_width(column, self._classes) for column in self._given()}

    def _arrange(self) -> None:
        given = self._given()
        self._measure()
        self._columns.room = self._room()
        both = len(given) < 2 or self._columns.room >= self._needed(given)
        self._columns.shown = tuple(given) if both else (self._column.value(),)
        self._column.setVisible(not both)
        self._area.setMaximumHeight(max(1, len(self._rows)) * row_height())
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
            row.layout().setContentsMargins(edge(), 0, edge(), 0)
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
            row.show_kind(kind, row.index in self._hidden, total)
            row.setFocusPolicy(Qt.FocusPolicy.TabFocus if row.index == 0 else Qt.FocusPolicy.NoFocus)
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

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._columns = columns
        self.show_all = QPushButton("Show all", self)
        self.show_all.setProperty("role", "flat")
        self.show_all.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self.show_all.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_all.setGeometry(QRect(0, 0, self.show_all.sizeHint().width(), self.height()))

    def heading_at(self, at: QPoint) -> str:
        """The heading at a place, or ""."""
        cells = self._columns.cells(self.height())
        return next((HEADINGS[column] for column, rect in cells if rect.contains(at)), "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(label_font())
            painter.setPen(QColor(theme.current().dim))
            for column, rect in self._columns.cells(self.height()):
                painter.drawText(rect, RIGHT, HEADINGS[column])
