"""The status bar: the truth about the run (tokens, time, check, device, memory), work under way, messages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from headlight.viewer.app.bars.pace import Paces
from headlight.viewer.session.jobs import Job, Jobs
from headlight.viewer.session.session import Document, Session
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel, short_number
from headlight.widgets.controls.progress import Progress
from headlight.widgets.shell.message_bell import MessageBell
from headlight.widgets.shell.message_panel import MessagePanel
from headlight.widgets.shell.message_strip import MessageStrip
from headlight.widgets.shell.messages import Messages

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.session.view import View


class Status(QWidget):
    """A line at the window's lower edge; over it, while there is one, a message that asks for something."""

    cancel_asked = Signal(object)
    """To cancel the work that is said: the number of the document that it is for, or None."""

    def __init__(self, session: Session, jobs: Jobs, paces: Paces, messages: Messages) -> None:
        super().__init__()
        self.setObjectName("status")
        self.session, self.jobs, self._paces = session, jobs, paces
        self.run, self.check, self.device = ElidedLabel(), ElidedLabel(), ElidedLabel()
        for label in (self.run, self.check, self.device):
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        for label in (self.run, self.device):
            label.setProperty("role", "dim")
        self.progress = Progress()
        self._held = 0
        """Bytes that the engine holds."""
        self._known: tuple[int | None, tuple[str, ...]] = None, ()
        """The number of the document that is looked at, and what is to be known of the pass that is shown."""
        self._said: Job | None = None
        """The work that is said."""
        self.progress.cancelled.connect(self._cancel)
        self.strip, self.bell = MessageStrip(messages), MessageBell(messages)
        self.panel = MessagePanel(messages, self)
        self.strip.all_asked.connect(self.open_messages)
        self.bell.clicked.connect(self.open_messages)
        self.bell.spoke.connect(self._make_room)
        row = QHBoxLayout()
        row.setContentsMargins(12, 3, 8, 3)
        row.setSpacing(16)
        for widget in (self.progress, self.bell):
            # It keeps its room while hidden: nothing moves when work begins, or with the first message.
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        row.addWidget(self.run)
        row.addWidget(self.progress, 1)
        row.addWidget(self.check)
        row.addWidget(self.device)
        row.addWidget(self.bell, 1)
        self._row = row
        self._gives_way = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addLayout(row)
        jobs.runs_changed.connect(self._jobs_changed)
        jobs.progressed.connect(self._progressed)
        jobs.told.connect(self._told)
        paces.ticked.connect(self._jobs_changed)
        session.current_changed.connect(self.refresh)
        session.current_changed.connect(self._jobs_changed)
        session.document_changed.connect(self._document_changed)
        session.view_changed.connect(self._view_changed)
        self.refresh()

    def refresh(self) -> None:
        document = self.session.current
        trace = document.trace if document else None
        self._forget_stale(document)
        self.check.setVisible(trace is not None and bool(trace.layers) and not self._gives_way)
        self.device.setVisible(trace is not None and not self._gives_way)
        if trace is None:
            unread = document is not None and not document.kind.is_read
            said = "Drop a text, an image, a sound or a point cloud anywhere" if document is None else ""
            self.run.setText("No model runs: the fields are exact, the weights uniform" if unread else said)
            return
        from headlight.models.core.layers import is_faithful, worst

        self.run.setText(_said(trace, document.view))
        good = is_faithful(error := worst(document.checks))
        rebuilt = f"✓ weights rebuild the output, error {short_number(error, 1)}"
        known = "weights as they were given, with no output to check them by" if trace.given else rebuilt
        self.check.setText(known if good else f"✗ {said_of_checks(document.checks)}")
        self.check.setProperty("role", ("dim" if trace.given else "good") if good else "bad")
        self.check.style().polish(self.check)
        held = self._held if document.memory is None else document.memory
        self.device.setText(f"{document.device} · {held / 1e9:.1f} GB")

    def _forget_stale(self, document: Document | None) -> None:
        """What is said of a pass that another one took the place of, or of a document that is not looked at
        any more, is over; of one that is read meanwhile it is said."""
        said, (left, before) = self.bell.speaks(), self._known
        trace = None if document is None else document.trace
        number = None if document is None else document.number
        self._known = number, () if trace is None else trace.notices
        if said is None or said.about is None or said.about != left:
            return
        if number != left or (said.text in before and said.text not in self._known[1]):
            self.bell.fade()

    def _make_room(self) -> None:
        """While the bell says more than it has room for, it stands in place of the check."""
        self._gives_way = bool(self.bell.line()) and (self._gives_way or self.bell.lacks_room())
        self._row.setStretchFactor(self.bell, 4 if self._gives_way else 1)
        self.refresh()

    def switch_messages(self) -> None:
        """Open the list of all messages, or close it."""
        if self.panel.isVisible():
            self.panel.close()
        else:
            self.open_messages()

    def open_messages(self) -> None:
        """The list of all messages, above the bell."""
        window, edge = self.window(), theme.em(0.6)
        top = window.mapToGlobal(QPoint(edge, edge))
        corner = self.bell.mapToGlobal(QPoint(self.bell.width(), -edge // 2))
        self.panel.open_in(QRect(top, corner))

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Without what comes and goes, for a picture of the window."""
        shown = [widget for widget in (self.strip, self.bell) if not widget.isHidden()]
        for widget in shown:
            widget.hide()
        self._lay_out()
        try:
            yield
        finally:
            for widget in shown:
                widget.show()
            self._lay_out()

    def _lay_out(self) -> None:
        """At once, where Qt would wait for the next turn of the event loop."""
        widget: QWidget | None = self
        while widget is not None:
            if widget.layout() is not None:
                widget.layout().activate()
            widget = widget.parentWidget()

    def _document_changed(self, document: Document) -> None:
        if document is self.session.current:
            self.refresh()

    def _view_changed(self, before: View, now: View) -> None:
        """Boxes that are taken away or added count as they stand."""
        document = self.session.current
        if document is None or document.trace is None:
            return
        from headlight.models.core.answers import BoxEdits

        if before[BoxEdits] != now[BoxEdits]:
            self.refresh()

    def _jobs_changed(self) -> None:
        """Of all that runs what the current document waits for is said, if there is any."""
        running, current = self.jobs.running("run"), self.session.current
        mine = [job for job in running if current is not None and job.document == current.number]
        self._said = next(iter([*mine, *running]), None)
        if self._said is not None:
            self._progressed(self._said)
        else:
            self.progress.done()

    def _told(self, held: int) -> None:
        if round(held / 1e8) != round(self._held / 1e8):
            self._held = held
            self.refresh()

    def _cancel(self) -> None:
        if self._said is not None:
            self.cancel_asked.emit(self._said.document)

    def _progressed(self, job: Job) -> None:
        if job is self._said:
            said = " · ".join(part for part in (job.sentence or "Waiting", self._paces.said(job)) if part)
            self.progress.show_progress(job.share, said)


def said_of_checks(checks: Sequence[float]) -> str:
    """What is wrong with layers some of which are not faithful."""
    from headlight.models.core.layers import worst

    broken = [number for number, error in enumerate(checks) if not math.isfinite(error)]
    if not broken:
        return f"weights miss the output by {short_number(worst(checks), 1)}"
    more = f" and {len(broken) - 1:,} more" * (len(broken) > 1)
    return f"no numbers (NaN) in layer {broken[0]}{more}"


def _said(trace: Trace, view: View) -> str:
    """1,370 tokens · forward 1.25 s; of a cloud its points, and layers or boxes as they stand."""
    from headlight.models.core.answers import BoxEdits, Boxes, PointLabels
    from headlight.models.core.tokens import PatchTokens

    forward = f"forward {seconds(trace.seconds)}"
    boxes = trace.answer(Boxes)
    if boxes is not None:
        made = view[BoxEdits].made
        there = len(boxes) + sum((one.now is not None) - (one.of is not None) for one in made)
        found = f"{there:,} boxes" if there != 1 else "1 box"
        return f"{len(trace.tokens):,} points · {found} · {forward}"
    if trace.answer(PointLabels) is None:
        if not trace.layers and isinstance(trace.tokens, PatchTokens):
            rows, columns = trace.tokens.grid
            return f"last feature map {rows} × {columns} · {forward} · no attention layers"
        tokens = f"{len(trace.tokens):,} tokens"
        return tokens if trace.given else f"{tokens} · {forward}"
    layers = f"{len(trace.layers)} attention layers" if trace.layers else "no attention layers"
    return f"{len(trace.answer(PointLabels).labels):,} points · {forward} · {layers}"


def seconds(value: float) -> str:
    """0.59 s; 11 ms."""
    return f"{value * 1000:.0f} ms" if value < 0.1 else f"{value:.2f} s"
