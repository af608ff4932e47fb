"""The command line: the window, `export`, `replay` and `models`. What is heavy is imported when needed.

Errors are one line on stderr, "headlight: what is wrong, what to do", and exit status 2.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import sys
import traceback
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from headlight.models.core.errors import HeadlightError, out_of_memory, sentence
from headlight.viewer import plugins, registry
from headlight.viewer.app.options import WindowOptions
from headlight.viewer.app.unread import leave_sources_unread
from headlight.viewer.export.out import check_out
from headlight.viewer.options import either, is_given, options_of, taken


def main() -> int:
    """The exit status: 0, 2 for what the user can put right, 1 for a defect, 130 after Ctrl+C, 141 where who
    read the output (`head`) has seen enough.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # stderr is for what the user can act on; python -W brings them back
    return run(sys.argv[1:])


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say; the exit status."""
    let_libraries_be_silent()
    try:
        command = {"export": _export, "replay": _replay, "models": _models, "engine": _engine}.get(
            argv[0] if argv else ""
        )
        status = command(argv[1:]) if command else _window(argv)
        if sys.stdout is not None:  # as in a window's program on Windows
            sys.stdout.flush()
        return status
    except HeadlightError as error:
        _say(str(out_of_memory(error) or error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted.")
        return 130
    except SystemExit as stop:  # argparse after --help
        return stop.code or 0
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return 141
        if "--verbose" in argv:
            traceback.print_exc()
        if (known := out_of_memory(error)) is not None:
            _say(str(known))
            return 2
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _say(f"Something failed that should not: {what}. Run it again with --verbose to see where.")
        return 1


class Parser(argparse.ArgumentParser):
    """Tells what is wrong the way everything else does; -40,0,3 is a value as -40 is: no option begins so."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> NoReturn:
        raise HeadlightError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}.", f"See “{self.prog} --help” for the options."
        )


def _window(argv: Sequence[str]) -> int:
    from headlight.viewer.export.options import reading_choices

    parser = Parser(
        prog="headlight",
        allow_abbrev=False,
        description="Open texts, images, sounds and point clouds and explore their attention.",
        epilog="Without a window: “headlight export --help”, “headlight replay --help” and “headlight "
        "models”. A file of the name export, replay, models or engine is opened as ./export and so on.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="a text (UTF-8), an image, a sound or a point cloud"
    )
    reading = {name: one for name, one in reading_choices().items() if one.option.window}
    for choice in reading.values():
        choice.option.add_to(parser)
    _add_verbose(parser)
    for one in options_of(WindowOptions):
        one.add_to(parser)
    found = parser.parse_intermixed_args(argv)
    given = _given(found, reading)
    if "pair" in given and "text" not in given and not found.files:
        raise HeadlightError("--pair is the second text of a pair.", "Give the first one with --text.")
    options = replace(taken(WindowOptions, vars(found)), given=given)
    if options.screenshot is not None:
        options = replace(options, screenshot=check_out(options.screenshot, ("png",), "a screenshot"))
    try:
        leave_sources_unread()
        from headlight.viewer.app import start
    except ImportError as error:  # a library of the system that Qt needs
        raise HeadlightError(
            f"The window cannot start: {error}.", "Run script/run, which installs what is missing."
        ) from error
    return start.run(found.files, options)


def _export(argv: Sequence[str]) -> int:
    from headlight.viewer.export.options import ExportOptions, all_choices, whats

    for failure in plugins.read(registry.REGISTRY):
        _say(str(failure))
    choices, endings = all_choices(), whats()
    parser = Parser(
        prog="headlight export",
        usage="%(prog)s FILE WHAT --out OUT [options]\n       %(prog)s WHAT --text TEXT --out OUT [options]",
        allow_abbrev=False,
        description="Compute without a window. WHAT is "
        + "; ".join(f"{what} ({', '.join(ends)})" for what, ends in endings.items())
        + ".",
    )
    parser.add_argument("words", nargs="*", metavar="FILE WHAT", help="the input, and what to compute of it")
    parser.add_argument("--out", metavar="OUT", help="the file to write; its ending says its kind")
    for choice in choices.values():
        choice.option.add_to(parser, choice.help)
    _add_verbose(parser)
    found = parser.parse_intermixed_args(argv)
    file, what = _file_and_what(found.words, found.text, tuple(endings))
    given = _given(found, choices)
    for name in given:
        if choices[name].whats and what not in choices[name].whats:
            raise HeadlightError(
                f"{choices[name].option.flag} belongs to {either(choices[name].whats)}, not to {what}.",
                "Leave it out.",
            )
    if found.out is None:
        raise HeadlightError("--out is missing.", f"Name a file that ends in {either(endings[what])}.")
    options = ExportOptions(what, check_out(found.out, endings[what], what, file), file, given)
    from headlight.viewer.export.door import export

    for notice in export(options, _say):
        _say(notice)
    return 0


