"""The log: what the program and its libraries said, newest last."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from headlight.viewer import registry
from headlight.viewer.panes.shared.desk import Desk
from headlight.widgets.shell.log_view import LogView


class LogPane(QObject):
    subtitle_changed = Signal(str)

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(desk.parent())
        self.widget: QWidget = LogView()
        for line in desk.log.kept:
            self.widget.add(*line)
        desk.log.relay.said.connect(self.widget.add, Qt.ConnectionType.QueuedConnection)
