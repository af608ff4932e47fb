"""What an intervention does to what a model says, and what each head is worth. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import Boxes, NextTokens, Target
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Off, Patched
from headlight.models.core.layers import Head
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput, Input
from headlight.viewer.registry import Method
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.relevance import relevance_map, relevance_matrix
from headlight.viewer.slices.explain.targets import places_of, target_of
from headlight.viewer.slices.maps import Drawn, InputMap, MatrixMap

MOST = 12
"""Targets whose score is computed where an answer does not list it."""


@dataclass(frozen=True)
class Row:
    """One thing that a model says, and how likely it is before and after."""

    name: str
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Outcome:
    """rows: what changes most first. moved: 1 − the cosine of each token's last vector before and after, in
    the mean, NaN where a model hands out none."""

    rows: tuple[Row, ...]
    moved: float = float("nan")


@dataclass(frozen=True, eq=False)
class Swept:
    """What is lost of a target's score where each head is switched off: float32 (layers, most heads)."""

    effect: np.ndarray
    target: Target


@dataclass(frozen=True, eq=False)
class PatchedBy:
    """What each head and each token carry over from another text. labels: of the tokens, here and there."""

    found: Patched
    target: Target
    labels: tuple[tuple[str, ...], tuple[str, ...]]


def is_changed(trace: Trace) -> bool:
    return any(not isinstance(one, Off) for one in trace.recipe.interventions)


def plain(trace: Trace, what: Input, options: RunOptions, task: Task = SILENT) -> Trace:
    """The same input through the same model, without any intervention. what: the input as it was read."""
    if not is_changed(trace):
        return trace

    def made() -> Trace:
        if isinstance(what, ImageInput) and what.edits:
            return forward_pass(what.edited(()), replace(options, interventions=()), task).trace
        return trace.run.again((), task)

    return derived(trace, "plain", made)


def outcome(trace: Trace, what: Input, options: RunOptions, view: View, task: Task = SILENT) -> Outcome:
    """What the model says before and after. HeadlightError of a model that cannot be asked."""
    before, places = plain(trace, what, options, Part(task, 0.0, 0.4)), places_of(view)
    said = [_scores(targets_at(one, places)) for one in (before, trace)]
    every = dict.fromkeys(key for scores in said for key in scores)
    known = dict(zip(every, _filled(every, said, (before, trace), Part(task, 0.4, 0.8)), strict=True))
    rows = (Row(name, *known[name, index]) for name, index in every)
    rows = (row for row in rows if np.isfinite(row.before) and np.isfinite(row.after))
    ordered = sorted(rows, key=lambda row: (-abs(row.change), -row.before))
    return Outcome(tuple(ordered), _moved(before, trace, Part(task, 0.8)))


Key = tuple[str, int]


def _scores(targets: Iterable[Target]) -> dict[Key, Target]:
    """By name and number, the likeliest of equal ones."""
    found: dict[Key, Target] = {}
    for one in targets:
        key = one.name, one.index
        if key not in found or one.score > found[key].score:
            found[key] = one
    return found


def _filled(
    every: Iterable[Key], said: list[dict[Key, Target]], traces: tuple[Trace, Trace], task: Task
) -> list[tuple[float, float]]:
    """(before, after) of each; what an answer does not list is asked for, of a few."""
    asked, found = 0, []
    for key in every:
        pair = []
        for scores, trace in zip(said, traces, strict=True):
            score = scores[key].score if key in scores else _unlisted(trace)
            target = next(one[key] for one in (scores, *said) if key in one)
            if not np.isfinite(score) and asked < 2 * MOST and "scores" in trace.run.offers:
                asked += 1
                task.progress(min(asked / MOST / 2, 1.0), f"How likely “{target.name}” is")
                score = float(trace.run.scores(np.zeros((1, len(trace.tokens)), bool), target)[0])
            pair.append(score)
        found.append((pair[0], pair[1]))
    return found


def _unlisted(trace: Trace) -> float:
    """The score of what an answer does not list: boxes that are not found have none, tokens some."""
    if trace.answer(NextTokens) is not None:
        return float("nan")
    return 0.0 if trace.answer(Boxes) is not None else float("nan")


def _moved(before: Trace, after: Trace, task: Task) -> float:
    """Of texts and pictures whose tokens are the same."""
    if before is after:
        return 0.0
    if "heads" not in after.run.offers or len(before.tokens) != len(after.tokens):
        return float("nan")
    try:
        first, second = (trace.run.states(task)[-1].astype(np.float64) for trace in (before, after))
    except HeadlightError:
        return float("nan")
    if first.shape != second.shape:
        return float("nan")
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float(1 - ((first * second).sum(1) / np.maximum(norms, 1e-12)).mean())


def swept(trace: Trace, what: Input, options: RunOptions, view: View, task: Task = SILENT) -> Swept:
    """The effect of each head on the chosen target, of the input and the model as they are."""
    whole = plain(trace, what, options, Part(task, 0.0, 0.05))
    target = target_of(whole, view)
    key = ("effects", target.index, target.place, target.beside)
    return Swept(derived(whole, key, lambda: whole.run.effects(target, Part(task, 0.05))), target)


def patched(
    trace: Trace,
    what: Input,
    options: RunOptions,
    other: Trace,
    of_other: tuple[Input, RunOptions],
    view: View,
    task: Task = SILENT,
) -> PatchedBy:
    """What each head and each token of another document's text carry over, both as they are."""
    here = plain(trace, what, options, Part(task, 0.0, 0.05))
    there = plain(other, *of_other, Part(task, 0.05, 0.1))
    target = target_of(here, view)
    found = here.run.patched(there, target, Part(task, 0.1))
    return PatchedBy(found, target, (tuple(here.tokens.labels), tuple(there.tokens.labels)))


def matrix_before(
    trace: Trace, what: Input, options: RunOptions, view: View, method: Method, task: Task = SILENT
) -> MatrixMap:
    """As `relevance_matrix`, without any intervention."""
    return relevance_matrix(plain(trace, what, options, task), view, method, task)


def map_before(
    trace: Trace,
    what: Input,
    options: RunOptions,
    view: View,
    method: Method,
    at: tuple[int, Head],
    task: Task = SILENT,
) -> InputMap | Drawn:
    """As `relevance_map`, without any intervention."""
    return relevance_map(plain(trace, what, options, task), view, method, at, task)
