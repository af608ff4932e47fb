"""What becomes of what is dropped, typed or pasted: it is read in the background, and is a document then."""

from __future__ import annotations

import itertools
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from headlight.models.core.errors import known
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.readers import Several, is_named_as
from headlight.viewer.inputs.told.columns import Meanings
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import Document, Session

if TYPE_CHECKING:
    import numpy as np

    from headlight.viewer.inputs.inputs import Input
    from headlight.viewer.inputs.told.columns import Roles, Table
    from headlight.viewer.session.view import View

log = logging.getLogger(__name__)

OPENS = "open "
"""How the kinds of jobs begin that read what is to be opened."""
Notify = Callable[[Literal["info", "warning", "error"], str, str, str | None, Document | None], None]
"""(kind, cause, next step, details, the document that it is about) → the user."""


class Opening:
    """Opens what is dropped, and hands it on to be run; a failure leaves everything open as it was."""

    opened = Signal(str)
    """A file that could be opened."""
    looked = Signal(int, object)
    """(the number of what is opened, a first look at it; None where it is over: open, failed or cancelled)"""
    doubted = Signal(Document, str)
    """A table whose columns may be others than they were read as, in a sentence."""
    columns_asked = Signal()
    """What the columns of the current document are is to be shown, and may be told."""

    def __init__(self, session: Session, jobs: Jobs, notify: Notify, options: RunOptions) -> None:
        self.session, self.jobs, self.notify = session, jobs, notify
        self.options = options
        """What new documents start with."""
        self._preferred: dict[str, str] = {}
        """Models that new documents of a kind are read by instead."""
        self._trusted: set[str] = set()
        """Models whose files, pickles, the user trusts."""
        self.asks: Callable[[str, Table], None] | None = None
        """Asks what the columns of a table's file are; None where nobody can be asked."""
        self.known: Callable[[], Mapping[str, Roles]] = dict
        """What was answered before, by `Table.shape`."""
        self.prepare: Call = lambda task: None
        """Called on a worker of this process before a document is handed over: what it takes to show one."""
        self._numbers = itertools.count()

    @abstractmethod
    def start(self, document: Document) -> None:
        """Run a document."""

    @abstractmethod
    def change(self, document: Document, gesture: str = "", **options: object) -> None:
        """Run a document again with other options."""

    @abstractmethod
    def _failed(self, failure: Failure, about: Document | None = None) -> None:
        """Tell of a failure."""

    def open_path(
        self,
        path: str,
        then: Callable[[Input], Document] | None = None,
        columns: Roles = (),
        unit: str | None = None,
        classes: str | None = None,
    ) -> None:
        """then: what makes a document of it, a new one where it is None. columns: what those of a table are,
        if somebody has told them; unit, classes: how it is read, by the words of `OfCloud`."""
        reading = self.options.reading
        reading = replace(reading, classes=classes or reading.classes)
        self._open(work_of("of_file", path, reading, self._meanings(columns), unit=unit), path, then)

    def _meanings(self, columns: Roles = ()) -> Meanings:
        return Meanings(columns, {} if columns else dict(self.known()), asks=self.asks is not None)

    def open_described(self, path: str, text: str) -> None:
        """A picture's file with a text beside it."""
        self._open(work_of("described", path, text, self.options.reading), path)

    def open_onto(self, path: str, document: Document | None) -> None:
        """A file that was dropped on a document: a picture goes beside a text, if the model of that reads
        both at once, in place of the picture that a text stands beside, and beside a picture whose model
        lacks a second one; anything else by itself."""
        if document is not None and document.alone and is_named_as(path, "pixels"):
            self.put_beside(document, path)
            return
        text = None if document is None else document.wanted.text
        model = None if document is None else document.options.model or self.options.model
        if document is None or text is None or text.pair is not None or model is None:
            self.open_path(path)
            return

        def made(what: Input) -> Document:
            together = "pictured" in REGISTRY.kind_of(what).gives
            options = replace(document.options, writing=None, interventions=(), start=0, model=model)
            return self.session.add(what, options if together else self.options_for(what), path)

        self._open(work_of("dropped_on", path, text.text, model, self._meanings()), path, made)

    def put_beside(self, document: Document, path: str) -> None:
        """A second picture, for the model that lacks it, where one does."""
        self.change(document, second=path, **({"model": document.alone} if document.alone else {}))

    def ask_in_words(self, then: Callable[[], None]) -> None:
        """A text is to stand beside the current picture: a document of both, whose text is typed there.
        then: called once that is in sight.
        """
        from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput

        document = self.session.current
        picture = None if document is None else document.input
        if document is None or not isinstance(picture, ImageInput):
            return
        made = partial(PictureTextInput, picture.title, picture, "", picture.notices)
        model = self._preferred.get(REGISTRY.kind_of(made()).id, document.options.model)
        options = replace(self.options, model=model, trust_pickle=document.options.trust_pickle)

        def added(what: Input) -> Document:
            both = self.session.add(what, options, document.path)
            then()
            return both

        self._open(work_of("given", made), then=added, lane="look")

    def open_text(self, text: str, pair: str | None = None, model: str = "") -> None:
        """model: what is to read it, "" for what reads all new texts."""
        from headlight.viewer.inputs.inputs import from_text

        read, then = work_of("given", partial(from_text, text, pair=pair)), None
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

        self._open(work_of("given", partial(from_text, text)), then=made, lane="look")

    def open_beside(self, text: str, like: Document, **options: Any) -> None:
        """A text that is read as another document was, but for these options, while that stays in sight."""
        from headlight.viewer.inputs.inputs import from_text

        options = {"start": 0, "writing": None, "interventions": (), **options}
        then = partial(self.session.add, options=replace(like.options, **options), shown=False)
        self._open(work_of("given", partial(from_text, text)), then=then, lane="look")

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
            self._open(work_of("given", partial(from_text, text)), then=made, lane="look")

    def open_file_like(self, path: str, like: Document, view: View) -> None:
        """A file that is read as another document is, and looked at in a view."""

        def made(what: Input) -> Document:
            document = self.session.add(what, replace(like.options, interventions=()), path)
            document.view, document.fresh = view, False
            return document

        self._open(work_of("of_file", path, like.options.reading, self._meanings()), path, made)

    def open_pixels(self, pixels: np.ndarray, title: str) -> None:
        from headlight.viewer.inputs.inputs import from_pixels

        self._open(work_of("given", partial(from_pixels, pixels, title)))

    def open_stack(self) -> None:
        """A new stack of convolutions to build."""
        from headlight.viewer.inputs.inputs import StackInput

        self._open(work_of("given", StackInput), lane="look")

    def _open(
        self,
        read: Call,
        path: str = "",
        then: Callable[[Input], Document] | None = None,
        lane: Lane = "run",
        otherwise: Callable[[Failure], None] | None = None,
    ) -> None:
        """Read something and show it; `then` makes a document of it, a new one unless it is said. lane:
        "look" where there is nothing to read, so that it does not wait for what runs. otherwise: what is done
        where it cannot be read, in place of telling.
        """
        number = next(self._numbers)  # files dropped together do not supersede each other
        elsewhere = bool(path and self.jobs.host.where)  # the file is on this machine's disk
        made = then or (lambda what: self.session.add(what, self.options_for(what), path))

        def opened(what: Input | Several) -> None:
            if isinstance(what, Several):
                self.looked.emit(number, None)
                self._open_several(what, what.files)
                return
            show(f"show {number}", self.prepare, lambda _: show_all(what))

        def show_all(what: Input) -> None:
            self._opened(what, path, made)
            self.looked.emit(number, None)

        def failed(failure: Failure) -> None:
            self.looked.emit(number, None)
            refused(failure)

        refused = otherwise or partial(self._not_opened, path)
        show = partial(self.jobs.submit, here=True)
        show(f"prepare {number}", self.prepare, lambda _: None)
        self.jobs.submit(
            *(f"{OPENS}{number}", read, opened),
            lane=lane,
            partial=lambda look: self.looked.emit(number, look),
            failed=failed,
            cancelled=lambda _: self.looked.emit(number, None),
            here=elsewhere,
        )

    def is_reading(self) -> bool:
        """Whether something is being opened, or waits to be."""
        return any(job.kind.startswith(OPENS) for job in self.jobs.running("run"))

    def stop_reading(self) -> bool:
        """Give up all that is being opened, and say whether there was any; what is open stays."""
        reading = [job for job in self.jobs.running("run") if job.kind.startswith(OPENS)]
        for job in reading:
            self.jobs.cancel(job.kind, lane="run", firmly=True)
        if reading:
            self.notify("info", "Reading was cancelled.", "Open the file again to go on.", None, None)
        return bool(reading)

    def _not_opened(self, path: str, failure: Failure) -> None:
        if failure.table is not None and self.asks is not None:
            self.asks(path, failure.table)
        elif failure.ended and path:  # nothing else tells of what is no document yet
            self.notify("error", f"{path} was not opened: the engine ended.", "Open it again.", None, None)
        else:
            self._failed(failure)

    def _open_several(self, several: Several, files: Sequence[str]) -> None:
        """Files of a folder as one document, which shows one after another: the first that can be read."""

        def made(what: Input) -> Document:
            document = self.session.add(what, replace(self.options_for(what), file=files[0]), files[0])
            document.among = several.files
            document.unread.update(several.files[: several.files.index(files[0])])
            self.notify("info", several.said, "", None, document)
            return document

        def next_one(failure: Failure) -> None:
            self._not_opened(files[0], failure)
            if len(files) > 1 and not failure.ended:
                self._open_several(several, files[1:])

        read = work_of("of_kind", several.kind, files[0], self.options.reading)
        self._open(read, files[0], made, otherwise=next_one)

    def _opened(self, what: Input, path: str, then: Callable[[Input], Document]) -> None:
        if path:
            self.opened.emit(path)
        log.info("Opened %s", what.title)
        document = then(what)
        doubt = REGISTRY.adapter_of(what).doubt(what)
        for notice in what.notices:
            if notice != doubt:
                self.notify("info", notice, "", None, document)
        if doubt:
            self.doubted.emit(document, doubt)
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


def work_of(name: str, *given: Any, **more: Any) -> Call:
    """What a host is asked to do, of `host.forward`, which comes with the first document: it brings numpy."""
    from headlight.viewer.host import forward

    return partial(getattr(forward, name), *given, **more)
