"""Texts beside a picture: how well they fit it, with labels and without, and what that rests on. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import Target, TextClasses
from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_about_zero, scale_of
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.registry import Method
from headlight.viewer.session.view import MapSettings, RolloutQuery, TargetSettings, View
from headlight.viewer.slices.explain.relevance import of_target, over_shown, relevance_map
from headlight.viewer.slices.maps import Drawn, InputMap


@dataclass(frozen=True, eq=False)
class Beside:
    """A class text's relevance on a picture, and on the same one without its labels where it has any; both
    on one scale."""

    now: InputMap
    before: InputMap | None
    scale: Scale


@dataclass(frozen=True, eq=False, kw_only=True)
class Words(Drawn):
    """Of the words of a class text. text: as the tower reads it. special: the share of the tokens that are no
    words."""

    text: str = ""
    special: float = 0.0


def chosen(answer: TextClasses, view: View) -> int:
    """The number of the text that is looked at: the chosen one, else the likeliest."""
    index = view[TargetSettings].index
    there = index is not None and 0 <= index < len(answer.names)
    return index if there and index is not None else answer.targets()[0].index


def texts_of(trace: Trace) -> TextClasses:
    """HeadlightError where there are none."""
    found = trace.answer(TextClasses)
    if found is None:
        raise HeadlightError("There are no class texts.", "Type at least one.")
    return found


def without_labels(trace: Trace, what: ImageInput, task: Task = SILENT) -> Trace | None:
    """What was read of a picture as its file has it; None where nothing was done to it."""
    plain = what.plain
    if plain is None:
        return None

    def read() -> Trace:
        found, size = texts_of(trace), dict(trace.recipe.options).get("size")
        engine = trace.run.engine(task)
        return engine.run(plain, size, task, texts=found.names, prompts=found.prompts)

    return derived(trace, ("without labels",), read)


def before(trace: Trace, what: ImageInput, task: Task = SILENT) -> np.ndarray | None:
    """float32 (classes,): the probabilities without labels; None where nothing was done to the picture."""
    plain = without_labels(trace, what, task)
    return None if plain is None else texts_of(plain).probabilities


def beside(trace: Trace, what: ImageInput, view: View, method: Method, task: Task = SILENT) -> Beside:
    """The relevance of the chosen text."""
    aimed = view.having(TargetSettings(chosen(texts_of(trace), view)), RolloutQuery(False))
    plain = without_labels(trace, what, Part(task, 0.0, 0.2))
    now = _map(trace, aimed, method, Part(task, 0.2, 0.6))
    if plain is None:
        return Beside(now, None, now.scale)
    was = _map(plain, aimed, method, Part(task, 0.6))
    scale = max((now.scale, was.scale), key=lambda one: one.high)
    return Beside(_on(now, scale), _on(was, scale), scale)


def _map(trace: Trace, view: View, method: Method, task: Task) -> InputMap:
    return known(relevance_map(trace, view, method, (0, 0), task), InputMap)


def _on(found: InputMap, scale: Scale) -> InputMap:
    tokens = known(found.tokens, PatchTokens)
    values = found.values[tokens.prefix :].reshape(tokens.grid)
    return replace(found, levels=levels(values, scale), scale=scale)


def words(trace: Trace, view: View, method: Method, prompt: int, task: Task = SILENT) -> Words:
    """The same text through the tower that reads: each word has the sum of its tokens."""
    answer = texts_of(trace)
    index = chosen(answer, view)
    target = Target(answer.names[index], float(answer.probabilities[index]), index)
    at = min(prompt, len(answer.prompts) - 1)
    read = derived(trace, ("words", index, at), lambda: trace.run.words(target, at, Part(task, 0.0, 0.3)))
    whole = of_target(read, view, method, target, Part(task, 0.3))
    seen = view.having(replace(MapSettings(), whole_words=True, hide_special=True))
    found = over_shown(read, seen, whole)
    return _drawn(found, whole, method)


def _drawn(found: Relevance, whole: Relevance, method: Method) -> Words:
    values = found.values
    scale = scale_about_zero(values, 100.0) if method.signed else scale_of(values, 100.0)
    every = known(whole.tokens, Tokens)
    size = float(np.abs(whole.values).sum())
    special = float(np.abs(whole.values[every.special]).sum()) / size if size else 0.0
    text = getattr(every, "sources", ("",))[0]
    said = vars(replace(found, values=values.astype(np.float32)))
    return Words(**said, levels=levels(values, scale), scale=scale, text=text, special=special)
