"""`export`: one input through one model into one file, without a window.

torch comes with the engine, after the arguments, the file to write and the input have been found good.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.options import ExportOptions, all_choices, choices_of, exports_of, kinds_of
from headlight.viewer.export.results import Result, content
from headlight.viewer.host.asked import run_options
from headlight.viewer.host.engines import said_first
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.inputs.inputs import (
    Input,
    TextInput,
    from_path,
    from_text,
    is_input,
    lines_of,
    with_text,
)
from headlight.viewer.inputs.told.columns import Meanings
from headlight.viewer.options import Option, either, flag, taken
from headlight.viewer.registry import REGISTRY, Export, Kind, resolve


def export(options: ExportOptions, say: Callable[[str], object] = str) -> tuple[str, ...]:
    """Write the file; the sentences that the user should see. HeadlightError, and no file, if it fails.

    say: told before a model is opened that takes long, and before much is computed.
    """
    if (over := _of_folder(options)) is not None:
        return _export_many(options, over, say)
    document = document_of(options)
    refuse_early(options, document)
    with writing(options.out) as write:
        result, told = computed(options, document, _passed, say)
        write(content(options.ending, result))
    return (*told, *result.notices)


Reads = Callable[[Input, RunOptions, str], Trace]
"""The trace of an input read with options, from a path or "" for none."""


def computed(
    options: ExportOptions, document: Input, reads: Reads, say: Callable[[str], object] = str
) -> tuple[Result, tuple[str, ...]]:
    """(what was asked for of a document that it is of, what the user should know of document and trace).

    say: as of `export`. HeadlightError where it fails.
    """
    entry, _ = _export_of(options.what, document)
    run = run_options(options.given)
    if said := said_first(run.model):
        say(said)
    run = resolve(entry.asks)(run) if entry.asks else run
    apart = resolve(entry.alone)(options.given, document, run, SILENT) if entry.alone else None
    if apart is not None:
        return apart, document.notices
    read = _read_first(document) if options.given.get("lines") else document
    trace = reads(read, run, options.file or "")
    result = result_of(options, document, trace)
    if result.said:
        say(result.said)
    told = [one for read in result.traces or (trace,) for one in notices_of(document, read)]
    return result, tuple(dict.fromkeys(told))


def _passed(what: Input, run: RunOptions, path: str) -> Trace:
    return forward_pass(what, run, path=path).trace


def _of_folder(options: ExportOptions) -> Export | None:
    """What is computed of all that lies in a folder, where FILE is one that no reader takes for an input."""
    over = next((one for one in exports_of(options.what) if one.many), None)
    if over is None or options.file is None or not Path(options.file).is_dir():
        return None
    return None if is_input(options.file) else over


def _export_many(options: ExportOptions, entry: Export, say: Callable[[str], object]) -> tuple[str, ...]:
    run = run_options(options.given)
    if said := said_first(run.model):
        say(said)
    with writing(options.out) as write:
        result = resolve(entry.many)(options.given, Path(known(options.file, str)), run, SILENT)
        write(content(options.ending, result))
    return tuple(result.notices)


def _read_first(document: Input) -> Input:
    """Of many texts, a line each, the first: by it the model is opened and checked."""
    if not isinstance(document, TextInput) or not (lines := lines_of(document.text)):
        return document
    return replace(document, text=lines[0])


def file_of(options: ExportOptions, document: Input, trace: Trace | None, task: Task = SILENT) -> np.ndarray:
    """uint8 (bytes,): the file of what was read already. HeadlightError, Cancelled if it fails."""
    refuse_early(options, document)
    return np.frombuffer(content(options.ending, result_of(options, document, trace, task), task), np.uint8)


def try_place(out: Path, task: Task = SILENT) -> None:
    """HeadlightError where nothing can be written: that is found before hours of work."""
    with writing(out):
        pass


def put(out: Path, data: np.ndarray, task: Task = SILENT) -> None:
    """Write the whole file. HeadlightError, and no file, if it fails."""
    with writing(out) as write:
        task.progress(1.0, f"Writing {out.name}")
        write(data.data)


def preview(options: ExportOptions, document: Input, trace: Trace, task: Task = SILENT) -> bytes:
    """The PNG of what a picture would be."""
    refuse_early(options, document)
    return bytes(content("png", result_of(options, document, trace, task), task))


def refuse_early(options: ExportOptions, document: Input) -> None:
    """HeadlightError for what no model can give of this input, before one is loaded."""
    export, kind = _export_of(options.what, document)
    ending, given = options.ending, options.given
    for option in choices_of(export):
        if option.name in given and option.early is not None:
            option.early(given[option.name], document)
    if ending not in export.endings:
        raise HeadlightError(
            f"The {export.what} of {kind.one} can be {either(export.endings)}.", "Change its ending."
        )
    for option in choices_of(export):
        rule = option.never if option.name in given else option.needed
        if ending in rule.endings and rule.cause:
            raise HeadlightError(rule.cause.format(ending=ending), rule.step)
        _check_meaning(option, given, export)
        before, why = option.after
        if option.name in given and before and before not in given:
            raise HeadlightError(f"{option.flag} {why}.", f"Give {flag(before)} too.")


def _check_meaning(option: Option, given: Mapping[str, Any], export: Export) -> None:
    """HeadlightError for a choice that means nothing beside another one."""
    other, meaningful = option.only
    if not other or option.name not in given:
        return
    usual = next(one.default for one in choices_of(export) if one.name == other)
    if (chosen := given.get(other, usual)) not in meaningful:
        raise HeadlightError(
            f"{option.flag} means nothing with {flag(other)} {chosen}: it is of {either(meaningful)}.",
            "Leave it out.",
        )


def result_of(options: ExportOptions, document: Input, trace: Trace | None, task: Task = SILENT) -> Result:
    """What was asked for. HeadlightError for layers, heads, tokens that there are not."""
    export, _ = _export_of(options.what, document)
    chosen = taken(resolve(export.options), options.given) if export.options else None
    return resolve(export.compute)(chosen, options.ending, document, trace, task)


def notices_of(document: Input, trace: Trace) -> tuple[str, ...]:
    """What the user should know of an input and its trace."""
    notices = [*document.notices, *trace.notices]
    # A network that nobody's weights were found for says so itself, and why.
    if trace.model.untrained and not any("untrained" in notice for notice in trace.notices):
        notices.append(f"{trace.model.title} is untrained: its weights are random.")
    if trace.model.by_hand:
        notices.append(f"{trace.model.title} is built by hand: its weights are set, not trained.")
    return tuple(notices)


@contextmanager
def writing(out: Path) -> Iterator[Callable[[bytes | memoryview], None]]:
    """What writes the whole file `out` at once: it gets its name when all stands, and else leaves nothing.

    A neighbour is opened first, so that a folder that cannot be written is found before hours of work.
    """
    part = out.with_name(f".headlight-{os.getpid()}.part")
    try:
        file = open(part, "wb")  # noqa: SIM115
    except OSError as error:
        raise _unwritable(out, error) from error

    def write(content: bytes | memoryview) -> None:
        try:
            with file:
                file.write(content)
            os.replace(part, out)
        except OSError as error:
            raise _unwritable(out, error) from error

    try:
        yield write
    finally:
        with suppress(OSError):  # a full disk fails once more here
            file.close()
        part.unlink(missing_ok=True)


def _unwritable(out: Path, error: OSError) -> HeadlightError:
    reason = (error.strerror or type(error).__name__).lower()
    return HeadlightError(f"{out} cannot be written: {reason}.", "Choose another place.")


def document_of(options: ExportOptions, there: Input | None = None) -> Input:
    """The input, as it is asked to be read. there: it was read already. HeadlightError where the options are
    of others."""
    text = options.given.get("text")
    if there is not None:  # of which another frame may be asked for
        document = REGISTRY.adapter_of(there).sought(there, Making(run_options(options.given)), SILENT)
    else:
        told, file = Meanings(options.given.get("columns") or ()), options.file
        reading = run_options(options.given).reading
        document = from_text(known(text, str)) if file is None else from_path(file, SILENT, told, reading)
    if text is not None and (options.file is not None or there is not None):
        document = with_text(document, text)
    _, kind = _export_of(options.what, document)
    for name, choice in all_choices().items():
        kinds = choice.kinds_for(options.what)
        if name in options.given and kind not in kinds:
            raise HeadlightError(f"{flag(name)} is of {_named(kinds)}.", f"Leave it out for {kind.one}.")
    return taken(resolve(kind.options), options.given).applied(document)


def _export_of(what: str, document: Input) -> tuple[Export, Kind]:
    """The export of this name that is of such an input, or HeadlightError."""
    kind, exports = REGISTRY.kind_of(document), exports_of(what)
    for one in exports:
        if kind in kinds_of(one):
            return one, kind
    kinds = tuple(dict.fromkeys(kind for one in exports for kind in kinds_of(one)))
    if set(exports[0].needs.of) <= {*kind.gives, "again"}:
        raise HeadlightError(
            f"{what.capitalize()} asks the model anew, and what was recorded from Python is without it.",
            "Export its attention, rollout or heads, or open the input with a model.",
        )
    step = f"Choose {kinds[0].one}."
    if isinstance(document, TextInput) and document.table and any("positions" in one.gives for one in kinds):
        step = "Say what its columns are, with --columns x,y,z and so on, or choose a point cloud."
    raise HeadlightError(f"{what.capitalize()} is of {_named(kinds)}, and this is {kind.one}.", step)


def _named(kinds: Iterable[Kind]) -> str:
    """In a sentence; recorded ones go without saying where their like are named."""
    every = tuple(kinds)
    *front, last = (kind.plural for kind in every if "recorded" not in kind.gives or every[0] is kind)
    return f"{', '.join(front)} and {last}" if front else last
