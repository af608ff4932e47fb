"""What can be exported of an open document, filled in as it is looked at. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headlight.models.core.answers import PointLabels
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.clouds import numbers_in_file
from headlight.viewer.export.options import ENDINGS, OPTIONS, READ_OF, ROLLOUT, ExportOptions, endings_of
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, Input, TextInput
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.document import Document
from headlight.viewer.session.selecting import rollout_tokens
from headlight.viewer.session.view import (
    CloudSettings,
    ColourBy,
    FieldSettings,
    MapSettings,
    RolloutQuery,
    Selection,
    View,
)
from headlight.viewer.slices import field_maps
from headlight.viewer.slices.cloud_maps import chosen
from headlight.viewer.slices.maps import head_of

TITLES = {
    "tokens": "Tokens, and what the model saw",
    "attention": "Attention",
    "rollout": "Rollout",
    "saliency": "Saliency",
    "segmentation": "Segmentation",
    "receptive-field": "Receptive fields",
    "attention-distance": "Attention distance",
}
"""What can be exported, as the window calls it."""
_MEGABYTE = 1e6
_CSV = 12
"""Characters of a number in a table, about."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A document as it stood when an export was asked for. path: "" where no file holds it as it is read."""

    number: int
    input: Input
    options: RunOptions
    trace: Trace
    view: View
    page: str
    path: str

    @classmethod
    def of(cls, document: Document) -> Subject:
        """Of a document that a model has read."""
        what, path = document.input, document.path
        if isinstance(what, TextInput) and (what.pair is not None or what.title != Path(path).name):
            path = ""  # edited since, or never a file
        path = str(Path(path).absolute()) if path else ""
        return cls(
            *(document.number, what, document.options, document.trace, document.view, document.page, path)
        )

    @property
    def kind(self) -> str:
        return REGISTRY.kind_of(self.input).id

    @property
    def title(self) -> str:
        return self.input.title

    @property
    def is_saved(self) -> bool:
        """Whether the command line could read the same."""
        return bool(self.path) or isinstance(self.input, TextInput)


@dataclass(frozen=True, eq=False)
class Choices:
    """What there is to choose from, and what is chosen at first.

    whats: what can be exported; start: which of it is looked at. layers: of attention; heads: of each of
    them. fields: layers that have a receptive field. tokens: those that a rollout can begin at. readout: what
    stands for no token. values: by what is exported, the options by their names.
    """

    whats: tuple[str, ...]
    start: str
    layers: tuple[str, ...] = ()
    heads: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    tokens: tuple[Sequence[str], ...] = ()
    rolled: Sequence[str] = ()
    readout: str = ""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def choices_of(subject: Subject, task: Task = SILENT) -> Choices:
    """May walk through a network: nothing for a thread that must answer."""
    trace, view = subject.trace, subject.view
    whats = [what for what in ENDINGS if subject.kind in READ_OF[what] and _has(trace, what)]
    values: dict[str, dict[str, Any]] = {
        "attention-distance": {"without_self": not view[FieldSettings].include_self}
    }
    fields: tuple[str, ...] = ()
    if "receptive-field" in whats:
        try:
            fields, values["receptive-field"] = _fields(subject, task)
        except HeadlightError:  # a network whose operations cannot be followed
            whats.remove("receptive-field")
    selected = {}
    if isinstance(subject.input, CloudInput):
        found = chosen(trace, trace.tokens, view[Selection].queries)
        if len(found):
            selected["point"] = int(
                numbers_in_file(subject.input, trace.answer(PointLabels).sample[found[-1:]])[0]
            )
    asked = rollout_tokens(trace, view) if trace.layers else trace.tokens
    if trace.layers:
        layer = view[Selection].layer
        query = _selected(trace.layers[layer].queries, view) or "readout"
        values["attention"] = {"layer": str(layer), "head": head_of(view), "query": query, **selected}
        values["rollout"] = selected or _rollout(view, asked)
    cloud = subject.kind == "points"
    return Choices(
        tuple(whats),
        _start(subject, whats),
        tuple(layer.name for layer in trace.layers),
        tuple(layer.heads for layer in trace.layers),
        fields,
        () if cloud else tuple(layer.queries.labels for layer in trace.layers),
        () if cloud else asked.labels,
        _readout(trace, asked),
        values,
    )


def options_of(
    subject: Subject, what: str, ending: str, values: Mapping[str, Any], out: Path
) -> ExportOptions:
    """The export of a subject: of `values`, by their options' names, those that fit."""
    taken = dict(fitting(subject.kind, what, ending, values))
    rollout = tuple((name, taken.pop(name)) for name in ROLLOUT if name in taken)
    usual, run = RunOptions(), subject.options
    reads: dict[str, Any] = {"model": run.model, "device": run.device, "trust_pickle": run.trust_pickle}
    read = subject.input
    if isinstance(read, ImageInput) and run.size != usual.size:
        reads["size"] = run.size
    elif isinstance(read, TextInput):
        reads |= {"start": run.start or None, "pair": read.pair}
        reads |= {} if subject.path else {"text": read.text}
    elif isinstance(read, CloudInput):
        if read.frame.metres_per_unit != read.guessed.metres_per_unit:
            reads["unit"] = read.frame.unit
        if read.frame.up != read.guessed.up:
            reads["up"] = read.frame.up
        if what == "segmentation" and read.numbers is not None:
            reads["classes"] = read.listed
    file = None if "text" in reads else subject.path or "FILE"
    return ExportOptions(what=what, out=out, file=file, rollout=rollout, **reads, **taken)


