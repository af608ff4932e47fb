"""The confusion matrix: classes of the truth down, predicted classes across, IoU of each at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from widgets import theme
from widgets.arrow_keys import ARROWS, KeepsArrows
from widgets.chip_colours import contrast
from widgets.colormap import lut as colour_table
from widgets.cursor_tip import CursorTip
from widgets.gestures import by_keyboard
from widgets.labels import percent

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
_UNCLIPPED = Qt.TextFlag.TextDontClip
_SMALLEST_TEXT = 8
"""Pixels of the smallest letters; where rows are lower, every second label is left out, and so on."""
_NONE = "–"
FIGURES = ("IoU", "recall", "precision")
"""The columns beside the matrix, as many from the left as have room."""


@dataclass(frozen=True, eq=False)
class Rates:
    """Of each class, float64 (C,): NaN where there is nothing to divide by.

    recall: share of the truth's points that were predicted so. precision: share of the predicted points that
    are so. iou: both right over either, Everingham et al. 2010, §4.
    """

    iou: np.ndarray
    recall: np.ndarray
    precision: np.ndarray


def rates(matrix: np.ndarray) -> Rates:
    """matrix: int (C, C), truth × predicted."""
    right, truth, predicted = np.diag(matrix), matrix.sum(1), matrix.sum(0)

    def share(of: np.ndarray) -> np.ndarray:
        return np.divide(right, of, out=np.full(len(of), np.nan), where=of > 0)

    return Rates(share(truth + predicted - right), share(truth), share(predicted))


def levels(matrix: np.ndarray) -> np.ndarray:
    """uint8 (C, C): 255 · √(share of its row), so that a few per cent are seen beside a hundred."""
    total = matrix.sum(1, keepdims=True)
    share = np.divide(matrix, total, out=np.zeros(matrix.shape), where=total > 0)
    return np.round(255 * np.sqrt(share)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Places:
    """Pixels: where all starts, the matrix's corner, its cells, where figures and the scale below start."""

    start: int
    left: int
    top: int
    cell: int
    figures: int
    columns: tuple[str, ...]
    scale: int | None


