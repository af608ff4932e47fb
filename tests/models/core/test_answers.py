"""Answers: what each kind says, likeliest first, and where; how it agrees with the truth, against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from headlight.models.core.answers import (
    Boxes,
    Classes,
    NextTokens,
    PixelLabels,
    PointLabels,
    Target,
    confusion,
    scores,
)
from headlight.models.core.answers.boxes import corners
from headlight.models.core.tokens import Box, CharSpan, Cuboid, PointTokens


def test_every_file_point_has_the_answer_of_its_token():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    nearest = np.array([1, 1, 0, 2, 0])
    truth = np.array([1, 0, 0, -1, 2], np.int16)
    found = PointLabels.spread(("a", "b", "c"), probabilities, np.array([2, 0, 3]), nearest, truth)
    assert found.labels.tolist() == [1, 1, 0, 0, 0]
    assert found.confidence.tolist() == pytest.approx([1, 1, 0.5, 1 / 3, 0.5])
    assert found.entropy.tolist() == pytest.approx([0, 0, 1.5 * np.log(2), np.log(3), 1.5 * np.log(2)])
    assert found.counts.tolist() == [3, 2, 0]
    assert found.confusion().tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert [found.labels.dtype, found.confidence.dtype, found.entropy.dtype, found.nearest.dtype] == [
        *(np.int16, np.float32, np.float32, np.int32)
    ]
    assert [(t.name, t.score, t.index) for t in found.targets()] == [("a", 0.6, 0), ("b", 0.4, 1)]


def test_classes_come_likeliest_first_and_keep_their_number():
    found = Classes(("cat", "dog", "eel"), np.array([0.25, 0.25, 0.5], np.float32))
    assert found.targets() == (Target("eel", 0.5, 2), Target("cat", 0.25, 0), Target("dog", 0.25, 1))


def test_expected_tokens_are_said_place_by_place():
    places = (CharSpan(0, 3), CharSpan(4, 7))
    scores = np.array([[0.5, 0.25], [0.75, 0.125]], np.float32)
    ids, names = np.array([[7, 3], [2, 9]]), (("on", "at"), ("sat", "ran"))
    found = NextTokens(places, True, ids, scores, names, np.array([0.25, np.nan], np.float32))
    assert [(t.name, t.score, t.index, t.place) for t in found.targets()] == [
        *(("on", 0.5, 7, places[0]), ("at", 0.25, 3, places[0])),
        *(("sat", 0.75, 2, places[1]), ("ran", 0.125, 9, places[1])),
    ]


def test_pixels_are_found_in_the_part_of_the_picture_that_the_cells_cover():
    labels = np.array([[0, 2, 2], [0, 2, 1]], np.int16)
    found = PixelLabels(("sky", "road", "car"), labels, np.ones((2, 3), np.float32), Box(10, 0, 40, 20))
    assert [(t.name, t.index) for t in found.targets()] == [("car", 2), ("sky", 0), ("road", 1)]
    assert sum(t.score for t in found.targets()) == pytest.approx(1)
    assert found.cell(10, 0) == (0, 0)
    assert found.cell(39.9, 19.9) == (1, 2)
    assert found.cell(9.9, 5) is None
    assert found.cell(20, 20) is None


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


def test_a_box_has_corners_points_and_a_place_that_finds_it():
    boxes = Boxes(
        boxes=np.array([[10, 2, 1, 4, 2, 1.5, np.pi / 2], [0, 0, 0, 2, 1, 1, 0.3]], np.float32),
        scores=np.array([0.5, 0.9], np.float32),
        labels=np.array([1, 0], np.int16),
        classes=("car", "truck"),
    )
    # Heading along +y: the left of its front is at smaller x.
    left_front, *_, right_back_above = boxes.corners()[0][[0, 6]]
    assert left_front == pytest.approx([9, 4, 0.25], abs=1e-6)
    assert right_back_above == pytest.approx([11, 0, 1.75], abs=1e-6)
    points = np.array([[10, 3.9, 1], [11.5, 2, 1], [10, 2, 1.8], [0.9, 0.3, 0], [0, 0, 0]], np.float32)
    assert [found.tolist() for found in boxes.inside(points)] == [[0], [3, 4]]
    first, second = boxes.targets()
    assert (first.name, first.index, boxes.find(first.place)) == ("car", 0, 1)
    assert PointTokens.of(points).find(second.place).tolist() == [0]
    kept = boxes.only(boxes.scores > 0.6)
    assert (len(kept), kept.counts.tolist()) == (1, [1, 0])


@given(
    hnp.arrays(np.float64, 7, elements=st.floats(0.5, 3)),
    hnp.arrays(np.float64, 3, elements=st.floats(-1, 1)),
)
def test_what_lies_between_a_box_s_corners_is_inside(box, place):
    assume((abs(abs(place) - 0.5) > 1e-6).all())
    corner = corners(box)[0]
    # Along its three edges from the middle: forward, to the left, up.
    edges = np.stack([corner[0] - corner[1], corner[0] - corner[3], corner[4] - corner[0]])
    point = box[:3] + place @ edges
    assert Cuboid(*box.tolist()).holds(point[None]).tolist() == [bool((abs(place) < 0.5).all())]
