"""Export of which class, each made of a few pictures, a picture is most like."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headlight.models.core.interventions import File
from headlight.models.core.settings import TEMPERATURE
from headlight.models.core.task import Part, Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.options import Rule, option
from headlight.viewer.session.inspecting import PrototypeSettings
from headlight.viewer.slices.explain.prototypes import classes_in, voted


def read_temperature(value: str) -> float:
    try:
        if 0 < (found := float(value)) < math.inf:
            return found
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a number above 0")


@dataclass(frozen=True)
class PrototypeOptions:
    examples: str | None = option(
        "a folder with a sub-folder of pictures for each class",
        "Folder of classes",
        needed=Rule(
            ("npz", "csv"),
            "There are no classes to choose from.",
            "Name a folder with a sub-folder of pictures for each class, with --examples.",
        ),
        metavar="FOLDER",
        empty="none",
    )
    cosine_temperature: float = option(
        f"what cosines are divided by before their softmax ({TEMPERATURE:g})",
        "Temperature",
        default=TEMPERATURE,
        parse=read_temperature,
        metavar="T",
        empty=f"{TEMPERATURE:g}",
    )


def prototypes(
    options: PrototypeOptions, ending: str, document: ImageInput, trace: Trace, task: Task
) -> Result:
    """cosine and probabilities float32 (classes,), `counts` of pictures; nearest (k,), files of examples,
    nearest_class and nearest_cosine; map float32 (rows, columns), cosines of patches with the `winner`."""
    size = min(trace.shapes["pixel_values"][1:])
    classes = classes_in(options.examples or "", size, Part(task, 0.0, 0.1))
    source = trace.recipe.source
    path = source.path if isinstance(source, File) else ""
    found = voted(
        trace, PrototypeSettings(classes, temperature=options.cosine_temperature), size, path, Part(task, 0.1)
    )
    vote, names = found.vote, np.array(found.classes)
    arrays = {
        "classes": names,
        "cosine": vote.cosine,
        "probabilities": vote.probabilities,
        "counts": found.counts,
        "map": found.map,
        "region": np.array(found.region.corners),
        "winner": names[vote.winner],
        "temperature": np.array(options.cosine_temperature),
        "nearest": np.array([Path(one).name for one in found.paths]),
        "nearest_class": names[found.of],
        "nearest_cosine": vote.likeness,
        **trace.inputs,
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("class", "pictures", "cosine", "probability")
        for at in np.argsort(-vote.cosine, kind="stable"):
            figures = (f"{each[at]:.9g}" for each in (vote.cosine, vote.probabilities))
            yield (found.classes[at], int(found.counts[at]), *figures)

    unread = (
        [f"{found.unread:,} picture{'s' * (found.unread != 1)} could not be read."] if found.unread else []
    )
    return Result(lambda: arrays, table, notices=unread)


def prototypes_filled(subject: Subject, task: Task) -> Filled:
    settings = subject.view[PrototypeSettings]
    return Filled({"examples": settings.folder or None, "cosine_temperature": settings.temperature})
