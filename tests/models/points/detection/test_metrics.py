"""Figures of detection against closed forms and published rows."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.points.detection.metrics import kitti, nuscenes
from headlight.models.points.detection.metrics.matching import FREE, Scene, asked, confusion, matched

CLASSES = ("car", "pedestrian", "barrier")


def boxes(*places: tuple[float, float], yaw: float = 0.0) -> np.ndarray:
    return np.array([(x, y, 0, 4, 2, 1.5, yaw) for x, y in places], float).reshape(-1, 7)


def scene(found, truth, scores=None, labels=None, truth_labels=None, **more) -> Scene:
    scores = np.linspace(0.9, 0.1, len(found)) if scores is None else np.array(scores)
    labels = np.zeros(len(found), int) if labels is None else np.array(labels)
    truth_labels = np.zeros(len(truth), int) if truth_labels is None else np.array(truth_labels)
    return Scene(found, scores, labels, truth, truth_labels, **more)


def many(count: int, y: float = 0.0) -> np.ndarray:
    return boxes(*((10.0 * i - 45, y) for i in range(count)))


def test_average_precision_of_nuscenes():
    rows = {
        1.0: scene(many(8), many(8)),
        0.4444: scene(many(4), many(8)),
        0.2: scene(boxes((20, 20), (0, 0)), boxes((0, 0))),  # a false one above the only true one
        0.0: scene(boxes((20, 20)), boxes((0, 0))),
    }
    for expected, one in rows.items():
        ap = nuscenes.figures([one], CLASSES).ap
        assert ap[0] == pytest.approx([expected] * 4, abs=5e-5)
        assert np.isnan(ap[1:]).all()  # no truth, no figure
    near = scene(boxes((1.5, 0)), boxes((0, 0)))
    assert nuscenes.figures([near], CLASSES).ap[0] == pytest.approx([0, 0, 1, 1])


def test_the_score_of_published_rows():
    assert nuscenes.nds(0.5003, (0.3113, 0.2604, 0.4292, 0.2390, 0.1914)) == pytest.approx(0.6070, abs=5e-5)
    assert nuscenes.nds(0.5603, (0.3011, 0.2555, 0.3828, 0.2194, 0.1887)) == pytest.approx(0.6454, abs=5e-5)
    assert nuscenes.nds(1.0, (float("nan"), 3.0)) == 0.5  # what is not known, or beyond 1, leaves nothing


def test_errors_of_what_was_found():
    found = many(8)
    found[:, 0] += 0.3
    found[:, 3] *= 2
    found[:, 6] = np.pi - 0.1
    truth = many(8)
    turned = scene(found, truth, velocities=np.full((8, 2), (3.0, 4.0)), truth_velocities=np.zeros((8, 2)))
    figures = nuscenes.figures([turned], CLASSES)
    assert figures.mean_error("ATE") == pytest.approx(0.3)
    assert figures.mean_error("ASE") == pytest.approx(0.5)
    assert figures.mean_error("AOE") == pytest.approx(np.pi - 0.1)
    assert figures.mean_error(nuscenes.HALF_TURN) == pytest.approx(0.1)
    assert figures.mean_error("AVE") == pytest.approx(5)
    assert figures.mean_error("AAE") == 1
    assert figures.score == pytest.approx((5 + 0.7 + 0.5) / 10)
    symmetric = scene(found, truth, labels=[2] * 8, truth_labels=[2] * 8)
    of_barriers = nuscenes.figures([symmetric], CLASSES, ranges={}).errors
    assert of_barriers["AOE"][2] == pytest.approx(0.1)
    assert np.isnan(of_barriers["AVE"][2])
    # Each error is that of what was found up to a recall, then the mean over recalls from 11 % on.
    found = many(2)
    found[1, 1] = 1.0
    both = nuscenes.figures([scene(found, many(2), [0.9, 0.8])], CLASSES)
    recalls = np.linspace(0, 1, 101)[11:]
    assert both.mean_error("ATE") == pytest.approx(np.interp(recalls, [0.5, 1], [0, 0.5]).mean())


def test_scores_of_several_clouds_are_ranked_together():
    right, wrong = scene(many(4), many(4), [0.9] * 4), scene(many(4, 5), many(4), [0.1] * 4)
    assert nuscenes.figures([wrong, right], CLASSES).mean_ap == pytest.approx(0.4444, abs=0.01)
    wrong = scene(many(4, 5), many(4), [0.95] * 4)
    assert nuscenes.figures([right, wrong], CLASSES).mean_ap < 0.2


def test_truth_that_is_not_asked_for():
    truth = boxes((0, 0), (49, 0), (51, 0), (41, 0), (39, 0))
    one = scene(
        truth, truth, truth_labels=[0, 0, 0, 1, 1], labels=[0, 0, 0, 1, 1], points=np.array([0, 1, 9, 9, 4])
    )
    kept = asked(one, CLASSES)
    assert kept.truth[:, 0].tolist() == [49, 39]
    assert kept.found[:, 0].tolist() == [0, 49, 39]
    assert len(asked(one, CLASSES, least=5).truth) == 0
    assert len(asked(one, CLASSES, {}, least=0).truth) == 5


def test_the_highest_score_chooses_first():
    found, truth = boxes((0.9, 0), (0.1, 0), (1.2, 0)), boxes((0, 0), (2, 0))
    assert matched(found, np.array([0.5, 0.9, 0.2]), truth, 1.5).tolist() == [1, 0, FREE]
    assert matched(found, np.array([0.9, 0.5, 0.2]), truth, 1.5).tolist() == [0, FREE, 1]


def test_who_was_taken_for_whom():
    found = boxes((0, 0), (10, 0), (20, 0), (30, 0))
    truth = boxes((0.5, 0), (10.5, 0), (40, 0), (20.4, 0), (20.8, 0))
    one = scene(found, truth, labels=[0, 1, 0, 1], truth_labels=[0, 0, 1, 1, 0])
    seen = confusion(one, 2)
    # The box at 20 m takes the truth of its class, though another one is nearer.
    assert seen.counts.tolist() == [[2, 1, 0], [0, 0, 2], [0, 1, 0]]
    assert seen.partner.tolist() == [0, 1, 4, FREE]
    assert seen.found.tolist() == [0, 0, 0, 2]
    assert seen.truth.tolist() == [0, 1, 2, 2, 0]
    assert (seen.precision, seen.recall) == (0.5, 0.4)
    nothing = confusion(scene(boxes(), boxes()), 2)
    assert np.isnan([nothing.precision, nothing.recall]).all()


def test_average_precision_of_kitti():
    truth = boxes(*((10.0 * i, 0) for i in range(80)))
    whole = kitti.precision([scene(truth, truth)], 0, 0.7)
    assert (whole.r40, whole.r11) == (1.0, 1.0)
    half = kitti.precision([scene(truth[:40], truth)], 0, 0.7)
    assert (half.r40, half.r11) == pytest.approx((0.5, 6 / 11))
    # A false box beside every true one, of the same score.
    beside = np.concatenate([truth, truth + np.array([0, 5, 0, 0, 0, 0, 0])])
    assert kitti.precision([scene(beside, truth, [0.5] * 160)], 0, 0.7).r40 == pytest.approx(0.5)
    # Lifted by half its height a box is right on the ground alone; moved by a quarter, for 0.5 alone.
    lifted = scene(truth + np.array([0, 0, 0.75, 0, 0, 0, 0]), truth)
    assert kitti.precision([lifted], 0, 0.7).r40 == 0
    assert kitti.precision([lifted], 0, 0.7, bird=True).r40 == 1
    moved = scene(truth + np.array([1.0, 0, 0, 0, 0, 0, 0]), truth)
    assert kitti.by_class([moved], CLASSES)["car"].r40 == 0
    other = scene(moved.found, truth, labels=[1] * 80, truth_labels=[1] * 80)
    assert kitti.by_class([other], CLASSES)["pedestrian"].r40 == 1
    assert np.isnan(kitti.by_class([other], CLASSES)["car"].r40)


def test_few_boxes_have_their_whole_precision_by_kitti():
    one, two, wrong = boxes((0, 0)), boxes((0, 0), (50, 0)), boxes((99, 0), (0, 0))
    (found,) = kitti.of_few([scene(one, one)], ("car",)).values()
    assert (found.r40, found.r11) == (1.0, 1.0)
    # One of two is found, behind a false one: half of what is true, where half of what is said is right.
    (found,) = kitti.of_few([scene(wrong, two)], ("car",)).values()
    assert found.r40 == pytest.approx(0.25)
    (found,) = kitti.of_few([scene(one[:0], one)], ("car",)).values()
    assert (found.r40, found.truth) == (0.0, 1)
    # Where there are more true boxes than scores to look at, it is as KITTI counts.
    large = scene(many(80)[::2], many(80))
    (found,), (same,) = (way([large], ("car",)).values() for way in (kitti.of_few, kitti.by_class))
    assert found.r40 == pytest.approx(same.r40, abs=0.03)


def test_truth_that_may_be_found_or_not():
    truth = boxes(*((10.0 * i, 0) for i in range(80)))
    vans = np.arange(80) >= 40
    one = scene(truth, truth, truth_labels=np.where(vans, 1, 0))
    assert kitti.precision([one], 0, 0.7).r40 == pytest.approx(39 / 40)  # 40 boxes reach 40 of its 41 recalls
    worse = scene(truth, truth, np.linspace(0.1, 0.9, 80), truth_labels=np.where(vans, 1, 0))
    assert kitti.precision([worse], 0, 0.7).r40 < 0.6
    assert kitti.precision([worse], 0, 0.7, ignored=[vans]).r40 == pytest.approx(39 / 40)
