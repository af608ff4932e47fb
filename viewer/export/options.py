"""What can be exported, as which kinds of file, and what can be chosen: the one list that the command line
and the window read.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

SIZES = (224, 1022)
"""Least and most pixels of a picture's short side."""

ENDINGS = {
    "tokens": ("npz", "csv"),
    "attention": ("npz", "csv", "png", "svg"),
    "rollout": ("npz", "csv", "png", "svg"),
    "saliency": ("npz", "png", "svg"),
    "segmentation": ("npz", "csv", "ply"),
    "receptive-field": ("npz", "csv", "png", "svg"),
    "attention-distance": ("npz", "csv"),
}
"""What can be exported, and as which kinds of file."""
CLOUD_ENDINGS = ENDINGS | {"rollout": ("npz", "csv")}
"""The same of point clouds."""
PICTURES = ("png", "svg")

KINDS = ("text", "image", "points")
READ_OF = dict.fromkeys(ENDINGS, KINDS) | {
    "saliency": ("image",),
    "segmentation": ("points",),
    "receptive-field": ("image",),
    "attention-distance": ("image",),
}
"""Of which kinds of input each of them is."""


Query = tuple[int, ...] | Literal["readout"]
"""Tokens, of which the mean counts, or those that the answer is read from."""


@dataclass(frozen=True)
class ExportOptions:
    """One export. Exactly one of `file` and `text` is given; None leaves a choice to its usual value.

    layer: index or name, see `layer_names`. head: index, "mean", "max" or "min". rollout: of RolloutSettings.
    cell: (row, column) of a unit. inputs, source: what its effective field is averaged over. without_self: a
    patch's weight on itself does not count.
    point: of a cloud, in the order of the file. unit, up: how its coordinates are read, as in cloud.py.
    classes: by which list its labels are read.
    """

    what: str
    out: Path
    file: str | None = None
    text: str | None = None
    pair: str | None = None
    model: str | None = None
    device: str | None = None
    layer: str | None = None
    head: int | str | None = None
    size: int | None = None
    start: int | None = None
    query: Query | None = None
    point: int | None = None
    unit: str | None = None
    up: str | None = None
    classes: str | None = None
    cell: tuple[int, int] | None = None
    inputs: int | None = None
    source: str | None = None
    without_self: bool = False
    trust_pickle: bool = False
    rollout: tuple[tuple[str, object], ...] = ()


def _count(value: str) -> int:
    return _whole(value, 0)


def _some(value: str) -> int:
    return _whole(value, 1)


def _whole(value: str, least: int) -> int:
    try:
        if (number := int(value)) >= least:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a whole number from {least} on")


def _head(value: str) -> int | str:
    if value in ("mean", "max", "min"):
        return value
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is neither a number nor mean, max or min") from None


def _query(value: str) -> Query:
    if value == "readout":
        return value
    return tuple(_count(part) for part in value.split(","))


def _cell(value: str) -> tuple[int, int]:
    row, comma, column = value.partition(",")
    if not (comma and row.strip().isdecimal() and column.strip().isdecimal()):
        raise argparse.ArgumentTypeError(f"“{value}” is not a row and a column, as in 12,7")
    return int(row), int(column)


def _size(value: str) -> int:
    try:
        if SIZES[0] <= (number := int(value)) <= SIZES[1]:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a whole number from {SIZES[0]:,} to {SIZES[1]:,}")


@dataclass(frozen=True)
class Option:
    """One choice.

    name: a field of ExportOptions, or of RolloutSettings. label, help: what the window and the command line
    call it. of: the exports that have it, all of them where it is empty; kinds: the inputs. needed, never:
    by the export, the kinds of file that must have it and that cannot. after: another choice that has to be
    made first. choices: all there are, by what the window calls them.
    """

    name: str
    help: str
    label: str = ""
    of: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    needed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    never: Mapping[str, Sequence[str]] = field(default_factory=dict)
    after: str = ""
    parse: Callable[[str], Any] = str
    choices: Mapping[str, str] = field(default_factory=dict)
    switch: bool = False
    metavar: str | None = None
    shared: bool = False
    """Of the command line with a window too."""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        if self.switch:
            parser.add_argument(self.flag, action="store_true", help=self.help)
            return
        choices = tuple(self.choices) or None
        parser.add_argument(self.flag, type=self.parse, choices=choices, metavar=self.metavar, help=self.help)

    def fits(self, what: str, kind: str, ending: str) -> bool:
        """Whether there is this choice for an export of such an input to such a file."""
        return (
            (not self.of or what in self.of) and kind in self.kinds and ending not in self.never.get(what, ())
        )

    def is_needed(self, what: str, ending: str) -> bool:
        return ending in self.needed.get(what, ())


UNITS = {"m": "metres", "cm": "centimetres", "mm": "millimetres", "ft": "feet", "in": "inches"}
"""What --unit takes, by the name of headlight.viewer.inputs.cloud."""
CLASS_LISTS = (
    *("s3dis", "s3dis-files", "scannet20", "nyu40", "matterport40", "semantickitti", "semantic3d"),
    *("toronto3d", "las", "names", "none"),
)
"""Lists of classes that the labels of a cloud can be numbers of; "names" are those that the file tells."""
_UPS = ("z", "y", "x", "z-down", "y-down", "x-down")
_FIELD = {"of": ("receptive-field",), "kinds": ("image",), "never": {"receptive-field": ("csv",)}}
_ROLLOUT = {"of": ("rollout",), "kinds": ("text", "image")}
_ONE_MATRIX = ("csv", *PICTURES)

