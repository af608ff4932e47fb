"""What a model writes behind a text, told apart since it becomes a part of what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT

Ended = Literal["end", "length", "room", "given"]
"""The model said that the text ends; as many tokens were written as were asked for, or as it reads at once;
they were all given."""
MOST_BEAMS = 256
"""Hypotheses of which each keeps the keys and values of a whole text."""
_SAMPLED = ("temperature", "top_k", "top_p", "seed")


@dataclass(frozen=True)
class Writing:
    """What is asked of a model that goes on with a text.

    new: how many tokens at most; 0 where all are given. beams: hypotheses that are kept at each step; 1 takes
    the likeliest token each time. temperature, top_k, top_p, seed: as far as any is given, tokens are drawn,
    by the logits over the temperature, of the k likeliest, of the fewest that hold the share p (Holtzman et
    al. 2020). target: a text that is written whatever the model would say. ids: tokens that are, first.
    """

    new: int | None = None
    beams: int = 1
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    target: str | None = None
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.new is not None and self.new < 0:
            raise HeadlightError(f"{self.new:,} tokens cannot be written.", "Choose 1 or more.")
        if self.new == 0 and not self.ids and self.target is None:
            raise HeadlightError("Nothing is to be written.", "Choose 1 token or more.")
        if self.beams < 1:
            raise HeadlightError(f"A search with {self.beams} beams finds nothing.", "Choose 1 or more.")
        if self.beams > MOST_BEAMS:
            raise HeadlightError(
                f"A search does not keep {self.beams:,} beams.", f"Choose {MOST_BEAMS} or fewer."
            )
        if self.seed is not None and not 0 <= self.seed < 1 << 64:
            raise HeadlightError(f"{self.seed} is no seed.", "Choose a number from 0 on, below 2⁶⁴.")
        if self.temperature is not None and not 0 < self.temperature < float("inf"):
            raise HeadlightError(
                f"Logits cannot be divided by a temperature of {self.temperature:g}.",
                "Choose a number above 0, or no temperature for the likeliest token each time.",
            )
        if self.top_k is not None and self.top_k < 1:
            raise HeadlightError(f"No token is among the {self.top_k} likeliest.", "Choose 1 or more.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise HeadlightError(
                f"No tokens hold the share {self.top_p:g}.", "Choose a number above 0, and 1 at most."
            )
        if self.target is not None and not self.target.strip():
            raise HeadlightError("The target is empty or holds only spaces.", "Give it some words.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Writing | None:
        """By the names of its fields; None where none of them is given."""
        names = (one.name for one in fields(cls))
        asked = {name: given[name] for name in names if given.get(name) not in (None, ())}
        return cls(**asked) if asked else None

    @property
    def draws(self) -> bool:
        """Whether tokens are drawn, not the likeliest taken."""
        return any(getattr(self, name) is not None for name in _SAMPLED)

    def branched(self, ids: tuple[int, ...], new: int) -> Writing:
        """The same way on from other tokens that are given."""
        return replace(self, ids=ids, new=new, target=None)

    def anew(self) -> Writing:
        """As many tokens, of which none is given but those of a target."""
        new = None if self.new is None else self.new + len(self.ids)
        return replace(self, ids=(), new=new) if self.ids else self

    def count(self, usual: int) -> int:
        """How many tokens are written at most, beside those that are given."""
        if self.new is not None:
            return self.new
        return 0 if self.ids or self.target is not None else usual


@dataclass(frozen=True, eq=False)
class Written:
    """What a model wrote, as a part of its trace.

    stream, start: which of the trace's tokens is the first. ids: m numbers of the vocabulary; the end of what
    an encoder–decoder writes is among them, and no token of its stream. text: what they say. probabilities:
    float32 (m,), the model's own of each, before any temperature; NaN where it says none. ended: why there
    are no more. how: what was asked for. labels: what they are called. drawn: float32 (m,), the probability
    of each where tokens are drawn as it says. shares: float32 (m + 1, k), the same of those that the
    NextTokens of the trace list before each of the m, and behind the last; m of them where that is an end.
    None where none are drawn.
    """

    start: int
    ids: tuple[int, ...]
    text: str
    probabilities: np.ndarray
    ended: Ended
    how: Writing
    labels: tuple[str, ...]
    drawn: np.ndarray | None = None
    shares: np.ndarray | None = None
    stream: str = INPUT


@dataclass(frozen=True)
class SoFar:
    """What is written while more is: by the numbers of its tokens, and in words."""

    ids: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class Line:
    """What a model wrote of one of many texts. log_probability: the sum over all tokens, in nats; its end is
    one. ids, text, ended: as of what is written."""

    ids: tuple[int, ...]
    text: str
    log_probability: float
    ended: Ended