def _replay(argv: Sequence[str]) -> int:
    parser = Parser(
        prog="headlight replay",
        allow_abbrev=False,
        description="Make the run of a report again and compare its numbers: 0 where they are equal, else 2.",
    )
    parser.add_argument("report", metavar="REPORT", help="a page that “export … report” wrote")
    parser.add_argument("file", nargs="?", metavar="FILE", help="what was read, where it lies elsewhere now")
    parser.add_argument("--out", metavar="OUT", help="the new report, an html file")
    _add_verbose(parser)
    found = parser.parse_args(argv)
    for failure in plugins.read(registry.REGISTRY):
        _say(str(failure))
    out = None if found.out is None else check_out(found.out, ("html",), "a report", found.report)
    from headlight.viewer.export.report.replay import replay

    if replay(Path(found.report), found.file, out, print):
        return 0
    _say("The numbers are not those of the report.")
    return 2


def _given(found: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """What was chosen, by the names of options."""
    return {name: value for name in names if is_given(value := getattr(found, name))}


def _models(argv: Sequence[str]) -> int:
    parser = Parser(prog="headlight models", allow_abbrev=False, description="The catalogue, a line a model.")
    _add_verbose(parser)
    parser.parse_args(argv)
    from headlight.models.catalogue.entries import entries

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


def _engine(argv: Sequence[str]) -> int:
    parser = Parser(
        prog="headlight engine",
        allow_abbrev=False,
        description="Compute for a window elsewhere, which starts this by --engine and talks to it over "
        "standard input and output.",
    )
    parser.add_argument("folder", nargs="?", help=argparse.SUPPRESS)  # in memory, shared with the window
    found = parser.parse_args(argv)
    plugins.read(registry.REGISTRY)  # the window tells which of them fail
    from headlight.viewer.host.apart.engine import serve

    return serve(found.folder)


def _add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="show where an unexpected failure came from")


def _file_and_what(words: Sequence[str], text: str | None, known: Sequence[str]) -> tuple[str | None, str]:
    """(FILE or None, WHAT)"""
    wanted = 2 if text is None else 1
    whats = either(known)
    if text is not None and len(words) == 2:  # a text beside a picture
        wanted = 2
    if len(words) > wanted:
        raise HeadlightError(f"“{words[wanted]}” is one word too many.", "Put names with spaces into quotes.")
    if len(words) < wanted:
        if words and words[0] in known:
            raise HeadlightError("There is no input.", f"Write FILE before {words[0]}, or give --text.")
        raise HeadlightError("There is no word for what to export.", f"Choose {whats}.")
    what = words[-1]
    if what not in known:
        raise HeadlightError(f"“{what}” cannot be exported.", f"Choose {whats}.")
    return (words[0] if wanted == 2 else None), what


def _say(message: str) -> None:
    print(f"headlight: {sentence(' '.join(message.split()))}", file=sys.stderr, flush=True)


def _nobody_reads() -> bool:
    """Whether stdout is a pipe whose other end is closed; if so what is left goes nowhere, in silence."""
    out = sys.stdout.fileno()
    if hasattr(select, "poll"):  # not on Windows
        asked = select.poll()
        asked.register(out, 0)
        if not asked.poll(0):
            return False
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), out)
    return True


def let_libraries_be_silent() -> None:
    """stderr is for our lines: no progress bars and no advice from the libraries that load models."""
    for name, value in {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
    }.items():
        os.environ.setdefault(name, value)
