"""Which boxes are shown, and how they agree with the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headlight.models.core.answers import BoxEdit, BoxEdits
from headlight.models.core.tokens import Cuboid
from headlight.viewer.session.view import BoxSettings, RepresentSettings
from headlight.viewer.slices.clouds.boxes.heat import LEAST, heat_picture
from headlight.viewer.slices.clouds.boxes.measured import COLUMNS, KITTI, boxes_of_cell, measured
from headlight.viewer.slices.clouds.boxes.outlines import broken, edges_of, frame_of
from headlight.viewer.slices.clouds.boxes.shown import Read, shown
from headlight.viewer.slices.clouds.represented.linked import linked
from tests.viewer.box_samples import CAR, MAN, TRUCK, answer, boxes_of, street, traced


@pytest.fixture(scope="module")
def read() -> Read:
    cloud = street()
    return Read(cloud, traced(cloud))


def scores(read: Read, **settings) -> list[float]:
    return [round(float(score), 2) for score in shown(read, BoxSettings(**settings)).boxes.scores]


def test_score_and_suppression_change_without_the_network(read):
    assert scores(read) == [0.9, 0.8, 0.6]
    assert shown(read, BoxSettings()).below == 1
    assert scores(read, score=0.1) == [0.9, 0.8, 0.6, 0.2]
    assert scores(read, suppress="none") == [0.9, 0.8, 0.6, 0.5]
    assert scores(read, suppress="rotated") == [0.9, 0.8, 0.6]
    assert scores(read, suppress="rotated", overlap=0.9) == [0.9, 0.8, 0.6, 0.5]
    assert scores(read, suppress="circle") == [0.9, 0.8, 0.6]
    assert scores(read, suppress="circle", radius=0.5) == [0.9, 0.8, 0.6, 0.5]
    assert shown(read, BoxSettings()) is shown(read, BoxSettings(heat=2))


def test_points_in_boxes_and_which_box_is_where(read):
    now = shown(read, BoxSettings())
    assert now.truth_points.tolist() == [60, 60, 60, 60]
    assert now.points[1] == 60
    assert now.find(now.boxes.place(2)) == (False, 2)
    assert now.find(Cuboid(*CAR)) == (True, 0)
    assert now.find(Cuboid(*CAR[:6], 0.4)) is None


def test_agreement_with_the_truth_at_the_score(read):
    now = measured(read, BoxSettings())
    assert (now.right, now.found, now.true) == (2, 3, 4)
    assert (now.precision, now.recall) == pytest.approx((2 / 3, 1 / 2))
    assert measured(read, BoxSettings(metres=0.2)).right == 1
    rows = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in now.rows}
    assert list(rows) == ["all", "car", "truck", "pedestrian"]
    # Of two cars the one that is found comes first: recall 0.5, and what is false comes behind it.
    assert (rows["car"]["2 m"], rows["car"]["truth"]) == ("0.44", "2")
    assert rows["pedestrian"]["AP"] == "1.00"
    assert rows["truck"]["AP"] == "0.00"
    assert rows["car"]["ATE"] == f"{np.hypot(0.3, 0.1):.2f}"
    assert now.said == ""


def test_precision_over_recall_and_kitti_s_figures(read):
    car, *_ = measured(read, BoxSettings(agreement="curves")).curves
    # The first that is found is right, and of two true cars it is one; two false ones follow.
    assert (car.name, car.recall[-1]) == ("car", 0.5)
    assert car.precision[:-1] == pytest.approx(1)
    assert car.precision[-1] == pytest.approx(1 / 3)
    assert car.scores[0] == pytest.approx(0.9)
    near = measured(read, BoxSettings(agreement="curves", metres=0.2)).curves
    assert [one.name for one in near] == ["pedestrian"]
    table = measured(read, BoxSettings(agreement="kitti")).kitti
    rows = {row[0]: dict(zip(KITTI, row, strict=True)) for row in table}
    assert list(rows) == ["all", "car", "truck", "pedestrian"]
    assert (rows["car"]["overlap"], rows["truck"]["overlap"]) == ("0.7", "0.5")
    assert rows["pedestrian"]["3D AP"] == "1.00"
    assert rows["all"]["truth"] == "4"
    assert measured(read, BoxSettings()).kitti == measured(read, BoxSettings()).curves == ()


def test_a_cell_of_the_confusion_has_its_boxes(read):
    settings = BoxSettings(score=0.1)
    seen = shown(read, settings).confusion
    assert seen.counts[:, 0].tolist() == [1, 1, 0, 0, 1]
    assert seen.counts[0].tolist() == [1, 0, 0, 0, 1]
    taken = boxes_of_cell(read, settings, BoxEdits(), 1, 0)
    assert [place.numbers[:2] for place in taken] == [TRUCK[:2]]  # where it was found is where it is
    assert len(boxes_of_cell(read, settings, BoxEdits(), 0, 0)) == 2
    assert [place.y for place in boxes_of_cell(read, settings, BoxEdits(), 4, 0)] == [20.0]
    assert [place.y for place in boxes_of_cell(read, settings, BoxEdits(), 0, 4)] == [6.0]


def test_boxes_that_are_set_by_hand(read):
    first = shown(read, BoxSettings()).boxes
    to = Cuboid(12.0, 1.0, -0.9, 4.0, 1.8, 1.6, 0.0)
    edits = (
        BoxEdit(first.place(0), to, 1),
        BoxEdit(first.place(1), None, 2),
        BoxEdit(None, Cuboid(*MAN[:2], 0.5, *MAN[3:]), 3),
        BoxEdit(Cuboid(*CAR), None, 0),  # no such box was found
    )
    now = shown(read, BoxSettings(), BoxEdits(edits))
    assert now.boxes.scores == pytest.approx([1.0, 0.9, 0.6])
    assert now.boxes.labels.tolist() == [3, 1, 0]
    assert now.by_hand.tolist() == [True, True, False]
    assert now.find(to) == (False, 1)
    assert shown(read, BoxSettings(score=0.95), BoxEdits(edits)).by_hand.tolist() == [True, True]


def test_truth_of_classes_that_the_model_has_not(read):
    truth = replace(read.cloud.boxes, classes=("Car", "Van", "Misc thing", "Cyclist"))
    other = replace(read.cloud, boxes=truth)
    now = shown(read._replace(cloud=other), BoxSettings())
    assert now.unknown == ("Misc thing",)
    assert now.truth.classes == read.answer.classes
    assert now.truth.labels.tolist() == [0, 0, 1]
    assert measured(read._replace(cloud=other), BoxSettings()).said.startswith("1 of classes")


def test_an_empty_list_says_why(read):
    cloud = read.cloud
    none = boxes_of(())
    assert "choose a model" in shown(Read(cloud, replace(read.trace, answers=())), BoxSettings()).why
    assert shown(Read(cloud, traced(cloud, none, ("Too high.",))), BoxSettings()).why == "Too high."
    frame = shown(Read(cloud, traced(cloud, none)), BoxSettings()).why
    assert "z = -1.7 m" in frame
    assert "intensities up to 1" in frame
    away = replace(none, extent=(100.0, 100.0, 200.0, 200.0))
    assert "No point lies where it looks" in shown(Read(cloud, traced(cloud, away)), BoxSettings()).why
    assert shown(read, BoxSettings(score=0.99)).why == ""
    untold = replace(cloud, boxes=None)
    assert measured(Read(untold, traced(untold)), BoxSettings()) is None
    assert len(shown(Read(cloud, None), BoxSettings()).truth) == 4


def test_a_box_is_its_points_in_all_representations(read):
    place = read.cloud.boxes.place(0)
    found = linked(read.cloud, RepresentSettings(), (place,))
    assert found.count == 60
    assert place.holds(read.cloud.points[found.points]).all()
    assert len(found.cells["above"])


def test_the_heat_map_has_y_for_rows_and_lies_over_the_points(read):
    every = heat_picture(read, None)
    assert every.edge == (0.5, 0.5)
    assert np.argwhere(every.levels == 255).tolist() == [[82, 100]]
    assert (every.scale.low, every.scale.high) == (LEAST, pytest.approx(0.9))
    walkers = heat_picture(read, 2)
    assert np.argwhere(walkers.levels > 64).tolist() == [[74, 92]]
    assert ((walkers.levels > 0) & (walkers.levels <= 64)).sum() > 2000
    assert "pedestrian" in walkers.said
    bare = replace(read.trace, answers=(replace(answer(), heat=None),))
    assert heat_picture(read._replace(trace=bare), None).scale is None


def test_edges_are_broken_at_the_seam():
    line = edges_of(np.array([-10.0, 0, 0, 4, 2, 2, 0]))
    assert np.nanmin(line, axis=0) == pytest.approx((-12, -1, -1))
    assert np.isnan(line).any(axis=1).sum() == 12
    azimuth = np.arctan2(line[:, 1], line[:, 0])
    places = np.column_stack([512 * (1 - azimuth / np.pi), line[:, 2]])
    cut = broken(places, 1024)
    jumps = np.abs(np.diff(cut[:, 0]))
    assert np.nanmax(jumps) < 512
    assert np.isnan(frame_of(cut, 1024)).all()
    ahead = edges_of(np.array([10.0, 0, 0, 4, 2, 2, 0]))
    assert frame_of(ahead[:, :2], 1024) == pytest.approx((8, 12, -1, 1))


def test_the_heat_is_not_sent_with_every_list(read):
    assert answer().heat is not None
    assert shown(read, BoxSettings()).boxes.heat is None
