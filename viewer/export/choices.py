"""What can be exported of an open document, filled in as it is looked at. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.viewer.export.options import ExportOptions, choices_of
from headlight.viewer.export.results import Filled, file_bytes
from headlight.viewer.host.asked import asked_of
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, TextInput
from headlight.viewer.options import Option, is_given
from headlight.viewer.registry import REGISTRY, Export, Kind, resolve
from headlight.viewer.session.document import Document
from headlight.viewer.session.view import View


@dataclass(frozen=True, eq=False)
class Subject:
    """A document as it stood when an export was asked for.

    trace: a Trace; None of what no model reads. path: "" where no file holds it as it is read. others: what
    else the same model has read that is open.
    """

    number: int
    input: Input
    options: RunOptions
    trace: Any
    view: View
    page: str
    path: str
    others: tuple[Subject, ...] = ()

    @classmethod
    def of(cls, document: Document, opened: Iterable[Document] = ()) -> Subject:
        """Of a document as it is looked at now. opened: all that are open."""
        adapter, path = REGISTRY.adapter_of(document.input), document.path
        what = adapter.exported(document.input, document.view)
        path = str(Path(path).absolute()) if adapter.is_file(what, path) else ""
        return cls(
            *(
                document.number,
                what,
                document.options,
                document.trace,
                document.view,
                document.page,
                path,
                tuple(cls.of(other) for other in opened if _is_read_like(other, document)),
            )
        )

    @property
    def kind(self) -> Kind:
        return REGISTRY.kind_of(self.input)

    @property
    def title(self) -> str:
        return self.input.title

    def asked(self) -> dict[str, Any]:
        """The options of its reading that are not as usual, by name."""
        return asked_of(self.input, self.options, bool(self.path))

    @property
    def is_commanded(self) -> bool:
        """Whether the command line can read such things at all."""
        return bool(self.kind.options)

    @property
    def file(self) -> str | None:
        """What the command line reads: None of a text, which its options hold; "" where no file has it."""
        return None if "text" in self.asked() else self.path


def _is_read_like(other: Document, document: Document) -> bool:
    """Whether it is another one, read by the same model."""
    same = other.kind == document.kind and other.options.model == document.options.model
    return same and other is not document and other.trace is not None


@dataclass(frozen=True, eq=False)
class Choices:
    """What there is to choose from, and what is chosen at first.

    exports: what can be exported, by what the command line calls it; start: which of it is looked at.
    filled: how the window asks for each.
    """

    exports: Mapping[str, Export]
    start: str
    filled: Mapping[str, Filled] = field(default_factory=dict)


def offered(subject: Subject, task: Task = SILENT) -> Choices:
    """May walk through a network: nothing for a thread that must answer."""
    exports, filled = {}, {}
    for export in REGISTRY.all(Export).values():
        if export.needs.met(subject):
            continue
        try:
            made = resolve(export.filled)(subject, task) if export.filled else Filled()
        except HeadlightError:  # a network whose operations cannot be followed
            continue
        exports[export.what], filled[export.what] = export, made
    names = list(exports)
    start = next((what for what in names if filled[what].shown), [*names[1:], *names][0])
    return Choices(exports, start, filled)


def asked_for(
    subject: Subject, export: Export, ending: str, values: Mapping[str, Any], out: Path
) -> ExportOptions:
    """The export of a subject: of `values`, by their options' names, those that fit."""
    given = subject.asked() | fitting(export, ending, values)
    file = subject.file
    return ExportOptions(export.what, out, "FILE" if file == "" else file, given)


def fits(option: Option, ending: str, values: Mapping[str, Any]) -> bool:
    """Whether there is this choice for such a file, and with what else is chosen."""
    other, meaningful = option.only
    return (
        ending not in option.never.endings
        and (not option.after[0] or values.get(option.after[0]) is not None)
        and (not other or values.get(other) in meaningful)
    )


def fitting(export: Export, ending: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen and belongs to such a file; what is usual is left out."""
    chosen = {
        option.name: values.get(option.name)
        for option in choices_of(export)
        if fits(option, ending, values) and values.get(option.name) != option.default
    }
    return {name: value for name, value in chosen.items() if is_given(value)}


def missing(export: Export, ending: str, values: Mapping[str, Any]) -> str:
    """What has still to be chosen, in words; "" if nothing has."""
    for option in choices_of(export):
        if ending in option.needed.endings and values.get(option.name) is None:
            return f"This needs a choice: {option.label.lower()}."
    return ""


def file_name(subject: Subject, export: Export, ending: str, values: Mapping[str, Any]) -> str:
    """A name that says what is in it."""
    stem = Path(subject.title).stem if subject.path else subject.title
    words = "".join(c if c.isalnum() else "-" for c in stem[:40]).strip("-") or "headlight"
    parts = fitting(export, ending, values)
    said = [
        f"{option.name}-{_short(parts[option.name])}"
        for option in choices_of(export)
        if option.named and option.name in parts
    ]
    name = "-".join(["-".join(filter(None, words.split("-"))), export.what, *said])
    return f"{name.replace('/', '-')}.{ending}"


def _short(value: object) -> object:
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else f"{len(value)}-tokens"
    return value


def about_bytes(subject: Subject, filled: Filled, ending: str, values: Mapping[str, Any]) -> int:
    """The size of the file, roughly; 0 for what is small."""
    if filled.extent is None:
        return file_bytes(0, ending, subject.trace) if subject.trace is not None else 0
    return filled.extent(values, ending)


def first_ending(export: Export) -> str:
    """A picture where there is one; of a cloud's labels the cloud."""
    return next((e for e in ("png", "ply") if e in export.endings), export.endings[0])


def of_texts(lines: bool, document: Input) -> None:
    """HeadlightError for what is no file of single texts."""
    if not isinstance(document, TextInput):
        raise HeadlightError("--lines is of texts, and this is none.", "Leave it out.")
    if document.pair is not None:
        raise HeadlightError("Every line is a text of its own, without a second one.", "Leave --pair out.")
