"""Export of what a model says of its input: classes, expected tokens, the class of each part of a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from headlight.models.core.answers import (
    Classes,
    Matches,
    NextTokens,
    PixelLabels,
    TextClasses,
    Things,
    listed,
)
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Result
from headlight.viewer.inputs.inputs import Input

Table = Iterator[Sequence[object]]


def no_answer(subject: Subject) -> str:
    """ "" where the model has the head of its task, else the reason."""
    trace = subject.trace
    return "" if trace is None or listed(trace.answers) is not None else _none(trace)


def answer(options: None, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """All of it, and what the model saw. HeadlightError where there is none."""
    found = listed(trace.answers)
    if found is None:
        raise HeadlightError(
            _none(trace),
            "Choose a classifier, a segmenter or a masked or causal language model with --model.",
        )
    arrays, table = _FILES[type(found)]
    return Result(lambda: {**arrays(found, trace), **trace.inputs}, partial(table, found, trace))


def _none(trace: Trace) -> str:
    return f"{trace.model.title} gives no answer: it has no head for a task, or none that can be trusted."


def _class_arrays(answer: Classes, trace: Trace) -> dict[str, np.ndarray]:
    return {"classes": np.array(answer.names), "probabilities": answer.probabilities}


def _class_table(answer: Classes, trace: Trace) -> Table:
    yield ("index", "class", "probability")
    for target in answer.targets():
        yield (target.index, target.name, f"{target.score:.9g}")


def _token_arrays(answer: NextTokens, trace: Trace) -> dict[str, np.ndarray]:
    """places: int (m,), the tokens at which something is expected, or after which."""
    return {
        "places": answer.among(_said_in(answer, trace)),
        "follows": np.array(answer.follows),
        "ids": answer.ids,
        "tokens": np.array(answer.names),
        "probabilities": answer.probabilities,
        "given": answer.given,
    }


def _token_table(answer: NextTokens, trace: Trace) -> Table:
    yield ("index", "label", "rank", "id", "after" if answer.follows else "in_place", "probability")
    tokens = _said_in(answer, trace)
    for number, token in enumerate(answer.among(tokens)):
        rows = zip(answer.ids[number], answer.names[number], answer.probabilities[number], strict=True)
        for rank, (entry, name, share) in enumerate(rows, start=1):
            yield (int(token), tokens.labels[token], rank, int(entry), name, f"{share:.9g}")


def _said_in(answer: NextTokens, trace: Trace) -> Tokens:
    """The stream at whose places something is expected."""
    return trace.at(answer.places[0])[0] if answer.places else trace.tokens


def _pixel_arrays(answer: PixelLabels, trace: Trace) -> dict[str, np.ndarray]:
    box = answer.region
    return {
        "labels": answer.labels,
        "confidence": answer.confidence,
        "classes": np.array(answer.classes),
        "region": np.array([box.x0, box.y0, box.x1, box.y1]),
    }


def _pixel_table(answer: PixelLabels, trace: Trace) -> Table:
    yield ("index", "class", "cells", "share")
    for target in answer.targets():
        yield (target.index, target.name, int(answer.counts[target.index]), f"{target.score:.9g}")


def _thing_arrays(answer: Things, trace: Trace) -> dict[str, np.ndarray]:
    """tokens: int (n,), which of their stream found them."""
    return {
        "boxes": answer.boxes,
        "classes": np.array(answer.classes),
        "probabilities": answer.probabilities,
        "tokens": np.array([int(trace.at(place)[1][0]) for place in answer.places], int),
    }


def _thing_table(answer: Things, trace: Trace) -> Table:
    """The surest first."""
    yield ("index", "class", "probability", "x0", "y0", "x1", "y1")
    for at in np.argsort(-answer.scores, kind="stable"):
        box = (f"{edge:.6g}" for edge in answer.boxes[at])
        yield (int(at), answer.classes[answer.labels[at]], f"{answer.scores[at]:.9g}", *box)


def _match_arrays(answer: Matches, trace: Trace) -> dict[str, np.ndarray]:
    """first, second: int (m,), tokens that are taken for the same point. lines: float32 (m, 4), from one to
    the other in pixels of both pictures beside each other."""
    return {
        "first": answer.first,
        "second": answer.second,
        "scores": answer.scores,
        "lines": answer.lines,
    }


def _match_table(answer: Matches, trace: Trace) -> Table:
    """The surest first."""
    yield ("first", "second", "score", "x0", "y0", "x1", "y1")
    for at in np.argsort(-answer.scores, kind="stable"):
        line = (f"{edge:.6g}" for edge in answer.lines[at])
        yield (int(answer.first[at]), int(answer.second[at]), f"{answer.scores[at]:.9g}", *line)


_FILES: dict[type, tuple[Callable[[Any, Trace], dict[str, np.ndarray]], Callable[[Any, Trace], Table]]] = {
    Classes: (_class_arrays, _class_table),
    TextClasses: (_class_arrays, _class_table),
    NextTokens: (_token_arrays, _token_table),
    PixelLabels: (_pixel_arrays, _pixel_table),
    Things: (_thing_arrays, _thing_table),
    Matches: (_match_arrays, _match_table),
}
