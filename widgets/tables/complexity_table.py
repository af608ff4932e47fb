"""A table of formulas: a row a layer, with the line and the mark of its curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from headlight.widgets.base import theme
from headlight.widgets.plots import series_style

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Row(NamedTuple):
    """colour: an index into `series_style`. cells: the formula in each column."""

    colour: int
    name: str
    cells: tuple[str, ...]


class ComplexityTable(QWidget):
    """Formulas under their headings; what they come to stands with the other numbers."""

    def __init__(self, columns: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = len(columns)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.em(0.9))
        self._grid.setVerticalSpacing(theme.em(0.35))
        self._caption = _label("dim", _LEFT)
        self._grid.addWidget(self._caption, 0, 0, 1, 2)
        for column, title in enumerate(columns):
            self._grid.addWidget(_label("dim", _LEFT, title), 0, 2 * column + 3)
            self._grid.setColumnMinimumWidth(2 * column + 2, theme.em(2.4))
        self._grid.setColumnStretch(2 * len(columns) + 2, 1)
        self._rows: list[tuple[Swatch, QLabel, list[QLabel]]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_rows(self, caption: str, rows: Sequence[Row]) -> None:
        """caption: what the letters stand for. As many rows as the first time."""
        self._caption.setText(caption)
        while len(self._rows) < len(rows):
            self._add_row()
        for row, (swatch, name, labels) in zip(rows, self._rows, strict=True):
            if len(row.cells) != self._columns:
                raise ValueError(f"{row.name}: {len(row.cells)} cells in {self._columns} columns")
            swatch.set_colour(row.colour)
            name.setText(row.name)
            for label, text in zip(labels, row.cells, strict=True):
                label.setText(text)

    def texts(self) -> list[list[str]]:
        """A list a row: its name, then the formula in each column."""
        return [[name.text(), *(label.text() for label in labels)] for _, name, labels in self._rows]

    def caption(self) -> str:
        return self._caption.text()

    def _add_row(self) -> None:
        number = len(self._rows) + 1
        swatch, name, labels = Swatch(), QLabel(), []
        self._grid.addWidget(swatch, number, 0)
        self._grid.addWidget(name, number, 1)
        for column in range(self._columns):
            labels.append(_label("value", _LEFT))
            self._grid.addWidget(labels[-1], number, 2 * column + 3)
        self._rows.append((swatch, name, labels))


class Swatch(QWidget):
    """The line and the mark of a series."""

    def __init__(self, colour: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour

    def set_colour(self, colour: int) -> None:
        """colour: an index into `series_style`."""
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.em(1.7), theme.em(1))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: object) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour, middle = series_style.colour(self._colour), self.rect().toRectF().center()
            painter.setPen(QPen(colour, 1.8))
            painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
            painter.setBrush(colour)
            painter.drawPath(series_style.mark(self._colour, middle, theme.em(0.26)))


def _label(role: str, alignment: Qt.AlignmentFlag, text: str = "") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setAlignment(alignment)
    return label
