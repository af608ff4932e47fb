"""From an input to a checked Trace: the one way, for the window and for the command line. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from headlight.models.attention.statistics import starting_layer
from headlight.models.core.answers import PointLabels, Writing
from headlight.models.core.cache import held
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.interventions import Freeze, Hide, Intervention, OnHeads, Recipe
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host import engines
from headlight.viewer.host.asked import OfCloud, run_options
from headlight.viewer.host.recipe import Making, RunOptions, says_of
from headlight.viewer.host.sources import file_of, told
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds.labels import place
from headlight.viewer.inputs.inputs import (
    ImageInput,
    Input,
    beside,
    from_path,
    from_text,
    is_input,
    with_text,
)
from headlight.viewer.inputs.readers import Several, files_in
from headlight.viewer.inputs.source import AS_USUAL, Reading
from headlight.viewer.inputs.told.columns import GUESSED, Meanings
from headlight.viewer.options import taken
from headlight.viewer.registry import REGISTRY, Kind, resolve

BACKGROUND = "background"
"""The class of all that a model has no class for."""


@dataclass(frozen=True, eq=False)
class Pass:
    """A trace, the error of each of its layers, and the device with the bytes that its process holds there,
    None where that is its own memory.

    held: bytes that the trace holds. start: the layer and head that show most at a glance, None for the last
    layer's first.
    """

    trace: Trace
    checks: tuple[float, ...]
    device: str
    memory: int | None
    held: int
    start: tuple[int, int] | None = None


def forward_pass(
    what: Input, options: RunOptions, task: Task = SILENT, path: str = "", donors: Sequence[Trace] = ()
) -> Pass:
    """Read `what` with a model and check every layer's weights against what the layer returned.

    path: the file that it was read from, "" for none. donors: traces that are there of those that heads are
    frozen to. Raises HeadlightError where the model cannot be opened
    or cannot read this, Untrusted where the user is to be asked first.
    """
    from headlight.models import devices
    from headlight.models.engines import door

    model, notices = model_for(what, options)
    engine = engines.open_engine(model, REGISTRY.kind_of(what).id, options.device, task, options.trust_pickle)
    trace = told(REGISTRY.adapter_of(what).read(engine, what, options, task), what, options, path)
    trace = replace(trace, notices=(*notices, *trace.notices))
    device, memory = devices.describe(trace.device), devices.memory(trace.device)
    if any(isinstance(one, Hide | OnHeads) for one in options.interventions):
        return changed(Pass(trace, (), device, memory, 0), options.interventions, donors, task)
    checks = check(trace, task)
    trace = replace(trace, notices=(*trace.notices, *door.found_odd(trace, checks)))
    return Pass(trace, checks, device, memory, held(trace), starting_head(trace, task))


def changed(
    result: Pass, interventions: tuple[Intervention, ...], donors: Sequence[Trace], task: Task = SILENT
) -> Pass:
    """The pass over the same with these interventions and no others; what heads are frozen to is made again
    where it is not among the donors. HeadlightError for one that the model does not offer."""
    there = {trace.recipe: trace for trace in donors}
    for one in interventions:
        if isinstance(one, Freeze) and one.of not in there:
            there[one.of] = remade(one.of, task).trace
    before = result.trace
    trace = before.run.again(interventions, task, tuple(there.values()))
    trace = replace(trace, notices=tuple(dict.fromkeys((*before.notices, *trace.notices))))
    start = result.start or starting_head(trace, task)
    return replace(result, trace=trace, checks=check(trace, task), held=held(trace), start=start)


def model_for(what: Input, options: RunOptions) -> tuple[str, tuple[str, ...]]:
    """(the model that reads it: the one that is named, else that of the box which is for such an input, what
    is to be said of that choice). HeadlightError where there is none."""
    if options.model is not None:
        return options.model, ()
    from headlight.models.catalogue import entries

    suited = REGISTRY.adapter_of(what).suited(what)
    wanted = suited.wanted if suited else ()
    entry = entries.default(REGISTRY.kind_of(what).id, engines.brought(), wanted, says_of(options))
    if suited is None or suited.plain:
        return entry.id, ()
    if set(wanted) & set(entry.suits):
        return entry.id, (f"{suited.said} {entry.title} reads it, and any other model can be chosen.",)
    return entry.id, (f"{suited.said} No model in the box is for such: {entry.title} learnt from others.",)


def of_file(
    path: str,
    reading: Reading = AS_USUAL,
    meanings: Meanings = GUESSED,
    task: Task = SILENT,
    unit: str | None = None,
) -> Input | Several:
    """What a file holds, read so; of a folder that is no input itself the files in it. meanings: what is
    known of its columns, if it is a table. unit: of its coordinates, by its sign."""
    task.progress(0.0, "Reading")
    if Path(path).is_dir() and not is_input(path):
        return files_in(Path(path))
    what, classes = from_path(path, task, meanings, reading, task.partial), reading.classes
    if unit is not None and isinstance(what, CloudInput):
        what = OfCloud(unit=unit).applied(what)
    return REGISTRY.adapter_of(what).relisted(what, classes) if classes else what


def of_kind(kind: str, path: str, reading: Reading = AS_USUAL, task: Task = SILENT) -> Input:
    """What a file holds that is to be of this kind. HeadlightError where it is of another."""
    what = of_file(path, reading, task=task)
    if isinstance(what, Several) or REGISTRY.kind_of(what).id != kind:
        raise HeadlightError(
            f"{Path(path).name} is not {REGISTRY.all(Kind)[kind].one}, as the other files are.",
            "Open it by itself.",
        )
    return what


def described(path: str, text: str, reading: Reading = AS_USUAL, task: Task = SILENT) -> Input:
    """The picture that a file holds, with a text beside it. HeadlightError where it holds none."""
    what = of_file(path, reading, task=task)
    if isinstance(what, Several):
        raise HeadlightError(f"{Path(path).name} is a folder.", "Choose a picture in it for the text.")
    return with_text(what, text)


def dropped_on(path: str, text: str, model: str, meanings: Meanings = GUESSED, task: Task = SILENT) -> Input:
    """What a file holds that was dropped on a text; where it is a picture, and the model reads both at once,
    the two beside each other."""
    from headlight.models.catalogue import entries
    from headlight.models.catalogue.folders import BOTH

    what = of_file(path, AS_USUAL, meanings, task)
    try:
        both = entries.find(model, trust_pickle=True, brought=engines.brought()).reads(BOTH)
    except HeadlightError:
        both = False
    return beside(what, text) if both and isinstance(what, ImageInput) else what


def given(make: Callable[[], Input], task: Task = SILENT) -> Input:
    """What was typed, pasted or built, by what makes an input of it."""
    return make()


def again(recipe: Making, path: str, held: Input | None, task: Task = SILENT) -> Input:
    """An input as it was before it was closed: `held`, or else what the file has."""
    meanings = Meanings(recipe.columns or ())
    there = from_path(path, task, meanings, recipe.options.reading) if held is None else held
    return recipe.input(there, task)


def elsewhere(source: Input, recipe: Making, task: Task = SILENT) -> Input:
    """The file, or the picture of a file, that a recipe wants in place of the one that was read."""
    return REGISTRY.adapter_of(source).sought(source, recipe, task)


def made(
    source: Input,
    recipe: Making,
    path: str,
    kept: Pass | None,
    donors: Sequence[Trace] = (),
    task: Task = SILENT,
) -> tuple[Input, Pass]:
    """(what a recipe makes of an input, its pass). path: the file that the input was read from, "" for none.
    kept: the pass, where its labels alone are read anew, or what is changed of it and its model is another.
    donors: traces that heads are frozen to.

    What is made anew is handed out before a model has read it, where that shows something at once.
    """
    what = recipe.input(source, task)
    if kept is not None:
        if kept.trace.recipe.interventions != recipe.interventions:
            kept = changed(kept, recipe.interventions, donors, task)
        if isinstance(source, CloudInput):
            kept = replace(kept, trace=with_truth(kept.trace, source, known(what, CloudInput)))
        return what, replace(kept, trace=told(kept.trace, what, recipe.options, path))
    if what is not source and REGISTRY.adapter_of(what).at_once:
        task.partial(what)
    more = (donors,) if donors else ()
    return what, forward_pass(what, recipe.options, task, path, *more)


def remade(recipe: Recipe, task: Task = SILENT) -> Pass:
    """The pass that a recipe tells of. HeadlightError where its source is not there any more as it was."""
    return read_again(recipe, task)[1]


def read_again(recipe: Recipe, task: Task = SILENT) -> tuple[Input, Pass]:
    """(what was read, the pass), as `remade`."""
    source, given = recipe.source, dict(recipe.options)
    if source is None:
        raise HeadlightError("What was read is in no file.", "Open it again.")
    if isinstance(source, str):
        path, what = "", from_text(source)
    else:
        path, told_columns = source.path, Meanings(tuple(given.get("columns", ())))
        what = from_path(path, task, told_columns, run_options(given).reading)
        if file_of(path) != source:
            raise HeadlightError(f"{path} is not what it was.", "Open it as it is now.")
    if options := REGISTRY.all(Kind)[recipe.kind].options:
        what = taken(resolve(options), given).applied(what)
    asked = run_options({**given, "model": recipe.model, "interventions": recipe.interventions})
    what = Making.of(what, asked).input(what, task)
    # What was written then, whatever would be today.
    exact = asked.writing
    if recipe.written:
        exact = replace(asked.writing or Writing(), new=0, ids=recipe.written, target=None)
    result = forward_pass(what, replace(asked, writing=exact), task, path)
    return what, replace(result, trace=told(result.trace, what, asked, path))


def starting_head(trace: Trace, task: Task = SILENT) -> tuple[int, int]:
    """The layer and head with which a fresh trace is shown; of a cloud the layer that is seen at a glance, of
    a sound of which something was written one that leads from there to what was heard."""
    if isinstance(trace.tokens, PointTokens):
        return starting_layer(trace), 0
    from headlight.models.attention import statistics

    if isinstance(trace.tokens, MixedTokens):
        across = [at for at, one in enumerate(trace.layers) if one.queries.stream != one.keys.stream]
        if across:
            at, head = statistics.starting_head([trace.layers[number] for number in across], task)
            return across[at], head
    return statistics.starting_head(trace.layers, task)


def check(trace: Trace, task: Task) -> tuple[float, ...]:
    """`door.check`, which needs torch."""
    from headlight.models.engines import door

    return door.check(trace, task)


def with_truth(trace: Trace, before: CloudInput, cloud: CloudInput) -> Trace:
    """The pass of a cloud whose labels were read by another list of classes before."""
    answer, model = trace.answer(PointLabels), trace.model.title
    if answer is None:
        return trace
    truth, notices = truth_for(cloud, answer.classes, model)
    old = truth_for(before, answer.classes, model)[1]
    kept = (notice for notice in trace.notices if notice not in old)
    return replace(trace, answers=(replace(answer, truth=truth),), notices=(*kept, *notices))


def truth_for(
    cloud: CloudInput, classes: Sequence[str], model: str
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(the file's labels as indices into `classes`, int16 (n,) or None, notices), matched by name or by what
    is meant; those of no class of a model that has a background are of that."""
    if cloud.labels is None or cloud.classes is None:
        return None, ()
    if tuple(cloud.classes) == tuple(classes):
        return cloud.labels, ()
    places = [place(name, classes) for name in cloud.classes]
    present = np.unique(cloud.labels[cloud.labels >= 0])
    if BACKGROUND in classes and any(places[index] is not None for index in present):
        places = [classes.index(BACKGROUND) if one is None else one for one in places]
    table = np.array([*(-1 if index is None else index for index in places), -1], np.int16)
    unknown = [cloud.classes[index] for index in present if places[index] is None]
    if len(unknown) == len(present):
        return None, (f"{model} knows none of the file's classes: its labels are not compared.",)
    notices = ()
    if unknown:
        notices = (f"{model} knows no {', '.join(unknown)}: points of these count as unlabelled.",)
    return table[cloud.labels], notices
