"""The status bar: the truth about the run (tokens, time, check, device, memory) and what is under way."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from models.attention import Trace, is_faithful, worst
from viewer.jobs import Job, Jobs
from viewer.session import Document, Session
from widgets.labels import short_number
from widgets.progress import Progress


class Status(QWidget):
    cancel_asked = Signal()

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("status")
        self.session, self.jobs = session, jobs
        self.run, self.check, self.device = QLabel(), QLabel(), QLabel()
        for label in (self.run, self.device):
            label.setProperty("role", "dim")
        self.progress = Progress()
        self.progress.cancelled.connect(self.cancel_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 12, 3)
        row.setSpacing(16)
        # It keeps its room while hidden, so that nothing moves when work begins.
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        row.addWidget(self.run)
        row.addWidget(self.progress, 1)
        row.addWidget(self.check)
        row.addWidget(self.device)
        jobs.changed.connect(self._jobs_changed)
        jobs.progressed.connect(self._progressed)
        session.current_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        self.refresh()

    def refresh(self) -> None:
        document = self.session.current
        trace = document.trace if document else None
        self.check.setVisible(trace is not None and bool(trace.layers))
        self.device.setVisible(trace is not None)
        if trace is None:
            stack = document is not None and document.modality == "stack"
            said = "Drop a text, an image or a point cloud anywhere" if document is None else ""
            self.run.setText("No model runs: the fields are exact, the weights uniform" if stack else said)
            return
        self.run.setText(_said(trace))
        good = is_faithful(error := worst(document.checks))
        self.check.setText(
            f"✓ weights rebuild the output, error {short_number(error, 1)}"
            if good
            else f"✗ {said_of_checks(document.checks)}"
        )
        self.check.setProperty("role", "good" if good else "bad")
        self.check.style().polish(self.check)
        self.device.setText(f"{document.device} · {document.memory / 1e9:.1f} GB")

    def _document_changed(self, document: Document) -> None:
        if document is self.session.current:
            self.refresh()

    def _jobs_changed(self) -> None:
        running = self.jobs.running("run")
        if running:
            self._progressed(running[0])
        else:
            self.progress.done()

    def _progressed(self, job: Job) -> None:
        if job.lane == "run":
            self.progress.show_progress(job.share, job.sentence or "Waiting")


def said_of_checks(checks: Sequence[float]) -> str:
    """What is wrong with layers some of which are not faithful."""
    broken = [number for number, error in enumerate(checks) if not math.isfinite(error)]
    if not broken:
        return f"weights miss the output by {short_number(worst(checks), 1)}"
    more = f" and {len(broken) - 1:,} more" * (len(broken) > 1)
    return f"no numbers (NaN) in layer {broken[0]}{more}"


def _said(trace: Trace) -> str:
    """1,370 tokens · forward 1.25 s; of a cloud its points and layers."""
    forward = f"forward {seconds(trace.seconds)}"
    if trace.segmentation is None:
        if not trace.layers:
            rows, columns = trace.tokens.grid
            return f"last feature map {rows} × {columns} · {forward} · no attention layers"
        return f"{len(trace.tokens):,} tokens · {forward}"
    layers = f"{len(trace.layers)} attention layers" if trace.layers else "no attention layers"
    return f"{len(trace.segmentation.labels):,} points · {forward} · {layers}"


def seconds(value: float) -> str:
    """0.59 s; 11 ms."""
    return f"{value * 1000:.0f} ms" if value < 0.1 else f"{value:.2f} s"
