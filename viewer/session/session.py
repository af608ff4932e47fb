"""Session: the one source of truth. What is open, what is selected, what lies under the cursor. No Qt.

A gesture changes the session; the session tells every pane; panes never call each other.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.session.document import Closed, Document
from headlight.viewer.session.history import Asked, Since, bounded, differs
from headlight.viewer.session.view import MapSettings, Selection, View, fitted, within

if TYPE_CHECKING:
    from headlight.models.core.tokens import Place
    from headlight.viewer.inputs.inputs import Input

GESTURE_SECONDS = 1.0
"""Changes of one control that follow each other faster than this are undone in one step."""
CLOSED, CLOSED_BYTES = 10, 256_000_000
"""How many closed documents can be reopened, and what those may hold that cannot be read again."""


@dataclass(frozen=True)
class Hover:
    """What lies under the cursor, in whichever pane. Never part of the history."""

    layer: int | None = None
    head: int | None = None
    query: Place | None = None
    key: Place | None = None
    kind: int | None = None
    """A class in a legend: of a cloud, or by its row of a picture."""
    point: int | None = None
    """A point of a cloud, by its place among the points."""
    cell: tuple[str, int] | None = None
    """A cell of a cloud's representation: in which part of the page, and its number there."""


NOWHERE = Hover()
_NO_GESTURE = ("", 0, 0.0)