OPTIONS = (
    Option("text", "a text in place of a FILE", kinds=("text",), metavar="TEXT", shared=True),
    Option("pair", "the second text of a pair", kinds=("text",), metavar="TEXT", shared=True),
    Option("model", "see “headlight models”, or a checkpoint", metavar="ID-or-path", shared=True),
    Option("trust_pickle", "open a checkpoint that could run code (.pth, .pt)", switch=True, shared=True),
    Option("device", "cuda, cuda:1, mps or cpu (the fastest there is)", metavar="NAME", shared=True),
    Option(
        "size",
        "short side of a picture, {} to {}".format(*SIZES),
        kinds=("image",),
        parse=_size,
        metavar="PIXELS",
        shared=True,
    ),
    Option(
        "classes",
        "of a cloud: which list its labels are numbers of (guessed)",
        kinds=("points",),
        choices={name: name for name in CLASS_LISTS},
        shared=True,
    ),
    Option("start", "first token shown of a long text", kinds=("text",), parse=_count, metavar="TOKEN"),
    Option(
        "layer",
        "attention: the layer (the last one), by its number or name, or “Head 5.0” for head 0 of layer 5; "
        "receptive-field: the layer of the unit whose effective field is computed",
        "Layer",
        of=("attention", "receptive-field"),
        needed={"receptive-field": PICTURES},
        never={"receptive-field": ("csv",)},
        metavar="INDEX-or-name",
    ),
    Option(
        "cell",
        "receptive-field: the unit (the one in the middle)",
        "Unit (row,column)",
        **_FIELD,
        after="layer",
        parse=_cell,
        metavar="ROW,COLUMN",
    ),
    Option(
        "inputs",
        "receptive-field: mean over so many inputs (1)",
        "Mean over inputs",
        **_FIELD,
        after="layer",
        parse=_some,
        metavar="COUNT",
    ),
    Option(
        "source",
        "receptive-field: which inputs (the picture)",
        "Inputs",
        **_FIELD,
        after="layer",
        choices={"picture": "This picture", "noise": "Noise"},
    ),
    Option(
        "without_self",
        "attention-distance: leave out a patch's weight on itself",
        "Leave out a patch's weight on itself",
        of=("attention-distance",),
        kinds=("image",),
        switch=True,
    ),
    Option(
        "head",
        "attention: one head, or all as one",
        "Head",
        of=("attention",),
        needed={"attention": _ONE_MATRIX},
        parse=_head,
        metavar="H|mean|max|min",
    ),
    Option(
        "fusion",
        "rollout: heads as one (mean)",
        "Heads as one",
        **_ROLLOUT,
        choices={"mean": "Mean", "max": "Maximum", "min": "Minimum"},
    ),
    Option(
        "discard",
        "rollout: lowest weights left out (0)",
        "Lowest weights left out",
        **_ROLLOUT,
        parse=float,
        metavar="SHARE",
    ),
    Option(
        "residual",
        "rollout: skip connection (add)",
        "Skip connection",
        **_ROLLOUT,
        choices={"add": "A + I", "mix": "½A + ½I", "none": "None"},
    ),
    Option("first", "rollout: first layer (0)", "First layer", **_ROLLOUT, parse=_count, metavar="INDEX"),
    Option(
        "last", "rollout: last layer (the last one)", "Last layer", **_ROLLOUT, parse=_count, metavar="INDEX"
    ),
    Option(
        "query",
        "attention: where one token looks, the mean of several, or what the answer is read from (a row for "
        "each token); rollout: of which token the map is (readout)",
        "Token",
        of=("attention", "rollout"),
        kinds=("text", "image"),
        parse=_query,
        metavar="INDEX[,INDEX]|readout",
    ),
    Option(
        "point",
        "of a cloud: one point, counted from 0 as in the file",
        "Point of the file",
        of=("attention", "rollout"),
        kinds=("points",),
        needed={"attention": _ONE_MATRIX, "rollout": CLOUD_ENDINGS["rollout"]},
        parse=_count,
        metavar="INDEX",
    ),
    Option("unit", "of a cloud: what its coordinates count", kinds=("points",), choices=UNITS),
    Option(
        "up",
        "of a cloud: which of its axes points up, or down",
        kinds=("points",),
        choices={up: up for up in _UPS},
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
ROLLOUT = ("fusion", "discard", "residual", "first", "last")
"""Those that are fields of RolloutSettings."""


def endings_of(what: str, kind: str) -> tuple[str, ...]:
    """As which kinds of file this can be exported of such an input."""
    return (CLOUD_ENDINGS if kind == "points" else ENDINGS)[what]


def given(options: ExportOptions) -> dict[str, Any]:
    """What was chosen, by the options' names."""
    named = {option.name: getattr(options, option.name, None) for option in OPTIONS}
    chosen = {**named, **dict(options.rollout)}
    return {name: value for name, value in chosen.items() if value is not None and value is not False}


def arguments(options: ExportOptions) -> list[str]:
    """What the command line takes for this export."""
    words = ["export", *([] if options.file is None else [options.file]), options.what]
    for name, value in given(options).items():
        option = BY_NAME[name]
        if option.switch:
            words.append(option.flag)
            continue
        written = _written(option, value)
        # What begins like an option is taken for one.
        words += [f"{option.flag}={written}"] if written.startswith("-") else [option.flag, written]
    return [*words, "--out", str(options.out)]


def command_line(options: ExportOptions) -> str:
    """The same as a line for a shell, with the program that runs now."""
    program = sys.argv[0]
    words = [sys.executable, os.path.abspath(program)] if program.endswith(".py") else ["headlight"]
    join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    return join([*words, *arguments(options)])


def _written(option: Option, value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if option.name == "unit":
        return next(short for short, name in UNITS.items() if name == value)
    return str(value)
