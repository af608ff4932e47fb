"""`headlight.open`: what the command line can, as arrays.

Every export of the registry, a plugin's too, is a method of what is open; its options are keywords, and are
read by the very parser that reads the command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from headlight.api.described import picture_of
from headlight.models.core.errors import HeadlightError, sentence
from headlight.viewer import builtin, plugins, registry
from headlight.viewer.app.cli import Parser, let_libraries_be_silent
from headlight.viewer.export import door
from headlight.viewer.export.options import (
    ExportOptions,
    all_choices,
    choices_of,
    exports_of,
    kinds_of,
    reading_choices,
)
from headlight.viewer.export.results import content
from headlight.viewer.host.asked import run_options
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.inputs.inputs import Input, from_path, from_pixels, from_text, with_text
from headlight.viewer.options import either, flag, is_given, written
from headlight.viewer.registry import REGISTRY, Export

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.host.recipe import RunOptions

__all__ = ["Arrays", "Opened", "open"]
assert builtin  # what there is


class Arrays(dict[str, np.ndarray]):
    """What an export holds as arrays, by their names; as an array itself it is the one that it is called by.

    Names are attributes too. notices: sentences that the user should see.
    """

    def __init__(self, what: str, arrays: Mapping[str, np.ndarray], notices: tuple[str, ...] = ()) -> None:
        super().__init__(arrays)
        self.__dict__ |= {"_what": what, "notices": notices}

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"There is no array “{name}”: there are {', '.join(self)}.") from None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        names = (self._what.replace("-", "_"), "values", *self)
        return np.array(next(self[name] for name in names if name in self), dtype)

    def __repr__(self) -> str:
        parts = (f"{name} {one.dtype} {one.shape}" for name, one in self.items() if hasattr(one, "dtype"))
        return f"<{self._what}: {', '.join(parts)}>"


class Opened:
    """An input, read by a model when something is asked of it. What can be asked are its methods, `dir()`.

    Each takes the options of its export as keywords, and any of those that it was opened with anew.
    """

    def __init__(self, what: Input, file: str | None, given: Mapping[str, Any]) -> None:
        self._input, self._file, self._given = what, file, dict(given)
        self._traces: dict[RunOptions, Trace] = {}

    def __repr__(self) -> str:
        return f"<{REGISTRY.kind_of(self._input).noun} “{self._input.title}”>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(_python(what) for what in self._whats())]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        what = next((one for one in _whats() if _python(one) == name), None)
        if what is None or name.startswith("_"):
            raise AttributeError(f"There is no “{name}”. Choose {either(map(_python, self._whats()))}.")
        asked = partial(self._asked, what)
        asked.__doc__ = _said(what)
        return asked

    @property
    def trace(self) -> Trace:
        """The pass with the options that it was opened with."""
        return self._read(self._input, run_options(self._parsed("", {})), self._file or "")

    def export(self, what: str, out: str | os.PathLike[str], **options: Any) -> tuple[str, ...]:
        """Write a file as the command line does; the sentences that the user should see."""
        if what not in _whats():
            raise HeadlightError(f"“{what}” cannot be exported.", f"Choose {either(_whats())}.")
        from headlight.viewer.export.out import check_out

        found = _endings(what)
        path = check_out(str(out), found, what, self._file)
        with door.writing(path) as write:
            result, told = self._computed(what, path, options)
            write(content(path.suffix[1:].lower(), result))
        return (*told, *result.notices)

    def _asked(self, what: str, **options: Any) -> Any:
        """Arrays, or of what has none the text of its file."""
        endings = _endings(what)
        ending = "npz" if "npz" in endings else endings[0]
        result, told = self._computed(what, Path(f"out.{ending}"), options)
        if ending == "npz":
            return Arrays(what, result.arrays(), (*told, *result.notices))
        return bytes(content(ending, result)).decode()

    def _computed(self, what: str, out: Path, options: Mapping[str, Any]) -> Any:
        given = self._parsed(what, options)
        asked = ExportOptions(what, out, self._file, given)
        document = door.document_of(asked, self._input)
        door.refuse_early(asked, document)
        return door.computed(asked, document, self._read)

    def _read(self, what: Input, run: RunOptions, path: str) -> Trace:
        """One pass for all that is asked with the same options; those of two are kept."""
        if what is not self._input or run not in self._traces:
            trace = forward_pass(what, run, path=path).trace
            if what is not self._input:
                return trace
            while len(self._traces) > 1:
                del self._traces[next(iter(self._traces))]
            self._traces[run] = trace
        return self._traces[run]

    def _parsed(self, what: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """What was chosen, by the names of options, as the command line would read it."""
        whole = {**self._given, **options}
        choices = all_choices()
        for name in whole:
            if name not in choices:
                raise TypeError(f"There is no option “{name}” of {what}. {_said(what)}")
            if choices[name].whats and what not in choices[name].whats:
                raise HeadlightError(
                    f"{flag(name)} belongs to {either(choices[name].whats)}, not to {what}.", "Leave it out."
                )
        parser = _Keywords(allow_abbrev=False, add_help=False)
        words: list[str] = []
        for name, value in whole.items():
            choice = choices[name].option
            choice.add_to(parser)
            if not is_given(value):
                continue
            if choice.switch:
                words.append(choice.flag)
            elif choice.many:
                words += [choice.flag, *([value] if isinstance(value, str) else map(str, value))]
            else:
                words.append(f"{choice.flag}={written(tuple(value) if isinstance(value, list) else value)}")
        found = vars(parser.parse_args(words))
        return {name: value for name, value in found.items() if is_given(value)}

    def _whats(self) -> Iterator[str]:
        """The exports of inputs of this kind."""
        kind = REGISTRY.kind_of(self._input)
        return (what for what in _whats() if any(kind in kinds_of(one) for one in exports_of(what)))


def open(source: Any = None, *, text: str | None = None, **reading: Any) -> Opened:
    """Open an input for all that the command line can compute of it, as arrays.

    source: a path, or a picture as PIL has it or as an array (height, width, 3). text: a text in its place,
    or beside a picture. reading: the options by which it is read (model, device, size, …), as `headlight
    --help` lists them. Errors are `HeadlightError`, with the sentences of the command line.

    >>> lamp = headlight.open(text="A lamp lights.")
    >>> lamp.attention(layer=2, head=0)["attention"].shape
    (1, 6, 6)
    >>> float(lamp.rollout(fusion="mean").rollout[0].sum().round(4))
    1.0
    """
    let_libraries_be_silent()
    _plugins_read()
    file: str | None = None
    if source is None:
        if text is None:
            raise HeadlightError("There is nothing to open.", "Give a path, a picture or text=….")
        what = from_text(text)
    else:
        if isinstance(source, str | os.PathLike):
            file = os.fspath(source)
            what = from_path(file, reading=run_options(reading).reading)
        else:
            what = from_pixels(picture_of(source), "Picture")
        what = what if text is None else with_text(what, text)
    opened = Opened(what, file, reading)
    if unknown := [name for name in reading if name not in reading_choices()]:
        known = ", ".join(reading_choices())
        raise TypeError(f"There is no option “{unknown[0]}” of reading; there are {known}.")
    return opened


class _Keywords(Parser):
    """Says what is wrong with a keyword as the command line does with a word."""

    def error(self, message: str) -> NoReturn:
        said = sentence(f"{message[:1].upper()}{message[1:].rstrip('.')}.")
        raise HeadlightError(said, "See its help for the options.")


@cache
def _plugins_read() -> None:
    import warnings

    for failure in plugins.read(registry.REGISTRY):
        warnings.warn(str(failure), stacklevel=3)


def _whats() -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.what for one in REGISTRY.all(Export).values()))


def _endings(what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(end for one in exports_of(what) for end in one.endings))


def _python(what: str) -> str:
    return what.replace("-", "_")


def _said(what: str) -> str:
    """What an export is, and its options."""
    lines = []
    for one in exports_of(what):
        lines.append(f"{one.title}.")
        for option in choices_of(one):
            default = "" if option.default is None else f" ({option.default!r})"
            lines.append(f"    {option.name}: {option.help}{default}")
    return "\n".join(dict.fromkeys(lines))
