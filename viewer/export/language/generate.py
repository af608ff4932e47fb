"""Export of what a model writes behind a text, or behind every line of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headlight.models.core.answers import Line, Writing, Written
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject, of_texts
from headlight.viewer.export.results import Result
from headlight.viewer.host.engines import open_engine
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, TextInput, from_text
from headlight.viewer.options import Rule, option

FEW = 5
"""Notices of lines that are told one by one."""


@dataclass(frozen=True)
class GenerateOptions:
    lines: bool = option(
        "every line of a text is an input of its own",
        switch=True,
        early=of_texts,
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
    lines = [(number, line.strip()) for number, line in numbered if line.strip()]
    writing = run.writing or Writing()
    together = not writing.draws and writing.target is None and not writing.ids
    notices: list[str] = []

    def table() -> Iterator[Sequence[object]]:
        yield ("line", "input", "text", "ids", "log_probability", "ended")
        said: list[tuple[int, str]] = []
        found = _together(lines, run, writing, task, said) if together else _each(lines, run, task, said)
        for (number, line), one in zip(lines, found, strict=True):
            ids = " ".join(map(str, one.ids))
            yield (number, line, one.text, ids, f"{one.log_probability:.9g}", one.ended)
        notices[:] = _first(said)

    return Result(dict, table, notices=notices)


def _first(said: Sequence[tuple[int, str]]) -> list[str]:
    """What is said of lines, by their numbers, and of how many more."""
    found = [f"Line {number:,}: {one}" for number, one in said[:FEW]]
    more = len({number for number, _ in said} - {number for number, _ in said[:FEW]})
    return [*found, f"The like holds of {more:,} more lines."] if more else found


def _together(
    lines: Sequence[tuple[int, str]],
    run: RunOptions,
    writing: Writing,
    task: Task,
    said: list[tuple[int, str]],
) -> Sequence[Line]:
    """In batches, without a trace of each."""
    engine = open_engine(run.model, "text", run.device, task, run.trust_pickle)
    begun = []
    for number, line in lines:
        with _of_line(number):
            begun.append(engine.begin(from_text(line).text))
        said += [(number, one) for one in begun[-1].notices]
    return engine.write(begun, writing, task)


def _each(
    lines: Sequence[tuple[int, str]], run: RunOptions, task: Task, said: list[tuple[int, str]]
) -> Iterator[Line]:
    for done, (number, line) in enumerate(lines):
        task.progress(done / len(lines), f"Line {number:,}")
        with _of_line(number):
            trace = forward_pass(from_text(line), run, task).trace
        said += [(number, notice) for notice in trace.notices]
        one = known(trace.written, Written)
        total = float(np.log(one.probabilities.astype(np.float64)).sum())
        yield Line(one.ids, one.text, total, one.ended)


@contextmanager
def _of_line(number: int) -> Iterator[None]:
    try:
        yield
    except HeadlightError as error:
        raise HeadlightError(f"Line {number:,}: {error.cause}", error.next_step) from error


def _drawn(written: Written) -> np.ndarray:
    return np.full(len(written.ids), np.nan, np.float32) if written.drawn is None else written.drawn


def _said(share: float) -> str:
    return "" if np.isnan(share) else f"{share:.9g}"
