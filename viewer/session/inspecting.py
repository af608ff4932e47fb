"""How artifact tokens are looked at, which examples classes are made of, which part of a picture stands
in other surroundings, which one was cut out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headlight.models.core.interventions import How, Surroundings
from headlight.models.core.settings import OUTLIER, TEMPERATURE


@dataclass(frozen=True)
class ArtifactSettings:
    """factor: a token is an outlier above so many medians of its layer's norms. behind: how many layers the
    norms that are shown have passed, None for all. by: which map is shown with artifact tokens and without.
    """

    factor: float = OUTLIER
    behind: int | None = None
    by: Literal["rollout", "head"] = "rollout"

    def state(self, count: int) -> int:
        """Which of so many states is shown."""
        return count - 1 if self.behind is None else min(self.behind, count - 1)


@dataclass(frozen=True)
class Example:
    """A class by its name, and the files of its pictures."""

    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class PrototypeSettings:
    """classes: by example. folder: the one whose sub-folders they all are, "" where they are not. shown: the
    class whose likeness lies on the picture, "" for the one that wins. temperature: what cosines are divided
    by before they become probabilities."""

    classes: tuple[Example, ...] = ()
    folder: str = ""
    shown: str = ""
    temperature: float = TEMPERATURE

    def added(self, name: str, paths: tuple[str, ...]) -> tuple[Example, ...]:
        """The classes with more pictures in one, a new one if there is none of this name."""
        before = next((one.paths for one in self.classes if one.name == name), None)
        if before is None:
            return (*self.classes, Example(name, paths))
        every = tuple(dict.fromkeys((*before, *paths)))
        return tuple(Example(name, every) if one.name == name else one for one in self.classes)


@dataclass(frozen=True)
class ContextSettings:
    """outline: the part of the picture that is drawn, (x, y) a corner in its pixels; none for none. how: what
    becomes of the rest, or, `inside`, of the part. tool: what a drag draws."""

    outline: tuple[tuple[float, float], ...] = ()
    how: How = "cover"
    inside: bool = False
    tool: Literal["box", "lasso"] = "box"

    @property
    def edit(self) -> Surroundings | None:
        """None while nothing is drawn."""
        return Surroundings(self.outline, self.how, self.inside) if len(self.outline) > 2 else None


@dataclass(frozen=True)
class MaskSettings:
    """chosen: which of the parts that a model cut out is shown, None for the one that it is surest of. tool:
    where a click is, on the thing or beside it."""

    chosen: int | None = None
    tool: Literal["on", "beside"] = "on"

    def shown(self, best: int, count: int) -> int:
        """Of so many parts."""
        return best if self.chosen is None or self.chosen >= count else self.chosen
