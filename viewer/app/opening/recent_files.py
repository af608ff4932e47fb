"""Recent files where they are found: in the menu and on the welcome page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from headlight.viewer.app.opening.recent import Recent
from headlight.widgets.shell.welcome import Welcome


class RecentFiles(QObject):
    """Fills both; `open_path` opens one."""

    def __init__(
        self, recent: Recent, welcome: Welcome, open_path: Callable[[str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.recent, self.welcome, self._open = recent, welcome, open_path
        self.menu = QMenu("Open recent", parent)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(recent.look)
        welcome.recent_cleared.connect(recent.clear_files)
        recent.changed.connect(self.refresh)
        self.refresh()
        recent.look()

    def refresh(self) -> None:
        files = self.recent.files()
        self.welcome.set_recent([Path(path) for path in files])
        self.menu.clear()
        for path in files:
            action = self.menu.addAction(Path(path).name.replace("&", "&&"))
            action.setToolTip(path)
            action.triggered.connect(lambda _=False, path=path: self._open(path))
        self.menu.addSeparator()
        self.menu.addAction("Clear this list", self.recent.clear_files)
        self.menu.menuAction().setEnabled(bool(files))
