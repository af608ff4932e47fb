"""The command line: the window, `export` and `models`. Nothing heavy is imported before it is needed.

Errors are one line on stderr, "headlight: what is wrong, what to do", and exit status 2.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from models.errors import HeadlightError, out_of_memory, sentence

SIZES = (224, 1022)
"""Least and most pixels of a picture's short side."""

PAGES = ("attention", "fields", "cost")
"""What a document can be opened on."""

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

_OWNERS = {
    "layer": ("attention", "receptive-field"),
    "head": ("attention",),
    "point": ("attention", "rollout"),
    "fusion": ("rollout",),
    "discard": ("rollout",),
    "residual": ("rollout",),
    "first": ("rollout",),
    "last": ("rollout",),
    "query": ("rollout",),
    "cell": ("receptive-field",),
    "inputs": ("receptive-field",),
    "source": ("receptive-field",),
    "without_self": ("attention-distance",),
}
_UPS = ("z", "y", "x", "z-down", "y-down", "x-down")
CLASS_LISTS = ("s3dis", "s3dis-files", "scannet20", "nyu40", "semantickitti", "las", "names", "none")
"""Lists of classes that the labels of a cloud can be numbers of; "names" are those that the file tells."""
_UNITS = {"m": "metres", "cm": "centimetres", "mm": "millimetres", "ft": "feet", "in": "inches"}


@dataclass(frozen=True)
class WindowOptions:
    """What the command line asks of the window; None leaves it as it is. size: a picture's short side.

    page: of viewer.session, on which documents open that have it. classes: the list that the labels of clouds
    are read by, as in CLASS_LISTS.
    """

    text: str | None = None
    pair: str | None = None
    model: str | None = None
    device: str | None = None
    size: int | None = None
    theme: str | None = None
    screenshot: Path | None = None
    trust_pickle: bool = False
    page: str | None = None
    classes: str | None = None


