"""The one history of a document: how it was made and how it was looked at, step by step. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.view import View

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.inputs.inputs import Input

STEPS = 200
CHARACTERS = 16_000_000
"""Of the texts that the steps hold, together."""
FORMER_BYTES = 256_000_000
"""A trace that holds more is not kept when another one takes its place."""


@dataclass(frozen=True)
class Step:
    """What undo and redo bring back."""

    view: View
    recipe: Making


@dataclass(frozen=True)
class Since:
    """A document as it was before something was asked for that may not come."""

    step: Step
    past: Sequence[Step]
    future: Sequence[Step]


@dataclass(frozen=True)
class Asked:
    """What is wanted of a document, and not there yet. view: what is to be seen then; None: as it is now."""

    recipe: Making
    view: View | None
    since: Since


@dataclass(frozen=True, eq=False)
class Former:
    """A trace that was replaced, with all that belongs to it."""

    input: Input
    options: RunOptions
    trace: Trace
    checks: tuple[float, ...]
    memory: int | None
    held: int
    device: str

    @property
    def recipe(self) -> Making:
        return Making.of(self.input, self.options)

    def is_small(self) -> bool:
        """Whether it may be kept beside the present one."""
        return size_of(self.input) + self.held <= FORMER_BYTES


def size_of(what: Input) -> int:
    """Bytes that an input holds, about."""
    return REGISTRY.adapter_of(what).extent(what)


def bounded(steps: list[Step]) -> list[Step]:
    """The last steps, as many as may be kept."""
    steps, characters = steps[-STEPS:], 0
    texts = set()
    for kept, step in enumerate(reversed(steps)):
        text = step.recipe.text
        if text is not None and id(text) not in texts:
            texts.add(id(text))
            characters += len(text.text) + len(text.pair or "")
            if characters > CHARACTERS and kept:
                return steps[-kept:]
    return steps


def differs(steps: Sequence[Step], present: Step) -> bool:
    """Whether any of these steps is another than the present one."""
    return any(step != present for step in reversed(steps))
