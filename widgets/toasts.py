"""Toasts: what went wrong and what to do next, stacked at the lower right of a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QEnterEvent,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from widgets import theme

Kind = Literal["info", "warning", "error"]
MOST = 4
"""The oldest goes when one more comes."""
INFO_SECONDS = 8


class Toasts(QObject):
    """The stack of one window. Toasts never take the focus; info fades, the others stay until closed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._toasts: list[Toast] = []
        parent.installEventFilter(self)

    def show_toast(
        self,
        kind: Kind,
        cause: str,
        next_step: str = "",
        details: str | None = None,
        action: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """cause: what happened; next_step: what to do; details: to unfold; action: (label, call)."""
        for same in [toast for toast in self._toasts if toast.message() == _message(cause, next_step)]:
            same.close_toast()
        while len(self._toasts) >= MOST:
            self._toasts[0].close_toast()
        toast = Toast(self._window, kind, cause, next_step, details, action)
        toast.closed.connect(self._closed)
        toast.resized.connect(self.place)
        self._toasts.append(toast)
        toast.show()
        self.place()
        if QAccessible.isActive():
            event = QAccessibleAnnouncementEvent(self._window, f"{kind}: {toast.message()}")
            QAccessible.updateAccessibility(event)

    def messages(self) -> list[str]:
        """Cause and next step of every toast in sight, oldest first."""
        return [toast.message() for toast in self._toasts]

    def clear(self) -> None:
        """Close all."""
        for toast in list(self._toasts):
            toast.close_toast()

    def place(self) -> None:
        """Stack the toasts upwards from the lower right corner, inside the window."""
        margin, gap = theme.em(1.0), theme.em(0.6)
        area = self._window.rect().adjusted(margin, margin, -margin, -margin - theme.em(2.2))
        bottom = area.bottom()
        for toast in reversed(self._toasts):
            width = min(theme.em(30), area.width())
            height = min(max(toast.heightForWidth(width), toast.minimumSizeHint().height()), area.height())
            top = max(area.top(), bottom - height)
            toast.setGeometry(area.right() - width + 1, top, width, height)
            toast.raise_()
            bottom = top - gap

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def _closed(self, toast: Toast) -> None:
        self._toasts.remove(toast)
        self.place()


class Toast(QFrame):
    """One message on a raised card."""

    closed = Signal(object)
    resized = Signal()

    def __init__(
        self,
        parent: QWidget,
        kind: Kind,
        cause: str,
        next_step: str,
        details: str | None,
        action: tuple[str, Callable[[], None]] | None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.setAccessibleName(f"{kind}: {_message(cause, next_step)}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cause, self._next_step = cause, next_step
        grid = QGridLayout(self)
        edge = theme.em(0.8)
        grid.setContentsMargins(edge, edge, theme.em(0.5), edge)
        grid.setHorizontalSpacing(theme.em(0.7))
        grid.setVerticalSpacing(theme.em(0.25))
        grid.setColumnStretch(1, 1)
        grid.addWidget(_Mark(kind), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_text(cause, "title"), 0, 1)
        grid.addWidget(self._close_button(), 0, 2, Qt.AlignmentFlag.AlignTop)
        if next_step:
            grid.addWidget(_text(next_step, "dim"), 1, 1, 1, 2)
        self._details = _Details(details) if details else None
        if details or action:
            grid.addLayout(self._buttons(action), 2, 1, 1, 2)
        if self._details:
            grid.addWidget(self._details, 3, 0, 1, 3)
        self._paused = False
        self._timer = QTimer(self, singleShot=True, interval=INFO_SECONDS * 1000)
        self._timer.timeout.connect(self.close_toast)
        if kind == "info":
            self._timer.start()

    def message(self) -> str:
        return _message(self._cause, self._next_step)

    def close_toast(self) -> None:
        """Take it off the stack; the widget goes with the next turn of the event loop."""
        self._timer.stop()
        self.hide()
        self.closed.emit(self)
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        # Nothing fades while it is being read.
        self._paused = self._timer.isActive()
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._paused:
            self._timer.start()
        super().leaveEvent(event)

    def _close_button(self) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        button.setIcon(QIcon(str(theme.current().icon("close"))))
        button.setIconSize(QSize(theme.em(1), theme.em(1)))
        button.setAccessibleName("Close this message")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self.close_toast)
        return button

    def _buttons(self, action: tuple[str, Callable[[], None]] | None) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, theme.em(0.4), 0, 0)
        row.setSpacing(theme.em(0.5))
        if action:
            label, call = action
            button = QPushButton(label)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(call)
            button.clicked.connect(self.close_toast)
            row.addWidget(button)
        if self._details:
            unfold = QPushButton("Details", checkable=True)
            copy = QPushButton("Copy")
            copy.setVisible(False)
            for button in (unfold, copy):
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                row.addWidget(button)
            unfold.toggled.connect(self._details.setVisible)
            unfold.toggled.connect(copy.setVisible)
            unfold.toggled.connect(self.resized)
            copy.clicked.connect(self._copy)
        row.addStretch(1)
        return row

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.message()}\n\n{self._details.toPlainText()}")


class _Details(QPlainTextEdit):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setVisible(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.em(0.9))
        self.setFont(font)

    def sizeHint(self) -> QSize:
        lines = min(self.blockCount(), 12)
        return QSize(theme.em(20), lines * self.fontMetrics().lineSpacing() + theme.em(2.2))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class _Mark(QWidget):
    """A sign for the kind, told apart by shape as well as by colour."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def sizeHint(self) -> QSize:
        return QSize(theme.em(1.2), theme.em(1.3))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        ink = {"info": colours.blue, "warning": colours.amber, "error": colours.red}[self._kind]
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            side = theme.em(1.1)
            painter.translate(self.width() / 2, self.height() / 2)
            painter.scale(side / 16, side / 16)
            painter.setPen(_pen(ink))
            if self._kind == "warning":
                painter.drawPolygon([QPointF(0, -7), QPointF(7.5, 6), QPointF(-7.5, 6)])
                painter.drawLine(QPointF(0, -2.2), QPointF(0, 1.4))
                painter.drawPoint(QPointF(0, 3.9))
                return
            painter.drawEllipse(QRectF(-7, -7, 14, 14))
            if self._kind == "info":
                painter.drawPoint(QPointF(0, -3.4))
                painter.drawLine(QPointF(0, -0.4), QPointF(0, 3.6))
            else:
                painter.drawLine(QPointF(-2.6, -2.6), QPointF(2.6, 2.6))
                painter.drawLine(QPointF(-2.6, 2.6), QPointF(2.6, -2.6))


def _pen(colour: str) -> QPen:
    pen = QPen(QColor(colour), 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _text(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label


def _message(cause: str, next_step: str) -> str:
    return f"{cause} {next_step}".strip()
