"""Confusion and scores against a loop and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.scores import confusion, scores


def looped(truth: np.ndarray, labels: np.ndarray, classes: int) -> tuple[list[float], list[float], float]:
    """(IoU, accuracy) a class by counting points one by one, and the share of right points."""
    pairs = [(int(t), int(p)) for t, p in zip(truth, labels, strict=True) if t >= 0 and p >= 0]
    iou, accuracy = [], []
    for c in range(classes):
        both = sum(t == c and p == c for t, p in pairs)
        either = sum(t == c or p == c for t, p in pairs)
        true = sum(t == c for t, _ in pairs)
        iou.append(both / either if either else np.nan)
        accuracy.append(both / true if true else np.nan)
    return iou, accuracy, sum(t == p for t, p in pairs) / len(pairs)


def test_scores_are_those_of_counting_points_one_by_one():
    generator = np.random.default_rng(0)
    truth = generator.integers(-1, 5, 400).astype(np.int16)
    labels = np.where(generator.random(400) < 0.6, np.maximum(truth, 0), generator.integers(-1, 6, 400))
    labels[labels == 2] = 1  # one class is never predicted, another (5) never true, and 6 neither
    matrix = confusion(truth, labels.astype(np.int16), 7)
    assert matrix.dtype == np.int64
    assert matrix.sum() == ((truth >= 0) & (labels >= 0)).sum()
    assert matrix[3, 1] == ((truth == 3) & (labels == 1)).sum()
    iou, accuracy, right = looped(truth, labels, 7)
    found = scores(matrix)
    np.testing.assert_allclose(found.iou, iou)
    np.testing.assert_allclose(found.accuracy_per_class, accuracy)
    assert found.iou[[2, 5]].tolist() == [0.0, 0.0]
    assert np.isnan(found.iou[6])
    assert found.miou == pytest.approx(np.mean(iou[:6]))
    assert found.macc == pytest.approx(np.mean(accuracy[:5]))
    assert found.oa == pytest.approx(right)


def test_perfect_and_empty_predictions_have_their_closed_forms():
    truth = np.array([0, 0, 2, 2, -1], np.int16)
    perfect = scores(confusion(truth, truth, 4))
    assert (perfect.miou, perfect.macc, perfect.oa) == (1.0, 1.0, 1.0)
    assert np.isnan(perfect.iou).tolist() == [False, True, False, True]
    half = scores(confusion(truth, np.array([0, 1, 2, 2, 3], np.int16), 4))
    assert half.iou[:3].tolist() == [0.5, 0.0, 1.0]  # a class predicted in vain counts as 0
    assert half.miou == 0.5
    nothing = scores(confusion(np.full(3, -1), np.zeros(3, int), 4))
    assert np.isnan([nothing.miou, nothing.macc, nothing.oa]).all()
    with pytest.raises(ValueError, match="class 4 of 4"):
        confusion(np.array([4]), np.array([0]), 4)
