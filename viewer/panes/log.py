"""The log: what the program and its libraries said, newest last."""

from __future__ import annotations

import logging
from datetime import datetime

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from widgets.log_view import LogView


class _Relay(QObject):
    said = Signal(object, str, str)


class LogHandler(logging.Handler):
    """Hands records of any thread to the GUI thread; keeps nothing itself."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.relay = _Relay()

    def emit(self, record: logging.LogRecord) -> None:
        self.relay.said.emit(datetime.fromtimestamp(record.created), record.levelname, self.format(record))


class LogPane(QObject):
    name, title, modalities = "log", "Log", ("text", "image")
    subtitle_changed = Signal(str)

    def __init__(self, handler: LogHandler, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.widget: QWidget = LogView()
        handler.relay.said.connect(self.widget.add, Qt.ConnectionType.QueuedConnection)
