"""What a report holds for machines: how it was made, and its numbers, to be made and compared again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Active, Edit, File, Freeze, Hide, Level, Off, Recipe, Scale
from headlight.models.core.tokens import Box, CharSpan, Cuboid, Position, Region, Special
from headlight.models.engines.pictures.labels import Label
from headlight.viewer.export.report.page import may_stand

FORM = "Headlight report 1"
"""What a record begins with: of another one nothing is known."""
NAME = "record"
"""What the page calls the element that holds it."""
KEPT = 4096
"""Numbers that are kept of each array, evenly from the first to the last."""
TOLERANCE = 1e-4
"""Of the largest number of an array, by how much two machines may differ in it."""
MOST_BYTES = 64_000_000
"""Of a page that is read."""

_PLAIN = (File, Freeze, Hide, Label, Level, Off, Scale, Box, CharSpan, Cuboid, Position, Region, Special)


@dataclass(frozen=True)
class Record:
    """recipe: of the trace. options: of the report, by name, those that are not as usual. told: by name, what
    it was made with: versions, the sha256 of weights. numbers: by name, of each array the numbers kept, float
    (k,), None for what is no number. made: the date in UTC.
    """

    recipe: Recipe
    options: dict[str, Any]
    told: dict[str, str]
    numbers: dict[str, list[float | None]]
    made: str = ""

    def text(self) -> str:
        """As JSON; what no page may hold is written by its number."""
        whole = json.dumps({"form": FORM, **_plain(vars(self))}, ensure_ascii=False, indent=None)
        return "".join(one if may_stand(one) else json.dumps(one)[1:-1] for one in whole)


def kept(values: np.ndarray) -> list[float | None]:
    """At most KEPT of an array's numbers, to nine digits, which give back the very float32."""
    flat = np.asarray(values, np.float64).ravel()
    some = np.unique(np.linspace(0, len(flat) - 1, min(len(flat), KEPT)).round().astype(int))
    return [float(f"{value:.9g}") if math.isfinite(value) else None for value in flat[some].tolist()]


def record_of(page: Path) -> Record:
    """That of a page. HeadlightError for a file that is no report of this form, or holds what none does."""
    try:
        if page.stat().st_size > MOST_BYTES:
            raise HeadlightError(f"{page.name} is too large for a report.", "Name another file.")
        finder = _Finder()
        finder.feed(page.read_text("utf-8"))
        said = json.loads("".join(finder.found))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(f"{page} cannot be read: {reason}.", "Name another file.") from error
    except (ValueError, RecursionError) as error:
        raise _no_report(page) from error
    if not isinstance(said, dict) or said.pop("form", None) != FORM:
        raise _no_report(page)
    try:
        made = Record(**{name: _made(value) for name, value in said.items()})
        for name, of in (("recipe", Recipe), ("options", dict), ("told", dict), ("numbers", dict)):
            if not isinstance(getattr(made, name), of):
                raise TypeError(name)
        _check(made.recipe)
        made.numbers.update({name: _numbers(values) for name, values in made.numbers.items()})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _no_report(page) from error
    return made


@dataclass(frozen=True)
class Compared:
    """How the numbers of one name stand to those that are recorded. off: the largest difference as a share of
    the largest number; None where they cannot be compared: `said` says why."""

    name: str
    off: float | None = None
    said: str = ""

    @property
    def equal(self) -> bool:
        return self.off is not None and self.off <= TOLERANCE

    def __str__(self) -> str:
        if self.off is None:
            return f"{self.name}: {self.said}"
        if self.off == 0:
            return f"{self.name}: equal, every number"
        word = "equal" if self.equal else "differs"
        return f"{self.name}: {word}, by {self.off:.2g} of the largest number at most"


def compared(before: Mapping[str, Sequence[float | None]], now: Mapping[str, Any]) -> list[Compared]:
    """Each array of either: those that are recorded, and what they are here."""
    return [_compared(name, before.get(name), now.get(name)) for name in dict.fromkeys([*before, *now])]


def _compared(name: str, before: Any, now: Any) -> Compared:
    if before is None or now is None:
        return Compared(name, said="not in the report" if before is None else "not here")
    if len(before) != len(now):
        return Compared(name, said=f"{len(before):,} numbers in the report, {len(now):,} here")
    then, here = (np.array([math.nan if x is None else x for x in each], float) for each in (before, now))
    if not np.array_equal(np.isnan(then), np.isnan(here)):
        return Compared(name, said="what is no number there is one here, or the other way about")
    largest = float(np.nanmax(np.abs(then), initial=0.0)) if np.isfinite(then).any() else 0.0
    off = float(np.nanmax(np.abs(then - here), initial=0.0)) if np.isfinite(then).any() else 0.0
    return Compared(name, off / largest if largest else off)


class _Finder(HTMLParser):
    """What stands in the element of the name NAME."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = self._in or (tag == "pre" and dict(attrs).get("id") == NAME)

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._in:
            self.found.append(data)


def _no_report(page: Path) -> HeadlightError:
    return HeadlightError(
        f"{page.name} is no report that this Headlight reads.", "Name one that “export … report” wrote."
    )


def _check(recipe: Recipe) -> None:
    """TypeError where its parts are of other kinds than a recipe's."""
    kinds = (
        (recipe.model, str),
        (recipe.source, File | str | None),
        (recipe.options, tuple),
        (recipe.interventions, tuple),
        (recipe.written, tuple),
        *((one, Active | Off) for one in recipe.interventions),
        *((one.of, Recipe) for one in recipe.interventions if isinstance(one, Freeze)),
    )
    for value, kind in kinds:
        if not isinstance(value, kind):
            raise TypeError(value)
    dict(recipe.options)


def _numbers(values: Any) -> list[float | None]:
    if not isinstance(values, Iterable):
        raise TypeError(values)
    return [None if value is None else float(value) for value in values]


# -- plain data ----------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """What JSON holds: dataclasses by their names."""
    if isinstance(value, Recipe) or (is_dataclass(value) and type(value) in _known().values()):
        parts = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        return {"is": type(value).__name__, **parts}
    if isinstance(value, np.ndarray):
        return {"is": "array", "values": value.tolist()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} cannot be written down")


def _made(value: Any) -> Any:
    """The way back: lists become tuples, since what is equal by content holds no other."""
    if isinstance(value, list):
        return tuple(map(_made, value))
    if not isinstance(value, dict):
        return value
    parts = {name: _made(one) for name, one in value.items() if name != "is"}
    name = value.get("is")
    if name is None:
        return parts
    if name == "array":
        return np.array(parts["values"], np.float64)
    return {**_known(), "Recipe": Recipe}[name](**parts)


def _known() -> dict[str, type]:
    """What a recipe may hold, by name: nothing else is made of what a page says."""
    return {one.__name__: one for one in (*_PLAIN, *_edits(Edit))}


def _edits(kind: type[Edit]) -> list[type[Edit]]:
    return [each for one in kind.__subclasses__() for each in (one, *_edits(one))]
