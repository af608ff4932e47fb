"""What the relevance of a box is exported with: which box it is of, and sums over parts of the cloud."""

from __future__ import annotations

from typing import Literal

import numpy as np

from headlight.models.core.answers import Boxes, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.relevance import Relevance
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import Trace
from headlight.models.points.detection.asked.standing import of_cells
from headlight.models.points.representations.asked import Asked
from headlight.viewer.export.clouds.detect import precise
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.slices.clouds.boxes.standing import columns_of, grid_of, target_of
from headlight.viewer.slices.clouds.represented.kept import found

Over = Literal["pillars", "pixels"]
OVER = {"pillars": "Pillars", "pixels": "Pixels of a range image"}


def boxes_of(trace: Trace) -> Boxes:
    """HeadlightError where a model finds none."""
    answer = trace.answer(Boxes)
    if answer is None:
        raise HeadlightError(f"{trace.model.title} finds no boxes.", "Choose a detector with --model.")
    return answer


def asked_box(trace: Trace, index: int) -> Target:
    """A box by its number. HeadlightError where there is none."""
    answer = boxes_of(trace)
    if index >= len(answer):
        there = f"there are {len(answer):,}" if len(answer) else "there is none"
        raise HeadlightError(
            f"Box {index:,} does not exist: {there}.", "Choose another one with --target-box."
        )
    return target_of(answer, index)


def laid(
    cloud: CloudInput, trace: Trace, tokens: PointTokens, shown: Relevance, over: Over
) -> dict[str, np.ndarray]:
    """`cell` int64 (n,), the place of every token in `map` float32 (rows, columns), -1 outside: of pillars,
    whose rows are y, or of pixels of a range image; sums of the values over each, or means of what is no
    share. None of other models."""
    if trace.answer(Boxes) is None:
        return {}
    if over == "pillars":
        cell, (columns, rows, _) = columns_of(trace), grid_of(trace).shape
    else:
        seen = found(cloud, Asked("range"))
        cell, (rows, columns) = seen.cell[tokens.numbers], seen.shape
    summed = of_cells(shown.values, cell, rows * columns)
    if not shown.shares:  # what is of a whole part stands at each of its points
        there = (cell >= 0) if shown.seen is None else (cell >= 0) & shown.seen
        counts = np.bincount(cell[there], minlength=rows * columns)
        summed = np.divide(summed, counts, out=np.full(len(counts), np.nan, np.float32), where=counts > 0)
    return {"cell": cell, "map": summed.reshape(rows, columns)}


def of_a_cloud(value: object, document: object) -> None:
    """HeadlightError for another input: it has no boxes."""
    if not isinstance(document, CloudInput):
        raise HeadlightError("Boxes are of point clouds.", "Leave --target-box and --over out.")


def placed(cloud: CloudInput, trace: Trace, target: Target | None) -> dict[str, np.ndarray]:
    """`box` (7), in the file's coordinates, of a target that is one."""
    answer = trace.answer(Boxes)
    if answer is None or target is None or (index := answer.find(target.place)) is None:
        return {}
    return {"box": precise(cloud.file_boxes(answer.boxes[[index]])[0])}
