"""Options: frozen dataclasses whose fields say how a person is asked for them.

A choice is declared once, beside what it is for; the command line, its help and its checks, and the window's
forms are made from that.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Rule:
    """Kinds of file, by their endings, for which a choice must be made, or cannot be.

    cause, step: what is said before a model is asked, "{ending}" in it the ending; "" where it takes the
    model to know.
    """

    endings: tuple[str, ...] = ()
    cause: str = ""
    step: str = ""


@dataclass(frozen=True)
class Option:
    """One choice. name: the field's.

    help, label: what the command line and the window call it; without a label the window does not ask.
    choices: all there are, by what the window calls them. needed, never: of which files. after: another
    choice that has to be made first, and why, as in "is of one layer". only: another choice, and its values
    with which this one means anything. early: called with the value and the input before a model is loaded,
    raises HeadlightError. empty: what stands in an empty line of the window's
    form. named: the name of a file says it. window: of the command line with a window too.
    many: it takes several values, each as a word of its own.
    """

    help: str
    label: str = ""
    parse: Callable[[str], Any] = str
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    metavar: str | None = None
    switch: bool = False
    many: bool = False
    default: Any = None
    needed: Rule = Rule()
    never: Rule = Rule()
    after: tuple[str, str] = ("", "")
    only: tuple[str, tuple[Any, ...]] = ("", ())
    early: Callable[[Any, Any], object] | None = None
    empty: str = "all"
    named: bool = False
    window: bool = False
    name: str = ""

    @property
    def flag(self) -> str:
        return flag(self.name)

    def add_to(self, parser: argparse.ArgumentParser, said: str = "") -> None:
        """said: the help, where it is another."""
        said = said or self.help
        if self.switch:
            parser.add_argument(self.flag, dest=self.name, action="store_true", help=said)
            return
        more = {"nargs": "+", "action": _Several} if self.many else {}
        choices = tuple(self.choices) or None
        parser.add_argument(
            *(self.flag,),
            dest=self.name,
            type=self.parse,
            choices=choices,
            metavar=self.metavar,
            help=said,
            **more,
        )

    def reads_like(self, other: Option) -> bool:
        """Whether the command line can read both under one name."""
        return self._way == other._way

    @property
    def _way(self) -> tuple[object, ...]:
        return self.parse, self.switch, self.many, tuple(self.choices)


class _Several(argparse.Action):
    """All values as a tuple, those of the same flag after each other."""

    def __call__(
        self, parser: argparse.ArgumentParser, found: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        setattr(found, self.dest, (*(getattr(found, self.dest) or ()), *values))


def option(help: str, label: str = "", **said: Any) -> Any:
    """A dataclass's field that is asked for; `said` as in Option."""
    made = Option(help, label, **said)
    usual = False if made.switch else made.default
    return dataclasses.field(default=usual, metadata={"option": dataclasses.replace(made, default=usual)})


@cache
def options_of(cls: type) -> tuple[Option, ...]:
    """What a dataclass asks for, in its order: what is its own, then what it inherits."""
    own = {name: place for place, name in enumerate(inspect.get_annotations(cls))}
    return tuple(
        dataclasses.replace(field.metadata["option"], name=field.name)
        for field in sorted(dataclasses.fields(cls), key=lambda field: own.get(field.name, len(own)))
        if "option" in field.metadata
    )


def taken(cls: type, given: Mapping[str, Any]) -> Any:
    """The options that are fields of `cls`, out of all that were given, by name."""
    names = {one.name for one in dataclasses.fields(cls)}
    return cls(**{name: value for name, value in given.items() if name in names})


def misfit(cls: type, given: Mapping[str, Any]) -> str:
    """The first of the options of `cls` that are given whose value is of another type than its field; ""
    where there is none."""
    hints = typing.get_type_hints(cls)
    return next(
        (name for name, value in given.items() if name in hints and not _fits(value, hints[name])), ""
    )


def _fits(value: object, kind: Any) -> bool:
    parts = typing.get_args(kind)
    match typing.get_origin(kind):
        case typing.Literal:
            return value in parts
        case typing.Union | types.UnionType:
            return any(_fits(value, one) for one in parts)
        case origin if origin is tuple:
            return isinstance(value, tuple) and all(_fits(one, parts[0]) for one in value)
        case None if kind is float:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case None if kind is int:
            return isinstance(value, int) and not isinstance(value, bool)
        case origin:
            return isinstance(value, kind if origin is None else origin)


def flag(name: str) -> str:
    """A field whose name Python keeps for itself ends in a line: "as_" is --as."""
    return "--" + name.rstrip("_").replace("_", "-")


def is_given(value: object) -> bool:
    return value is not None and value is not False


def written(value: object) -> str:
    """As the command line and the lines of a form take it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(map(written, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def either(words: Iterable[str]) -> str:
    """a, b or c"""
    *front, last = words
    return f"{', '.join(front)} or {last}" if front else last


def count(value: str) -> int:
    return _whole(value, 0)


def some(value: str) -> int:
    return _whole(value, 1)


def numbers(value: str) -> tuple[int, ...]:
    """“12,5”"""
    return tuple(map(count, value.split(",")))


def place(value: str) -> tuple[float, float]:
    """“12.5,7”, of a picture"""
    found = _finite(value, 2)
    if found is None:
        raise argparse.ArgumentTypeError(f"“{value}” is not X,Y in pixels of the picture")
    return found[0], found[1]


def corners(value: str) -> tuple[float, float, float, float]:
    """“12,7,80,60”, of a box"""
    found = _finite(value, 4)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"“{value}” is not X,Y,X,Y: the left, top, right and bottom of a box in pixels of the picture"
        )
    return found[0], found[1], found[2], found[3]


def _finite(value: str, count: int) -> list[float] | None:
    """So many numbers with commas between them, or None."""
    try:
        found = [float(one) for one in value.split(",")]
    except ValueError:
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def within(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number from `least` to `most`."""

    def read(value: str) -> int:
        return _whole(value, least, most)

    return read


def _whole(value: str, least: int, most: int | None = None) -> int:
    try:
        if least <= (found := int(value)) and (most is None or found <= most):
            return found
    except ValueError:
        pass
    to = "on" if most is None else f"to {most:,}"
    raise argparse.ArgumentTypeError(f"“{value}” is not a whole number from {least:,} {to}")
