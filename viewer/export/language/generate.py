"""Export of what a model writes behind a text, or behind every line of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headlight.models.core.answers import Writing, Written
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Result
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, TextInput, from_text
from headlight.viewer.options import Rule, option


@dataclass(frozen=True)
class GenerateOptions:
    lines: bool = option(
        "every line of a text is an input of its own",
        switch=True,
        never=Rule(("npz",), "Of many lines only a table is written.", "Let OUT end in csv."),
    )


def nothing_written(subject: Subject) -> str:
    """ "" where a model wrote something, else the reason."""
    trace = subject.trace
    return "" if trace is not None and trace.written is not None else "The model has written nothing."


def asked(run: RunOptions) -> RunOptions:
    """A model that is asked for nothing in particular writes what it likes best."""
    return run if run.writing is not None else replace(run, writing=Writing())


def generate(options: GenerateOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """ids int64 (m,), tokens (m,), probabilities float32 (m,), `drawn` alike, text, what the model saw."""
    written = known(trace.written, Written)
    labels = np.array(written.labels)
    start = {"start": np.array(written.start), "ended": np.array(written.ended)}

    def arrays() -> dict[str, np.ndarray]:
        return {
            "ids": np.array(written.ids, np.int64),
            "tokens": labels,
            "text": np.array(written.text),
            "probabilities": written.probabilities,
            "drawn": _drawn(written),
            **start,
            **trace.inputs,
        }

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "id", "token", "probability", "drawn")
        rows = zip(written.ids, labels, written.probabilities, _drawn(written), strict=True)
        for index, (number, label, own, drawn) in enumerate(rows, start=written.start):
            yield (index, number, str(label), _said(own), _said(drawn))

    return Result(arrays, table)


def of_lines(given: Mapping[str, Any], document: Input, run: RunOptions, task: Task) -> Result | None:
    """A row for each line that is not empty, where lines were asked for."""
    if not given.get("lines"):
        return None
    numbered = enumerate(known(document, TextInput).text.splitlines(), start=1)
    lines = [(number, line) for number, line in numbered if line.strip()]

    def table() -> Iterator[Sequence[object]]:
        yield ("line", "input", "text", "ids", "log_probability", "ended")
        for done, (number, line) in enumerate(lines):
            task.progress(done / len(lines), f"Line {number:,}")
            try:
                trace = forward_pass(from_text(line.strip()), run, task).trace
            except HeadlightError as error:
                raise HeadlightError(f"Line {number:,}: {error.cause}", error.next_step) from error
            one = known(trace.written, Written)
            total = float(np.log(one.probabilities.astype(np.float64)).sum())
            yield (number, line.strip(), one.text, " ".join(map(str, one.ids)), f"{total:.9g}", one.ended)

    return Result(dict, table)


def _drawn(written: Written) -> np.ndarray:
    return np.full(len(written.ids), np.nan, np.float32) if written.drawn is None else written.drawn


def _said(share: float) -> str:
    return "" if np.isnan(share) else f"{share:.9g}"
