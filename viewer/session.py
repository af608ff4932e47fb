"""Session: the one source of truth. What is open, what is selected, what lies under the cursor. No Qt.

A gesture changes the session; the session tells every pane; panes never call each other.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from psygnal import Signal

from models.attention import Trace
from models.convolution_stack import ConvStack
from models.published import PUBLISHED
from models.tokens import Place
from viewer.clouds import CloudInput
from viewer.inputs import ImageInput, Input, StackInput
from viewer.view import View

Modality = Literal["text", "image", "points", "stack"]
State = Literal["waiting", "running", "ready", "failed"]
Page = Literal["attention", "fields", "cost"]
"""What the panes are about: attention, receptive fields, or what layers cost."""
PAGES: dict[Modality, tuple[Page, ...]] = {
    "text": ("attention", "cost"),
    "image": ("attention", "fields", "cost"),
    "points": ("attention",),
    "stack": ("fields",),
}
"""What there is to see of each kind of input; a document opens on the first."""

GESTURE_SECONDS = 1.0
"""Changes of one control that follow each other faster than this are undone in one step."""
HISTORY = 200


@dataclass(frozen=True)
class Hover:
    """What lies under the cursor, in whichever pane. Never part of the history."""

    layer: int | None = None
    head: int | None = None
    query: Place | None = None
    key: Place | None = None
    kind: int | None = None
    """A class of a cloud, in its legend."""


NOWHERE = Hover()


@dataclass(frozen=True)
class RunOptions:
    """Which model reads the input, and how. size: short side in pixels; start: first token of a long text.

    trust_pickle: the user was asked about the model's file, which can run code, and trusts it.
    """

    model: str | None = None
    device: str | None = None
    size: int = 518
    start: int = 0
    trust_pickle: bool = False


@dataclass(eq=False)
class Document:
    """One dropped thing, what came of it, and how it is looked at."""

    number: int
    input: Input
    options: RunOptions
    state: State = "waiting"
    trace: Trace | None = None
    checks: tuple[float, ...] = ()
    """Largest error of each layer's weights against what the layer returned."""
    memory: int = 0
    """Bytes that the process holds on the trace's device after the run."""
    device: str = ""
    page: Page = "attention"
    """What is being looked at; no step of undo."""
    view: View = field(default_factory=View)
    past: list[View] = field(default_factory=list)
    future: list[View] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.input.title

    @property
    def modality(self) -> Modality:
        return modality_of(self.input)

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that fit: a convolutional network has no attention to show of a picture."""
        pages = PAGES[self.modality]
        if self.trace is not None:
            convolutional = not self.trace.layers
        else:
            published = PUBLISHED.get(self.options.model or "")
            convolutional = published is not None and published.convolutional
        if convolutional and len(pages) > 1:
            return tuple(page for page in pages if page != "attention")
        return pages


def modality_of(what: Input) -> Modality:
    if isinstance(what, CloudInput):
        return "points"
    if isinstance(what, StackInput):
        return "stack"
    return "image" if isinstance(what, ImageInput) else "text"


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

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.current: Document | None = None
        self.hover = NOWHERE
        self.opening_page: Page | None = None
        """The page on which documents open that have it."""
        self._closed: list[Document] = []
        self._numbers = itertools.count(1)
        self._gesture: tuple[str, float] = ("", 0.0)

    # -- documents ---------------------------------------------------------------------------------------

    def add(self, what: Input, options: RunOptions) -> Document:
        """Open `what` as a new document and show it."""
        document = Document(next(self._numbers), what, options)
        first = self.opening_page
        document.page = first if first in document.pages else document.pages[0]
        self.documents.append(document)
        self.documents_changed.emit()
        self.show(document)
        return document

    def show(self, document: Document | None) -> None:
        if document is self.current:
            return
        self.current = document
        self._gesture = ("", 0.0)
        self.set_hover(NOWHERE)
        self.current_changed.emit()

    def close(self, document: Document) -> None:
        at = self.documents.index(document)
        self.documents.remove(document)
        self._closed.append(document)
        if document is self.current:
            rest = self.documents[at : at + 1] or self.documents[-1:]
            self.show(rest[0] if rest else None)
        self.documents_changed.emit()

    def reopen(self) -> Document | None:
        """Bring back what was closed last."""
        if not self._closed:
            return None
        document = self._closed.pop()
        self.documents.append(document)
        self.documents_changed.emit()
        self.show(document)
        return document

    def update(self, document: Document, **changes: Any) -> None:
        """Set fields of a document and tell everybody."""
        for name, value in changes.items():
            setattr(document, name, value)
        if document.page not in document.pages:
            self._turn(document, document.pages[0])
        self.document_changed.emit(document)

    def set_page(self, page: Page) -> None:
        """Show another page of the current document, if it has that one."""
        if self.current is not None and page in self.current.pages:
            self._turn(self.current, page)

    def _turn(self, document: Document, page: Page) -> None:
        if page == document.page:
            return
        document.page = page
        if document is self.current:
            self.set_hover(NOWHERE)
            self.page_changed.emit()

    # -- the view of the current document ----------------------------------------------------------------

    @property
    def view(self) -> View:
        return self.current.view if self.current else View()

    def select(self, **changes: Any) -> None:
        """Change fields of the selection."""
        self._change(replace(self.view, selection=replace(self.view.selection, **changes)), "")

    def set_map(self, gesture: str = "", **changes: Any) -> None:
        """Change map settings; equal `gesture` names in quick succession are one step of undo."""
        self._change(replace(self.view, map=replace(self.view.map, **changes)), gesture)

    def set_cloud(self, gesture: str = "", **changes: Any) -> None:
        """Change how the cloud is looked at; `gesture` as for `set_map`."""
        self._change(replace(self.view, cloud=replace(self.view.cloud, **changes)), gesture)

    def set_fields(self, gesture: str = "", **changes: Any) -> None:
        """Change what is shown of receptive fields; `gesture` as for `set_map`."""
        self._change(replace(self.view, fields=replace(self.view.fields, **changes)), gesture)

    def pick_field(self, layer: str, attention: int | None, heads: int) -> None:
        """Look at this layer's units, and select the attention layer that goes with it, of so many heads."""
        view = self.view
        selection = view.selection
        if attention is not None:
            selection = replace(selection, layer=attention, head=min(selection.head, heads - 1))
        self._change(replace(view, selection=selection, fields=replace(view.fields, layer=layer)), "")

    def pick_row(self, layer: int, head: int) -> None:
        """Select a head and show its row in the picture of the fields."""
        view = self.view
        selection = replace(view.selection, layer=layer, head=head)
        fields = replace(view.fields, row=True)
        self._change(replace(view, selection=selection, fields=fields), "")

    def set_cost(self, gesture: str = "", **changes: Any) -> None:
        """Change which layers' costs are compared; `gesture` as for `set_map`."""
        self._change(replace(self.view, cost=replace(self.view.cost, **changes)), gesture)

    def set_stack(self, gesture: str = "", **changes: Any) -> None:
        """Change the stack of convolutions; `gesture` as for `set_map`."""
        self._change(replace(self.view, stack=replace(self.view.stack, **changes)), gesture)

    def take_stack(self, stack: ConvStack) -> None:
        """Begin with another stack of convolutions, at its last layer."""
        view = self.view
        self._change(replace(view, stack=stack, fields=replace(view.fields, layer="")), "")

    def select_map(self, layer: int, head: int, rows: tuple[int, ...]) -> None:
        """Select a map of the map grid and say which layers its rows show, in one step."""
        view = self.view
        selection, cloud = replace(view.selection, layer=layer, head=head), replace(view.cloud, rows=rows)
        self._change(replace(view, selection=selection, cloud=cloud), "")

    def set_rollout(self, gesture: str = "", **changes: Any) -> None:
        self._change(replace(self.view, rollout=replace(self.view.rollout, **changes)), gesture)

    def set_rollout_query(self, selected: bool) -> None:
        self._change(replace(self.view, rollout_selected=selected), "")

    def select_queries(self, places: Iterable[Place], add: bool = False) -> None:
        """Make these tokens the queries; with `add`, toggle them in what is already selected."""
        self.select(queries=_toggled(self.view.selection.queries, tuple(places), add))

    def select_tokens(self, queries: Iterable[Place], keys: Iterable[Place], add: bool = False) -> None:
        """Select queries and keys in one step."""
        selection = self.view.selection
        self.select(
            queries=_toggled(selection.queries, tuple(queries), add),
            keys=_toggled(selection.keys, tuple(keys), add),
        )

    def undo(self) -> None:
        self._travel("past", "future")

    def redo(self) -> None:
        self._travel("future", "past")

    def set_hover(self, hover: Hover) -> None:
        if hover != self.hover:
            self.hover = hover
            self.hover_changed.emit(hover)

    def _change(self, view: View, gesture: str) -> None:
        document = self.current
        if document is None or view == document.view:
            return
        now = time.monotonic()
        continues = bool(gesture) and self._gesture[0] == gesture and now - self._gesture[1] < GESTURE_SECONDS
        self._gesture = (gesture, now)
        if not (continues and document.past):
            document.past.append(document.view)
            del document.past[:-HISTORY]
        document.future.clear()
        old, document.view = document.view, view
        self.view_changed.emit(view, old)

    def _travel(self, back: str, forth: str) -> None:
        document = self.current
        if document is None or not getattr(document, back):
            return
        self._gesture = ("", 0.0)
        getattr(document, forth).append(document.view)
        old, document.view = document.view, getattr(document, back).pop()
        self.view_changed.emit(document.view, old)


def _toggled(old: tuple[Place, ...], new: tuple[Place, ...], add: bool) -> tuple[Place, ...]:
    """`new` alone, or, when adding: all of `new` joined to `old`, or taken out where all were in already."""
    new = tuple(dict.fromkeys(new))
    if not add:
        return new
    if new and all(place in old for place in new):
        return tuple(place for place in old if place not in new)
    return old + tuple(place for place in new if place not in old)
