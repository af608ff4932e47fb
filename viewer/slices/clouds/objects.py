"""What several networks of shapes make of one object: their answers beside each other, the views of one of
them and the points that another's features come from. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Classes, Target
from headlight.models.core.cache import derived
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Position
from headlight.models.core.trace import Trace
from headlight.viewer.session.document import Document

ROWS = 5
"""Classes of each answer that are listed."""


@dataclass(frozen=True)
class Said:
    """One network's answer. shown: it is the one that the document was read by. came: what it came from."""

    id: str
    title: str
    mark: str
    targets: tuple[Target, ...]
    came: str
    shown: bool


@dataclass(frozen=True, eq=False)
class Seen:
    """The views of a multi-view network. pictures: uint8 (v, side, side). won: int (v,), the features whose
    maximum comes from each view. alone: what each view by itself says. where: float32 (v, side, side, 3), the
    point at each pixel, NaN for none.
    """

    title: str
    pictures: np.ndarray
    won: np.ndarray
    alone: tuple[Target, ...]
    where: np.ndarray

    def place(self, view: int, row: int, column: int) -> Position | None:
        """Of the point at a pixel."""
        x, y, z = self.where[view, row, column].tolist()
        return None if np.isnan(x) else Position(x, y, z)

    def pixels(self, places: np.ndarray) -> tuple[np.ndarray, ...]:
        """For each view int (k, 2), the rows and columns at which the point nearest to each place, float
        (p, 3), is seen."""
        flat = self.where.reshape(-1, 3)
        filled = np.flatnonzero(~np.isnan(flat[:, 0]))
        found: list[np.ndarray] = []
        hit = np.zeros(len(flat), bool)
        for place in places:
            far = np.linalg.norm(flat[filled] - place, axis=1)
            hit[filled[far <= far.min(initial=np.inf) + 1e-6]] = True
        for one in hit.reshape(self.where.shape[:3]):
            found.append(np.argwhere(one))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Compared:
    """The answers in the catalogue's order, and the views where one of the networks has any."""

    answers: tuple[Said, ...]
    seen: Seen | None


def no_object(document: Document) -> str:
    """Why nothing says what the cloud is as a whole, or ""."""
    trace = document.trace
    if trace is None or trace.answer(Classes) is not None:
        return ""
    return f"{trace.model.title} gives no class to a cloud as a whole."


def only_an_object(document: Document) -> str:
    """Why nothing leads from the answer back to one point, or ""."""
    trace = document.trace
    if trace is None or trace.answer(Classes) is None:
        return ""
    return f"{trace.model.title} answers for the cloud as a whole, not for a point."


def no_neighbours(document: Document) -> str:
    """Why nothing leads from point to point through layers, or ""."""
    trace = document.trace
    if trace is None or only_an_object(document):
        return only_an_object(document)
    near = not trace.layers or any(layer.group_count > 1 for layer in trace.layers)
    return "" if near else f"{trace.model.title} has no attention between neighbours."


def no_gradient(document: Document) -> str:
    """Why it cannot be asked what a point's answer grows with, or ""."""
    trace = document.trace
    if trace is None or only_an_object(document):
        return only_an_object(document)
    takes = "gradients" in trace.run.offers
    return "" if takes else f"No gradients are taken of {trace.model.title}."


def compared(trace: Trace, task: Task = SILENT) -> Compared:
    """The object of a trace through every network of shapes that there is."""

    def found() -> Compared:
        traces = trace.run.engine(task).beside(trace, task)
        answers = tuple(_said(one, one is trace) for one in traces)
        return Compared(answers, next((_seen(one) for one in traces if "views" in one.outputs), None))

    return derived(trace, "objects compared", found)


def _said(trace: Trace, shown: bool) -> Said:
    targets = known(trace.answer(Classes), Classes).targets()[:ROWS]
    model = trace.model
    return Said(model.id, model.title, model.mark, targets, _came(trace), shown)


def _came(trace: Trace) -> str:
    """What the answer came from, in a few words."""
    if trace.layers:
        return f"{len(trace.layers)} layers over {len(trace.tokens):,} points"
    if "maxima" in trace.outputs:
        critical = trace.outputs["critical"]
        return f"maxima from {len(critical):,} of {len(trace.tokens):,} points"
    winner = trace.outputs["winner"]
    return f"maxima from {len(np.unique(winner))} of {len(trace.outputs['views'])} views"


def _seen(trace: Trace) -> Seen:
    pictures, seen = trace.outputs["views"], trace.outputs["seen"]
    names = known(trace.answer(Classes), Classes).names
    alone = trace.outputs["alone"]
    best = alone.argmax(1)
    where = trace.inputs["points"][seen].astype(np.float32)
    where[seen < 0] = np.nan
    return Seen(
        title=trace.model.title,
        pictures=np.round(255 * pictures).astype(np.uint8),
        won=np.bincount(trace.outputs["winner"], minlength=len(pictures)),
        alone=tuple(
            Target(names[index], float(one[index]), int(index))
            for one, index in zip(alone, best, strict=True)
        ),
        where=where,
    )
