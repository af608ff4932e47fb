"""The welcome page: drop something, type a sentence, or take a sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.base.waiting import Waiting
from headlight.widgets.shell.samples import STACK, Card, Sample, Together, bundled_samples

_IN_ROW = 7
"""Samples beside each other, whose titles are to be read."""
_TALL, _LOW = 9.0, 4.4
"""Em of their pictures in one row, and in each of several."""


class Welcome(QScrollArea):
    """What the window shows while nothing is open."""

    text_entered = Signal(str)
    """A sentence to run."""
    sample_chosen = Signal(object, str)
    """The `value` of a sample, and its model; a recent file's Path too."""
    recent_cleared = Signal()
    """The list of recent files is to be forgotten."""
    open_clicked = Signal()
    """The drop area was clicked: the user looks for a file."""
    stack_asked = Signal()
    """A stack of convolutions is to be built."""
    cancel_asked = Signal()
    """What is being read is no longer wanted."""

    def __init__(
        self,
        samples: Sequence[Sample] | None = None,
        parent: QWidget | None = None,
        formats: str = "any format",
    ) -> None:
        """formats: the names of those that can be dropped."""
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        content = QWidget(objectName="content")
        column = QVBoxLayout(content)
        column.setContentsMargins(theme.em(2), theme.em(1.4), theme.em(2), theme.em(1.4))
        column.setSpacing(0)
        column.addStretch(2)
        sheet = QVBoxLayout()
        sheet.setSpacing(theme.em(1.2))
        centre = QHBoxLayout()
        centre.addStretch(1)
        page = QWidget()
        page.setLayout(sheet)
        sheet.setContentsMargins(0, 0, 0, 0)
        page.setMaximumWidth(theme.em(66))
        page.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        centre.addWidget(page, 20)
        centre.addStretch(1)
        column.addLayout(centre)
        column.addStretch(3)
        self._drop = _DropArea(formats)
        self._drop.clicked.connect(self.open_clicked)
        self._drop.cancel_asked.connect(self.cancel_asked)
        self._field = QLineEdit()
        self._field.setPlaceholderText("Type or paste a sentence")
        self._field.setAccessibleName("Sentence")
        self._field.setProperty("role", "entry")
        self._field.setAcceptDrops(False)  # or it would write out the address of a file
        self._field.returnPressed.connect(self._enter)
        self._run = QPushButton("Run")
        self._run.setProperty("role", "primary")
        self._run.setEnabled(False)
        self._run.clicked.connect(self._enter)
        self._field.textChanged.connect(lambda text: self._run.setEnabled(bool(text.strip())))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(theme.em(0.1))
        sheet.addWidget(_Head())
        sheet.addSpacing(theme.em(0.6))
        sheet.addWidget(self._drop)
        sheet.addLayout(self._text_row())
        sheet.addSpacing(theme.em(0.4))
        sheet.addLayout(self._cards(bundled_samples() if samples is None else samples))
        sheet.addLayout(self._recent)
        self.setWidget(content)
        self.viewport().setAutoFillBackground(False)

    def set_drag_active(self, active: bool) -> None:
        """Light the drop area up while something is dragged over the window."""
        self._drop.set_active(active)

    def set_waiting(self, waiting: Waiting | None) -> None:
        """Say what is being read, and how far that is, where something was dropped."""
        self._drop.set_waiting(waiting)

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Files opened lately, newest first; at most five are listed."""
        while (item := self._recent.takeAt(0)) is not None:
            if item.widget():
                item.widget().hide()
                item.widget().deleteLater()
        if paths:
            self._recent.addWidget(self._recent_head())
        for path in paths[:5]:
            self._recent.addWidget(self._recent_row(path), 0, Qt.AlignmentFlag.AlignLeft)

    def focus_text(self) -> None:
        """Put the keyboard into the sentence field; what stands there from before is typed over."""
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.selectAll()

    def _enter(self) -> None:
        text = self._field.text().strip()
        if text:
            self.text_entered.emit(text)

    def _text_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.em(0.6))
        row.addWidget(self._field, 1)
        row.addWidget(self._run)
        self._run.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        return row

    def _cards(self, samples: Sequence[Sample]) -> QVBoxLayout:
        """Pictures and clouds in rows, sentences and what is built here in the next."""
        column = QVBoxLayout()
        column.setSpacing(theme.em(0.8))
        column.addWidget(_heading("Or start from a sample"))
        for kind in (Path, str | Together):
            row = QGridLayout()
            row.setSpacing(theme.em(0.8))
            some = [sample for sample in samples if isinstance(sample.value, kind)]
            rows = -(-len(some) // _IN_ROW)
            for place, sample in enumerate(some):
                card = Card(sample, _LOW if rows > 1 else _TALL)
                card.clicked.connect(self.sample_chosen)
                down, along = divmod(place, -(-len(some) // rows))
                row.addWidget(card, down, along)
                row.setColumnStretch(along, 1)
            column.addLayout(row)
        build = Card(Sample(*STACK), _TALL)
        build.clicked.connect(self.stack_asked)
        row.addWidget(build, 0, row.columnCount())
        row.setColumnStretch(row.columnCount() - 1, 1)
        return column

    def _recent_head(self) -> QWidget:
        clear = QPushButton("Clear")
        clear.setProperty("role", "flat")
        clear.setToolTip("Forget the recent files")
        clear.clicked.connect(self.recent_cleared)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(_heading("Recent"))
        row.addStretch(1)
        row.addWidget(clear)
        return head

    def _recent_row(self, path: Path) -> QPushButton:
        button = QPushButton(path.name.replace("&", "&&"))
        button.setProperty("role", "flat")
        button.setToolTip(str(path))
        button.clicked.connect(lambda: self.sample_chosen.emit(path, ""))
        return button


class _Head(QWidget):
    """Logo, name and one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._logo = QLabel()
        name = QLabel("Headlight")
        name.setProperty("role", "display")
        line = QLabel(
            "See what every head of a transformer looks at: in a sentence, an image, a point cloud."
        )
        line.setProperty("role", "dim")
        line.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.em(0.8))
        grid.setVerticalSpacing(theme.em(0.2))
        grid.addWidget(self._logo, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(name, 0, 1)
        grid.addWidget(line, 1, 1)
        grid.setColumnStretch(1, 1)
        self._draw_logo()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_logo"):
            self._draw_logo()

    def _draw_logo(self) -> None:
        side = theme.em(2.6)
        self._logo.setPixmap(QIcon(str(theme.current().icon("headlight"))).pixmap(QSize(side, side)))


class _DropArea(QFrame):
    clicked = Signal()
    cancel_asked = Signal()

    def __init__(self, formats: str) -> None:
        super().__init__()
        self._formats = formats
        self._active = False
        self._waiting: Waiting | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Drop an image, a text, a sound or a point cloud here, or open a file")
        self._title = QLabel()
        self._title.setProperty("role", "large")
        self._hint = QLabel()
        self._hint.setProperty("role", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.em(1), theme.em(1.5), theme.em(1), theme.em(1.5))
        column.setSpacing(theme.em(0.35))
        for label in (self._title, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        self._cancel = QPushButton("Cancel", self)  # in the corner: nothing moves when it comes
        self._cancel.clicked.connect(self.cancel_asked)
        self._cancel.hide()
        self._say()

    def set_active(self, active: bool) -> None:
        self._active = active
        self._say()

    def set_waiting(self, waiting: Waiting | None) -> None:
        self._waiting = waiting
        self._cancel.setVisible(waiting is not None)
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        edge, size = theme.em(0.8), self._cancel.sizeHint()
        self._cancel.setGeometry(self.width() - size.width() - edge, edge, size.width(), size.height())

    def _say(self) -> None:
        title, hint = (
            "Drop an image, a text, a sound or a point cloud anywhere",
            f"or click to open a file · {self._formats}",
        )
        if self._waiting is not None:
            title, hint = self._waiting.says, self._waiting.more
        if self._active:
            title, hint = "Let go to open it", self._formats
        self._title.setText(title)
        self._hint.setText(hint)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill = QColor(colours.amber if self._active else colours.panel)
            if self._active:
                fill.setAlphaF(0.12)
            edge = colours.amber if self._active else colours.blue if self.hasFocus() else colours.dim
            pen = QPen(QColor(edge), 2 if self._active else 1.4)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.setBrush(fill)
            radius = theme.em(0.8)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    return label
