"""The report of one document: what was read, what the model says, and what that rests on, on one page."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from typing import Any, Literal

import numpy as np

from headlight.models.catalogue.entry import Entry
from headlight.models.catalogue.folders import stored_in
from headlight.models.core.answers import (
    Boxes,
    Classes,
    Matches,
    NextTokens,
    PixelLabels,
    PointLabels,
    Things,
)
from headlight.models.core.interventions import File
from headlight.models.core.layers import Head
from headlight.models.core.task import Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import targets_at
from headlight.viewer.export.attention.experiments import FaithfulnessOptions, faithful
from headlight.viewer.export.attention.maps import Query, read_query
from headlight.viewer.export.attention.relevance import Asked, RelevanceOptions, asked_filled, found_by
from headlight.viewer.export.attention.relevance import relevance as relevance_result
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.heads import head_list, head_option, layer_and_heads, layer_list, layer_option
from headlight.viewer.export.looks import chosen as looks_chosen
from headlight.viewer.export.looks import colour_maps
from headlight.viewer.export.report import sections
from headlight.viewer.export.report.page import Figure, Said, Section, Table, Verbatim, page
from headlight.viewer.export.report.record import NAME, Record, kept
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.forward import starting_head
from headlight.viewer.host.sources import file_of
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import flag, option, taken, written
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.maps import head_of

PARTS = ("headlight-viewer", "torch", "transformers", "numpy")
"""Packages on which numbers hang."""
SEED = 0
"""Of random orders, and of the noise of methods as it is usual."""


@dataclass(frozen=True)
class ReportOptions(RelevanceOptions):
    """What is looked at, and whether the relevance is put to the test."""

    layer: str | None = layer_option()
    head: int | Literal["mean", "max", "min"] | None = head_option()
    query: Query | None = option(
        "which token's attention is drawn (the readout; of a short text all)",
        "Token",
        parse=read_query,
        metavar="INDEX[,INDEX]|readout",
        empty="the readout",
    )
    with_faithfulness: bool = option(
        "test whether the relevance is faithful, which takes many passes", "Test faithfulness", switch=True
    )


def report_filled(subject: Subject, task: Task) -> Filled:
    """As the document is looked at."""
    trace, view = subject.trace, subject.view
    values, lists = looks_chosen(view), {"colours": colour_maps}
    if targets_at(trace):
        asked = asked_filled(subject)
        values, lists = {**values, **asked.values}, {**lists, **asked.lists}
    if trace.layers:
        values |= {"layer": str(view[Selection].layer), "head": head_of(view)}
        lists |= {"layer": partial(layer_list, trace, str), "head": partial(head_list, trace)}
    return Filled(values, lists, False, _small)


def now() -> str:
    """The date and time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _small(values: Mapping[str, Any], ending: str) -> int:
    return 0


