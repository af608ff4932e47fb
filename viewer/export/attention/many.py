"""Export of which method is faithful over many inputs: a folder of pictures, or the lines of a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.faithfulness import Tally
from headlight.viewer.export.attention.experiments import FaithfulnessOptions
from headlight.viewer.export.results import Result
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.host.engines import open_engine
from headlight.viewer.host.forward import model_for
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, TextInput, lines_of
from headlight.viewer.options import taken
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.view import MethodsSettings, TargetSettings, View
from headlight.viewer.slices.explain.beside import chosen
from headlight.viewer.slices.explain.faithful import FaithfulOver, input_of, over
from headlight.viewer.slices.explain.targets import named
from headlight.viewer.slices.many.pictures import read_pictures

FEW = 5
"""Inputs that are named of those that were left out."""


def of_folder(given: Mapping[str, Any], folder: Path, run: RunOptions, task: Task = SILENT) -> Result:
    """Of all pictures in it. HeadlightError where there is none, or none can be read."""
    return _over(taken(FaithfulnessOptions, given), read_pictures(str(folder), run.size, task), run, task)


def of_lines(
    given: Mapping[str, Any], document: Input, run: RunOptions, task: Task = SILENT
) -> Result | None:
    """Of all lines that hold anything, where lines were asked for."""
    if not given.get("lines"):
        return None
    text = known(document, TextInput)
    return _over(taken(FaithfulnessOptions, given), Corpus(text.title, lines_of(text.text)), run, task)


def _over(options: FaithfulnessOptions, many: Corpus | Pictures, run: RunOptions, task: Task) -> Result:
    if options.target_place is not None:
        raise HeadlightError("A place is of one input, not of many.", "Leave --target-place out.")
    if options.method is not None and options.methods is not None:
        raise HeadlightError("--method names one method, --methods all of them.", "Leave one of them out.")
    first = _first(many, task)
    model, notices = model_for(first, run)
    kind = REGISTRY.kind_of(first)
    engine = open_engine(model, kind.id, run.device, task, run.trust_pickle)
    trace = REGISTRY.adapter_of(first).read(engine, first, run, task)
    index = None if options.target is None else named(trace, options.target, task=task).index
    wanted = options.methods if options.method is None else (options.method,)
    methods = chosen(kind, trace, MethodsSettings(wanted))
    if lacking := [name for name in wanted or () if name not in methods]:
        raise HeadlightError(f"There is no {lacking[0]} of {trace.model.title}.", "Leave it out.")
    view = View(TargetSettings(index), *options.view().values())
    found = over(engine, many, view, methods, options.orders, task, run)
    if found.tally is None:
        name, why = found.skipped[0]
        raise HeadlightError(f"Nothing of {many.title} could be measured: {name}, {why}", "Choose another.")
    arrays, tally = _arrays(found, found.tally, trace), found.tally
    told = [*notices, *_skipped(found), *_noticed(found)]
    return Result(lambda: arrays, lambda: _table(found, tally), notices=told)


def _first(many: Corpus | Pictures, task: Task) -> Input:
    """The first input that can be read. HeadlightError, what is wrong with the last one, where none can."""
    failed = HeadlightError(f"{many.title} is empty.", "Choose another one.")
    for number in range(many.count):
        try:
            return input_of(many, number, task)
        except HeadlightError as error:
            failed = error
    raise failed


def _arrays(found: FaithfulOver, tally: Tally, trace: Trace) -> dict[str, np.ndarray]:
    """deletion, insertion float32 (inputs, m) by `methods` and `inputs`, each about what `targets` names;
    random_deletion, random_insertion (inputs, orders); of each method `wins`, `beats` int (m, 2), in deletion
    and in insertion; `skipped`."""
    return {
        "methods": np.array(found.methods),
        "inputs": np.array(found.names),
        "deletion": tally.deletion,
        "insertion": tally.insertion,
        "random_deletion": tally.random_deletion,
        "random_insertion": tally.random_insertion,
        "wins": np.stack(tally.wins(), 1),
        "beats": np.stack(tally.beats(), 1),
        "targets": np.array(found.targets),
        "convention": np.array(found.convention),
        "model": np.array(trace.model.id),
        "skipped": np.array([f"{name}: {why}" for name, why in found.skipped]),
    }


def _table(found: FaithfulOver, tally: Tally) -> Iterator[Sequence[object]]:
    """A line a method, then one of random orders: means over inputs with their standard errors, on how many
    inputs it is the best of all and how many every random order is worse on."""
    names = ("deletion", "insertion")
    yield (
        "method",
        "inputs",
        *(f"{name}{what}" for name in names for what in ("", "_error", "_wins", "_beats")),
    )
    means, errors, wins, beats = tally.means(), tally.errors(), tally.wins(), tally.beats()
    for number, method in enumerate((*found.methods, "random")):
        cells: list[object] = []
        for which in (0, 1):
            counts = ("", "") if number == len(found.methods) else (wins[which][number], beats[which][number])
            cells += [f"{means[which][number]:.9g}", f"{errors[which][number]:.9g}", *counts]
        yield (method, len(found.names), *cells)


def _skipped(found: FaithfulOver) -> list[str]:
    told = [f"{name} was left out: {why}" for name, why in found.skipped[:FEW]]
    more = len(found.skipped) - FEW
    return [*told, f"So were {more:,} more."] if more > 0 else told


def _noticed(found: FaithfulOver) -> list[str]:
    told = [f"{name}: {notice}" for name, notice in found.notices[:FEW]]
    more = len(found.notices) - FEW
    return [*told, f"There are {more:,} more such notices."] if more > 0 else told
