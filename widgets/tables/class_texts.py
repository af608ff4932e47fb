"""A row for each class text: the text, edited where it stands, and how well it fits as bar and figure."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QWidget

from headlight.models.core.relevance import percent
from headlight.widgets.base import theme
from headlight.widgets.base.labels import RIGHT, plain_tip
from headlight.widgets.controls.text_line import TextLine


class ClassTextRows(QWidget):
    """The rows stand in the order in which the texts were typed, so that none moves under a hand.

    chosen: of which row more is to be shown. edited: a row, and what it says now. removed: a row. added: a
    new text.
    """

    chosen = Signal(int)
    edited = Signal(int, str)
    removed = Signal(int)
    added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.em(0.5))
        self._grid.setVerticalSpacing(theme.em(0.25))
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        self._headings = [QLabel(text) for text in ("now", "before")]
        for column, label in enumerate(self._headings, start=2):
            label.setAlignment(RIGHT)
            label.setProperty("role", "dim")
            self._grid.addWidget(label, 0, column)
        self.more = TextLine("New class text")
        self.more.setPlaceholderText("Add a text")
        self.more.returnPressed.connect(self._add)
        self._grid.addWidget(self.more, 1, 0, 1, 2)

    def set_rows(
        self, texts: Sequence[str], shares: Sequence[float], before: Sequence[float] | None = None
    ) -> None:
        """shares: 0 to 1 each. before: the same of the picture without its labels, a mark and a figure."""
        while len(self._rows) > len(texts):
            self._rows.pop().take_away(self._grid)
        while len(self._rows) < len(texts):
            self._append()
        for number, row in enumerate(self._rows):
            row.show_text(texts[number], shares[number], None if before is None else before[number])
        for label in self._headings:
            label.setVisible(before is not None)
        self._grid.addWidget(self.more, len(self._rows) + 1, 0, 1, 2)
        self.setAccessibleDescription(f"{len(texts):,} class texts")

    def set_chosen(self, number: int | None) -> None:
        """Mark a row in amber; no signal."""
        for at, row in enumerate(self._rows):
            row.mark(at == number)

    def row(self, number: int) -> _Row:
        return self._rows[number]

    def __len__(self) -> int:
        return len(self._rows)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for row in getattr(self, "_rows", ()):
                row.draw_icon()

    def _append(self) -> None:
        number = len(self._rows)
        row = _Row()
        row.line.entered.connect(lambda: self.chosen.emit(number))
        row.line.left.connect(lambda text: self.edited.emit(number, text))
        row.bar.clicked.connect(lambda: self.chosen.emit(number))
        row.close.clicked.connect(lambda: self.removed.emit(number))
        row.put(self._grid, number)
        self._rows.append(row)
        for one, other in zip(self._rows, [*self._rows[1:], None], strict=True):
            QWidget.setTabOrder(one.line, one.close)
            if other is not None:
                QWidget.setTabOrder(one.close, other.line)

    def _add(self) -> None:
        text = self.more.text().strip()
        if text:
            self.more.clear()
            self.added.emit(text)


class _Row(QObject):
    """Its widgets, which lie in the grid."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.bar = TextLine("Class text"), _Bar()
        self.line.setMinimumWidth(theme.em(6))
        self.figure, self.before, self.close = QLabel(), QLabel(), QToolButton()
        for label in (self.figure, self.before):
            label.setAlignment(RIGHT)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("< 0.1 %"))
        self.before.setProperty("role", "dim")
        self.close.setProperty("role", "flat")
        self.close.setIcon(QIcon(str(theme.current().icon("close"))))

    def draw_icon(self) -> None:
        """In the theme's colour."""
        self.close.setIcon(QIcon(str(theme.current().icon("close"))))

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return self.line, self.bar, self.figure, self.before, self.close

    def put(self, grid: QGridLayout, number: int) -> None:
        for column, widget in enumerate(self.widgets):
            grid.addWidget(widget, number + 1, column)

    def take_away(self, grid: QGridLayout) -> None:
        for widget in self.widgets:
            grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.deleteLater()

    def show_text(self, text: str, share: float, before: float | None) -> None:
        self.line.show_text(text)
        self.line.setToolTip(plain_tip(text))
        self.bar.set_share(share, before)
        self.figure.setText(percent(share) if share == share else "–")
        self.before.setText("" if before is None else percent(before))
        self.before.setVisible(before is not None)
        self.before.setToolTip("Without the labels on the picture")
        self.close.setAccessibleName(f"Remove “{text}”")
        self.close.setToolTip(f"Remove “{text}”")

    def mark(self, chosen: bool) -> None:
        self.bar.mark(chosen)
        theme.set_role(self.figure, "title" if chosen else "")


class _Bar(QWidget):
    """As long as its share of 1; a line where it was before."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._share, self._before, self._chosen = 0.0, None, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_share(self, share: float, before: float | None) -> None:
        self._share, self._before = share, before
        self.update()

    def mark(self, chosen: bool) -> None:
        self._chosen = chosen
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.em(6), theme.em(1.4))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(3), theme.em(1.2))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours, high = theme.current(), theme.em(0.55)
        ground = QRectF(0, (self.height() - high) / 2, self.width(), high)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(ground, high / 2, high / 2)
            if self._share > 0:
                bar = QRectF(ground)
                bar.setWidth(max(ground.width() * min(self._share, 1.0), 2.0))
                painter.setBrush(QColor(colours.amber if self._chosen else colours.blue))
                painter.drawRoundedRect(bar, min(high, bar.width()) / 2, high / 2)
            if self._before is not None:
                x = max(1.0, min(ground.width() * self._before, ground.width() - 1.0))
                painter.setPen(QPen(QColor(colours.text), 2))
                painter.drawLine(round(x), round(ground.top() - 2), round(x), round(ground.bottom() + 2))
