"""The log: what the program and its libraries said, newest last."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from headlight.widgets.shell.log_view import LogView

KEPT = 2000


class _Relay(QObject):
    said = Signal(object, str, str)


class LogHandler(logging.Handler):
    """Hands records of any thread to the GUI thread, and keeps the last of them for a pane made later."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.relay = _Relay()
        self.kept: deque[tuple[datetime, str, str]] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        line = datetime.fromtimestamp(record.created), record.levelname, self.format(record)
        self.kept.append(line)
        self.relay.said.emit(*line)


class LogPane(QObject):
    name, title, modalities = "log", "Log", ("text", "image", "points", "stack")
    pages = ("attention", "fields", "cost")
    subtitle_changed = Signal(str)

    def __init__(self, handler: LogHandler, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.widget: QWidget = LogView()
        for line in handler.kept:
            self.widget.add(*line)
        handler.relay.said.connect(self.widget.add, Qt.ConnectionType.QueuedConnection)
