"""What there is: kinds of documents, pages, panes, readers, engines, methods, exports, commands, colour maps.

Each is an entry, a named tuple that says what it is. What it takes to do it is named as a dotted string,
"package.module:name", and imported at first use. Built-in entries (`builtin`) and those of plugins come by
the same call, `Registry.add`. Nothing here imports Qt, numpy or torch; this is read before the window is
painted, and a dataclass, or annotations that are strings, take five times as long to read.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace


PACKAGE = "headlight.viewer"
"""What dotted strings are relative to that begin with a dot."""


def resolve(dotted: str) -> Any:
    """What "package.module:name" names; also "module:Class.method"; ".module:name" is one of the viewer's.

    Raises ImportError or AttributeError where there is no such thing.
    """
    module, _, path = dotted.partition(":")
    found = _own(module) if module.startswith(".") else import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


@cache
def _own(module: str) -> ModuleType:
    """A module of the viewer's, looked up once: commands ask for what they need after each change."""
    return import_module(module, PACKAGE)


@cache
def _names(dotted: str, type_: type) -> bool:
    """Whether a dotted string names this type, without importing anything."""
    whole = f"{PACKAGE}{dotted}" if dotted.startswith(".") else dotted
    return whole == f"{type_.__module__}:{type_.__qualname__}"


class Shown(Protocol):
    """What is asked whether it has what is needed: a document, or what is to be exported of one."""

    @property
    def kind(self) -> "Kind": ...
    @property
    def page(self) -> str: ...
    @property
    def trace(self) -> "Trace | None": ...


class Needs(NamedTuple):
    """What a document must have; all of it, where several things are named.

    of: what its kind gives (`Kind.gives`). pages: it is open on one of these. trace: a model has read it.
    layers: the model has attention layers. holds: a dotted function of the document, and of `about` where
    there is one, that gives "" or the reason why not.
    """

    of: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    trace: bool = False
    layers: bool = False
    holds: str = ""
    about: str = ""

    def fits(self, kind: "Kind", page: str) -> bool:
        """Whether this page of this kind is the place for it."""
        return self.of_kind(kind) and (not self.pages or page in self.pages)

    def of_kind(self, kind: "Kind") -> bool:
        """Whether documents of this kind have it, on whichever page."""
        return not self.of or set(self.of) <= set(kind.gives)

    def suits(self, kind: "Kind") -> bool:
        """Whether it is for documents of this kind, on any page."""
        if not self.of_kind(kind):
            return False
        return not self.pages or any(layout.page in self.pages for layout in kind.layouts)

    def never(self, document: Shown) -> str:
        """Why the document, as it is looked at now, does not have it and no pass will bring it; or ""."""
        if not self.fits(document.kind, document.page):
            return f"This page of {document.kind.one} has no place for it."
        if self.layers and document.trace is not None and not document.trace.layers:
            return f"{document.trace.model.title} has no attention layers."
        if not self.holds:
            return ""
        return resolve(self.holds)(document, *([self.about] if self.about else []))

    def met(self, document: Shown | None) -> str:
        """ "" where the document has all of it, else the reason why not."""
        if document is None:
            return "Nothing is open."
        lacking = (self.trace or self.layers) and document.trace is None
        return self.never(document) or ("No model has read it yet." if lacking else "")


class Leaf(NamedTuple):
    """One pane and its share of the split it stands in; `shown`: from the start, without being asked for."""

    name: str
    share: float = 1.0
    shown: bool = True


class Split(NamedTuple):
    """Parts side by side (`across`) or below each other."""

    across: bool
    parts: "tuple[Leaf | Split, ...]"
    share: float = 1.0


Node = Leaf | Split


def across(*parts: Node, share: float = 1.0) -> Split:
    return Split(True, parts, share)


def down(*parts: Node, share: float = 1.0) -> Split:
    return Split(False, parts, share)


def leaves(node: Node) -> list[Leaf]:
    """All panes, in the order in which they stand."""
    return [node] if isinstance(node, Leaf) else [leaf for part in node.parts for leaf in leaves(part)]


class Layout(NamedTuple):
    """One page of one kind of document: its panes, the dotted name of the rows of its numbers, the pane whose
    table is copied (none where it has no table). needs: without it there is no such page. foremost: what has
    this is looked at here once a model has read it, unless another page was asked for.
    """

    page: str
    panes: Split
    numbers: str = ""
    table: str = ""
    needs: Needs = Needs()
    foremost: Needs | None = None


