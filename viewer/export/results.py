"""What exports have in common: results and the files they become, how the window asks for them, the
check.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import CHECK_LIMIT, is_faithful
from headlight.models.core.task import SILENT, Task
from headlight.viewer.export.figures import Drawing

if TYPE_CHECKING:
    from headlight.models.core.layers import AttentionLayer
    from headlight.models.core.trace import Trace

PICTURES = ("png", "svg")
_DIGITS = 12
"""Characters of a number in a table, about."""


def _none() -> Any:
    raise ValueError("no file of this kind can be made of it")


@dataclass(frozen=True, eq=False)
class Result:
    """What was computed, and how it becomes each kind of file. table: rows of a csv, its head first.

    others: the bytes of other kinds of file, by their endings. said: what is told before any of it is made.
    notices: what is found while one is made. traces: those that it is of, where that is not the one asked of.
    """

    arrays: Callable[[], dict[str, np.ndarray]]
    table: Callable[[], Iterable[Sequence[object]]] = _none
    drawing: Callable[[], Drawing] = _none
    others: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    said: str = ""
    notices: list[str] = field(default_factory=list)
    traces: tuple[Trace, ...] = ()


List = Callable[[Mapping[str, Any], bool], Sequence[tuple[Any, str]]]
"""(what is chosen, whether there must be a choice) → (value, what it is called) of each."""


@dataclass(frozen=True, eq=False)
class Filled:
    """How the window asks for an export of a document: filled in as that is looked at.

    values: of the options, by name. lists: what there is to choose from, where a document says that. shown:
    the view shows what would be exported. extent: the bytes of a file of such values and ending, about, 0 for
    what is small; None for what is as large as what the model saw. without: options that mean nothing here.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, List] = field(default_factory=dict)
    shown: bool = False
    extent: Callable[[Mapping[str, Any], str], int] | None = None
    without: tuple[str, ...] = ()


def content(ending: str, result: Result, task: Task = SILENT) -> bytes | memoryview:
    """The bytes of a file of this kind."""
    if ending == "npz":
        archive = io.BytesIO()
        arrays: dict[str, Any] = {**result.arrays()}
        np.savez(archive, **arrays)
        return archive.getbuffer()
    if ending == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(_checking(result.table(), task))
        return text.getvalue().encode()
    if ending in result.others:
        return result.others[ending]()
    drawing = result.drawing()
    return drawing.png() if ending == "png" else drawing.svg()


def _checking(rows: Iterable[Sequence[object]], task: Task) -> Iterator[Sequence[object]]:
    """The same rows, for as long as anybody wants them."""
    for row in rows:
        task.check()
        yield row


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


def file_bytes(numbers: int, ending: str, trace: Trace) -> int:
    """About as many as a file of so many weights takes."""
    if ending == "csv":
        return _DIGITS * numbers
    return 4 * numbers + 4 * sum(map(math.prod, trace.shapes.values())) if ending == "npz" else 0
