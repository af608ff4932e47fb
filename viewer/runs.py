"""What happens between a drop and a Trace: reading, loading, the forward pass and its check, as jobs."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from psygnal import Signal

from models.attention import Trace, worst
from models.errors import HeadlightError
from models.task import Task
from viewer import inputs
from viewer.cloud_maps import starting_layer
from viewer.clouds import CloudInput, Frame
from viewer.forward import Pass, forward_pass
from viewer.inputs import Input, StackInput, TextInput
from viewer.jobs import Failure, Jobs
from viewer.session import Document, RunOptions, Session
from viewer.view import View

log = logging.getLogger(__name__)

Kind = Literal["info", "warning", "error"]
Notify = Callable[[Kind, str, str, str | None], None]
"""(kind, cause, next step, details) → the user."""


class Runs:
    """Opens what is dropped and runs it, in the background; a failure leaves everything open as it was."""

    opened = Signal(str)
    """A file that could be opened."""

    def __init__(self, session: Session, jobs: Jobs, notify: Notify, options: RunOptions) -> None:
        self.session, self.jobs, self.notify = session, jobs, notify
        self.options = options
        """What new documents start with."""
        self.trusts: Callable[[str], bool] | None = None
        """Asks the user whether a model's file, a pickle, is to be read; None where nobody can be asked."""
        self.prepare: Callable[[], None] = lambda: None
        """Called on the worker before a document is handed over: what it takes to show one."""
        self._numbers = itertools.count()
        self._untrusted: dict[str, list[tuple[Document, RunOptions, Input]]] = {}
        """Runs that wait for the user's word on a file."""

    # -- open --------------------------------------------------------------------------------------------

    def open_path(self, path: str) -> None:
        self._open(lambda task: inputs.from_path(path, task), path)

    def open_text(self, text: str, pair: str | None = None) -> None:
        self._open(lambda _: inputs.from_text(text, pair=pair))

    def open_pixels(self, pixels: np.ndarray, title: str) -> None:
        self._open(lambda _: replace(inputs.from_pixels(pixels), title=title))

    def open_stack(self) -> None:
        """A new stack of convolutions to build."""
        self._open(lambda _: StackInput())

    def _open(self, read: Callable[[Task], Input], path: str = "") -> None:
        kind = f"open {next(self._numbers)}"  # files dropped together do not supersede each other

        def work(task: Task) -> Input:
            task.progress(0.0, "Reading")
            self.prepare()
            return read(task)

        self.jobs.submit(kind, work, lambda what: self._opened(what, path), lane="run", failed=self._failed)

    def _opened(self, what: Input, path: str) -> None:
        if path:
            self.opened.emit(path)
        for notice in what.notices:
            self.notify("info", notice, "", None)
        log.info("Opened %s", what.title)
        self.start(self.session.add(what, self.options))

    def _failed(self, failure: Failure) -> None:
        details = None if failure.foreseen else failure.details
        self.notify("error", failure.cause, failure.next_step, details)

    # -- run ---------------------------------------------------------------------------------------------

    def start(self, document: Document, options: RunOptions | None = None, what: Input | None = None) -> None:
        """Run a document, again with other options or another input where they are given."""
        options, what = options or document.options, what or document.input
        if isinstance(what, StackInput):  # its panes compute all that there is
            self.session.update(document, state="ready")
            return
        self.session.update(document, state="running")
        self.jobs.submit(
            f"run {document.number}",
            partial(forward_pass, what, options),
            lambda result: self._ready(document, what, options, result),
            lane="run",
            failed=lambda failure: self._run_failed(document, failure, options, what),
        )

    def change(self, document: Document, **options: object) -> None:
        """Run again with other options: another model, size, device or stretch of the text."""
        self.start(document, replace(document.options, **options))

    def edit(self, document: Document, text: str, pair: str | None) -> None:
        """Run again with another text; what was shown stays until the new pass is done."""
        if isinstance(document.input, TextInput) and text.strip():
            try:
                what = inputs.from_text(text, pair=pair or None)
            except HeadlightError as error:
                self.notify("error", error.cause, error.next_step, None)
                return
            self.start(document, replace(document.options, start=0), what)

    def reframe(self, document: Document, frame: Frame) -> None:
        """Read a cloud's coordinates in another unit or with another axis up, show it, and run it again."""
        if not isinstance(document.input, CloudInput) or document.input.frame == frame:
            return
        what = document.input

        def read(task: Task) -> CloudInput:
            task.progress(0.0, f"Reading it in {frame.unit}, {frame.upright}")
            return what.reframed(frame)

        def turned(cloud: CloudInput) -> None:
            # Places in the old frame mean other points in the new one.
            document.view = replace(document.view, selection=replace(document.view.selection, queries=()))
            document.past.clear()
            document.future.clear()
            self.session.update(document, input=cloud, trace=None)
            self.start(document)

        self.jobs.cancel(f"run {document.number}")
        self.jobs.submit(f"frame {document.number}", read, turned, failed=self._failed)

    def close(self, document: Document) -> None:
        """Close a document and give up its pass."""
        self.jobs.cancel(f"run {document.number}")
        self.jobs.cancel(f"frame {document.number}")
        self.session.close(document)

    def reopen(self) -> None:
        """Bring back what was closed last; a pass that was given up runs again."""
        document = self.session.reopen()
        if document is not None and document.trace is None:
            self.start(document)

    def cancel(self) -> None:
        """Cancel all that runs; documents that wait for a pass say so."""
        self.jobs.cancel()
        for document in self.session.documents:
            if document.state == "running":
                self.session.update(document, state="ready" if document.trace else "failed")

    def _ready(self, document: Document, what: Input, options: RunOptions, result: Pass) -> None:
        trace, view = result.trace, document.view
        document.view = fitted(view, trace, fresh=document.trace is None)
        self.session.update(
            document,
            input=what,
            options=options,
            trace=trace,
            checks=result.checks,
            memory=result.memory,
            device=result.device,
            state="ready",
        )
        log.info(
            "%s read %s: %d tokens in %.2f s on %s, largest error of the weights %.1e",
            *(trace.model.title, what.title, len(trace.tokens), trace.seconds, result.device),
            worst(result.checks),
        )
        for notice in trace.notices:
            log.info("%s: %s", what.title, notice)
            self.notify("info", notice, "", None)

    def _run_failed(self, document: Document, failure: Failure, options: RunOptions, what: Input) -> None:
        self.session.update(document, state="ready" if document.trace else "failed")
        if failure.untrusted and self.trusts is not None:
            self._ask(document, failure, options, what)
        else:
            self._failed(failure)

    def _ask(self, document: Document, failure: Failure, options: RunOptions, what: Input) -> None:
        """Ask about a pickle once, however many documents it is to read, and go on where it is trusted."""
        waiting = self._untrusted.setdefault(options.model, [])
        waiting.append((document, options, what))
        if len(waiting) > 1:
            return  # asked already, and not yet answered
        trusted = self.trusts(options.model)
        del self._untrusted[options.model]
        if not trusted:
            self._failed(failure)
            return
        if self.options.model == options.model:
            self.options = replace(self.options, trust_pickle=True)
        for document, options, what in waiting:
            if document in self.session.documents:
                self.start(document, replace(options, trust_pickle=True), what)


def fitted(view: View, trace: Trace, fresh: bool) -> View:
    """A view as another trace can show it; a fresh one starts at the layer that shows most at a glance.

    There may be no layers at all: not every model that reads a cloud has attention.
    """
    selection, last = view.selection, max(len(trace.layers) - 1, 0)
    layer = starting_layer(trace) if fresh else min(selection.layer, last)
    heads = min((trace.layers[number].heads for number in {layer, last} if trace.layers), default=1)
    selection = replace(
        selection,
        layer=layer,
        head=min(selection.head, heads - 1),
        queries=tuple(place for place in selection.queries if len(trace.tokens.find(place))),
        keys=tuple(place for place in selection.keys if len(trace.tokens.find(place))),
    )
    rollout = view.rollout
    if rollout.first >= len(trace.layers) or (rollout.last or 0) >= len(trace.layers):
        rollout = replace(rollout, first=0, last=None)
    hidden = frozenset()
    if trace.segmentation is not None:
        hidden = frozenset(n for n in view.cloud.hidden if n < len(trace.segmentation.classes))
    return replace(view, selection=selection, rollout=rollout, cloud=replace(view.cloud, hidden=hidden))
