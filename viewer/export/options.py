"""One export as it was asked for: what the window says and the command line reads."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from headlight.models.core.errors import HeadlightError, known
from headlight.viewer.host.asked import Model
from headlight.viewer.options import Option, is_given, options_of, written
from headlight.viewer.registry import REGISTRY, Export, Kind, resolve


@dataclass(frozen=True)
class ExportOptions:
    """One export: of `file`, or of the text that is given.

    what: what the command line calls it. given: what was chosen, by the names of options; what is not among
    them is as usual.
    """

    what: str
    out: Path
    file: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ending(self) -> str:
        return self.out.suffix.lower().removeprefix(".")


@dataclass(frozen=True, eq=False)
class Choice:
    """One choice of the command line.

    option: how it is read. help: what it means, for each export. places: (an export, "" for every one, and
    kinds of its inputs), wherever it is declared.
    """

    option: Option
    help: str
    places: tuple[tuple[str, tuple[Kind, ...]], ...]

    @property
    def whats(self) -> tuple[str, ...]:
        """The exports that have it, none where it is of reading too."""
        found = dict.fromkeys(what for what, _ in self.places)
        return () if "" in found else tuple(found)

    def kinds_for(self, what: str) -> tuple[Kind, ...]:
        """The kinds of input that it is of, for this export."""
        found = (kinds for place, kinds in self.places if place in ("", what))
        return tuple(dict.fromkeys(kind for kinds in found for kind in kinds))


def reading_choices() -> dict[str, Choice]:
    """What can be asked of how any input is read, by name."""
    return _collected(_of_reading())


def all_choices() -> dict[str, Choice]:
    """Every choice there is, by name: of reading, then of the exports. HeadlightError where two read it in
    different ways."""
    return _collected(chain(_of_reading(), _of_exports()))


def exports_of(what: str) -> tuple[Export, ...]:
    """All that the command line calls so: one for each sort of input."""
    return tuple(one for one in REGISTRY.all(Export).values() if one.what == what)


def whats() -> dict[str, tuple[str, ...]]:
    """What the command line can export, and as which kinds of file."""
    all_ = REGISTRY.all(Export).values()
    names = dict.fromkeys(one.what for one in all_ if any(kind.options for kind in kinds_of(one)))
    return {
        what: tuple(dict.fromkeys(end for one in exports_of(what) for end in one.endings)) for what in names
    }


def kinds_of(export: Export) -> tuple[Kind, ...]:
    """Of which kinds of input it is."""
    return tuple(kind for kind in REGISTRY.all(Kind).values() if export.needs.of_kind(kind))


def choices_of(export: Export) -> tuple[Option, ...]:
    return options_of(resolve(export.options)) if export.options else ()


def arguments(options: ExportOptions) -> list[str]:
    """What the command line takes for this export."""
    words = ["export", *([] if options.file is None else [options.file]), options.what]
    for name, choice in all_choices().items():
        value = options.given.get(name)
        if not is_given(value):
            continue
        if choice.option.switch:
            words.append(choice.option.flag)
            continue
        if choice.option.many:
            words += [choice.option.flag, *map(written, known(value, tuple))]
            continue
        said = written(value)
        # What begins like an option is taken for one.
        words += [f"{choice.option.flag}={said}"] if said.startswith("-") else [choice.option.flag, said]
    return [*words, "--out", str(options.out)]


def command_line(options: ExportOptions) -> str:
    """The same as a line for a shell, with the program that runs now."""
    program = sys.argv[0]
    words = [sys.executable, os.path.abspath(program)] if program.endswith(".py") else ["headlight"]
    join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    return join([*words, *arguments(options)])


Declared = tuple[Option, str, tuple[Kind, ...]]
"""An option, the export that has it or "", the kinds of input."""


def _of_reading() -> Iterator[Declared]:
    every = tuple(kind for kind in REGISTRY.all(Kind).values() if kind.options)
    for option in options_of(Model):
        yield option, "", every
    for kind in every:
        for option in options_of(resolve(kind.options)):
            yield option, "", (kind,)


def _of_exports() -> Iterator[Declared]:
    for export in REGISTRY.all(Export).values():
        for option in choices_of(export):
            yield option, export.what, kinds_of(export)


def _collected(declared: Iterable[Declared]) -> dict[str, Choice]:
    found: dict[str, list[Declared]] = {}
    for option, what, kinds in declared:
        there = found.setdefault(option.name, [])
        if there and not there[0][0].reads_like(option):
            raise HeadlightError(
                f"{option.flag} of {what} is read in another way than that of {there[0][1] or 'all'}.",
                "Update the plugin that declares it, or take it out.",
            )
        there.append((option, what, kinds))
    return {name: _joined(ones) for name, ones in found.items()}


def _joined(ones: list[Declared]) -> Choice:
    meant: dict[str, list[str]] = {}
    for option, what, _ in ones:
        said = meant.setdefault(option.help, [])
        if what and what not in said:
            said.append(what)
    help = "; ".join(f"{', '.join(said)}: {help}" if said else help for help, said in meant.items())
    return Choice(ones[0][0], help, tuple((what, kinds) for _, what, kinds in ones))
