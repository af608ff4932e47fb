"""The figures of a confusion matrix, and what is said of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.relevance import percent

_NONE = "–"


@dataclass(frozen=True, eq=False)
class Rates:
    """Of each class, float64 (C,): NaN where there is nothing to divide by.

    recall: share of the truth's points that were predicted so. precision: share of the predicted points that
    are so. iou: both right over either, Everingham et al. 2010, §4.
    """

    iou: np.ndarray
    recall: np.ndarray
    precision: np.ndarray


def rates(matrix: np.ndarray) -> Rates:
    """matrix: int (C, C), truth × predicted."""
    right, truth, predicted = np.diag(matrix), matrix.sum(1), matrix.sum(0)

    def share(of: np.ndarray) -> np.ndarray:
        return np.divide(right, of, out=np.full(len(of), np.nan), where=of > 0)

    return Rates(share(truth + predicted - right), share(truth), share(predicted))


def levels(matrix: np.ndarray) -> np.ndarray:
    """uint8 (C, C): 255 · √(share of its row), so that a few per cent are seen beside a hundred."""
    total = matrix.sum(1, keepdims=True)
    share = np.divide(matrix, total, out=np.zeros(matrix.shape), where=total > 0)
    return np.round(255 * np.sqrt(share)).astype(np.uint8)


class Confusion:
    """matrix: int64 (C, C), things of a true class (row) predicted as a class (column), with its names.

    ValueError where these are not as many.
    """

    def __init__(self, matrix: np.ndarray, names: Sequence[str], things: str = "points") -> None:
        self.things = things
        self.matrix, self.names = np.asarray(matrix, np.int64), list(names)
        if self.matrix.shape != (len(names), len(names)):
            raise ValueError(f"a matrix {self.matrix.shape} for {len(names)} classes")
        self.rates, self.levels = rates(self.matrix), levels(self.matrix)

    def used(self) -> list[int]:
        """The classes that are in the truth or predicted."""
        return np.flatnonzero(self.matrix.sum(0) + self.matrix.sum(1)).tolist()

    def share_right(self) -> float:
        """How much of all lies on the diagonal, 0 to 1."""
        return float(np.trace(self.matrix) / max(int(self.matrix.sum()), 1))

    def right_said(self) -> str:
        total = int(self.matrix.sum())
        return (
            f"{percent(self.share_right())} of {total:,} {self.things} on the diagonal"
            if total
            else f"no {self.things}"
        )

    def figure(self, column: str, index: int, digits: int = 2) -> str:
        """ "IoU", "recall" or "precision" of a class, as text."""
        value = getattr(self.rates, column.lower())[index]
        return _NONE if np.isnan(value) else f"{value:.{digits}f}"

    def said(self, truth: int, predicted: int | None) -> str:
        """What the read-out says of a cell, or of a class (predicted None)."""
        name, total = self.names[truth], int(self.matrix[truth].sum())
        figures = (
            f"recall\t{self.figure('recall', truth, 4)}\nprecision\t{self.figure('precision', truth, 4)}"
        )
        if predicted is None:
            first = f"{name}, {self.things} of the truth\t{total:,}"
            return f"{first}\nIoU\t{self.figure('IoU', truth, 4)}\n{figures}"
        count = int(self.matrix[truth, predicted])
        share = f"{percent(count / total)} of {name}" if total else f"no {name} in the truth"
        what = "right" if truth == predicted else f"taken for {self.names[predicted]}"
        first = f"{name}, {what}\t{count:,}\n{share}"
        return f"{first}\n{figures}" if truth == predicted else first