class ConfusionView(KeepsArrows, QWidget):
    """A cell's colour is its share of its row, the truth's class; classes without a point are left out."""

    clicked = Signal(int, int)
    """truth, predicted"""
    hovered = Signal(object)
    """(truth, predicted) under the cursor or the keyboard's, or None"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._matrix = np.zeros((0, 0), np.int64)
        self._rates = rates(self._matrix)
        self._levels = levels(self._matrix)
        self._shown: list[int] = []
        self._all = False
        self._lut: np.ndarray | None = None
        self._hovered: tuple[int, int | None] | None = None
        self._selected: tuple[int, int] | None = None
        self._places = _Places(0, 0, 0, 1, 0, (), None)
        self._picture: QPixmap | None = None
        self._tip = CursorTip(self)
        self._focus_frame = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Confusion matrix")

    # What panes call.

    def set_matrix(self, matrix: np.ndarray, names: Sequence[str]) -> None:
        """matrix: int (C, C), points of the truth's class (row) predicted as a class (column)."""
        matrix = np.asarray(matrix, np.int64)
        if matrix.shape != (len(names), len(names)):
            raise ValueError(f"a matrix {matrix.shape} for {len(names)} classes")
        self._matrix, self._names = matrix, list(names)
        self._rates, self._levels = rates(matrix), levels(matrix)
        self._hovered = self._selected = None
        self._choose()

    def set_all_classes(self, on: bool) -> None:
        """Whether classes that are in neither truth nor prediction have a row and a column too."""
        self._all = on
        self._choose()

    def set_lut(self, lut: np.ndarray) -> None:
        """The colours of the levels: uint8 (256, 4)."""
        self._lut = lut
        self._picture = None
        self.update()

    def set_selected(self, cell: tuple[int, int] | None) -> None:
        """Frame (truth, predicted) in amber; None for no frame."""
        self._selected = cell
        self.update()

    def set_hovered(self, cell: tuple[int, int | None] | None) -> None:
        """Mark the row and the column of (truth, predicted), as when pointed at elsewhere; no signal."""
        if cell != self._hovered:
            self._hovered = cell
            self.update()

    def shown(self) -> list[int]:
        """The classes that have a row and a column."""
        return list(self._shown)

    def cell_rect(self, truth: int, predicted: int) -> QRect:
        """Where a cell stands, in pixels. LookupError for a class that is left out."""
        if truth not in self._shown or predicted not in self._shown:
            raise LookupError(f"class {truth} or {predicted} is not shown")
        return self._rect(self._shown.index(truth), self._shown.index(predicted))

    def figure_rect(self, truth: int, column: str = "IoU") -> QRect:
        """Where a figure of a class stands, in pixels."""
        row, index = self._shown.index(truth), self._places.columns.index(column)
        width = self._figure_width()
        x = self._places.figures + index * width
        return QRect(x, self._rect(row, 0).y(), width, self._places.cell)

    def _choose(self) -> None:
        used = self._matrix.sum(0) + self._matrix.sum(1) > 0
        self._shown = [index for index in range(len(self._names)) if self._all or used[index]]
        total, right = int(self._matrix.sum()), int(np.trace(self._matrix))
        share = f"{percent(right / total)} of {total:,} points on the diagonal" if total else "no points"
        self.setAccessibleDescription(f"{len(self._shown)} classes, {share}")
        self._tip.hide()
        self._arrange()

    # Geometry.

    def sizeHint(self) -> QSize:
        return QSize(theme.em(32), theme.em(29))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(17), theme.em(15))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()

    def _arrange(self) -> None:
        """The largest square cells that fit with the IoU beside them; more figures where there is room."""
        metrics, gap = QFontMetrics(_font()), theme.em(0.5)
        names = max((metrics.horizontalAdvance(self._names[index]) for index in self._shown), default=0)
        axis = metrics.height() + 2
        names += 2  # widths are fractions
        left = axis + min(names, self.width() // 4) + gap
        top = axis + max(min(names, self.height() // 4), metrics.horizontalAdvance("IoU") + 2) + gap
        count, width = max(1, len(self._shown)), self._figure_width()
        low = self.height() < theme.em(18)
        below = 2 if low else metrics.height() + theme.em(1.1)
        cell = min((self.width() - left - width - gap) // count, (self.height() - top - below) // count)
        cell = max(cell, 4)
        spare = self.width() - left - count * cell - gap
        columns = FIGURES[: max(1, min(len(FIGURES), spare // width))]
        used = left + count * cell + gap + len(columns) * width
        aside = max(0, self.width() - used) // 2
        right, bottom = aside + left + count * cell, top + count * cell
        scale = None if low else bottom + theme.em(0.7)
        self._places = _Places(aside, aside + left, top, cell, right + gap, columns, scale)
        self._picture = None
        self.update()

    def _figure_width(self) -> int:
        return QFontMetrics(_font(QFont.Weight.Medium)).horizontalAdvance("0.00") + theme.em(0.5)

    def _rect(self, row: int, column: int) -> QRect:
        at = self._places
        return QRect(at.left + column * at.cell, at.top + row * at.cell, at.cell, at.cell)

    def _at(self, x: float, y: float) -> tuple[int, int | None] | None:
        """(truth, predicted) at a pixel, (truth, None) over its name or figures."""
        at, count = self._places, len(self._shown)
        row, column = int((y - at.top) // at.cell), int((x - at.left) // at.cell)
        if not 0 <= row < count:
            return None
        if 0 <= column < count:
            return self._shown[row], self._shown[column]
        return self._shown[row], None

    # Pointing.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position().x(), event.position().y()), event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None and cell[1] is not None:
            self.clicked.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in ARROWS and self._shown:
            self._walk(*_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and _whole(self._hovered):
            self.clicked.emit(*self._hovered)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus_frame = by_keyboard(event)
        if self._focus_frame and self._shown and not _whole(self._hovered):
            self._point_at(*self._first())
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus_frame = False
        self._point(None)
        self.update()

    def _first(self) -> tuple[int, int]:
        """Where the keyboard starts: the selected cell, else the first."""
        known = self._selected is not None and set(self._selected) <= set(self._shown)
        return self._selected if known else (self._shown[0], self._shown[0])

    def _walk(self, right: int, down: int) -> None:
        if not _whole(self._hovered):
            self._point_at(*self._first())
            return
        row, column = (self._shown.index(index) for index in self._hovered)
        last = len(self._shown) - 1
        row, column = min(max(row + down, 0), last), min(max(column + right, 0), last)
        self._point_at(self._shown[row], self._shown[column])

    def _point_at(self, truth: int, predicted: int) -> None:
        self._point((truth, predicted), QRectF(self.cell_rect(truth, predicted)).center())

    def _point(self, cell: tuple[int, int | None] | None, cursor: QPointF | None = None) -> None:
        before, now = self._hovered, cell
        self.set_hovered(cell)
        if (before if _whole(before) else None) != (now if _whole(now) else None):
            self.hovered.emit(cell if _whole(cell) else None)
        self._tip.show_at(cursor or QPointF(), "" if cell is None else self.tip_text(*cell))

    def tip_text(self, truth: int, predicted: int | None) -> str:
        """What the read-out says of a cell, or of a class (predicted None)."""
        name, found = self._names[truth], self._rates
        total = int(self._matrix[truth].sum())
        if predicted is not None:
            count = int(self._matrix[truth, predicted])
            share = f"{percent(count / total)} of {name}" if total else f"no {name} in the truth"
            what = "right" if truth == predicted else f"taken for {self._names[predicted]}"
            first = f"{name}, {what}\t{count:,}\n{share}"
            if truth != predicted:
                return first
            return f"{first}\n{self._figures(truth)}"
        iou = _figure(found.iou[truth], 4)
        return f"{name}, points of the truth\t{total:,}\nIoU\t{iou}\n{self._figures(truth)}"

    def _figures(self, index: int) -> str:
        found = self._rates
        recall, precision = _figure(found.recall[index], 4), _figure(found.precision[index], 4)
        return f"recall\t{recall}\nprecision\t{precision}"

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self._shown:
                painter.setFont(theme.text_font())
                painter.setPen(QColor(theme.current().dim))
                painter.drawText(self.rect(), _CENTRE, "No labelled points")
                return
            if self._picture is None:
                self._picture = self._cells()
            painter.drawPixmap(0, 0, self._picture)
            self._paint_marks(painter)
            self._paint_names(painter)
            self._paint_figures(painter)
            self._paint_scale(painter)
            if self._focus_frame:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.current().blue), 1))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _colours(self) -> np.ndarray:
        if self._lut is None:
            self._lut = colour_table()
        return self._lut

    def _cells(self) -> QPixmap:
        """All cells and their numbers, which pointing leaves as they are."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_cells(painter)
        return picture

    def _paint_cells(self, painter: QPainter) -> None:
        colours, table = theme.current(), self._colours()
        font = _number_font(self._places.cell)
        metrics = QFontMetrics(font)
        numbers = metrics.horizontalAdvance("88") + 3 <= self._places.cell
        painter.setFont(font)
        for row, truth in enumerate(self._shown):
            for column, predicted in enumerate(self._shown):
                box = self._rect(row, column).adjusted(0, 0, -1, -1)
                level = int(self._levels[truth, predicted])
                fill = QColor(*table[level, :3].tolist())
                empty = not self._matrix[truth, predicted]
                painter.fillRect(box, QColor(colours.raised) if empty else fill)
                share = self._matrix[truth, predicted] / max(1, self._matrix[truth].sum())
                text = f"{round(100 * share)}"
                room = metrics.horizontalAdvance(text) + 2 <= box.width()
                if numbers and room and share >= 0.005 and not empty:
                    painter.setPen(_ink(fill.rgb()))
                    painter.drawText(box, _CENTRE, text)

    def _paint_marks(self, painter: QPainter) -> None:
        colours, at, count = theme.current(), self._places, len(self._shown)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.dim), 1))
        for index in range(count):  # the diagonal, where a prediction is right
            painter.drawRect(self._rect(index, index).adjusted(0, 0, -2, -2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered is not None and self._hovered[0] in self._shown:
            painter.setPen(QPen(QColor(colours.blue), 1))
            row = self._rect(self._shown.index(self._hovered[0]), 0)
            across = QRectF(row.x(), row.y(), at.cell * count, at.cell).adjusted(-1.5, -1.5, 0.5, 0.5)
            painter.drawRect(across)
            if self._hovered[1] in self._shown:
                column = self._rect(0, self._shown.index(self._hovered[1]))
                down = QRectF(column.x(), column.y(), at.cell, at.cell * count)
                painter.drawRect(down.adjusted(-1.5, -1.5, 0.5, 0.5))
        if self._selected is not None and set(self._selected) <= set(self._shown):
            painter.setPen(QPen(QColor(colours.amber), 2))
            painter.drawRect(QRectF(self.cell_rect(*self._selected)).adjusted(-1, -1, 0, 0))

    def _marked(self, index: int, side: int) -> str:
        """The colour of a class's name; side: 0 for the truth's, 1 for the predicted one's."""
        colours = theme.current()
        if self._hovered is not None and self._hovered[side] == index:
            return colours.blue
        if self._selected is not None and self._selected[side] == index:
            return colours.amber_text
        return colours.text

    def _paint_names(self, painter: QPainter) -> None:
        colours, at, gap = theme.current(), self._places, theme.em(0.5)
        font = _fitting_font(at.cell)
        metrics = QFontMetrics(font)
        every = -(-(metrics.ascent() + metrics.descent()) // (at.cell + 3))
        axis = QFontMetrics(_font()).height() + 2
        across, down = at.left - gap - axis - at.start, at.top - gap - axis
        painter.setFont(font)
        for place, index in enumerate(self._shown):
            truth, predicted = self._marked(index, 0), self._marked(index, 1)
            if place % every == 0 or truth != colours.text:
                painter.setPen(QColor(truth))
                room = QRect(at.left - gap - across, self._rect(place, 0).y(), across, at.cell)
                painter.drawText(room, _RIGHT | _UNCLIPPED, _short(metrics, self._names[index], across))
            if place % every == 0 or predicted != colours.text:
                painter.setPen(QColor(predicted))
                room = QRect(0, -at.cell // 2, down, at.cell)
                text = _short(metrics, self._names[index], down)
                self._upright(painter, self._rect(0, place), gap, room, text)
        painter.setFont(_font())
        painter.setPen(QColor(colours.dim))
        span = at.cell * len(self._shown)
        painter.drawText(QRect(at.left, 0, span, axis), _CENTRE | _UNCLIPPED, "predicted →")
        painter.save()
        painter.translate(at.start, at.top + span / 2)
        painter.rotate(-90)
        painter.drawText(QRect(-span // 2, 0, span, axis), _CENTRE | _UNCLIPPED, "← truth")
        painter.restore()

    def _upright(self, painter: QPainter, column: QRect, gap: int, room: QRect, text: str) -> None:
        """Text that is read upwards, above a column. room: from where it starts, turned."""
        painter.save()
        painter.translate(column.x() + (column.width() - 1) / 2, self._places.top - gap)
        painter.rotate(-90)
        painter.drawText(room, _LEFT | _UNCLIPPED, text)
        painter.restore()

    def _paint_figures(self, painter: QPainter) -> None:
        colours, at = theme.current(), self._places
        font = _fitting_font(at.cell, QFont.Weight.Medium)
        metrics = QFontMetrics(font)
        every = -(-(metrics.ascent() + metrics.descent()) // (at.cell + 3))
        gap, width = theme.em(0.5), self._figure_width()
        values = {"IoU": self._rates.iou, "recall": self._rates.recall, "precision": self._rates.precision}
        for number, column in enumerate(at.columns):
            painter.setFont(_font())
            painter.setPen(QColor(colours.dim))
            head = QRect(at.figures + number * width + gap, 0, width - gap, at.cell)
            room = QRect(0, -head.width() // 2, at.top - gap, head.width())
            self._upright(painter, head, gap, room, column)
            painter.setFont(font)
            for row, index in enumerate(self._shown):
                pointed = self._hovered is not None and self._hovered[0] == index
                if row % every and not pointed:
                    continue
                ink = colours.blue if pointed else colours.text if number == 0 else colours.dim
                painter.setPen(QColor(ink))
                text = _figure(values[column][index], 2)
                painter.drawText(self.figure_rect(index, column), _RIGHT | _UNCLIPPED, text)

    def _paint_scale(self, painter: QPainter) -> None:
        """The colours of the shares below the matrix, with ticks where the root puts them."""
        at = self._places
        if at.scale is None:
            return
        colours, table, metrics = theme.current(), self._colours(), QFontMetrics(_font())
        span = at.cell * len(self._shown)
        words = "of the truth"
        strip = min(theme.em(9), span)
        x = at.left
        bar = QRectF(x, at.scale, strip, theme.em(0.4))
        pixels = np.ascontiguousarray(table)
        painter.drawImage(bar, QImage(pixels.data, 256, 1, 1024, QImage.Format.Format_RGBA8888))
        painter.setFont(_font())
        painter.setPen(QColor(colours.dim))
        y = at.scale + theme.em(0.4) - 1
        for share, text in ((0.0, "0"), (0.1, "10"), (0.5, "50"), (1.0, "100 %")):
            middle = x + strip * share**0.5
            width = metrics.horizontalAdvance(text)
            start = round(max(x, middle - width / 2))
            painter.drawText(QRect(start, round(y), width + 1, metrics.height()), _LEFT, text)
        rest = QRect(x + strip + theme.em(2.6), round(y), self.width(), metrics.height())
        if rest.x() + metrics.horizontalAdvance(words) <= self.width():
            painter.drawText(rest, _LEFT, words)


_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def _whole(cell: tuple[int, int | None] | None) -> bool:
    return cell is not None and cell[1] is not None


def _figure(value: float, digits: int) -> str:
    return _NONE if np.isnan(value) else f"{value:.{digits}f}"


@lru_cache(maxsize=256)
def _ink(rgb: int) -> QColor:
    """Black or white, whichever is read better on a colour."""
    return max((QColor("#000000"), QColor("#ffffff")), key=lambda ink: contrast(ink, QColor.fromRgb(rgb)))


def _short(metrics: QFontMetrics, text: str, room: int) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0))


def _font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    return theme.text_font(0.85, weight)


def _fitting_font(cell: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The labels' font, smaller where cells are lower than its letters."""
    font = _font(weight)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(cell * 0.85))))
    return font


def _number_font(cell: int) -> QFont:
    """For a share in per cent inside a cell."""
    font = _font(QFont.Weight.Medium)
    font.setPixelSize(max(_SMALLEST_TEXT, min(font.pixelSize(), round(cell * 0.55))))
    return font
