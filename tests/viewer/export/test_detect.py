"""Boxes as files: numbers, a table, KITTI's labels and nuScenes' results, in the file's coordinates."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from headlight.models.core.answers import BoxEdit, BoxEdits
from headlight.models.core.interventions import File, Recipe
from headlight.models.core.trace import Run
from headlight.viewer.export.clouds.detect import DetectOptions, detect
from headlight.viewer.export.results import content
from headlight.viewer.host.adapters import CLOUDS
from headlight.viewer.inputs.boxes import kitti
from headlight.viewer.session.view import View
from tests.viewer.box_samples import MAN, street, traced


@pytest.fixture
def made(tmp_path):
    """A cloud whose file has centimetres and its own zero, and its trace."""
    cloud = street()
    cloud = replace(cloud, frame=replace(cloud.frame, metres_per_unit=0.01), origin=np.array([100.0, 0, 0]))
    run = Run(recipe=Recipe(source=File(str(tmp_path / "street.bin"), "")))
    return cloud, replace(traced(cloud), run=run)


def of(made, ending: str, **options):
    cloud, trace = made
    result = detect(DetectOptions(**options), ending, cloud, trace, None)
    return (result.arrays() if ending == "npz" else bytes(content(ending, result)).decode()), result


def test_numbers_in_the_coordinates_of_the_file(made):
    arrays, _ = of(made, "npz", score=0.7)
    assert arrays["boxes"].dtype == np.float32
    assert arrays["boxes"][1] == pytest.approx((700, -300, -85, 70, 70, 170, -2.0), abs=1e-3)
    assert arrays["labels"].tolist() == [0, 2]
    assert arrays["classes"].tolist() == ["car", "truck", "pedestrian", "cycle"]
    assert len(of(made, "npz")[0]["scores"]) == 3
    assert len(of(made, "npz", suppress="none", score=0.1)[0]["scores"]) == 5
    table, _ = of(made, "csv")
    assert table.splitlines()[0] == "x,y,z,length,width,height,yaw,class,score"
    assert table.splitlines()[2].startswith("700,-300,-85")


def test_far_from_zero_boxes_keep_their_place(made):
    cloud, trace = made
    far = replace(cloud, origin=np.array([5e8, 6e8, 0.0]))
    near, _ = of(made, "npz")
    arrays, _ = of((far, trace), "npz")
    moved = arrays["boxes"][:, :2] - (5e8, 6e8)
    np.testing.assert_allclose(moved, near["boxes"][:, :2] - (100, 0), atol=1e-3)


def test_what_all_scores_are_below_is_said(made):
    arrays, result = of(made, "npz", score=1.0)
    assert not len(arrays["boxes"])
    assert "that were found have scores below 1" in result.notices[-1]


def test_kittis_labels_need_a_calibration_for_the_camera(made, tmp_path):
    text, result = of(made, "txt")
    assert kitti.read(text, None).names == ("Car", "Pedestrian", "Car")
    assert "No calibration" in result.notices[0]
    (tmp_path / "street.calib.txt").write_text(
        "P2: 700 0 600 0 0 700 180 0 0 0 1 0\nR0_rect: 1 0 0 0 1 0 0 0 1\n"
        "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 -30\n"
    )
    moved, result = of(made, "txt")
    assert result.notices == []
    assert float(text.split()[13]) - float(moved.split()[13]) == 30


def test_results_of_nuscenes(made):
    row = json.loads(of(made, "json")[0])["results"]["street"][1]
    assert row["translation"] == pytest.approx((700, -300, -85), abs=1e-3)
    assert row["size"] == pytest.approx((70, 70, 170))
    assert row["rotation"] == pytest.approx((np.cos(-1), 0, 0, np.sin(-1)), abs=1e-6)
    assert row["detection_name"] == "pedestrian"


def test_what_was_set_by_hand_goes_along(made):
    cloud, trace = made
    man = trace.answers[0].place(1)
    edits = BoxEdits((BoxEdit(man, None, 2),))
    edited = CLOUDS.exported(cloud, View(edits))
    assert not CLOUDS.is_file(edited, "street.bin")
    assert CLOUDS.is_file(CLOUDS.exported(cloud, View()), "street.bin")
    arrays, _ = of((edited, trace), "npz")
    assert len(arrays["boxes"]) == 2
    assert not (np.abs(arrays["boxes"][:, 1] - 100 * MAN[1]) < 1).any()
