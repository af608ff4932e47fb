"""What can be asked “why this?” of, of one reading: what its answers say, and what else its engine offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headlight.models.core.answers import (
    SALIENCY,
    SIMILARITY,
    Boxes,
    Classes,
    NextTokens,
    PixelLabels,
    PointLabels,
    Target,
    Things,
)
from headlight.models.core.cache import derived
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import OUTPUT, Cuboid, PatchTokens, Place, Position, Tokens
from headlight.models.core.trace import Trace

UNKNOWN = float("nan")
"""The score of a target that takes a pass to know."""


def targets_at(trace: Trace, places: Sequence[Place] = ()) -> tuple[Target, ...]:
    """Every target, the likeliest of an answer first. places: where it is asked, none for the whole input,
    or of a language model where it speaks last.

    None where gradients cannot be taken, and no score given, of any.
    """
    if not {"gradients", "scores"} & trace.run.offers:
        return ()
    found: list[Target] = []
    for answer in trace.answers:
        if isinstance(answer, Classes | PixelLabels):
            found += answer.targets()
        elif isinstance(answer, NextTokens):
            found += _expected(answer, places)
        elif isinstance(answer, Boxes):
            found += _boxes(answer, places)
        elif isinstance(answer, Things):
            found += _of_things(answer, places)
        elif isinstance(answer, PointLabels):
            found += _of_points(trace, answer, places)
    if "saliency" in trace.run.offers:
        placed = (place for place in places if not trace.tokens.special[trace.tokens.find(place)].any())
        found.append(Target("saliency", UNKNOWN, SALIENCY, next(placed, None)))
    if "similarity" in trace.run.offers and len(both := _two(trace, places)) == 2:
        found.append(Target("similarity", UNKNOWN, SIMILARITY, *both))
    return tuple(found)


def placed(trace: Trace, target: Target, task: Task = SILENT) -> Target:
    """The same target where it is said: saliency that is asked of no place is that of the patch that draws
    the eye most.

    It is not that of the picture: what is salient is so beside all else, so that where a thing is hidden the
    next one draws the eye, and the mean of the picture says little of what any of it rests on.
    """
    if target.index != SALIENCY or target.place is not None:
        return target
    place = derived(trace, "most salient", lambda: _most_salient(trace, task))
    return replace(target, place=place)


def _most_salient(trace: Trace, task: Task) -> Place:
    tokens = known(trace.tokens, PatchTokens)
    found = trace.run.engine(task).saliency(trace, task)
    rows, columns = tokens.grid
    down, across = found.shape[0] // rows, found.shape[1] // columns
    means = found[: rows * down, : columns * across].reshape(rows, down, columns, across).mean((1, 3))
    return tokens.place(tokens.prefix + int(means.argmax()))


def asked_at(trace: Trace, target: Target) -> tuple[Tokens, np.ndarray]:
    """(the tokens of a stream, int (m,): those whose last vectors a target is read from): where it is said,
    else the readout, or all that have a place."""
    things = trace.answer(Things)
    number = None if things is None else things.find(target.place)
    if number is not None and OUTPUT in trace.streams:  # a query's box may be that of cells too
        return trace.streams[OUTPUT], np.array([number])
    placed = [place for place in (target.place, target.beside) if place is not None]
    if placed:
        tokens = trace.at(placed[0])[0]
        firsts = [int(one[0]) for place in placed if len(one := tokens.find(place))]
        if firsts:
            return tokens, np.unique(firsts)
    tokens = trace.tokens
    if trace.readout is not None and target.index != SALIENCY:
        return tokens, np.array([trace.readout])
    where = np.flatnonzero(~tokens.special)
    return tokens, where if len(where) else np.arange(len(tokens))


def _expected(answer: NextTokens, places: Sequence[Place]) -> list[Target]:
    """At the first of these places where the model says something; else the last, or under the first mask."""
    if not answer.places:
        return []
    at = next((answer.places.index(place) for place in places if place in answer.places), None)
    if at is None:
        at = len(answer.places) - 1 if answer.follows else 0
    row = zip(answer.names[at], answer.probabilities[at], answer.ids[at], strict=True)
    return [Target(name, float(score), int(index), answer.places[at]) for name, score, index in row]


def _of_points(trace: Trace, answer: PointLabels, places: Sequence[Place]) -> list[Target]:
    """The classes of all points, or of those at the first place, the likeliest there first."""
    where = trace.tokens.find_all(places[:1])
    if not len(where):
        return list(answer.targets())
    likely = answer.probabilities[where].mean(0)
    order = np.argsort(-likely, kind="stable")
    return [Target(answer.classes[i], float(likely[i]), int(i), places[0]) for i in order]


def _of_things(answer: Things, places: Sequence[Place]) -> tuple[Target, ...]:
    """What each token found, or every class of the first of these places that is one's."""
    at = next((number for place in places if (number := answer.find(place)) is not None), None)
    return answer.targets() if at is None else answer.of(at)


def _boxes(answer: Boxes, places: Sequence[Place]) -> list[Target]:
    """Those that are at these places, or hold them; all where there are no such."""
    every = answer.targets()
    points = [(at.x, at.y, at.z) for at in places if isinstance(at, Position)]
    where = np.array(points, np.float64).reshape(-1, 3)

    def is_meant(place: Place | None) -> bool:
        return place in places or (isinstance(place, Cuboid) and bool(place.holds(where).any()))

    return [one for one in every if is_meant(one.place)] or list(every)


def _two(trace: Trace, places: Sequence[Place]) -> list[Place]:
    """Two tokens: those that are chosen, and what stands first where they are fewer."""
    tokens, placed = trace.tokens, np.flatnonzero(~trace.tokens.special)
    others = [] if trace.readout is None else [trace.readout]
    if isinstance(tokens, PatchTokens):
        others.append(tokens.index(tokens.grid[0] // 2, tokens.grid[1] // 2))
    others += [int(at) for at in placed[[0, -1]]] if len(placed) else []
    chosen = [int(at) for place in places for at in tokens.find(place)[:1]]
    return [tokens.place(at) for at in dict.fromkeys([*chosen, *others])][:2]