class Kind(NamedTuple):
    """A kind of document.

    noun, plural: what it is called. input: the dotted type of what is read. gives: what its documents have
    before any model reads them, as `Needs.of` asks for it. layouts: its pages; it opens on the first.
    adapter: dotted, a `host.adapters.Adapter`. settings: dotted types of the view's settings that concern it.
    options: the dotted dataclass of what can be asked of its reading, see options.py. opens: dotted, of a
    `Reader` and a `Source`, the input that a file holds; where it is "" the reader's own `read` gives it.
    reported: dotted, an `export.report.kinds.Reported`.
    """

    id: str
    noun: str
    plural: str
    input: str
    gives: tuple[str, ...]
    layouts: tuple[Layout, ...]
    adapter: str
    settings: tuple[str, ...] = ()
    options: str = ""
    opens: str = ""
    reported: str = ".export.report.kinds:PLAIN"

    @property
    def one(self) -> str:
        """a text, an image"""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    @property
    def is_read(self) -> bool:
        """Whether a model reads its documents; all that others have is there at once."""
        return "read" in self.gives

    def holds(self, type_: type) -> bool:
        """Whether the views of its documents hold settings of this type."""
        return any(_names(dotted, type_) for dotted in self.settings)

    def layout(self, page: str) -> Layout:
        """KeyError where it has no such page."""
        for one in self.layouts:
            if one.page == page:
                return one
        raise KeyError(page)


class Page(NamedTuple):
    """What panes are about: attention, receptive fields, costs."""

    id: str
    title: str


class Begin(NamedTuple):
    """What a pane's own export begins with: an export's id, or a dotted function of the view that gives it,
    and an ending, "" for what is looked at and for its first ending; options in place of the view's, or a
    dotted function of the view that gives them by name.
    """

    what: str = ""
    ending: str = ""
    values: tuple[tuple[str, object], ...] | str = ()


class Pane(NamedTuple):
    """A pane: `make` names what is called with (this entry, a `Desk`).

    needs: what a document must have that it shows; where no pass will bring that, it takes no room. named:
    its title in menus, where its own would not tell it from others. export: how its own export begins.
    """

    id: str
    title: str
    make: str
    needs: Needs = Needs()
    named: str = ""
    export: Begin | None = None


class Reader(NamedTuple):
    """A format of files, of one kind of input.

    title: as messages call a file of it, "PNG image". endings: without dots, in lower case; the rest of all
    files has "". read: dotted, of a `Source`, what `Kind.opens` makes an input of. magic: how its files
    begin, or a dotted function of a Source that tells whether it is one. guess: that is unsure, so that all
    others are asked before. binary: what reads as text is none. names: as people know it; holds: what such
    files hold, first what most of them do, where that is not what the kind is called. folder: dotted, for a
    format of folders, of a path: the folder that is read, or None. columns: it can be told what is in them.
    coarse: dotted, of a large file's Source and of `read`, what a first look shows of it, or None. apart: a
    picture's decoder is native and rare, and has a process of its own.
    """

    id: str
    kind: str
    title: str
    endings: tuple[str, ...]
    read: str
    magic: tuple[bytes, ...] | str = ()
    guess: bool = False
    binary: bool = False
    names: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    folder: str = ""
    columns: bool = False
    coarse: str = ""
    apart: bool = False

    @property
    def one(self) -> str:
        """a text, an NPY file"""
        word = self.title.split()[0]
        vowels = "AEFHILMNORSX" if word.isupper() else "AEIOUaeiou"
        return f"{'an' if word[0] in vowels else 'a'} {self.title}"


class Engine(NamedTuple):
    """What runs models over documents of one kind.

    reads: the kind's id. opens: dotted, what has `open` of (a catalogue's entry, device, task) and gives an
    engine of `models.engines.door`. takes: dotted, of a catalogue's entry, whether it runs that model; all of
    its kind where it is "". models: dotted, entries that come with it; the first is the kind's default.
    """

    id: str
    reads: str
    opens: str
    takes: str = ""
    models: str = ""

    def has(self, entry: object) -> bool:
        """Whether it runs this model, which reads its kind."""
        return not self.takes or bool(resolve(self.takes)(entry))


class Method(NamedTuple):
    """A way to say what matters to a token or to the answer.

    noun: what it shows. named: its title where that stands alone. unit: of its values; shares: they are parts
    of one whole. says: what that means, where the pointer rests; paper: where it comes from, with its
    section. settings: their dotted types, which the view holds; `first` and `last` of them are its layers.
    fused: how it makes one of many heads, where that is not what attention does. compute: dotted, by what it
    is of. A "head": of a trace, the same trace with layers whose weights are to be shown. Many "layers": of
    (trace, queries int (m,), task, settings of each type), a `Relevance` over tokens. A "picture": of (trace,
    task), a `Relevance` that is one. A "target", a thing that the model says: of (trace, `Target`, task,
    settings of each type), a `Relevance` over tokens. signed: its values may be below 0, which counts.
    """

    id: str
    title: str
    noun: str
    compute: str
    of: Literal["head", "layers", "picture", "target"]
    needs: Needs = Needs(trace=True)
    says: str = ""
    settings: tuple[str, ...] = ()
    paper: str = ""
    key: str = ""
    named: str = ""
    unit: str = ""
    shares: bool = True
    signed: bool = False
    fused: str = ""
    compared: bool = False

    @property
    def name(self) -> str:
        """Where it stands alone."""
        return self.named or self.title

    @property
    def word(self) -> str:
        """Within a line."""
        return self.name.lower()


