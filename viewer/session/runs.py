"""What happens between a document and its Trace: loading, the forward pass and its check, as jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from headlight.models.core.errors import HeadlightError, known
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call
from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.kept import former, moved, serving
from headlight.viewer.session.opening import Notify, Opening, work_of
from headlight.viewer.session.session import Document, Session

if TYPE_CHECKING:
    from headlight.models.core.answers import SoFar, Writing
    from headlight.models.core.interventions import Intervention
    from headlight.models.core.trace import Trace
    from headlight.viewer.host.forward import Pass
    from headlight.viewer.inputs.cloud import CloudInput
    from headlight.viewer.inputs.inputs import Input, TextInput
    from headlight.viewer.inputs.told.columns import Roles
    from headlight.viewer.inputs.told.frame import Frame
    from headlight.viewer.session.interventions import Kept

log = logging.getLogger(__name__)


class Runs(Opening):
    """Runs documents, in the background; a failure leaves everything open as it was."""

    wrote = Signal(Document, str)
    """What is written by now of what a document's model was asked to write."""

    def __init__(self, session: Session, jobs: Jobs, notify: Notify, options: RunOptions) -> None:
        super().__init__(session, jobs, notify, options)
        self.trusts: Callable[[str, str], bool] | None = None
        """Asks the user whether a model's file, a pickle, is to be read; None where nobody can be asked."""
        self._untrusted: dict[str, list[tuple[Document, Making]]] = {}
        """Runs that wait for the user's word on a file."""
        self._so_far: dict[int, tuple[int, ...]] = {}
        """What is written by now, by the number of its document."""
        session.asked.connect(self._asked)
        jobs.ended.connect(self._engine_ended)

    def _engine_ended(self, failure: Failure) -> None:
        """Everything stays but the traces, which were there: whoever wants one again runs it again."""
        self.notify("error", failure.cause, failure.next_step, failure.details or None, None)
        for document in self.session.documents:
            document.former = None
            if document.trace is not None:
                said = f"{failure.cause} {failure.next_step}"
                state = {"trace": None, "checks": (), "held": 0, "state": "failed", "failure": said}
                self.session.update(document, **({"trace": None} if document.asked else state))

    def _failed(self, failure: Failure, about: Document | None = None) -> None:
        if failure.ended:
            return  # it is told for all that was lost
        details = None if failure.foreseen else failure.details
        self.notify("error", failure.cause, failure.next_step, details, about)

    # -- run ---------------------------------------------------------------------------------------------

    def start(self, document: Document) -> None:
        """Run a document as it is wanted; what is shown stays until the new pass is done."""
        if not document.kind.is_read:  # its panes compute all that there is
            self.session.update(document, state="ready")
            return
        recipe, source = document.wanted, document.input
        other = REGISTRY.adapter_of(source).is_other(source, recipe)
        if recipe.columns != document.made.columns and not other:
            self._read_columns(document, recipe)
            return
        self._so_far.pop(document.number, None)
        self.session.update(document, state="running", failure="", alone="")
        if self.jobs.host.where and other:
            self._submit(
                *(document, recipe, work_of("elsewhere", source, recipe)),
                done=partial(self._make, document, recipe),
                here=True,  # the file is on this machine's disk
            )
        else:
            self._make(document, recipe, source)

    def _make(self, document: Document, recipe: Making, source: Input) -> None:
        path = recipe.options.file or document.path
        path = "" if self.jobs.host.where else path  # it means nothing on another disk
        kept, donors = serving(document, recipe), self._donors(recipe)
        self._submit(
            *(document, recipe, work_of("made", source, recipe, path, kept, donors)),
            done=lambda made: self._ready(document, made[0], recipe.options, made[1]),
        )

    def _submit(
        self, document: Document, recipe: Making, work: Call, done: Callable[[Any], None], here: bool = False
    ) -> None:
        self.jobs.submit(
            *(_kind(document), work, done),
            lane="run",
            partial=lambda value: self._partly(document, value),
            failed=lambda failure: self._run_failed(document, failure, recipe),
            document=document.number,
            here=here,
        )

    def _read_columns(self, document: Document, recipe: Making) -> None:
        """A table is read anew, its columns as they are wanted; then it is run."""
        self.session.update(document, state="running", failure="", alone="")
        self.jobs.submit(
            *(_kind(document), work_of("again", recipe, document.path, None)),
            lambda what: self._read_anew(document, what, recipe.options),
            lane="run",
            failed=lambda failure: self._run_failed(document, failure, recipe),
            document=document.number,
            here=bool(self.jobs.host.where),  # the file is on this machine's disk
        )

    def _read_anew(self, document: Document, what: Input, options: RunOptions) -> None:
        for notice in what.notices:
            if notice not in document.input.notices:
                self.notify("info", notice, "", None, document)
        self.session.move(document, None, input=what, former=former(document))
        self.session.amend(document, Making.of(what, options))

    def _donors(self, recipe: Making) -> tuple[Trace, ...]:
        """Traces of open documents that heads are frozen to."""
        from headlight.models.core.interventions import Freeze

        wanted = [one.of for one in recipe.interventions if isinstance(one, Freeze)]
        traces = [document.trace for document in self.session.documents if document.trace is not None]
        return tuple(trace for trace in traces if trace.recipe in wanted)

    def branch(self, document: Document, writing: Writing, name: str) -> None:
        """What a document's model writes in another way, as a document of its own, whose title has `name`."""
        what = replace(document.input, title=f"…{name} · {document.title}")
        options = replace(document.options, writing=writing)
        self.start(self.session.branch(document, what, options))

    def change(self, document: Document, gesture: str = "", **options: object) -> None:
        """Run again with other options: another model, size, device, stretch of the text or continuation.
        Those that were asked for before, and are not there yet, stay asked for; what a model wrote means
        nothing to another one."""
        if "model" in options:
            options = {"writing": None, "interventions": self._after_model(document), **options}
        self.session.ask(document, document.wanted.amended(**options), gesture)

    def intervene(self, document: Document, interventions: tuple[Intervention, ...]) -> None:
        """Run again with these changes of the input and the model, and no others."""
        self.change(document, interventions=interventions)

    def _after_model(self, document: Document) -> tuple[Intervention, ...]:
        from headlight.viewer.session.interventions import after_model

        return self._left(document, after_model(document.wanted.interventions))

    def _after_text(self, document: Document, after: TextInput) -> tuple[Intervention, ...]:
        from headlight.viewer.inputs.inputs import TextInput
        from headlight.viewer.session.interventions import after_text

        before = known(document.wanted.text, TextInput)
        return self._left(document, after_text(document.wanted.interventions, before, after))

    def _left(self, document: Document, kept: Kept) -> tuple[Intervention, ...]:
        if kept.dropped:
            self.notify("info", kept.dropped, "", None, document)
        return kept.interventions

    def edit(self, document: Document, text: str, pair: str | None, target: str | None = None) -> None:
        """Run again with another text, and another target: "" for none, None for that which there is; what
        was shown stays until the new pass is done."""
        from headlight.viewer.inputs.inputs import TextInput, from_text

        if document.wanted.text is not None and (text.strip() or "both" in document.kind.gives):
            try:
                what = from_text(text, pair=pair or None) if text.strip() else TextInput(document.title, "")
            except HeadlightError as error:
                self.notify("error", error.cause, error.next_step, None, document)
                return
            writing = document.wanted.options.writing
            writing = None if writing is None else writing.anew()
            if target is not None:
                writing = _targeted(writing, target)
            interventions = self._after_text(document, what)
            recipe = document.wanted.amended(start=0, writing=writing, interventions=interventions)
            self.session.ask(document, replace(recipe, text=what), "text")

    def reframe(self, document: Document, frame: Frame) -> None:
        """Read a cloud's coordinates in another unit or with another axis up, show it, and run it again."""
        if document.wanted.frame is not None:
            self.session.ask(document, replace(document.wanted, frame=frame))

    def recolumn(
        self, document: Document, columns: Roles, frame: Frame | None = None, listed: str | None = None
    ) -> None:
        """Read a table's columns as these and run it again; in a frame and by a list of classes that are
        guessed where they are None."""
        from headlight.viewer.session.interventions import after_points

        wanted = document.wanted
        if wanted.columns is None:
            return
        if columns != wanted.columns:
            left = self._left(document, after_points(wanted.interventions))
            wanted = wanted.amended(interventions=left)
        else:
            frame, listed = frame or wanted.frame, listed or wanted.listed
        self.session.ask(document, replace(wanted, columns=columns, frame=frame, listed=listed))

    def relabel(self, document: Document, listed: str) -> None:
        """Read a cloud's labels by another list of classes; what the model said of it stays."""
        if document.wanted.listed is not None:
            self.session.ask(document, replace(document.wanted, listed=listed))

    def close(self, document: Document) -> None:
        """Close a document and give up all that runs for it."""
        self.jobs.cancel(document=document.number)
        self.session.close(document)

    def reopen(self) -> None:
        """Bring back what was closed last: it is read and run again, and looked at as before."""
        closed = self.session.take_closed()
        if closed is None:
            return
        read = work_of("again", closed.recipe, closed.path, closed.input)
        self._open(read, closed.path, lambda what: self.session.reopen(closed, what))

    def cancel(self) -> None:
        """Cancel what takes long and is seen: that of the current document, else what is opened or measured.

        What other documents wait for goes on, and that is said where nothing else runs.
        """
        current = self.session.current
        mine = current is not None and self.cancel_of(current.number)
        if mine or self.cancel_of(None) or not self.jobs.running("run"):
            return
        of = {job.document for job in self.jobs.running("run")}
        titles = " and ".join(f"“{one.title}”" for one in self.session.documents if one.number in of)
        self.notify("info", "Nothing runs here.", f"To cancel what runs for {titles}, go there.", None, None)

    def cancel_of(self, number: int | None) -> bool:
        """Cancel all that takes long of one document, or of none, and say whether there was any.

        The document is again as it was before, or says that nothing came. What answers a gesture goes on:
        nobody sees it run.
        """
        found = [job for job in self.jobs.running("run") if job.document == number]
        for job in found:
            self.jobs.cancel(job.kind, lane="run", firmly=True)
        for document in self.session.documents:
            if document.number == number and document.state == "running" and not self._kept(document):
                self._given_up(document, "cancelled")
        return bool(found)

    def _kept(self, document: Document) -> bool:
        """What was written before it was cancelled stays; whether any was."""
        writing, ids = document.wanted.options.writing, self._so_far.pop(document.number, ())
        if writing is None or not ids:
            return False
        self.session.amend(document, document.wanted.amended(writing=writing.branched(ids, 0)))
        said = "1 token was" if len(ids) == 1 else f"{len(ids):,} tokens were"
        self.notify("info", f"Cancelled when {said} written; they stay.", "", None, document)
        return True

    def _asked(self, document: Document) -> None:
        """Something else is wanted of a document: it is there, or was there last, or is run."""
        from headlight.viewer.host.forward import Pass

        former = document.former
        if document.wanted == document.made and document.trace is not None:
            self.jobs.cancel(_kind(document))
            self.session.take(document)
        elif former is not None and former.recipe == document.wanted:
            self.jobs.cancel(_kind(document))
            result = Pass(former.trace, former.checks, former.device, former.memory, former.held)
            self._take(document, former.input, former.options, result)
        else:
            self.start(document)

    def _partly(self, document: Document, value: CloudInput | SoFar) -> None:
        """Something is there before all is: what was written, or the cloud in its new frame."""
        from headlight.models.core.answers import SoFar

        if isinstance(value, SoFar):
            self._so_far[document.number] = value.ids
            self.wrote.emit(document, value.text)
        else:
            self._turned(document, value)

    def _turned(self, document: Document, cloud: CloudInput) -> None:
        """The cloud is there in its new frame, or another one, before a model has read it."""
        from headlight.viewer.inputs.cloud import CloudInput

        if cloud.path != known(document.input, CloudInput).path:
            kept = former(document)
            self.session.update(document, input=cloud, trace=None, checks=(), former=kept, path=cloud.path)
            return

        move = partial(moved, known(document.input, CloudInput), cloud)
        self.session.move(document, move, input=cloud, former=former(document))

    def _ready(self, document: Document, what: Input, options: RunOptions, result: Pass) -> None:
        from headlight.models.core.layers import worst

        trace = result.trace
        before, changed = document.trace, document.options.interventions != options.interventions
        again = changed or "recorded" in document.kind.gives  # of another step the same is to be known
        said = before.notices if before is not None and again else ()
        notices = REGISTRY.adapter_of(what).notices
        for notice in notices(what):
            if notice not in notices(document.input):
                self.notify("info", notice, "", None, None)
        self._take(document, what, options, result)
        log.info(
            "%s read %s: %d tokens in %.2f s on %s, largest error of the weights %.1e",
            *(trace.model.title, what.title, len(trace.tokens), trace.seconds, result.device),
            worst(result.checks),
        )
        for notice in (one for one in trace.notices if one not in said):
            log.info("%s: %s", what.title, notice)
            self.notify("info", notice, "", None, document)

    def _take(self, document: Document, what: Input, options: RunOptions, result: Pass) -> None:
        """Show a trace; the one before it is kept where it is small, and no other document's."""
        for other in self.session.documents:
            if other is not document:
                other.former = None
        again = document.made == Making.of(what, options)
        start = result.start or (max(len(result.trace.layers) - 1, 0), 0)
        before = document.trace
        more = before is not None and len(before.streams) < len(result.trace.streams)
        self.session.take(
            document,
            start if document.fresh or more else None,  # what is new is looked at first
            former=document.former if again else former(document) or document.former,
            fresh=False,
            input=what,
            options=options,
            path=options.file or document.path,
            trace=result.trace,
            checks=result.checks,
            memory=result.memory,
            held=result.held,
            device=result.device,
        )

    def _given_up(self, document: Document, state: Literal["cancelled", "failed"], failure: str = "") -> None:
        now = "ready" if document.trace is not None else state
        self.session.withdraw(document, state=now, failure=failure)

    def _run_failed(self, document: Document, failure: Failure, recipe: Making) -> None:
        if failure.untrusted and self.trusts is not None:
            self._ask(self.trusts, document, failure, recipe)
            return
        if (file := recipe.options.file) != document.options.file and file is not None:
            document.unread.add(file)
        document.alone = known(recipe.options.model, str) if failure.alone else ""
        self._given_up(document, "failed", f"{failure.cause} {failure.next_step}".strip())
        self._failed(failure, document)

    def _ask(
        self, trusts: Callable[[str, str], bool], document: Document, failure: Failure, recipe: Making
    ) -> None:
        """Ask about a model once, however many documents it is to read, and go on where it is trusted."""
        model = known(recipe.options.model, str)
        waiting = self._untrusted.setdefault(model, [])
        waiting.append((document, recipe))
        if len(waiting) > 1:
            return  # asked already, and not yet answered
        trusted = trusts(model, failure.untrusted)
        del self._untrusted[model]
        if trusted:
            self._trusted.add(model)
        if trusted and self.options.model == model:
            self.options = replace(self.options, trust_pickle=True)
        for document, recipe in waiting:
            if trusted:
                self.session.amend(document, recipe.amended(trust_pickle=True))
            else:
                self._given_up(document, "failed", f"{failure.cause} {failure.next_step}".strip())
        if not trusted:
            self._failed(failure, document)


def _targeted(writing: Writing | None, target: str) -> Writing | None:
    from headlight.models.core.answers import Writing

    asked = replace(writing or Writing(), target=target if target.strip() else None)
    return None if asked == Writing() else asked


def _kind(document: Document) -> str:
    return f"run {document.number}"
