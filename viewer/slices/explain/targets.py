"""Of which target a relevance is: as a view has it, or by the words of the command line. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from headlight.models.core.answers import EVERY, NextTokens, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Place
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import placed, targets_at
from headlight.viewer.options import either
from headlight.viewer.session.view import RolloutQuery, Selection, TargetSettings, View

FEW = 6
"""Targets that are named to whoever asks for one that there is not."""


def places_of(view: View) -> tuple[Place, ...]:
    """Where it is asked: at the selected tokens, if the view says so."""
    return view[Selection].queries if view[RolloutQuery].selected else ()


def target_of(trace: Trace, view: View, task: Task = SILENT) -> Target:
    """The one that is chosen, or what the model says first, where it is said. HeadlightError where it says
    nothing."""
    return placed(trace, chosen_of(trace, view), task)


def chosen_of(trace: Trace, view: View) -> Target:
    """The same as it is listed: without a place where that is found by the model first."""
    offered = every(trace, places_of(view))
    wanted = view[TargetSettings]
    same = [one for one in offered if one.index == wanted.index]
    return next((one for one in same if one.place == wanted.box), same[0] if same else offered[0])


def again_of(trace: Trace, index: int, task: Task = SILENT) -> Target:
    """The target of this number of another input, where it is usually said. HeadlightError where the model
    does not say it of this one."""
    offered = every(trace)
    if same := [one for one in offered if one.index == index]:
        return placed(trace, same[0], task)
    if trace.answer(NextTokens) is not None and index >= 0:
        return Target(trace.run.engine(task).named(index), float("nan"), index, offered[0].place)
    raise HeadlightError(f"{trace.model.title} does not say there what is asked about.", "Leave it out.")


def every(trace: Trace, places: Sequence[Place] = ()) -> tuple[Target, ...]:
    """As `targets_at`. HeadlightError where there is none."""
    if found := targets_at(trace, places):
        return found
    raise HeadlightError(
        f"{trace.model.title} says nothing that could be asked about: it has no head of a task.",
        "Choose a model with the head of its task.",
    )


def named(trace: Trace, name: str | None, places: Sequence[Place] = (), task: Task = SILENT) -> Target:
    """By its name, of a language model any entry of its vocabulary, else by its number, with a # before it in
    any case; None for what is said first. HeadlightError, with what there is, for one that the model does not
    have.
    """
    offered = every(trace, places)
    if name is None:
        return placed(trace, offered[0], task)
    if same := [one for one in offered if name == one.name]:
        return placed(trace, same[0], task)
    is_of_tokens = trace.answer(NextTokens) is not None
    number = entry_of(trace, name, task) if is_of_tokens else number_in(name)
    same = [one for one in offered if number == one.index]
    same += [one for one in offered if name.strip().lower() == one.name.strip().lower()]
    if same:
        return placed(trace, same[0], task)
    if is_of_tokens and number is not None:
        title = trace.run.engine(task).named(number)
        return Target(title, float("nan"), number, offered[0].place)
    names = list(dict.fromkeys(f"“{one.name}”" for one in offered if one.index != EVERY))
    more = f" ({len(names):,} in all)" if len(names) > FEW else ""
    raise HeadlightError(
        f"{trace.model.title} does not say “{name}”.",
        f"Choose {either([*names[:FEW]])}{more}." if len(names) > 1 else f"There is only {names[0]}.",
    )


def entry_of(trace: Trace, token: str, task: Task = SILENT) -> int | None:
    """The entry of a model's vocabulary that is this token, or else has this number; None where there is
    none."""
    number = number_in(token)
    if number is not None and token.startswith("#"):
        return number
    found = trace.run.engine(task).numbered(token)
    return number if found is None else found


def number_in(name: str) -> int | None:
    """The number that is written so, as 7 or #7; None of anything else."""
    bare = name.removeprefix("#")
    return int(bare) if bare.isascii() and bare.isdigit() else None
