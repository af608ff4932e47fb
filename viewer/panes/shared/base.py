"""What all panes share: they watch the session, ask for their slice in the background, and paint it."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from headlight.viewer import registry
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.slices import Slice
from headlight.viewer.session.jobs import Job
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.panes.shared.desk import Desk


class Pane(QObject):
    """Binds one widget to the session.

    A subclass says in `subject` and `key` on what its slice depends, names in `slice` what computes it,
    paints it in `paint`, and marks selection and hover, which need no computing, in `mark`. A pane that
    nobody sees computes nothing. What else it wants computed it asks for with `ask`. Of what was cancelled,
    superseded or failed it says so, and offers to go on.
    """

    waits = True
    """Whether it is empty until a model has read the document; if not, it shows the input or controls."""
    blank = False
    """Whether nothing at all is in it, no input and no control, until its slice is computed."""
    tallest = 0.38
    """Of the deck's height, what it may take because `height_for` asks for it."""
    rows_copied = "weights"
    """What the lines of its table are, where it has one."""
    menu_title = ""
    """What the menu under the pane's title chooses; without one there is no menu."""

    said = Signal(str, object, object)
    """(section of the numbers pane, figures by the names of its rows, its title or None to leave it)."""
    subtitle_changed = Signal(str)
    title_changed = Signal(str)
    wanted_changed = Signal(bool)
    """Whether the document has, or may come to have, what the pane needs."""
    height_changed = Signal()
    """`height_for` may say something else now."""
    settled = Signal()
    """All that was painted has reached the screen."""
    filled = Signal()
    """Something is on the screen where nothing was, or will not come."""
    unfinished_changed = Signal(str, bool)
    """(what is missing of what is shown, or nothing; whether `resume` goes on with it)."""
    stopped_changed = Signal()
    """`is_stopped` says something else."""

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(desk.parent())
        self.name, self.needs = entry.id, entry.needs
        self.session, self.jobs, self.runs = desk.session, desk.jobs, desk.runs
        self.dialogs = desk.dialogs
        self._slices: dict[str, Slice] = {}
        self._document: Document | None = None
        self._trace: Trace | None = None
        self._view: View | None = None
        """What was looked at last, and how: nothing of it stays when something else is."""
        self._unfinished = ("", False)
        self._turn = self.jobs.turn(self._take_turn)
        self.said.connect(functools.partial(desk.said.emit, self))
        self.widget = self.build()
        self.widget.installEventFilter(self)
        self.session.current_changed.connect(self.update_soon)
        self.session.page_changed.connect(self.update_soon)
        self.session.document_changed.connect(self._document_changed)
        self.session.view_changed.connect(self._view_changed)
        self.session.hover_changed.connect(self._hover_changed)

    # -- what a subclass says ----------------------------------------------------------------------------

    def build(self) -> QWidget:
        """Make the widget and connect its gestures."""
        return QWidget()

    def fill_menu(self, menu: QMenu) -> None:
        """Fill the menu under the title anew."""

    def height_for(self, width: int) -> int | None:
        """The height in which all is seen at a width, both in pixels; None of what fills any."""
        return None

    def prepare(self, document: Document, view: View) -> None:
        """The document or its view is another one: show what needs no computing. Not called for hover."""

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        """What the slice is of: the trace, unless a pane shows more or something else."""
        return document.trace

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        """All that the slice depends on besides its subject; equal keys are not computed again."""
        return ()

    def is_settled(self) -> bool:
        """Whether all that was painted has reached the screen."""
        return True

    def lane_for(self, view: View) -> Lane:
        """Where the slice is computed: "look" for what is quick, "run" for what is not."""
        return "look"

    def slice(self, subject: Any, view: View, hover: Hover) -> Call | None:
        """What gives the pane's slice of the subject: a function by its name, with what it takes, since it is
        carried out where the trace is. None where there is nothing to compute."""
        return None

    def ready(self, result: Any) -> Call | None:
        """What makes ready what `slice` gave or handed out on the way, in this process, before it is painted.
        None where nothing is to be done."""
        return None

    def paint(self, result: Any) -> None:
        """Show what `slice` gave."""

    def paint_partial(self, value: Any) -> None:
        """Show what `slice` handed out on the way."""

    def mark(self, view: View, hover: Hover) -> None:
        """Show selection and hover on what is painted."""

    def clear(self, document: Document | None) -> None:
        """There is nothing to show (yet)."""

    def complain(self, failure: Failure) -> None:
        """The slice could not be computed."""
        self.jobs.failed.emit(failure)

    def withdraw(self, kind: str) -> None:
        """Take off the screen what is of other settings and will not be replaced; kind: as for `ask`."""
        self.clear(self.session.current)

    # -- the machinery -----------------------------------------------------------------------------------

    def update(self) -> None:
        """Compute and paint again if anything that matters has changed and somebody sees it.

        What goes wrong in one pane is told and leaves it empty, and no other pane without its update.
        """
        self._turn.drop()
        self._guarded(self._update)

    def update_soon(self) -> None:
        """The same for what concerns many panes at once: what is painted of something else goes now, and the
        rest has a turn of its own.
        """
        self._guarded(self._leave)
        self._turn.ask()

    def _take_turn(self) -> None:
        if shiboken6.isValid(self):
            self.update()

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception:
            sys.excepthook(*sys.exc_info())
            self.forget()
            self.clear(None)

    def _update(self) -> None:
        document, view = self.session.current, self.session.view
        self._view = view
        mine = self._leave()
        if mine and not self._is_here(document):
            self.drop()  # what is painted stays until the page is turned back
            return
        if mine:
            self.prepare(document, view)
            self.wanted_changed.emit(not self.needs.never(document))
        if not self.can_show(document):
            self.forget()
            self.clear(document if mine else None)
            return
        self._look(document, view, self.session.hover)

    def _leave(self) -> bool:
        """Where another document is looked at, or another trace while nobody sees the pane: what is painted,
        and what holds the trace that it is of, goes. Whether the pane is for the document."""
        document = self.session.current
        mine = document is not None and self.needs.suits(document.kind)
        trace = document.trace if document is not None else None
        seen = mine and self._is_here(document) and self.widget.isVisible()
        other = document is not self._document or (trace is not self._trace and not seen)
        if other and self._document is not None:
            self.forget()
            self.clear(document if mine else None)
        self._document, self._trace = document, trace
        return mine

    def _look(self, document: Document, view: View, hover: Hover) -> None:
        if not self.widget.isVisible() or not self._is_here(document):
            self.drop()
            return
        subject = self.subject(document, view, hover)
        work = self.slice(subject, view, hover)
        if work is not None:
            self.ask(
                *("", (subject, self.key(document, view, hover)), work, self._painted),
                ready=self.ready,
                lane=self.lane_for(view),
                partial=self._painted_partly,
                failed=self.complain,
            )
        self.mark(view, hover)

    def ask(
        self,
        kind: str,
        key: Hashable,
        work: Call,
        paint: Callable[[Any], None],
        *,
        ready: Callable[[Any], Call | None] = lambda result: None,
        lane: Lane = "look",
        partial: Callable[[Any], None] | None = None,
        failed: Callable[[Failure], None] | None = None,
        of_document: bool = True,
    ) -> None:
        """Compute `work` and paint it, unless it was asked for with an equal key already.

        kind: which of the pane's slices it is, "" for that of `slice`. ready: as the method. of_document: it
        is of no use once another document is looked at.
        """
        if self.is_asked(kind, key):
            return
        last = self._slices.get(kind)
        document = self.session.current.number if of_document and self.session.current else None
        asked = self._slices[kind] = Slice(key, document)
        trace = self._trace
        if last is not None:
            asked.painted, asked.partial, asked.said = last.painted, last.partial, last.said
            asked.shown = last.shown

        def ended(failure: Failure) -> None:
            self._ended(kind, asked, "failed")
            (failed or self.jobs.failed.emit)(failure)

        def stands() -> bool:
            """Whether what came is of the trace that is looked at now: what changes that may be about to have
            its turn."""
            if self._turn.is_due:
                self.update()
            there = self._slices.get(kind)
            return there is asked or (there is not None and trace is self._trace)

        def arrived(show: Callable[[Any], None], whole: bool) -> Callable[[Any], None]:
            def paint_it(result: Any) -> None:
                empty = not asked.shown
                asked.arrived(not whole)
                if (newer := self._slices.get(kind, asked)) is not asked:  # which comes in a moment
                    newer.painted, newer.partial, newer.shown = asked.painted, asked.partial, True
                show(result)
                self.tell()
                if empty:
                    self.filled.emit()

            def make_ready(result: Any) -> None:
                if not stands():
                    return
                call = ready(result)
                if call is None:
                    paint_it(result)
                else:
                    submit(f"{self._kind(kind)} ready", call, made_ready, partial=show, here=True)

            def made_ready(result: Any) -> None:
                if stands():
                    paint_it(result)

            return make_ready

        submit = functools.partial(
            self.jobs.submit,
            failed=ended,
            cancelled=lambda _: self._ended(kind, asked, "cancelled"),
            document=document,
        )
        shown_partly = None if partial is None else arrived(partial, False)
        self.jobs.cancel(f"{self._kind(kind)} ready")
        asked.job = submit(
            *(self._kind(kind), work, arrived(paint, True)),
            lane=lane,
            partial=shown_partly,
            steady=lane == "look",
        )
        self.tell()

    def is_asked(self, kind: str, key: Hashable) -> bool:
        """Whether a slice was asked for with this key, whatever came of it."""
        return kind in self._slices and self._slices[kind].key == key

    def awaited(self) -> Job | None:
        """What computes the slice that an empty pane has waited for long enough to say so."""
        one = self._slices.get("")
        return one.job if one is not None and one.is_awaited() else None

    def is_whole(self) -> bool:
        """Whether all that is shown is what was asked for, and all of it."""
        return not any(one.partial or one.is_stopped() for one in self._slices.values())

    def is_stopped(self, kind: str | None = None) -> bool:
        """Whether there is anything to go on with, of one slice or of any."""
        return any(one.is_stopped() for name, one in self._slices.items() if kind in (None, name))

    def drop(self, kind: str = "") -> None:
        """Compute this slice anew the next time; what is painted of it stays until then."""
        if kind in self._slices:
            self._slices[kind].drop()

    def cancel(self, kind: str) -> None:
        """Give a slice up: nothing of it is on the screen."""
        if self._slices.pop(kind, None) is not None:
            self.jobs.cancel(self._kind(kind))
            self.jobs.cancel(f"{self._kind(kind)} ready")
            self.tell()

    def resume(self) -> None:
        """Go on with what was cancelled or has failed."""
        for kind in [kind for kind, one in self._slices.items() if one.is_stopped()]:
            del self._slices[kind]
        self.tell()
        self.update()

    def forget(self) -> None:
        """Drop all that was asked for of the document, so that the next update asks again."""
        for kind in [kind for kind, one in self._slices.items() if one.document is not None]:
            self.cancel(kind)

    def _ended(self, kind: str, asked: Slice, stage: Any) -> None:
        if self._slices.get(kind) is not asked:
            return
        asked.ended(stage)
        if asked.is_stale():
            self.withdraw(kind)
            asked.shown = False
        self.tell()
        if not asked.shown:  # the job was off the list before, and is not waited for any more
            self.filled.emit()

    def _kind(self, kind: str) -> str:
        return f"{self.name} {kind}".strip()

    def tell(self) -> None:
        """Say what is missing, if that is something else than before. It may be for time alone."""
        said = next((said for one in self._slices.values() if (said := one.sentence())), "")
        if not said and not self.blank and self.awaited() is not None:
            said = "computing"
        unfinished = said, self.is_stopped()
        before, self._unfinished = self._unfinished, unfinished
        if unfinished != before:
            self.unfinished_changed.emit(*unfinished)
        if unfinished[1] != before[1]:
            self.stopped_changed.emit()

    def blocked(self, layer: int, document: Document | None = None) -> str:
        """Why this layer's maps are not drawn, or nothing; of the current document unless it is said."""
        from headlight.models.core.layers import is_faithful
        from headlight.viewer.slices.names import layer_named

        document = document or self.session.current
        if document is None or layer >= len(document.checks) or is_faithful(document.checks[layer]):
            return ""
        error, named = document.checks[layer], f"Layer {layer}"
        if document.trace is not None:
            named = layer_named(document.trace, layer).capitalize()
        if not math.isfinite(error):
            return f"{named} is not drawn: what it computes are no numbers (NaN or infinite)."
        return f"{named} is not drawn: its weights miss the layer's real output by {error:.2g}."

    def _painted(self, result: Any) -> None:
        self.paint(result)
        self.mark(self.session.view, self.session.hover)

    def _painted_partly(self, value: Any) -> None:
        self.paint_partial(value)
        self.mark(self.session.view, self.session.hover)  # the colour bar too is of what is painted now

    def _document_changed(self, document: Document) -> None:
        if document is self.session.current:
            self.update_soon()

    def _view_changed(self, view: View, old: View) -> None:
        self.update()

    def _hover_changed(self, hover: Hover) -> None:
        document, view = self.session.current, self.session.view
        if self._turn.is_due or document is not self._document or document is None:
            return
        if document.trace is not self._trace or view is not self._view:
            return  # what is under the cursor changed with another pane, before this one has heard of it
        if self.can_show(document):
            self._look(document, view, hover)

    def can_show(self, document: Document | None) -> bool:
        return not self.needs.met(document)

    def _is_here(self, document: Document) -> bool:
        return self.needs.fits(document.kind, document.page)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and watched is self.widget:
            self.update_soon()
        return False
