"""What is logged on any thread, handed to the GUI thread."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime

from PySide6.QtCore import QObject, Signal

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
