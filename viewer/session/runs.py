"""What happens between a drop and a Trace: reading, loading, the forward pass and its check, as jobs."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from headlight.models.core.errors import HeadlightError, known
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.kept import former, moved, serving
from headlight.viewer.session.session import Document, Session

if TYPE_CHECKING:
    import numpy as np

    from headlight.models.core.answers import SoFar, Writing
    from headlight.models.core.interventions import Intervention
    from headlight.models.core.trace import Trace
    from headlight.viewer.host.forward import Pass
    from headlight.viewer.inputs.cloud import CloudInput, Frame
    from headlight.viewer.inputs.inputs import Input, TextInput
    from headlight.viewer.session.interventions import Kept
    from headlight.viewer.session.view import View

BOTH = "picture-text"
"""The kind of a picture with a text."""
log = logging.getLogger(__name__)

Notify = Callable[[Literal["info", "warning", "error"], str, str, str | None, Document | None], None]
"""(kind, cause, next step, details, the document that it is about) → the user."""


class Runs:
    """Opens what is dropped and runs it, in the background; a failure leaves everything open as it was."""

    opened = Signal(str)
    """A file that could be opened."""
    wrote = Signal(Document, str)
    """What is written by now of what a document's model was asked to write."""

    def __init__(self, session: Session, jobs: Jobs, notify: Notify, options: RunOptions) -> None:
        self.session, self.jobs, self.notify = session, jobs, notify
        self.options = options
        """What new documents start with."""
        self._preferred: dict[str, str] = {}
        """Models that new documents of a kind are read by instead."""
        self.trusts: Callable[[str], bool] | None = None
        """Asks the user whether a model's file, a pickle, is to be read; None where nobody can be asked."""
        self.prepare: Call = lambda task: None
        """Called on a worker of this process before a document is handed over: what it takes to show one."""
        self._numbers = itertools.count()
        self._untrusted: dict[str, list[tuple[Document, Making]]] = {}
        """Runs that wait for the user's word on a file."""
        self._trusted: set[str] = set()
        self._so_far: dict[int, tuple[int, ...]] = {}
        """What is written by now, by the number of its document."""
        session.asked.connect(self._asked)
        jobs.ended.connect(self._engine_ended)

    # -- open --------------------------------------------------------------------------------------------

    def open_path(self, path: str, then: Callable[[Input], Document] | None = None) -> None:
        """then: what makes a document of it, a new one where it is None."""
        self._open(_work("of_file", path, self.options.classes), path, then)

    def open_described(self, path: str, text: str) -> None:
        """A picture's file with a text beside it."""
        self._open(_work("described", path, text), path)

    def open_onto(self, path: str, document: Document | None) -> None:
        """A file that was dropped on a document: a picture goes beside a text, if the model of that reads
        both at once, and in place of the picture that a text stands beside; anything else by itself."""
        text = None if document is None else document.wanted.text
        model = None if document is None else document.options.model or self.options.model
        if document is None or text is None or text.pair is not None or model is None:
            self.open_path(path)
            return

        def made(what: Input) -> Document:
            together = REGISTRY.kind_of(what).id == BOTH
            options = replace(document.options, writing=None, interventions=(), start=0, model=model)
            return self.session.add(what, options if together else self.options_for(what), path)

        self._open(_work("dropped_on", path, text.text, model), path, made)

    def ask_in_words(self) -> None:
        """A text is to stand beside the current picture: a document of both, whose text is typed there."""
        from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput

        document = self.session.current
        picture = None if document is None else document.input
        if document is None or not isinstance(picture, ImageInput):
            return
        model = self._preferred.get(BOTH, document.options.model)
        options = replace(self.options, model=model, trust_pickle=document.options.trust_pickle)
        made = partial(PictureTextInput, picture.title, picture, "", picture.notices)
        then = partial(self.session.add, options=options, path=document.path)
        self._open(_work("given", made), then=then, lane="look")

    def open_text(self, text: str, pair: str | None = None, model: str = "") -> None:
        """model: what is to read it, "" for what reads all new texts."""
        from headlight.viewer.inputs.inputs import from_text

        read, then = _work("given", partial(from_text, text, pair=pair)), None
        if model:
            options = replace(self.options, model=model)
            then = partial(self.session.add, options=options)
        self._open(read, then=then, lane="look")

    def open_like(self, text: str, like: Document, view: View) -> None:
        """A text that is read by the model of another document, and looked at in a view."""
        from headlight.viewer.inputs.inputs import from_text

        def made(what: Input) -> Document:
            options = replace(like.options, start=0, writing=None, interventions=())
            document = self.session.add(what, options)
            document.view, document.fresh = view, False
            return document

        self._open(_work("given", partial(from_text, text)), then=made, lane="look")

    def open_beside(self, text: str, like: Document, **options: Any) -> None:
        """A text that is read as another document was, but for these options, while that stays in sight."""
        from headlight.viewer.inputs.inputs import from_text

        options = {"start": 0, "writing": None, "interventions": (), **options}
        then = partial(self.session.add, options=replace(like.options, **options), shown=False)
        self._open(_work("given", partial(from_text, text)), then=then, lane="look")

    def open_together(self, texts: Sequence[str], page: str) -> None:
        """Several texts, the first of them in sight, on a page."""
        from headlight.viewer.inputs.inputs import TextInput, from_text

        def made(what: Input) -> Document:
            first = known(what, TextInput).text == texts[0]
            document = self.session.add(what, self.options_for(what), shown=first)
            if first:
                self.session.set_page(page)
            return document

        for text in texts:
            self._open(_work("given", partial(from_text, text)), then=made, lane="look")

    def open_file_like(self, path: str, like: Document, view: View) -> None:
        """A file that is read as another document is, and looked at in a view."""

        def made(what: Input) -> Document:
            document = self.session.add(what, replace(like.options, interventions=()), path)
            document.view, document.fresh = view, False
            return document

        self._open(_work("of_file", path, self.options.classes), path, made)

    def open_pixels(self, pixels: np.ndarray, title: str) -> None:
        from headlight.viewer.inputs.inputs import from_pixels

        self._open(_work("given", partial(from_pixels, pixels, title)))

    def open_stack(self) -> None:
        """A new stack of convolutions to build."""
        from headlight.viewer.inputs.inputs import StackInput

        self._open(_work("given", StackInput), lane="look")

    def _open(
        self,
        read: Call,
        path: str = "",
        then: Callable[[Input], Document] | None = None,
        lane: Lane = "run",
    ) -> None:
        """Read something and show it; `then` makes a document of it, a new one unless it is said. lane:
        "look" where there is nothing to read, so that it does not wait for what runs.
        """
        number = next(self._numbers)  # files dropped together do not supersede each other
        elsewhere = bool(path and self.jobs.host.where)  # the file is on this machine's disk
        made = then or (lambda what: self.session.add(what, self.options_for(what), path))

        def opened(what: Input) -> None:
            show(f"show {number}", self.prepare, lambda _: self._opened(what, path, made))

        show = partial(self.jobs.submit, here=True)
        show(f"prepare {number}", self.prepare, lambda _: None)
        failed = partial(self._not_opened, path)
        self.jobs.submit(f"open {number}", read, opened, lane=lane, failed=failed, here=elsewhere)

    def _not_opened(self, path: str, failure: Failure) -> None:
        if failure.ended and path:  # nothing else tells of what is no document yet
            self.notify("error", f"{path} was not opened: the engine ended.", "Open it again.", None, None)
        else:
            self._failed(failure)

    def _opened(self, what: Input, path: str, then: Callable[[Input], Document]) -> None:
        if path:
            self.opened.emit(path)
        log.info("Opened %s", what.title)
        document = then(what)
        for notice in what.notices:
            self.notify("info", notice, "", None, document)
        self.start(document)

    def prefer(self, kind: str, model: str) -> None:
        """Read new documents of a kind with this model, until another one is preferred."""
        self._preferred[kind] = model

    def options_for(self, what: Input) -> RunOptions:
        """What a new document starts with."""
        model = self._preferred.get(REGISTRY.kind_of(what).id)
        if model is None:
            return self.options
        return replace(self.options, model=model, trust_pickle=model in self._trusted)

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
        recipe = document.wanted
        path = "" if self.jobs.host.where else document.path  # it means nothing on another disk
        kept, donors = serving(document, recipe), self._donors(recipe)
        work = _work("made", document.input, recipe, path, kept, donors)
        self._so_far.pop(document.number, None)
        self.session.update(document, state="running", failure="")
        self.jobs.submit(
            *(_kind(document), work, lambda made: self._ready(document, made[0], recipe.options, made[1])),
            lane="run",
            partial=lambda value: self._partly(document, value),
            failed=lambda failure: self._run_failed(document, failure, recipe),
            document=document.number,
        )

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

        if document.wanted.text is not None and (text.strip() or document.kind.id == BOTH):
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
        read = _work("again", closed.recipe, closed.path, closed.input)
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
        """The cloud is there in its new frame, before a model has read it."""
        from headlight.viewer.inputs.cloud import CloudInput

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
        self.session.take(
            document,
            start if document.fresh else None,
            former=document.former if again else former(document) or document.former,
            fresh=False,
            input=what,
            options=options,
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
        self._given_up(document, "failed", f"{failure.cause} {failure.next_step}".strip())
        self._failed(failure, document)

    def _ask(
        self, trusts: Callable[[str], bool], document: Document, failure: Failure, recipe: Making
    ) -> None:
        """Ask about a pickle once, however many documents it is to read, and go on where it is trusted."""
        model = known(recipe.options.model, str)
        waiting = self._untrusted.setdefault(model, [])
        waiting.append((document, recipe))
        if len(waiting) > 1:
            return  # asked already, and not yet answered
        trusted = trusts(model)
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


def _work(name: str, *given: Any) -> Call:
    """What a host is asked to do, of `host.forward`, which comes with the first document: it brings numpy."""
    from headlight.viewer.host import forward

    return partial(getattr(forward, name), *given)


def _targeted(writing: Writing | None, target: str) -> Writing | None:
    from headlight.models.core.answers import Writing

    asked = replace(writing or Writing(), target=target if target.strip() else None)
    return None if asked == Writing() else asked


def _kind(document: Document) -> str:
    return f"run {document.number}"
