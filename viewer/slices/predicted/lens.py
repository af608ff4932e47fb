"""What each layer would say, a stretch of places at a time, and what is added to one token's logit. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.answers import NextTokens
from headlight.models.core.cache import CACHE
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace

if TYPE_CHECKING:
    from headlight.models.explain.lens import Added, Lens

STRETCH = 256
"""Places that are looked at together."""
SAID = 5
"""Tokens of a layer that are read out."""


def stretch_of(place: int) -> int:
    """The number of the stretch that holds a place."""
    return place // STRETCH


def lens_map(trace: Trace, stretch: int, task: Task = SILENT) -> Lens:
    """Of all places of a stretch."""
    from headlight.models.explain.lens import lens

    def whole() -> Lens:
        count = len(known(trace.answer(NextTokens), NextTokens).places)
        return lens(trace, np.arange(count)[stretch * STRETCH : (stretch + 1) * STRETCH], task)

    return CACHE.kept(trace, ("lens", stretch), whole)


@dataclass(frozen=True, eq=False)
class Saying:
    """What layers would say at one place.

    first: a state each. tokens: a row for each state, (name, probability) a token, the likeliest first.
    wanted: what is said in the end; shares, ranks: of that, a state each.
    """

    first: tuple[str, ...]
    tokens: tuple[tuple[tuple[str, float], ...], ...]
    wanted: str
    shares: np.ndarray
    ranks: np.ndarray


UNSAID = "–"
"""What stands where two tokens are as likely as each other: neither is said."""


def first_words(found: Lens) -> list[list[str]]:
    """A list a state: what it says first at each place."""
    tied = found.probabilities[..., 0] == found.probabilities[..., 1]
    return [
        [UNSAID if none else found.names[number] for number, none in zip(ids, ties, strict=True)]
        for ids, ties in zip(found.ids[..., 0].tolist(), tied.tolist(), strict=True)
    ]


def saying(found: Lens, column: int) -> Saying:
    """What a lens shows in one of its columns."""
    rows = zip(found.ids[:, column, :SAID].tolist(), found.probabilities[:, column].tolist(), strict=True)
    tokens = tuple(
        tuple((found.names[number], share) for number, share in zip(ids, shares, strict=False))
        for ids, shares in rows
    )
    wanted = found.names[int(found.wanted[column])]
    first = tuple(row[column] for row in first_words(found))
    return Saying(first, tokens, wanted, found.of_wanted[:, column], found.ranks[:, column])


def saying_at(trace: Trace, place: int, task: Task = SILENT) -> Saying:
    """At one place; at once where its stretch is known."""
    from headlight.models.explain.lens import lens

    stretch = stretch_of(place)
    found = CACHE.get(trace, ("lens", stretch))
    if found is not None:
        return saying(found, place - stretch * STRETCH)
    return saying(lens(trace, np.array([place]), task), 0)


@dataclass(frozen=True, eq=False)
class AddedTo:
    """name: of the token to whose logit is added."""

    added: Added
    name: str


def added_to(trace: Trace, place: int, number: int | None, task: Task = SILENT) -> AddedTo:
    """At a place, to the logit of an entry of the vocabulary; None for what the model says first."""
    from headlight.models.explain.lens import added, places_of

    answer = known(trace.answer(NextTokens), NextTokens)
    number = int(answer.ids[place, 0]) if number is None else number
    token = int(places_of(trace)[place])
    return AddedTo(added(trace, token, number, task), trace.run.engine(task).named(number))


def parts_of(added: Added) -> list[tuple[str, tuple[int, int] | None, float]]:
    """(what it is, which head it is if it is one, what it adds), what adds or takes most first; without what
    adds nothing at all."""
    parts: list[tuple[str, tuple[int, int] | None, float]] = [
        (f"head {layer}.{head}", (layer, head), float(added.heads[layer, head]))
        for layer, head in np.argwhere(np.isfinite(added.heads)).tolist()
    ]
    for name, values in (("MLP", added.others), ("attention bias", added.biases)):
        parts += [(f"{name} {layer}", None, float(value)) for layer, value in enumerate(values)]
    parts += [("embedding", None, added.embedding), ("last norm and head", None, added.constant)]
    return sorted((one for one in parts if one[2]), key=lambda one: -abs(one[2]))
