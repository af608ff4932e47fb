"""Export of what every head looks for, and how: patterns, sharpness, distance, what it writes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.attention.patterns import painted_in, rows_painted
from headlight.models.core.errors import known
from headlight.models.core.settings import BAND, TEMPLATE, PatternSettings
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.maps import require_attention
from headlight.viewer.export.choices import Subject, of_texts
from headlight.viewer.export.results import Filled, Result, check_layers
from headlight.viewer.inputs.inputs import Input, TextInput, lines_of
from headlight.viewer.options import option, within


def read_template(value: str) -> str:
    """Rows of 0 and 1, as many as columns, with slashes between: 100/110/011."""
    try:
        painted_in(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"“{value}” is no matrix of 0 and 1, up to {TEMPLATE} × {TEMPLATE}, as in 100/110/011"
        ) from None
    return value


@dataclass(frozen=True)
class HeadsOptions:
    """As in PatternSettings."""

    band: int = option(
        f"tokens or patches that a band reaches to either side ({BAND})",
        "Band reaches",
        default=BAND,
        parse=within(0, 999),
        metavar="COUNT",
        empty=str(BAND),
    )
    template: str | None = option(
        "what is laid over the matrix of each head: rows of 0 and 1 (nothing)",
        "Template",
        parse=read_template,
        metavar="100/110/011",
        empty="none",
    )

    lines: bool = option(
        "every line is a text of its own, and the figures are of all", switch=True, early=of_texts
    )

    def settings(self) -> PatternSettings:
        return PatternSettings(self.band, painted_in(self.template) if self.template else ())


def heads_filled(subject: Subject, task: Task) -> Filled:
    settings = subject.view[PatternSettings]
    template = rows_painted(settings.template) if settings.template else None
    return Filled({"band": settings.band, "template": template}, shown=subject.page == "heads")


def heads(options: HeadsOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """float32 (layers, most heads of a layer) a measure, NaN where there is none."""
    from headlight.models.attention.measures import measured

    require_attention(trace)
    check_layers(trace.layers, task)
    notices: list[str] = []
    if options.lines:
        found, more, notices = _over_lines(options, known(document, TextInput), trace, task)
    else:
        found, more = measured(trace.layers, options.settings(), task), trace.inputs
    arrays = {
        "names": np.array(list(found)),
        **{name: array.astype(np.float32) for name, array in found.items()},
        "layers": np.array([layer.name for layer in trace.layers]),
        **more,
    }
    return Result(lambda: arrays, lambda: _table(found, trace), notices=notices)


def _over_lines(
    options: HeadsOptions, document: TextInput, trace: Trace, task: Task
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """(means over all queries of all lines, how many lines and tokens there were, what is to be said)."""
    from headlight.models.corpus.texts import gathered

    engine = trace.run.engine(task)
    found = gathered(engine, lines_of(document.text), options.settings(), task=task)
    counts = {"texts": found.seen, "tokens": found.tokens, "cut": found.cut}
    said = f"{found.cut:,} of {found.seen:,} lines are longer than {trace.model.title} reads and were cut."
    return found.means(), {name: np.array(one) for name, one in counts.items()}, [said] if found.cut else []


def _table(found: Mapping[str, np.ndarray], trace: Trace) -> Iterator[Sequence[object]]:
    """A line a head; where a measure is none nothing is written."""
    yield ("layer", "head", "name", *found)
    for number, layer in enumerate(trace.layers):
        for head in range(layer.heads):
            values = [array[number, head] for array in found.values()]
            yield (number, head, layer.name, *("" if np.isnan(v) else f"{v:.9g}" for v in values))
