"""How well labels agree with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNLABELLED = -1
"""The truth of a point that nobody labelled."""


def confusion(truth: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """int (n,), int (n,) → int64 (truth, predicted): how many points of each class got each label.

    Points without truth or without a label (negative) are left out. ValueError for a class above the last.
    """
    kept = (truth >= 0) & (labels >= 0)
    truth, labels = truth[kept].astype(np.int64), labels[kept].astype(np.int64)
    if len(truth) and max(truth.max(), labels.max()) >= classes:
        raise ValueError(f"class {max(truth.max(), labels.max())} of {classes}")
    return np.bincount(truth * classes + labels, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True, eq=False)
class Scores:
    """Figures of a confusion matrix, each from 0 to 1.

    iou: float64 (classes,), NaN for a class that is neither in the truth nor predicted. accuracy_per_class:
    float64 (classes,), the share of a class's points that were found, NaN where it has none. miou, macc:
    their means over the classes that have a figure. oa: the share of all points that are right. All are NaN
    without points.
    """

    iou: np.ndarray
    accuracy_per_class: np.ndarray
    miou: float
    macc: float
    oa: float


def scores(matrix: np.ndarray) -> Scores:
    """The usual scores of semantic segmentation, of an int (truth, predicted) confusion matrix."""
    right = np.diagonal(matrix).astype(np.float64)
    true, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    iou = _ratio(right, true + predicted - right)
    accuracy = _ratio(right, true)
    return Scores(iou, accuracy, _mean(iou), _mean(accuracy), float(_ratio(right.sum(), matrix.sum())))


def _ratio(share: np.ndarray, of: np.ndarray) -> np.ndarray:
    share = np.asarray(share, np.float64)
    return np.divide(share, of, out=np.full(share.shape, np.nan), where=np.asarray(of) > 0)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