class Session:
    """Documents, the current one, its view and what lies under the cursor, with a signal for each."""

    documents_changed = Signal()
    current_changed = Signal()
    """Another document is shown."""
    page_changed = Signal()
    """Another page of the current document is shown."""
    document_changed = Signal(Document)
    """A document's input, state or trace is another one."""
    view_changed = Signal(View, View)
    """(new, old) view of the current document."""
    hover_changed = Signal(Hover)
    asked = Signal(Document)
    """Another input, model or option is wanted of a document than it was made with."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.current: Document | None = None
        self.hover = NOWHERE
        self.opening_page: str | None = None
        """The page on which documents open that have it."""
        self._closed: deque[Closed] = deque(maxlen=CLOSED)
        self._numbers = itertools.count(1)
        self._gesture: tuple[str, int, float] = _NO_GESTURE

    # -- documents ---------------------------------------------------------------------------------------

    def add(self, what: Input, options: RunOptions, path: str = "", shown: bool = True) -> Document:
        """Open `what`, read from `path`, as a new document; if it is to be `shown`, show it."""
        document = Document(next(self._numbers), what, options, path)
        self._wish(document, self.opening_page or "")
        self.documents.append(document)
        self.documents_changed.emit()
        if shown:
            self.show(document)
        return document

    def show(self, document: Document | None) -> None:
        if document is self.current:
            return
        self.set_hover(NOWHERE)  # first: whoever hears of it still shows the document before
        self.current = document
        self._gesture = _NO_GESTURE
        self.current_changed.emit()

    def close(self, document: Document) -> None:
        """Close a document; what was made of it goes at once, how to make it again is remembered."""
        at = self.documents.index(document)
        self.documents.remove(document)
        self._closed.append(Closed.of(document))
        while len(self._closed) > 1 and sum(map(Closed.extent, self._closed)) > CLOSED_BYTES:
            self._closed.popleft()
        document.trace = document.former = document.asked = None
        document.checks = ()
        if document is self.current:
            rest = self.documents[at : at + 1] or self.documents[-1:]
            self.show(rest[0] if rest else None)
        self.documents_changed.emit()

    def can_reopen(self) -> bool:
        return bool(self._closed)

    def take_closed(self) -> Closed | None:
        """What was closed last, which is not remembered any more then."""
        return self._closed.pop() if self._closed else None

    def reopen(self, closed: Closed, what: Input) -> Document:
        """Bring back a closed document, whose input was read again where it was not kept, and show it."""
        document = self.add(what, closed.recipe.options, closed.path)
        document.view, document.fresh = closed.view, closed.fresh
        document.past, document.future, document.among = closed.past, closed.future, closed.among
        self._wish(document, closed.page)
        return document

    def _wish(self, document: Document, page: str) -> None:
        """Turn to a page, or do so when a model has read the document, if it has that page then."""
        if document.has_page(page):
            self._turn(document, page)
        else:
            document.wished = page

    def branch(self, document: Document, what: Input, options: RunOptions) -> Document:
        """A new document that is looked at as another one is, but for what is selected, and show it."""
        new = self.add(what, options, document.path)
        new.view = document.view.changed(Selection, queries=(), keys=()).changed(MapSettings, step=None)
        new.fresh = False
        self._turn(new, document.page)
        return new

    def update(self, document: Document, **changes: Any) -> None:
        """Set fields of a document, other than its view and history, and tell everybody."""
        for name, value in changes.items():
            setattr(document, name, value)
        if not document.has_page(document.page):
            self._turn(document, document.pages[0])
        self.document_changed.emit(document)

    def take(self, document: Document, start: tuple[int, int] | None = None, **made: Any) -> None:
        """What was wanted is there: fields of the document as it was made, if it was made anew.

        It is looked at as was wanted, as far as its trace can show that. start: the layer and head at which a
        fresh one begins.
        """
        trace, coming = made.get("trace", document.trace), document.asked and document.asked.view
        before = document.trace if coming is None else None  # else it was looked at so when it was made last
        document.view = fitted(document.present.view, trace, start, before)
        begins = document.fresh and document.page == document.pages[0]
        self.update(document, asked=None, state="ready", failure="", **made)
        self._wish(document, document.wished or (begins and document.foremost) or document.page)
        document.wished = ""

    def move(self, document: Document, move: Callable[[Place], Place] | None, **made: Any) -> None:
        """The input is there in another frame, and no model has read it yet. move: where a place is in it,
        None where nothing is any more where it was."""
        queries = () if move is None else tuple(map(move, document.view[Selection].queries))
        document.view = document.view.changed(Selection, queries=queries, keys=())
        # Steps since then were taken in the old frame; their places mean other points in the new one.
        since = len(document.asked.since.past) + 1 if document.asked is not None else len(document.past)
        late = (
            replace(step, view=step.view.changed(Selection, queries=(), keys=()))
            for step in document.past[since:]
        )
        document.past = [*document.past[:since], *late]
        self.update(document, trace=None, checks=(), **made)

    def set_page(self, page: str) -> None:
        """Show another page of the current document, if it has that one."""
        if self.current is not None and self.current.has_page(page):
            self._turn(self.current, page)

    def _turn(self, document: Document, page: str) -> None:
        if page == document.page:
            return
        if document is self.current:
            self.set_hover(NOWHERE)
        document.page, document.wished = page, ""
        if document is self.current:
            self.page_changed.emit()

    # -- the view of the current document ----------------------------------------------------------------

    @property
    def view(self) -> View:
        return self.current.view if self.current else View()

    def change(self, kind: type, *, gesture: str = "", also: Iterable[Any] = (), **changes: Any) -> None:
        """Change fields of one type of settings.

        Equal `gesture` names in quick succession are one step of undo. also: settings that take the place of
        those of their types in the same step.
        """
        document = self.current
        view = self.view.having(*also).changed(kind, **changes)
        if document is not None and view != document.view:
            self._remember(document, gesture)
            self._show_view(document, view)

    def select(self, *, add: bool = False, also: Iterable[Any] = (), **changes: Any) -> None:
        """Change fields of the selection; with `add`, toggle queries and keys in what is already selected."""
        old = self.view[Selection]
        for name in {"queries", "keys"} & changes.keys():
            changes[name] = _toggled(getattr(old, name), tuple(changes[name]), add)
        self.change(Selection, also=also, **changes)

    # -- what a document is made with ---------------------------------------------------------------------

    def ask(self, document: Document, recipe: Making, gesture: str = "") -> None:
        """Want a document made in another way, in one step of its history; `gesture` as for `change`."""
        if document in self.documents and recipe != document.wanted:
            if document.fresh and document.state == "failed":  # there is nothing to go back to
                since = Since(document.present, document.past, document.future)
                document.past = [replace(step, recipe=recipe) for step in document.past]
            else:
                since = self._remember(document, gesture)
            self._want(document, recipe, None, since)

    def amend(self, document: Document, recipe: Making) -> None:
        """Want what is wanted already in a way that it takes; no step of the history."""
        if document in self.documents:
            view = document.asked.view if document.asked is not None else None
            since = Since(document.present, document.past, document.future)
            self._want(document, recipe, view, since)

    def withdraw(self, document: Document, **changes: Any) -> None:
        """What was asked for will not come: the history is again as if it had not been asked for."""
        if (asked := document.asked) is not None:
            since = asked.since
            if document.made == since.step.recipe and document.view == since.step.view:
                document.past, document.future = list(since.past), list(since.future)
            else:
                document.past, document.future = [*since.past, since.step], []
            self._gesture = _NO_GESTURE
        self.update(document, asked=None, **changes)

    def _want(self, document: Document, recipe: Making, view: View | None, since: Since) -> None:
        document.asked = Asked(recipe, view, document.asked.since if document.asked else since)
        self.asked.emit(document)

    # -- history -----------------------------------------------------------------------------------------

    def undo(self) -> None:
        self._travel("past", "future")

    def redo(self) -> None:
        self._travel("future", "past")

    def can_undo(self) -> bool:
        return self.current is not None and differs(self.current.past, self.current.present)

    def can_redo(self) -> bool:
        return self.current is not None and differs(self.current.future, self.current.present)

    def set_hover(self, hover: Hover) -> None:
        if hover != self.hover:
            self.hover = hover
            self.hover_changed.emit(hover)

    def _remember(self, document: Document, gesture: str) -> Since:
        """The present becomes a step of the past, unless the gesture that made it goes on."""
        now = time.monotonic()
        last, number, then = self._gesture
        continues = bool(gesture) and (last, number) == (gesture, document.number)
        self._gesture = (gesture, document.number, now)
        since = Since(document.present, document.past, document.future)
        if not (continues and now - then < GESTURE_SECONDS and document.past):
            document.past = bounded([*document.past, document.present])
        document.future = []
        return since

    def _travel(self, back: str, forth: str) -> None:
        document = self.current
        if document is None:
            return
        since, present = Since(document.present, document.past, document.future), document.present
        steps = list(getattr(document, back))
        while steps and steps[-1] == present:
            steps.pop()
        if not steps:
            return
        self._gesture = _NO_GESTURE
        step = steps.pop()
        setattr(document, back, steps)
        setattr(document, forth, [*getattr(document, forth), present])
        if step.recipe != document.wanted:
            self._want(document, step.recipe, step.view, since)
            return
        # It may be of a time when another trace was shown.
        self._show_view(document, step.view if document.trace is None else within(step.view, document.trace))

    def _show_view(self, document: Document, view: View) -> None:
        if document.asked is not None and document.asked.view is not None:
            document.asked = replace(document.asked, view=None)  # what was changed last counts
        old, document.view = document.view, view
        self.view_changed.emit(view, old)


def _toggled(old: tuple[Place, ...], new: tuple[Place, ...], add: bool) -> tuple[Place, ...]:
    """`new` alone, or, when adding: all of `new` joined to `old`, or taken out where all were in already."""
    new = tuple(dict.fromkeys(new))
    if not add:
        return new
    if new and all(place in old for place in new):
        return tuple(place for place in old if place not in new)
    return old + tuple(place for place in new if place not in old)
