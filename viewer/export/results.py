"""What exports have in common: results and the files they become, layers and heads by name, the check."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import CHECK_LIMIT, is_faithful
from headlight.models.core.task import SILENT, Task
from headlight.viewer.export.figures import Drawing
from headlight.viewer.slices import layer_names

if TYPE_CHECKING:
    from headlight.models.core.layers import AttentionLayer
    from headlight.models.core.trace import Trace
    from headlight.viewer.export.options import ExportOptions


@dataclass(frozen=True, eq=False)
class Result:
    """What was computed, and how it becomes each kind of file. table: rows of a csv, its head first.

    cloud: the bytes of a ply.
    """

    arrays: Callable[[], dict[str, np.ndarray]]
    table: Callable[[], Iterable[Sequence[object]]] | None = None
    drawing: Callable[[], Drawing] | None = None
    cloud: Callable[[], bytes] | None = None


def content(ending: str, result: Result, task: Task = SILENT) -> bytes | memoryview:
    """The bytes of a file of this kind."""
    if ending == "npz":
        archive = io.BytesIO()
        np.savez(archive, **result.arrays())
        return archive.getbuffer()
    if ending == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(_checking(result.table(), task))
        return text.getvalue().encode()
    if ending == "ply":
        return result.cloud()
    drawing = result.drawing()
    return drawing.png() if ending == "png" else drawing.svg()


def _checking(rows: Iterable[Sequence[object]], task: Task) -> Iterator[Sequence[object]]:
    """The same rows, for as long as anybody wants them."""
    for row in rows:
        task.check()
        yield row


def layer_and_heads(options: ExportOptions, trace: Trace) -> tuple[int, list[int | str]]:
    """(layer's index, the heads asked for), or HeadlightError with what there is."""
    index, chosen = len(trace.layers) - 1, options.head
    if options.layer is not None:
        wanted, head = layer_names.with_head(options.layer)
        index = layer_names.find(wanted, [layer.name for layer in trace.layers], trace.model.id)
        chosen = head if chosen is None else chosen
    heads = trace.layers[index].heads
    if chosen is None:
        if ending_of(options) != "npz":
            raise HeadlightError(
                f"A {ending_of(options)} file holds one matrix, and layer {index} has {heads} heads.",
                f"Choose --head 0 to {heads - 1}, mean, max or min.",
            )
        return index, list(range(heads))
    if isinstance(chosen, int) and not 0 <= chosen < heads:
        raise HeadlightError(
            f"Head {chosen} does not exist: layer {index} of {trace.model.id} has {heads}, 0 to {heads - 1}.",
            "Choose one of these with --head.",
        )
    return index, [chosen]


def check_layers(layers: Sequence[AttentionLayer], task: Task = SILENT) -> None:
    """Export only what rebuilds the layer's own output."""
    for layer in layers:
        task.check()
        error = layer.check()
        if not math.isfinite(error):
            raise HeadlightError(
                f"What {layer.name} computes are no numbers (NaN or infinite).",
                "The model's weights are damaged there: choose a layer before it, or another model.",
            )
        if not is_faithful(error):
            raise HeadlightError(
                f"The weights of {layer.name} miss what it returned by {error:.2g}, "
                f"more than {CHECK_LIMIT:g}.",
                "Choose another layer or another model.",
            )


def ending_of(options: ExportOptions) -> str:
    return options.out.suffix.lower().removeprefix(".")
