"""Export of what a network says that a cloud of one object is, with what the answer came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from headlight.models.core.answers import Classes, PointLabels
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.clouds.answered import numbers_in_file
from headlight.viewer.export.results import Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput


def no_object(subject: Subject) -> str:
    """ "" where the model says what the whole cloud is, else the reason."""
    trace = subject.trace
    return "" if trace is None or trace.answer(Classes) is not None else _none(trace)


def _none(trace: Trace) -> str:
    return f"{trace.model.title} gives no class to a cloud as a whole."


def classifying(run: RunOptions) -> RunOptions:
    """Read by a model that says what an object is, where none is named."""
    return replace(run, says="classes")


def classify(options: None, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The probability of every class, and of what the answer came from what there is: `index` int64 (m,), the
    file's points that were seen; `maxima` int64 (1024,), the file's point that each of PointNet's features
    comes from; `views` float32 (v, side, side), `seen` int64, the file's point at each pixel (−1 for none),
    `winner` int64 (256,), the view that each feature comes from, `alone` float32 (v, classes), what each view
    by itself would say.
    """
    answer = trace.answer(Classes)
    if answer is None:
        raise HeadlightError(
            _none(trace), "Choose one that does with --model, such as shapes-point-transformer."
        )
    index = numbers_in_file(cloud, known(trace.answer(PointLabels), PointLabels).sample)
    arrays = {"classes": np.array(answer.names), "probabilities": answer.probabilities, "index": index}
    for name in ("views", "winner", "alone"):
        if name in trace.outputs:
            arrays[name] = trace.outputs[name]
    for name in ("maxima", "seen"):
        if name in trace.outputs:
            tokens = trace.outputs[name]
            arrays[name] = np.where(tokens < 0, -1, index[tokens])

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "class", "probability")
        for target in answer.targets():
            yield (target.index, target.name, f"{target.score:.9g}")

    return Result(lambda: arrays, table)