def report(options: ReportOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """The page, and the same as numbers: see `Record`."""
    made = now()
    return Result(dict, others={"html": lambda: page_of(options, document, trace, made, task)[0]})


def page_of(
    options: ReportOptions, document: Input, trace: Trace, made: str, task: Task
) -> tuple[bytes, Record]:
    """(the page, what it holds for machines). made: the date in UTC."""
    found, numbers = [sections.of_input(document, trace)], dict(_said(trace))
    weights = weights_of(trace, task)
    found += [sections.of_model(trace, weights), sections.of_answers(document, trace, task)]
    found += _attention(options, document, trace, Part(task, 0.0, 0.2))
    shown, values = _relevance(options, document, trace, Part(task, 0.2))
    told = versions(trace) | {f"sha256 of {name}": digest for name, digest in weights}
    record = Record(trace.recipe, _given(options), told, numbers | values, made)
    found += [
        *shown,
        sections.of_interventions(trace),
        Section("Settings", [Table(list(_settings(options, trace)))]),
        Section("Made with", [Table([*told.items(), *_seeds(trace), ("date (UTC)", made)])]),
        Section("Recipe", [Said(_how(trace)), Verbatim(record.text(), NAME)]),
    ]
    return page(f"{document.title} · {trace.model.title}", f"A report by Headlight, {made}", found), record


def _how(trace: Trace) -> str:
    if trace.recipe.source is None:
        return "What was read lies in no file: this report cannot be made again from what stands here."
    return (
        "“headlight replay” and the name of this page make the run again from what stands here, and compare "
        "its numbers."
    )


def _seeds(trace: Trace) -> list[tuple[str, str]]:
    """Of all that is drawn."""
    found = [("seed of weights", str(trace.recipe.seed) if trace.model.untrained else "none is drawn")]
    if trace.written is not None and trace.written.how.seed is not None:
        found.append(("seed of what is written", str(trace.written.how.seed)))
    return [*found, ("seed of noise and random orders", str(SEED))]


def _attention(options: ReportOptions, document: Input, trace: Trace, task: Task) -> list[Section]:
    if not trace.layers:
        return [Section("Attention of one head", [Said("The model has no attention that could be shown.")])]
    layer, head = chosen_head(options, trace, task)
    look = options.look()
    return [
        sections.of_head(document, trace, (layer, head), options.query, look, task),
        sections.of_all_heads(document, trace, look, task),
    ]


def chosen_head(options: ReportOptions, trace: Trace, task: Task) -> tuple[int, Head]:
    """The head that is asked for, else the one whose map shows most."""
    if options.layer is None and options.head is None:
        return starting_head(trace, task)
    head = "mean" if options.head is None else options.head
    layer, heads = layer_and_heads(options.layer, head, "html", trace)
    return layer, heads[0]


def _relevance(
    options: ReportOptions, document: Input, trace: Trace, task: Task
) -> tuple[list[Section], dict[str, Any]]:
    """(what the answer rests on, and whether that is faithful where it was asked, their numbers)"""
    if not targets_at(trace):
        return [
            Section("Relevance", [Said(f"{trace.model.title} says nothing that could be asked about.")])
        ], {}
    found, method, target = found_by(options, document, trace, Part(task, 0.0, 0.4))
    drawn = relevance_result(options, "svg", document, trace, task).drawing()
    of = f"“{target.name}”" if target else "the readout"
    if target and math.isfinite(target.score):  # not of what the model says nothing of by itself
        of += f", which has {target.score:.4g}"
    said = f"{method.name} of {of}" + (f", in {method.unit}" if method.unit else "")
    blocks = [Figure(drawn, said), *(Said(one, dim=True) for one in (method.says, method.paper) if one)]
    shown, numbers = [Section("Relevance", blocks)], {"relevance": kept(found.values)}
    if options.with_faithfulness:
        asked = taken(FaithfulnessOptions, {one.name: getattr(options, one.name) for one in fields(Asked)})
        at = faithful(asked, "npz", document, trace, Part(task, 0.4)).arrays()
        shown.append(sections.of_faithfulness(at))
        curves = (at["deletion"], at["insertion"], at["random"].ravel(), at["random_insertion"].ravel())
        numbers["faithfulness"] = kept(np.concatenate(curves))
    return shown, numbers


def _said(trace: Trace) -> Iterator[tuple[str, list[float | None]]]:
    """The numbers of what the model says, by name."""
    for answer in trace.answers:
        if isinstance(answer, Classes | NextTokens):
            yield "probabilities", kept(answer.probabilities)
        elif isinstance(answer, PixelLabels):
            yield "labels of cells", kept(answer.labels)
            yield "confidence of cells", kept(answer.confidence)
        elif isinstance(answer, PointLabels):
            yield "labels of points", kept(answer.labels)
            yield "confidence of points", kept(answer.confidence)
        elif isinstance(answer, Boxes):
            yield "boxes", kept(answer.boxes)
            yield "scores of boxes", kept(answer.scores)
        elif isinstance(answer, Matches):
            yield "scores of matches", kept(answer.scores)
        elif isinstance(answer, Things):
            yield "boxes of things", kept(answer.boxes)
            yield "scores of things", kept(answer.scores)
    if trace.layers:
        layer = trace.layers[-1]
        yield "attention of the last layer", kept(layer.rows(len(layer.queries) - 1)[1])


def weights_of(trace: Trace, task: Task) -> list[tuple[str, str]]:
    """(file, sha256) of what the model was read from; none of weights that were drawn."""
    entry: Entry = trace.run.engine(task).entry
    files = [entry.file] if entry.file else stored_in(entry.folder) if entry.folder else []
    return [(file.name, file_of(str(file)).sha256) for file in files if file is not None and file.is_file()]


def versions(trace: Trace) -> dict[str, str]:
    """What the numbers hang on, by name."""
    found = {}
    for name in PARTS:
        try:
            found[name.removesuffix("-viewer")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name.removesuffix("-viewer")] = "not installed"
    return found | {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "device": trace.device,
    }


def _given(options: ReportOptions) -> dict[str, Any]:
    """What was chosen and is not as usual, by name."""
    usual = ReportOptions()
    every = ((one.name, getattr(options, one.name)) for one in fields(options))
    return {name: value for name, value in every if value != getattr(usual, name)}


def _settings(options: ReportOptions, trace: Trace) -> Iterator[tuple[str, str]]:
    """What was asked of the reading, then all of the report's own, as the command line has it."""
    recipe = trace.recipe
    if isinstance(recipe.source, File):
        yield "file", recipe.source.path
        yield "sha256 of the file", recipe.source.sha256 or "not known"
    yield "kind", recipe.kind
    yield "model", recipe.model
    for name, value in recipe.options:
        yield flag(name), written(value)
    for one in fields(options):
        value = getattr(options, one.name)
        yield flag(one.name), "as usual" if value is None else written(value)
