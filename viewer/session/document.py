"""Document: one dropped thing, how it was made, what came of it and how it is looked at. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from headlight.viewer.host.recipe import Making
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.history import Asked, Former, Step, size_of
from headlight.viewer.session.view import View

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.host.recipe import RunOptions
    from headlight.viewer.inputs.inputs import Film, Input

State = Literal["waiting", "running", "ready", "failed", "cancelled"]
"""waiting: nothing was asked yet. failed, cancelled: there is no trace, and none will come by itself."""


@dataclass(eq=False)
class Document:
    """One dropped thing, what came of it, and how it is looked at.

    input, options: what the trace was made with, or will be where there is none. What was asked for since is
    `wanted`: controls show that, panes show the trace.
    """

    number: int
    input: Input
    options: RunOptions
    path: str = ""
    """The file that it was read from, "" for what was typed, pasted or built."""
    state: State = "waiting"
    asked: Asked | None = None
    """What was asked for and is not there yet."""
    failure: str = ""
    """Why the last run gave nothing, in sentences; empty once another one begins."""
    alone: str = ""
    """The model that gave nothing for want of a second picture."""
    trace: Trace | None = None
    checks: tuple[float, ...] = ()
    """Largest error of each layer's weights against what the layer returned."""
    memory: int | None = None
    """Bytes that the engine holds on the trace's device after the run, None where that is its own memory."""
    held: int = 0
    """Bytes that the trace holds."""
    device: str = ""
    fresh: bool = True
    """No model has read it yet."""
    former: Former | None = None
    """The trace before this one, so that undo need not run again; none where it is large."""
    among: tuple[str, ...] = ()
    """The files that were opened together, of which it shows one after another."""
    unread: set[str] = field(default_factory=set)
    """Those of them that could not be shown."""
    page: str = ""
    """What is being looked at, a page of the registry; no step of undo."""
    wished: str = ""
    """A page that it is to be looked at on, once what a model reads in it brings that page."""
    view: View = field(default_factory=View)
    past: list[Step] = field(default_factory=list)
    future: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.page or self.pages[0]

    @property
    def title(self) -> str:
        return self.input.title

    @property
    def named(self) -> str:
        """Its title, of several files with the place of the one that is shown."""
        if len(self.among) < 2 or self.options.file not in self.among:
            return self.title
        return f"{self.title} · {self.among.index(self.options.file) + 1:,} of {len(self.among):,}"

    @property
    def kind(self) -> Kind:
        return REGISTRY.kind_of(self.input)

    @property
    def made(self) -> Making:
        """What is shown was made so."""
        return Making.of(self.input, self.options)

    @property
    def wanted(self) -> Making:
        """What was asked for last: what runs now, or else what is shown."""
        return self.made if self.asked is None else self.asked.recipe

    @property
    def present(self) -> Step:
        """Where the history stands."""
        coming = self.asked.view if self.asked is not None else None
        return Step(coming or self.view, self.wanted)

    def beside(self, by: int) -> str | None:
        """The file so many on or back among those that were opened together, but for those that could not be
        shown; None where there is none."""
        if not self.among or self.wanted.options.file not in self.among:
            return None
        at, step = self.among.index(self.wanted.options.file), 1 if by > 0 else -1
        left = [file for file in self.among[at + step :: step] if file not in self.unread]
        return left[min(abs(by), len(left)) - 1] if left else None

    @property
    def pages(self) -> tuple[str, ...]:
        """What there is to see of it: a convolutional network has no attention to show of a picture."""
        return tuple(one.page for one in self.kind.layouts if not one.needs.never(self))

    def has_page(self, page: str) -> bool:
        """Whether this is one of its pages."""
        return any(one.page == page and not one.needs.never(self) for one in self.kind.layouts)

    @property
    def foremost(self) -> str:
        """The page that is for what its model says, "" where none is."""
        layouts = (one for one in self.kind.layouts if one.foremost and not one.foremost.met(self))
        return next((one.page for one in layouts), "")


def film_of(document: Document) -> Film | None:
    """What its picture is one of, where a file holds several."""
    what = document.input
    return getattr(getattr(what, "picture", what), "film", None)


@dataclass(frozen=True, eq=False)
class Closed:
    """What is remembered of a closed document: enough to make it again, not what was made.

    input: None where `path` has it.
    """

    path: str
    input: Input | None
    recipe: Making
    page: str
    view: View
    fresh: bool
    past: list[Step]
    future: list[Step]
    among: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> Closed:
        there = bool(document.path) and document.made.text is None
        return cls(
            *(document.path, None if there else document.input, document.wanted, document.page),
            *(document.present.view, document.fresh, document.past, document.future, document.among),
        )

    def extent(self) -> int:
        """Bytes of what is kept."""
        return 0 if self.input is None else size_of(self.input)
