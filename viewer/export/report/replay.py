"""A report made again from what it holds, here or on another machine, and its numbers compared."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import File, Recipe
from headlight.models.core.task import SILENT
from headlight.viewer.export.door import writing
from headlight.viewer.export.report.record import TOLERANCE, Record, compared, record_of
from headlight.viewer.export.report.report import ReportOptions, now, page_of
from headlight.viewer.host.forward import read_again
from headlight.viewer.options import misfit, taken
from headlight.viewer.registry import REGISTRY, Kind, Method, resolve


def replay(page: Path, file: str | None, out: Path | None, say: Callable[[str], object]) -> bool:
    """Whether all numbers are equal within TOLERANCE; what is, and what is not as it was, line by line to
    `say`.

    file: where what was read lies now, None for where it lay. out: the new report. HeadlightError for a page
    that is no report, and for an input that is not there or is another one.
    """
    record = record_of(page)
    recipe = _placed(record.recipe, file)
    _check_options(record, page)
    options = taken(ReportOptions, record.options)
    if options.method is not None and options.method not in REGISTRY.all(Method):
        raise HeadlightError(f"There is no method “{options.method}” here.", "Install what brings it.")
    with ExitStack() as stack:
        write = stack.enter_context(writing(out)) if out else None
        document, result = read_again(recipe)
        content, here = page_of(options, document, result.trace, now(), SILENT)
        if write is not None:
            write(content)
    for name in dict.fromkeys([*record.told, *here.told]):
        then, today = record.told.get(name, "nothing"), here.told.get(name, "nothing")
        if then != today:
            say(f"{name}: {then} in the report, {today} here")
    found = compared(record.numbers, here.numbers)
    for one in found:
        say(str(one))
    off = [one.name for one in found if not one.equal]
    if not off:
        say(f"The run of {record.made} is repeated: all numbers are equal to {TOLERANCE:g} of the largest.")
    return not off


def _check_options(record: Record, page: Path) -> None:
    """HeadlightError where a value is no such option's."""
    kind = REGISTRY.all(Kind).get(record.recipe.kind)
    asked = ((resolve(kind.options), dict(record.recipe.options)),) if kind and kind.options else ()
    for cls, given in (*asked, (ReportOptions, record.options)):
        if name := misfit(cls, given):
            raise HeadlightError(
                f"{page.name} says of “{name}” what it cannot be.", "Name a report as it was written."
            )


def _placed(recipe: Recipe, file: str | None) -> Recipe:
    """With the file where it lies now."""
    source = recipe.source
    if file is not None:
        if not isinstance(source, File):
            raise HeadlightError("The report was made of no file.", "Leave FILE out.")
        source = replace(source, path=str(Path(file).absolute()))
    if isinstance(source, File) and not Path(source.path).exists():
        raise HeadlightError(
            f"{source.path} is not there.", "Name the file where it lies now behind the report."
        )
    return replace(recipe, source=source)
