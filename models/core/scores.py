"""What a model says of every point of a cloud, and how well it agrees with the truth. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNLABELLED = -1
"""The truth of a point that nobody labelled."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The answer for every point of the file, though the model saw a sample of them.

    A point has the answer of the nearest point of the sample: nothing is interpolated, so that every
    probability shown is one that the model gave.

    classes: names in the order of the labels. labels: int16 (n,). confidence: float32 (n,), the probability
    of the label. entropy: float32 (n,) of all probabilities, in nats. sample: int64 (m,), the file point that
    each token is. nearest: int32 (n,), the token whose answer each file point has. probabilities: float32
    (m, classes). truth: int16 (n,), UNLABELLED where there is none; None where the file has no labels.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    confidence: np.ndarray
    entropy: np.ndarray
    sample: np.ndarray
    nearest: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """int64 (classes,): file points that have each label."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def confusion(self) -> np.ndarray | None:
        """int64 (truth, predicted) over the labelled file points; None without truth."""
        return None if self.truth is None else confusion(self.truth, self.labels, len(self.classes))


def spread(
    classes: tuple[str, ...],
    probabilities: np.ndarray,
    sample: np.ndarray,
    nearest: np.ndarray,
    truth: np.ndarray | None = None,
) -> Segmentation:
    """The sample's probabilities, float32 (m, classes), as the answer for all n points."""
    best = probabilities.argmax(axis=1)
    confidence = np.take_along_axis(probabilities, best[:, None], axis=1)[:, 0]
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    entropy = -np.einsum("nc,nc->n", probabilities, logarithms)
    return Segmentation(
        classes=classes,
        labels=best.astype(np.int16)[nearest],
        confidence=confidence.astype(np.float32)[nearest],
        entropy=np.maximum(entropy, 0).astype(np.float32)[nearest],
        sample=sample.astype(np.int64),
        nearest=nearest.astype(np.int32),
        probabilities=probabilities,
        truth=truth,
    )


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
