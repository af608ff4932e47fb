"""Export of what a box stands on: over the points of the file, and pillars or a range image's pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.models.points.detection.asked.standing import of_cells, of_points
from headlight.models.points.representations.asked import Asked
from headlight.viewer.export.clouds.answered import in_file
from headlight.viewer.export.clouds.detect import precise
from headlight.viewer.export.results import Result
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.options import count, option
from headlight.viewer.slices.clouds.boxes.standing import (
    By,
    columns_of,
    grid_of,
    losses,
    slopes,
    target_of,
)
from headlight.viewer.slices.clouds.represented.kept import found


@dataclass(frozen=True)
class StandingOptions:
    box: int | None = option(
        "which of the boxes, counted from 0, the likeliest first (0)",
        "Box",
        parse=count,
        metavar="INDEX",
        empty="0",
    )
    by: By = option(
        "how: the gradient of its score, or what the score loses without each part near it",
        "By",
        choices={"gradient": "Gradient", "occlusion": "Leaving out"},
        default="gradient",
    )
    over: Literal["pillars", "pixels"] = option(
        "of which there is a map, and which are left out: pillars from above, or pixels of a range image",
        "Parts",
        choices={"pillars": "Pillars", "pixels": "Pixels of a range image"},
        default="pillars",
    )


def standing(options: StandingOptions, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """`values` float32 (N) of every point of the file, NaN for those left out of it, and `map` float32 (rows,
    columns) of pillars, whose rows are y, or of pixels: sums of gradients, or what the score loses without
    each, NaN where none was left out. `cell` int64 (N): the place of every point in the map. `box` (7).
    """
    answer = trace.answer(Boxes)
    if answer is None:
        raise HeadlightError(f"{trace.model.title} finds no boxes.", "Choose a detector with --model.")
    index = options.box or 0
    if index >= len(answer):
        there = f"there are {len(answer):,}" if len(answer) else "there is none"
        raise HeadlightError(f"Box {index:,} does not exist: {there}.", "Choose another one with --box.")
    target = target_of(answer, index)
    if options.over == "pillars":
        cell, (columns, rows, _) = columns_of(trace), grid_of(trace).shape
    else:
        seen = found(cloud, Asked("range"))
        cell, (rows, columns) = seen.cell, seen.shape
    if options.by == "gradient":
        values = slopes(trace, target, task)
        over = of_cells(values, cell, rows * columns)
    else:
        parts, falls = losses(trace, target, cell, task)
        values, over = of_points(falls, cell, parts), np.full(rows * columns, np.nan, np.float32)
        over[parts] = falls
    whole = in_file(cloud, values, np.nan)

    def arrays() -> dict[str, np.ndarray]:
        return {
            "values": whole,
            "map": over.reshape(rows, columns),
            "cell": in_file(cloud, cell, -1),
            "box": precise(cloud.file_boxes(answer.boxes[[index]])[0]),
            "class": np.array(target.name),
            "score": np.array(target.score, np.float32),
        }

    def table() -> Iterator[Sequence[object]]:
        yield ("x", "y", "z", "value")
        for place, value in zip(cloud.all_coordinates().tolist(), whole.tolist(), strict=True):
            yield (*(f"{one:.12g}" for one in place), f"{known(value, float):.9g}")

    return Result(arrays, table)
