"""Progress in the status bar: what is being done, how far it is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.waiting import STEPS, advance

PATIENCE = 150
"""Milliseconds before it appears: shorter work would only flicker."""


class Progress(QWidget):
    """Hidden while idle. `show_progress` as work goes on, `done` when it ends."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = ElidedLabel()
        self._sentence.setProperty("role", "dim")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(theme.em(9), max(3, theme.em(0.3)))
        self._cancel = QToolButton()
        self._cancel.setProperty("role", "flat")
        self._cancel.setIconSize(QSize(theme.em(1), theme.em(1)))
        self._cancel.setToolTip("Stop this")
        self._cancel.setAccessibleName("Stop the work in progress")
        self._cancel.clicked.connect(self._stop)
        self._draw_icon()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(0.6))
        row.addWidget(self._sentence, 1)
        row.addWidget(self._bar)
        row.addWidget(self._cancel)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._timer = QTimer(self, singleShot=True, interval=PATIENCE)
        self._timer.timeout.connect(self.show)
        self.hide()

    def show_progress(self, share: float | None, sentence: str) -> None:
        """`share` (0 to 1) of the work is done, None while unknown; `sentence`: what is done now."""
        self._sentence.setText(sentence)
        self._cancel.setEnabled(True)
        if share is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, STEPS)
            advance(self._bar, share)
        self._bar.setAccessibleName(sentence)
        if self.isHidden() and not self._timer.isActive():
            self._timer.start()

    def done(self) -> None:
        """Nothing is going on any more."""
        self._timer.stop()
        self._bar.setRange(0, STEPS)
        self.hide()

    def sentence(self) -> str:
        return self._sentence.text()

    def share(self) -> float | None:
        return None if self._bar.maximum() == 0 else self._bar.value() / STEPS

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_cancel"):
            self._draw_icon()

    def _draw_icon(self) -> None:
        self._cancel.setIcon(QIcon(str(theme.current().icon("close"))))

    def _stop(self) -> None:
        self._cancel.setEnabled(False)
        self._sentence.setText("Stopping …")
        self.cancelled.emit()
