"""Models: a searchable list of all there are, what each is, and what can be done with it.

It asks for everything and computes nothing: what lies on the disk, what the hub says and downloads come from
where models are read.
"""

from __future__ import annotations

import re
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from headlight.viewer.app.manager import said
from headlight.viewer.app.manager.downloads import Downloads
from headlight.viewer.app.manager.table import ModelTable
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.stock import hub
from headlight.viewer.host.stock.hub import Answer
from headlight.viewer.host.stock.rows import Row, Stock
from headlight.viewer.host.stock.sizes import said_bytes
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.jobs import Jobs
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.progress import Progress

LOOK_UP = "ask the hub"
PAUSE = 250
"""Milliseconds that a row is current before the hub is asked about it."""
NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
EMPTY = Stock((), "", 0)


class ManagerDialog(QDialog):
    """used: the Row that is to read something. removed: the Row that is to be deleted."""

    used = Signal(object)
    removed = Signal(object)
    folder_asked = Signal()
    file_asked = Signal()
    look_asked = Signal()
    """What lies on the disk is to be looked at again."""

    def __init__(self, jobs: Jobs, downloads: Downloads, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.jobs, self.downloads = jobs, downloads
        self.stock = EMPTY
        self._answers: dict[str, Row] = {}
        """What the hub said since the window was opened, by id."""
        self._failures: dict[str, str] = {}
        self.reachable = True
        self._build()
        self._later = QTimer(self, singleShot=True, interval=PAUSE)
        self._later.timeout.connect(self._ask)
        downloads.changed.connect(self._moved)
        self._say()

    # -- parts -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.search, self.kind = QLineEdit(), QComboBox()
        self.search.setPlaceholderText("Search, or write a name on the hub: owner/name")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # what is dropped is a model, wherever
        self.kind.setAccessibleName("What they read")
        self.kind.addItem("All inputs", "")
        for kind in REGISTRY.all(Kind).values():
            if kind.is_read and "recorded" not in kind.gives:
                self.kind.addItem(kind.plural.capitalize(), kind.id)
        self.table = ModelTable()
        self.title, self.about = ElidedLabel(""), QLabel()
        self.title.setProperty("role", "title")
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.about.setMinimumHeight(theme.em(5))
        self.progress = Progress()
        self.state, self.again = ElidedLabel(""), QPushButton("Try again")
        self.state.setProperty("role", "dim")
        self.use, self.download, self.delete = (
            QPushButton("Use"),
            QPushButton("Download"),
            QPushButton("Delete…"),
        )
        self.folder, self.file = QPushButton("Open a folder…"), QPushButton("Open a file…")
        self.use.setProperty("role", "primary")
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        top, lower, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.kind)
        for widget in (self.download, self.delete, self.use):
            lower.addWidget(widget)
        lower.insertWidget(0, self.progress, 1)
        lower.insertStretch(0, 0)
        foot.addWidget(self.state, 1)
        for widget in (self.again, self.folder, self.file):
            foot.addWidget(widget)
        whole = QVBoxLayout(self)
        edge = theme.em(1.2)
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(theme.em(0.7))
        whole.addLayout(top)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.title)
        whole.addWidget(self.about)
        whole.addLayout(lower)
        whole.addLayout(foot)
        room = self.screen().availableSize() * 0.9
        self.resize(min(theme.em(66), room.width()), min(theme.em(46), room.height()))
        self._connect()

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _: self._fill())
        self.search.returnPressed.connect(self._entered)
        self.kind.currentIndexChanged.connect(lambda _: self._fill())
        self.table.chosen.connect(self._chosen)
        self.table.asked.connect(self._act)
        self.use.clicked.connect(lambda: self.used.emit(self.row))
        self.download.clicked.connect(lambda: self.downloads.start(self.row))
        self.delete.clicked.connect(lambda: self.removed.emit(self.row))
        self.progress.cancelled.connect(lambda: self.downloads.cancel(self.row.id))
        self.folder.clicked.connect(self.folder_asked)
        self.file.clicked.connect(self.file_asked)
        self.again.clicked.connect(self._try_again)
        for key, act in (("Ctrl+F", self.search.setFocus), ("Del", self._delete)):
            QShortcut(QKeySequence(key), self.table if key == "Del" else self).activated.connect(act)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.search.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.stock is not EMPTY:
            self._fill()

    # -- rows --------------------------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The current one, with what the hub said of it."""
        row = self.table.row()
        return None if row is None else self._answers.get(row.id, row)

    def take(self, stock: Stock) -> None:
        """Show what there is; the answers of the hub about what is here now are of no use any more."""
        here = {row.id for row in stock.rows if row.opens}
        self._answers = {id: row for id, row in self._answers.items() if id not in here}
        self.stock = stock
        self._fill()

    def select(self, id: str) -> None:
        self._fill(id)

    def _fill(self, current: str = "") -> None:
        text, kind = self.search.text().strip(), self.kind.currentData()
        rows = [self._answers.get(row.id, row) for row in self.stock.rows]
        shown = [row for row in rows if said.matches(row, text, kind)]
        if NAME.fullmatch(text) and text.lower() not in {row.id.lower() for row in rows}:
            typed = Row(text, text, "hub", download=None, opens=False)
            shown.append(self._answers.get(text, typed))
        row = self.table.row()
        self.table.show_rows(shown, current or ("" if row is None else row.id))
        if self.reachable and self.stock.cache:
            self._chosen(self.table.row())
        self._say()

    def _entered(self) -> None:
        """Enter goes to the first row that was found; of a name that was written, to that."""
        text = self.search.text().strip()
        self._fill(text)
        if self.table.row() is None:
            self.table.select_first()
        self.table.setFocus()
        self._chosen(self.table.row())

    def _chosen(self, row: Row | None) -> None:
        self._later.stop()
        known = row is None or row.download == 0 or row.id in self._answers or row.id in self._failures
        if not known:
            self._later.start()
        self._say()

    def _act(self, row: Row) -> None:
        """Enter or a double click: what is nearest at hand."""
        for button in (self.use, self.download):
            if button.isEnabled() and button.isVisible():
                button.click()
                return

    def _delete(self) -> None:
        if self.delete.isEnabled():
            self.delete.click()

    # -- the hub -----------------------------------------------------------------------------------------

    def _ask(self) -> None:
        row = self.row
        if row is None or row.id in self.downloads.under:
            return
        failed = partial(self._not_found, row.id)
        self.jobs.submit(LOOK_UP, partial(hub.looked_up, row), self._answered, lane="ask", failed=failed)
        self._say()

    def _answered(self, answer: Answer) -> None:
        self.reachable = answer.row is not None
        self._failures.pop(answer.id, None)
        if answer.row is not None:
            self._answers[answer.id] = answer.row
            self._fill()
        self._say()

    def _not_found(self, id: str, failure: Failure) -> None:
        self.reachable = True
        self._failures[id] = f"{failure.cause} {failure.next_step}"
        self._say()

    def _try_again(self) -> None:
        self.reachable = True
        self._failures.clear()
        self.look_asked.emit()
        self._ask()

    def forget(self, id: str) -> None:
        """What the hub said of a model does not hold any more: some of it came, or it was deleted."""
        self._answers.pop(id, None)
        self._failures.pop(id, None)

    def failed(self, id: str, failure: Failure) -> None:
        """Why a download or a removal came to nothing."""
        self._failures[id] = f"{failure.cause} {failure.next_step}"
        self._say()

    def _moved(self, id: str) -> None:
        if self.row is not None and self.row.id == id:
            self._say()

    # -- what is said ------------------------------------------------------------------------------------

    def _say(self) -> None:
        row, free = self.row, self.stock.free
        under = self.downloads.under.get(row.id) if row is not None else None
        asking = any(job.kind == LOOK_UP for job in self.jobs.running("ask")) or self._later.isActive()
        self.title.setText("" if row is None else row.title)
        self.about.setText(self._about(row, asking))
        theme.set_role(self.about, "bad" if row is not None and row.id in self._failures else "dim")
        self.use.setVisible(row is None or row.opens)
        self.use.setEnabled(row is not None and row.opens)
        may = row is not None and said.can_download(row, free) and under is None
        self.download.setVisible(row is not None and row.download != 0 and under is None)
        self.download.setText("Download" if row is None else said.download_label(row, said_bytes))
        self.download.setEnabled(may and self.reachable)
        self.delete.setVisible(row is not None and row.kept)
        self.delete.setEnabled(row is not None and row.kept and under is None)
        if under is None:
            self.progress.done()
        else:
            self.progress.show_progress(under.share or None, under.sentence)
        self.again.setVisible(not self.reachable)
        self.state.setText(self._state())

    def _about(self, row: Row | None, asking: bool) -> str:
        if row is None:
            listed = not self.stock.rows or self.table.topLevelItemCount()
            return said.HINT if listed else said.nothing(self.search.text().strip())
        whole = said.details(row, self.stock.free, self.reachable, said_bytes)
        failure = self._failures.get(row.id, "")
        waits = (
            "Asking the hub for its size and licence…" if asking and not row.looked and not failure else ""
        )
        return "\n".join(filter(None, (whole, failure, waits if row.download != 0 else "")))

    def _state(self) -> str:
        if not self.reachable:
            return "Offline: the hub cannot be reached. What is on the disk opens."
        if not self.stock.cache:
            return "Looking on the disk…"
        where = self.jobs.host.where
        on = f" where “{where}” leads" if where else ""
        return f"{said_bytes(self.stock.free)} free{on}; downloads lie in {self.stock.cache}"