@dataclass(frozen=True)
class ExportOptions:
    """One export. Exactly one of `file` and `text` is given; None leaves a choice to its usual value.

    layer: index or name, see `layer_names`. head: index, "mean", "max" or "min". rollout: of RolloutSettings.
    cell: (row, column) of a unit. inputs, source: what its effective field is averaged over. without_self: a
    patch's weight on itself does not count.
    point: of a cloud, in the order of the file. unit, up: how its coordinates are read, as in viewer.clouds.
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
    query: int | None = None
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


_TAKEN = ("text", "pair", "model", "device", "layer", "head", "size", "start", "query", "point", "up")
_TAKEN += ("classes",)
_TAKEN += ("trust_pickle", "cell", "inputs", "source", "without_self")


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say; the exit status."""
    _let_libraries_be_silent()
    try:
        command = {"export": _export, "models": _models}.get(argv[0] if argv else "")
        return command(argv[1:]) if command else _window(argv)
    except HeadlightError as error:
        _say(str(out_of_memory(error) or error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted.")
        return 130
    except SystemExit as stop:  # argparse after --help
        return stop.code or 0
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if "--verbose" in argv:
            traceback.print_exc()
        if (known := out_of_memory(error)) is not None:
            _say(str(known))
            return 2
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _say(f"Something failed that should not: {what}. Run it again with --verbose to see where.")
        return 1


def check_out(out: str, endings: Sequence[str], what: str) -> Path:
    """The path to write to, its links followed. HeadlightError unless it can be a file of these endings."""
    path = Path(out)
    ending = path.suffix.lower().removeprefix(".")
    if ending not in endings:
        said = f"ends in “.{ending}”" if ending else "has no ending"
        raise HeadlightError(
            f"{path.name or out} {said}, and {what} can be {_either(endings)}.", "Change its ending."
        )
    if os.path.isdir(path):
        raise HeadlightError(f"{out} is a folder.", "Name a file in it.")
    if not os.path.isdir(path.parent):
        raise HeadlightError(
            f"The folder {path.parent} does not exist.", "Create it or change the file's name."
        )
    return Path(os.path.realpath(path))


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong the way everything else does."""

    def error(self, message: str) -> NoReturn:
        raise HeadlightError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}.", f"See “{self.prog} --help” for the options."
        )


def _window(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="headlight",
        allow_abbrev=False,
        description="Open texts, images and point clouds and explore their attention.",
        epilog="Without a window: “headlight export --help” and “headlight models”. "
        "A file of the name export or models is opened as ./export or ./models.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a text (UTF-8), an image or a point cloud")
    _add_common(parser)
    parser.add_argument("--theme", choices=("dark", "light", "system"), help="as chosen the last time")
    parser.add_argument("--screenshot", metavar="OUT.png", help="wait until all is drawn, save, exit")
    parser.add_argument("--page", choices=PAGES, help="what is looked at first (what the model offers)")
    given = parser.parse_intermixed_args(argv)
    if given.pair is not None and given.text is None and not given.files:
        raise HeadlightError("--pair is the second text of a pair.", "Give the first one with --text.")
    screenshot = None
    if given.screenshot is not None:
        screenshot = check_out(given.screenshot, ("png",), "a screenshot")
    options = WindowOptions(
        *(given.text, given.pair, given.model, given.device, given.size),
        *(given.theme, screenshot, given.trust_pickle, given.page, given.classes),
    )
    try:
        from viewer import app
    except ImportError as error:  # a library of the system that Qt needs
        raise HeadlightError(
            f"The window cannot start: {error}.", "Run script/run, which installs what is missing."
        ) from error
    return app.run(given.files, options)


def _export(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="headlight export",
        usage="%(prog)s FILE WHAT --out OUT [options]\n       %(prog)s WHAT --text TEXT --out OUT [options]",
        allow_abbrev=False,
        description="Compute without a window. WHAT is "
        + "; ".join(f"{what} ({', '.join(endings)})" for what, endings in ENDINGS.items())
        + ".",
    )
    parser.add_argument("words", nargs="*", metavar="FILE WHAT", help="the input, and what to compute of it")
    parser.add_argument("--out", metavar="OUT", help="the file to write; its ending says its kind")
    _add_common(parser)
    parser.add_argument("--start", type=_count, metavar="TOKEN", help="first token shown of a long text")
    parser.add_argument(
        "--layer",
        metavar="INDEX-or-name",
        help="attention: the layer (the last one), by its number or its name, or “Head 5.0” for head 0 of "
        "layer 5; receptive-field: the layer of the unit whose effective field is computed",
    )
    parser.add_argument(
        "--cell", type=_cell, metavar="ROW,COLUMN", help="receptive-field: the unit (the one in the middle)"
    )
    parser.add_argument(
        "--inputs", type=_some, metavar="COUNT", help="receptive-field: mean over so many inputs (1)"
    )
    parser.add_argument(
        "--source", choices=("picture", "noise"), help="receptive-field: which inputs (the picture)"
    )
    parser.add_argument(
        "--without-self",
        action="store_true",
        help="attention-distance: leave out a patch's weight on itself",
    )
    parser.add_argument(
        "--head", type=_head, metavar="H|mean|max|min", help="attention: one head, or all as one"
    )
    parser.add_argument("--fusion", choices=("mean", "max", "min"), help="rollout: heads as one (mean)")
    parser.add_argument("--discard", type=float, metavar="SHARE", help="rollout: lowest weights left out (0)")
    parser.add_argument("--residual", choices=("add", "mix", "none"), help="rollout: skip connection (add)")
    parser.add_argument("--first", type=_count, metavar="INDEX", help="rollout: first layer (0)")
    parser.add_argument("--last", type=_count, metavar="INDEX", help="rollout: last layer (the last one)")
    parser.add_argument("--query", type=_count, metavar="INDEX", help="rollout: the token of the map")
    parser.add_argument(
        "--point", type=_count, metavar="INDEX", help="of a cloud: one point, counted from 0 as in the file"
    )
    parser.add_argument("--unit", choices=tuple(_UNITS), help="of a cloud: what its coordinates count")
    parser.add_argument("--up", choices=_UPS, help="of a cloud: which of its axes points up, or down")
    given = parser.parse_intermixed_args(argv)
    file, what = _file_and_what(given.words, given.text)
    for option, owner in _OWNERS.items():
        value = getattr(given, option)
        if value is not None and value is not False and what not in owner:
            named = option.replace("_", "-")
            raise HeadlightError(f"--{named} belongs to {_either(owner)}, not to {what}.", "Leave it out.")
    if given.out is None:
        raise HeadlightError("--out is missing.", f"Name a file that ends in {_either(ENDINGS[what])}.")
    out = check_out(given.out, ENDINGS[what], what)
    if file is not None and out.exists() and os.path.exists(file) and os.path.samefile(file, out):
        raise HeadlightError("--out is the input itself.", "Name another file.")
    rollout = {name: getattr(given, name) for name in ("fusion", "discard", "residual", "first", "last")}
    options = ExportOptions(
        what=what,
        out=out,
        file=file,
        unit=None if given.unit is None else _UNITS[given.unit],
        rollout=tuple((name, value) for name, value in rollout.items() if value is not None),
        **{name: getattr(given, name) for name in _TAKEN},
    )
    from viewer.export import export

    for notice in export(options):
        _say(notice)
    return 0


def _models(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="headlight models", allow_abbrev=False, description="The catalogue, a line a model."
    )
    parser.add_argument("--verbose", action="store_true", help="show where an unexpected failure came from")
    parser.parse_args(argv)
    from models.catalog import entries

    rows = [
        (
            entry.id,
            entry.modality or "",
            f"{entry.layers} × {entry.heads} heads" if entry.layers and entry.heads else "",
            f"{entry.megabytes:,.0f} MB" if entry.megabytes else "",
            entry.where,
            entry.licence,
            entry.source,
        )
        for entry in entries()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", metavar="TEXT", help="a text in place of a FILE")
    parser.add_argument("--pair", metavar="TEXT", help="the second text of a pair")
    parser.add_argument("--model", metavar="ID-or-path", help="see “headlight models”, or a checkpoint")
    parser.add_argument(
        "--trust-pickle", action="store_true", help="open a checkpoint that could run code (.pth, .pt)"
    )
    parser.add_argument("--device", metavar="NAME", help="cuda, cuda:1, mps or cpu (the fastest there is)")
    parser.add_argument(
        "--size", type=_size, metavar="PIXELS", help="short side of a picture, {} to {}".format(*SIZES)
    )
    parser.add_argument(
        "--classes", choices=CLASS_LISTS, help="of a cloud: which list its labels are numbers of (guessed)"
    )
    parser.add_argument("--verbose", action="store_true", help="show where an unexpected failure came from")


def _file_and_what(words: Sequence[str], text: str | None) -> tuple[str | None, str]:
    """(FILE or None, WHAT)"""
    wanted = 2 if text is None else 1
    whats = _either(tuple(ENDINGS))
    if len(words) > wanted:
        if text is not None and len(words) == 2:
            raise HeadlightError("There are both a FILE and --text.", "Give one of them.")
        raise HeadlightError(f"“{words[wanted]}” is one word too many.", "Put names with spaces into quotes.")
    if len(words) < wanted:
        if words and words[0] in ENDINGS:
            raise HeadlightError("There is no input.", f"Write FILE before {words[0]}, or give --text.")
        raise HeadlightError("There is no word for what to export.", f"Choose {whats}.")
    what = words[-1]
    if what not in ENDINGS:
        raise HeadlightError(f"“{what}” cannot be exported.", f"Choose {whats}.")
    return (None if text is not None else words[0]), what


def _head(value: str) -> int | str:
    if value in ("mean", "max", "min"):
        return value
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is neither a number nor mean, max or min") from None


def _count(value: str) -> int:
    try:
        if (number := int(value)) >= 0:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a whole number from 0 on")


def _some(value: str) -> int:
    if _count(value) < 1:
        raise argparse.ArgumentTypeError(f"“{value}” is not a whole number from 1 on")
    return int(value)


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


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _say(message: str) -> None:
    print(f"headlight: {sentence(' '.join(message.split()))}", file=sys.stderr, flush=True)


def _let_libraries_be_silent() -> None:
    """stderr is for our lines: no progress bars and no advice from the libraries that load models."""
    for name, value in {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }.items():
        os.environ.setdefault(name, value)
