"""Which of the methods side by side is faithful: of one input, and over many. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headlight.models.core.answers import Target, TextClasses
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Freeze, Off, on_heads
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.faithfulness import (
    ORDERS,
    Curves,
    Tally,
    at_random,
    convention,
    faithfulness,
    tallied,
)
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, from_path, from_text
from headlight.viewer.registry import REGISTRY, Method
from headlight.viewer.session.view import RolloutQuery, Selection, TargetSettings, View
from headlight.viewer.slices.explain.beside import ordered, said
from headlight.viewer.slices.explain.targets import again_of, chosen_of, target_of

ALIKE = 5e-4
"""Areas that differ by less are written alike."""
RANDOM = 0.5
"""Of the work on one input, the share that random orders take, about."""
USUAL = RunOptions()


@dataclass(frozen=True, eq=False)
class Faithful:
    """Of one input. curves: of each method by its id; failed: of each that has none, why. random: of random
    orders; convention: what the areas are."""

    target: Target
    random: Curves
    curves: dict[str, Curves]
    failed: dict[str, str]
    convention: str


@dataclass(frozen=True, eq=False)
class FaithfulOver:
    """Over many inputs, so many seen of `count`. tally: of those on which every one of the `methods` said
    something, by their `names`, each about what `targets` names; None before there is one. skipped: (name,
    why) of the others."""

    methods: tuple[str, ...]
    names: tuple[str, ...]
    tally: Tally | None
    skipped: tuple[tuple[str, str], ...]
    seen: int
    count: int
    convention: str = ""
    targets: tuple[str, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    """(name, what is to be said of how it was read), of all of them by their title"""
    title: str = ""

    @property
    def target(self) -> str:
        """What all of them are about, in a few words."""
        different = tuple(dict.fromkeys(self.targets))
        return different[0] if len(different) == 1 else "what each says first" if different else ""


def faithful(
    trace: Trace,
    view: View,
    methods: Sequence[str],
    orders: int = ORDERS,
    task: Task = SILENT,
    target: Target | None = None,
) -> Faithful:
    """Of these methods, by their ids; handed out as each is there. target: in place of the view's."""
    target = target or target_of(trace, view, Part(task))
    key = "at random", target.index, target.place, target.beside, orders
    random = derived(trace, key, lambda: at_random(trace, target, orders, task=Part(task, 0.0, RANDOM)))
    curves: dict[str, Curves] = {}
    failed: dict[str, str] = {}
    result = Faithful(target, random, curves, failed, convention(trace.tokens))
    for number, name in enumerate(methods):
        start, stop = (RANDOM + (1 - RANDOM) * n / len(methods) for n in (number, number + 1))
        try:
            curves[name] = _of_method(trace, view, name, target, Part(task, start, stop))
        except HeadlightError as error:
            failed[name] = str(error)
        task.partial(Faithful(target, random, dict(curves), dict(failed), result.convention))
    return result


def _of_method(trace: Trace, view: View, name: str, target: Target, task: Task) -> Curves:
    method = REGISTRY.all(Method)[name]
    task.progress(0.0, method.name)
    values = ordered(said(trace, view, method, target, Part(task, 0.0, 0.5)))
    found = Relevance(values=values, tokens=trace.tokens, shares=False)
    return faithfulness(trace, target, found, Part(task, 0.5))


def best(curves: Mapping[str, Curves], random: Curves) -> tuple[str, str]:
    """A sentence each on deletion and insertion: which method is the best, by how much, and which beat every
    random order; "" without any."""
    if not curves:
        return "", ""
    return _best(curves, random, 0), _best(curves, random, 1)


def _best(curves: Mapping[str, Curves], random: Curves, which: int) -> str:
    areas = {name: float(one.areas[which]) for name, one in curves.items()}
    order = sorted(areas, key=areas.__getitem__, reverse=which == 1)
    titles = {name: REGISTRY.all(Method)[name].title for name in order}
    total = len(random.areas[which])
    alike = [name for name in order if abs(areas[name] - areas[order[0]]) < ALIKE]
    said = f"{_listed([titles[name] for name in alike])}, {areas[order[0]]:.3f}"
    if len(alike) < len(order):
        after = order[len(alike)]
        said += f", {abs(areas[order[0]] - areas[after]):.3f} before {titles[after]}"
    beating = [titles[name] for name in order if curves[name].beaten(random)[which] == total]
    if len(beating) == len(order) > 1:
        return f"{said}; all of them beat all {total} random orders"
    who = f"{_listed(beating)} {'beat' if len(beating) > 1 else 'beats'}" if beating else "no method beats"
    return f"{said}; {who} all {total} random orders"