def fitting(kind: str, what: str, ending: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) of what was chosen and belongs to such an export; what is usual is left out."""
    usual = {"inputs": 1, "source": "picture", **_usual_rollout()}
    for option in OPTIONS:
        value = values.get(option.name)
        if value is None or value is False or not option.fits(what, kind, ending):
            continue
        if option.after and values.get(option.after) is None:
            continue
        if not (option.name in usual and usual[option.name] == value):
            yield option.name, value


def missing(kind: str, what: str, ending: str, values: Mapping[str, Any]) -> str:
    """What has still to be chosen, in words; "" if nothing has."""
    for option in OPTIONS:
        needed = option.fits(what, kind, ending) and option.is_needed(what, ending)
        if needed and values.get(option.name) is None:
            return f"This needs a choice: {option.label.lower()}."
    return ""


def file_name(subject: Subject, what: str, ending: str, values: Mapping[str, Any]) -> str:
    """A name that says what is in it."""
    stem = Path(subject.title).stem if subject.path else subject.title
    words = "".join(c if c.isalnum() else "-" for c in stem[:40]).strip("-") or "headlight"
    parts = dict(fitting(subject.kind, what, ending, values))
    query = parts.get("query")
    if isinstance(query, tuple):
        parts["query"] = query[0] if len(query) == 1 else f"{len(query)}-tokens"
    said = [f"{name}-{parts[name]}" for name in ("layer", "head", "point", "query") if name in parts]
    return "-".join(["-".join(filter(None, words.split("-"))), what, *said]).replace("/", "-") + f".{ending}"


def about_bytes(options: ExportOptions, subject: Subject, choices: Choices, ending: str) -> int:
    """The size of the file, roughly; 0 for pictures, which are small."""
    trace = subject.trace
    inputs = sum(array.nbytes for array in trace.inputs.values())
    if ending in ("png", "svg"):
        return 0
    count = 0  # of numbers
    if options.what == "attention":
        layer = trace.layers[int(options.layer) if options.layer is not None else -1]
        keys = len(layer.group(0, 0)[1]) if subject.kind == "points" else len(layer.keys)
        one = options.point is not None or options.query is not None
        rows = 1 if one else len(layer.queries)
        count = (layer.heads if options.head is None else 1) * rows * keys
    elif options.what == "rollout" and subject.kind != "points":
        count = len(rollout_tokens(trace, subject.view.having(_settings(options)))) ** 2
    elif options.what == "segmentation":
        return subject.input.total * {"npz": 6, "csv": 60, "ply": 24}[ending]
    if ending == "csv":
        return count * _CSV
    return 4 * count + inputs


def said_bytes(size: int) -> str:
    """1.4 GB, 12 MB, 340 kB."""
    if size >= 1000 * _MEGABYTE:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= _MEGABYTE else f"{max(size, 1) / 1e3:,.0f} kB"


def first_ending(what: str, kind: str) -> str:
    """A picture where there is one; of a cloud's labels the cloud."""
    endings = endings_of(what, kind)
    return next((e for e in ("png", "ply") if e in endings), endings[0])


def of_colours(view: View, *colours: ColourBy) -> str:
    """What views of a cloud in these colours show: where a selected point looks, else the classes."""
    reaching = {"attention": "attention", "composed": "rollout"}.get(view[CloudSettings].reach)
    return reaching if reaching and view[Selection].queries and "attention" in colours else "segmentation"


def of_first_view(view: View) -> str:
    return of_colours(view, view[CloudSettings].first)


def of_second_view(view: View) -> str:
    return of_colours(view, view[CloudSettings].second)


def _has(trace: Trace, what: str) -> bool:
    if what in ("attention", "rollout", "attention-distance"):
        return bool(trace.layers)
    if what == "saliency":
        return trace.has_saliency
    return True


def _start(subject: Subject, whats: list[str]) -> str:
    cloud = subject.view[CloudSettings]
    wanted = subject.view[MapSettings].method
    if subject.kind == "points":
        wanted = of_colours(subject.view, cloud.first, cloud.second)
    if subject.page == "fields":
        wanted = "receptive-field"
    return wanted if wanted in whats else next(what for what in [*whats[1:], *whats])


def _fields(subject: Subject, task: Task) -> tuple[tuple[str, ...], dict[str, Any]]:
    settings, queries = subject.view[FieldSettings], subject.view[Selection].queries
    seen = field_maps.seen(subject.trace, (), task)
    shown = seen.field(settings.layer)
    names = [one.name for one in field_maps.listed(seen.fields, settings.all_operations)]
    if shown.name not in names:
        names = [one.name for one in seen.fields]
    place = queries[-1] if queries and seen.frame.middle(queries[-1]) is not None else None
    cell = None if place is None else field_maps.unit_at(seen, shown, place)
    values = {"layer": shown.name, "cell": cell, "inputs": settings.inputs, "source": settings.source}
    return tuple(names), values


def _selected(tokens: Tokens, view: View) -> tuple[int, ...] | None:
    found = tokens.find_all(view[Selection].queries)
    return tuple(found.tolist()) or None


def _rollout(view: View, asked: Tokens) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(view[RolloutSettings], name) for name in ROLLOUT}
    values["query"] = _selected(asked, view) if view[RolloutQuery].selected else None
    return values


def _readout(trace: Trace, asked: Tokens) -> str:
    if trace.readout is not None and trace.readout < len(asked):
        return f"Readout, {asked.labels[trace.readout]}"
    return "Mean of all"


def _settings(options: ExportOptions) -> RolloutSettings:
    return RolloutSettings(**dict(options.rollout))


def _usual_rollout() -> dict[str, Any]:
    usual = RolloutSettings()
    return {name: getattr(usual, name) for name in ROLLOUT}
