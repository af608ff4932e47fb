"""What a pane says in its middle while it has nothing to show: what is awaited, or why nothing comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from headlight.widgets.base import theme

STEPS = 1000


@dataclass(frozen=True)
class Waiting:
    """says: what runs, or what came of it; more: how far it is, or what to do; share: 0 to 1 of what runs,
    None where nothing runs; buttons: (label, call), the first the likeliest.
    """

    says: str
    more: str = ""
    share: float | None = None
    buttons: tuple[tuple[str, Callable[[], object]], ...] = ()


class Cover(QFrame):
    """Lies over a whole widget that has nothing to show, and takes no room of its own."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setProperty("role", "cover")
        self.shown: Waiting | None = None
        self._says, self._more = _label(""), _label("dim")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, STEPS)
        self._bar.setFixedSize(theme.em(14), max(3, theme.em(0.3)))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.em(0.6))
        self._labels: tuple[str, ...] = ()
        self._parts = (False, False)
        """Whether there is a bar, and whether there is more to say."""
        column = QVBoxLayout(self)
        column.setSpacing(theme.em(0.5))
        column.addStretch(1)
        for widget in (self._says, self._bar, self._more):
            column.addWidget(widget)
        column.setAlignment(self._bar, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._buttons)
        column.addStretch(1)
        over.installEventFilter(self)
        self._fit()
        self.hide()

    def show_waiting(self, waiting: Waiting | None, main: bool) -> None:
        """None uncovers. main: with the bar and the buttons, which one pane alone has."""
        self.shown = waiting
        if waiting is None:
            self.hide()
            return
        self._says.setText(waiting.says)
        self._more.setText(waiting.more)
        self._parts = (main and waiting.share is not None, main and bool(waiting.more))
        advance(self._bar, waiting.share or 0)
        self._bar.setAccessibleName(waiting.says)
        self._offer(waiting.buttons if main else ())
        theme.set_role(self._says, "" if main else "dim")
        self._squeeze()
        self.show()
        self.raise_()
        self.layout().activate()  # a longer text has its lines at once

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        edge = 1  # the frame of what it covers stays in sight
        self.setGeometry(self.parentWidget().rect().adjusted(edge, 0, -edge, -edge))
        self._squeeze()

    def _squeeze(self) -> None:
        """Where a pane is low, what is said and the buttons come first."""
        bar, more = self._parts
        for shown in ((bar, more), (bar, False), (False, False)):
            self._bar.setVisible(shown[0])
            self._more.setVisible(shown[1])
            if self.layout().totalHeightForWidth(self.width()) <= self.height():
                return

    def _offer(self, buttons: tuple[tuple[str, Callable[[], object]], ...]) -> None:
        """The same buttons stay, so that one can be pressed while the text above moves on."""
        labels = tuple(label for label, _ in buttons)
        if labels == self._labels:
            return
        self._labels = labels
        while (item := self._buttons.takeAt(0)) is not None:
            if item.widget() is not None:
                item.widget().hide()
                item.widget().deleteLater()
        self._buttons.addStretch(1)
        for label, call in buttons:
            button = QPushButton(label)
            button.clicked.connect(lambda _=False, call=call: call())
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)


def advance(bar: QProgressBar, share: float) -> None:
    """Show 0 to 1 of STEPS, painted with all else: `setValue` alone paints at once, and all that waits to be
    painted with it."""
    bar.setUpdatesEnabled(False)
    bar.setValue(round(share * STEPS))
    bar.setUpdatesEnabled(True)


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def ring(share: float | None, side: int, ratio: float = 1.0) -> QIcon:
    """A ring of `side` logical pixels that fills as work goes on; an open one while nothing is known."""
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    colours = theme.current()
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, 0, side, side).adjusted(2, 2, -2, -2)
        for colour, turn in ((colours.faint, 1.0), (colours.amber, share or 0.0)):
            painter.setPen(QPen(QColor(colour), max(2, side / 7), c=Qt.PenCapStyle.FlatCap))
            painter.drawArc(box, 90 * 16, round(-360 * 16 * turn))
    return QIcon(pixmap)
