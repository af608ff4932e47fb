"""Export of the norms of tokens, which of them are outliers, and what of all attention these take."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.settings import OUTLIER
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result, check_layers
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import option
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.slices.explain.artifacts import carrying, inspected


def read_factor(value: str) -> float:
    try:
        if (found := float(value)) >= 1 and math.isfinite(found):
            return found
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a number from 1 on")


@dataclass(frozen=True)
class NormsOptions:
    factor: float = option(
        f"an outlier's norm is above so many medians of its layer ({OUTLIER:g})",
        "Outliers above, in medians",
        default=OUTLIER,
        parse=read_factor,
        metavar="TIMES",
        empty=f"{OUTLIER:g}",
    )


def norms(options: NormsOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """norms float32 and outliers bool (layers + 1, n), before the first layer and behind each; medians
    (layers + 1,) of the judged tokens, `apart` bool (n,) those that are not: a picture's class token and
    registers. drawing bool (n,): tokens that draw far more attention than others. share float32 (layers, most
    heads): what both sorts get of a head, NaN where there is none; attention float32 (n,)."""
    check_layers(trace.layers, task)
    found = inspected(trace, options.factor, task)
    behind = ["embedding", *(f"layer {number}" for number in range(len(found.norms) - 1))]
    arrays = {
        **{name: getattr(found, name) for name in ("norms", "outliers", "share", "medians")},
        **{name: getattr(found, name) for name in ("drawing", "apart", "attention")},
        "factor": np.array(options.factor),
        "behind": np.array(behind),
        "layers": np.array([layer.name for layer in carrying(trace)]),
        "labels": np.array(list(trace.tokens.labels)),
        **trace.inputs,
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("behind", "index", "label", "norm", "medians", "outlier", "draws_attention")
        for state, index in np.ndindex(found.norms.shape):
            figures = (f"{each[state, index]:.9g}" for each in (found.norms, found.ratios))
            flags = int(found.outliers[state, index]), int(found.drawing[index])
            yield (behind[state], index, trace.tokens.labels[index], *figures, *flags)

    return Result(lambda: arrays, table)


def norms_filled(subject: Subject, task: Task) -> Filled:
    factor = subject.view[ArtifactSettings].factor
    return Filled({"factor": factor}, shown=subject.page == "artifacts")


def no_stream(subject: Subject) -> str:
    """ "" where one stream of vectors may go through all layers, else the reason."""
    trace = subject.trace
    if trace is None or (len(trace.streams) == 1 and len({id(one.queries) for one in carrying(trace)}) == 1):
        return ""
    return f"{trace.model.title} has no stream of the same tokens through all its layers."