class Export(NamedTuple):
    """What can be written to a file.

    compute: dotted, of (options, ending, input, trace, task), a `Result`. needs: of which kinds it is, and
    what of their traces. options: the dotted dataclass of its choices, see options.py. filled: dotted, of (a
    `Subject`, task), how the window asks for it. word: what the command line calls it, where several exports
    share that. asks: dotted, of RunOptions, those with which the command line reads what it is of. alone:
    dotted, of (all that is given, input, RunOptions, task), a `Result` where no one pass gives it, or None.
    many: dotted, of (all that is given, folder, RunOptions, task), a `Result` of all inputs in a folder that
    is none itself.
    """

    id: str
    title: str
    endings: tuple[str, ...]
    compute: str
    needs: Needs = Needs(trace=True)
    options: str = ""
    filled: str = ""
    word: str = ""
    asks: str = ""
    alone: str = ""
    many: str = ""

    @property
    def what(self) -> str:
        return self.word or self.id


class Change(NamedTuple):
    """A setting of the view, and what a command makes of it: the one value, or by turns one of two.

    settings: the view's field that holds it. The command counts as on while the first value is set. pane:
    where it is seen, which is brought into sight.
    """

    settings: str
    name: str
    values: tuple[object, ...]
    pane: str = ""


class Command(NamedTuple):
    """One thing that the user can do: what menus, palette and keys are made from.

    run: a change of the view, or what is called with the window, dotted, and then `arguments`. keys: in Qt's
    portable text. enabled, checked: dotted functions, called alike, of what a document alone does not tell.
    """

    id: str
    title: str
    category: str
    run: str | Change
    keys: tuple[str, ...] = ()
    needs: Needs | None = None
    enabled: str = ""
    checked: str = ""
    arguments: tuple[object, ...] = ()


class ColourMap(NamedTuple):
    """A map of weights to colours, by cmap's name."""

    id: str


Entry = Kind | Page | Pane | Reader | Engine | Method | Export | Command | ColourMap
E = TypeVar("E", Kind, Page, Pane, Reader, Engine, Method, Export, Command, ColourMap)


class Registry:
    """All entries, each under its type and its id, in the order in which they came."""

    def __init__(self) -> None:
        self._entries: dict[type, dict[str, Any]] = {}
        self._kinds: dict[type, Kind] = {}
        """Of types that were looked up, as long as no entry comes or goes."""

    def add(self, *entries: Entry) -> None:
        """Declare what there is. ValueError where an id is taken."""
        self._kinds.clear()
        for entry in entries:
            there = self._entries.setdefault(type(entry), {})
            if entry.id in there:
                raise ValueError(f"There is a {type(entry).__name__.lower()} “{entry.id}” already.")
            there[entry.id] = entry

    def all(self, type_: type[E]) -> Mapping[str, E]:
        """The entries of a type by their ids."""
        return MappingProxyType(self._entries.setdefault(type_, {}))

    def kind_of(self, what: object) -> Kind:
        """The kind of what was read. KeyError where it is of none."""
        found = self._kinds.get(type(what))
        if found is None:
            kinds, types = self.all(Kind).values(), type(what).__mro__
            every = (kind for type_ in types for kind in kinds if _names(kind.input, type_))
            found = next(every, None)
            if found is None:
                raise KeyError(type(what).__name__)
            self._kinds[type(what)] = found
        return found

    def adapter_of(self, what: object) -> Any:
        """The adapter of what was read. KeyError where it is of no kind."""
        return resolve(self.kind_of(what).adapter)

    def panes_of(self, kind: Kind, page: str) -> Iterator[Pane]:
        """The panes whose place is this page of this kind."""
        return (pane for pane in self.all(Pane).values() if pane.needs.fits(kind, page))

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Keep what is added inside only if nothing is raised."""
        before = {type_: dict(entries) for type_, entries in self._entries.items()}
        try:
            yield
        except BaseException:
            self._kinds.clear()
            for type_, entries in self._entries.items():
                entries.clear()
                entries.update(before.get(type_, {}))
            raise

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entries in self._entries.values() for entry in entries.values())


REGISTRY = Registry()
"""What there is in this process: empty until `builtin` is imported."""