def _listed(names: Sequence[str]) -> str:
    """A, B and C"""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


# -- over many inputs ----------------------------------------------------------------------------------------


def faithful_over(
    trace: Trace,
    many: Corpus | Pictures,
    view: View,
    methods: Sequence[str],
    orders: int = ORDERS,
    task: Task = SILENT,
) -> FaithfulOver:
    """Of inputs that the model of a trace reads as it did that one, its heads changed alike, each about the
    same target."""
    if chosen_of(trace, view).index != view[TargetSettings].index:
        view = view.having(TargetSettings())
    beside, run = trace.answer(TextClasses), USUAL
    if beside is not None:
        run = replace(run, texts=beside.names, prompts=beside.prompts)
    made = [one for one in trace.recipe.interventions if not isinstance(one, Off)]
    heads = tuple(one for one in on_heads(made) if not isinstance(one, Freeze))
    found = over(
        trace.run.engine(Part(task, 0, 0)),
        many,
        view,
        methods,
        orders,
        task,
        replace(run, interventions=heads),
    )
    if len(heads) == len(made):
        return found
    said = "What is changed of the open input alone is not changed of these."
    return replace(found, title=many.title, notices=((many.title, said), *found.notices))


def over(
    engine: object,
    many: Corpus | Pictures,
    view: View,
    methods: Sequence[str],
    orders: int = ORDERS,
    task: Task = SILENT,
    run: RunOptions = USUAL,
) -> FaithfulOver:
    """The same with an engine, of pictures beside the class texts of `run`, heads changed as it says. Places
    of a view are of its own input: others are asked as usual. Without a chosen target each is asked about
    what it says first. What cannot be read, or of which not all methods say something, is told and left
    out."""
    view, chosen = view.having(Selection(), RolloutQuery()), view[TargetSettings].index
    names: list[str] = []
    targets: list[str] = []
    found: list[tuple[list[Curves], Curves]] = []
    skipped: list[tuple[str, str]] = []
    notices: list[tuple[str, str]] = []
    about: dict[str, str] = {}

    def so_far(seen: int) -> FaithfulOver:
        tally = tallied(found) if found else None
        return FaithfulOver(
            tuple(methods),
            tuple(names),
            tally,
            tuple(skipped),
            seen,
            many.count,
            targets=tuple(targets),
            notices=tuple(notices),
            **about,
        )

    for number in range(many.count):
        part = Part(task, number / many.count, (number + 1) / many.count)
        name = _name(many, number)
        part.progress(0.0, f"{name}, {number + 1:,} of {many.count:,}")
        try:
            trace = _read(engine, many, number, run, Part(part))
            target = None if chosen is None else again_of(trace, chosen, Part(part))
            one = faithful(trace, view, methods, orders, Part(part), target)
        except HeadlightError as error:
            skipped.append((name, str(error)))
        else:
            about = {"convention": one.convention}
            if one.failed:
                skipped.append((name, next(iter(one.failed.values()))))
            else:
                names.append(name)
                targets.append(one.target.name)
                notices += [(name, notice) for notice in trace.notices]
                found.append(([one.curves[method] for method in methods], one.random))
        task.partial(so_far(number + 1))
    return so_far(many.count)


def input_of(many: Corpus | Pictures, number: int, task: Task = SILENT) -> Input:
    """One of them. HeadlightError for what cannot be read."""
    if isinstance(many, Corpus):
        return from_text(many.texts[number])
    what = from_path(many.paths[number], task)
    if "pixels" not in REGISTRY.kind_of(what).gives:
        raise HeadlightError(f"{Path(many.paths[number]).name} is no picture.", "Leave it out.")
    return what


def _read(engine: object, many: Corpus | Pictures, number: int, run: RunOptions, task: Task) -> Trace:
    what, options = input_of(many, number, task), RunOptions()
    if isinstance(many, Pictures):
        options = RunOptions(size=many.size, texts=run.texts, prompts=run.prompts)
    trace = REGISTRY.adapter_of(what).read(engine, what, options, task)
    return trace.run.again(run.interventions, task) if run.interventions else trace


def _name(many: Corpus | Pictures, number: int) -> str:
    if isinstance(many, Pictures):
        return many.paths[number].replace("\\", "/").rpartition("/")[2]
    return f"text {number + 1:,}"
