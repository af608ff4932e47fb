"""True boxes beside a cloud: formats and frames, what does not match, and the way back into a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.answers import Boxes
from headlight.models.points.representations.depth_image import Calibration
from headlight.viewer.inputs.boxes import kitti, nuscenes, plain
from headlight.viewer.inputs.boxes.listed import NoBoxes, in_cloud, place_of
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.told.frame import Frame

CAR = (10.0, 1.0, -0.75, 4.0, 1.6, 1.5, 0.3)
MAN = (6.0, -3.0, -0.7, 0.8, 0.6, 1.7, -2.0)
LINE = "Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.5 1.6 4.0 -1.0 1.5 10.0 -1.8707963"
CALIBRATION = "\n".join(
    (
        "P2: 721.5 0 609.6 44.86 0 721.5 172.9 0.22 0 0 1 0.003",
        "R0_rect: 1 0 0 0 1 0 0 0 1",
        "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 -0.08 1 0 0 -0.27",
    )
)


def scan(path: Path, boxes=(CAR, MAN)) -> Path:
    """As KITTI writes it: ground, and 40 points in each box."""
    rng = np.random.default_rng(0)
    parts = [np.column_stack([rng.uniform(-40, 40, (500, 2)), np.full(500, -1.7)])]
    for box in boxes:
        inside = rng.uniform(-0.45, 0.45, (40, 3)) * box[3:6]
        c, s = np.cos(box[6]), np.sin(box[6])
        parts.append(inside @ np.array([(c, s, 0), (-s, c, 0), (0, 0, 1)]) + box[:3])
    points = np.concatenate(parts).astype("<f4")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.column_stack([points, np.full(len(points), 0.5, "<f4")]).astype("<f4").tofile(path)
    return path


def read(path: Path) -> CloudInput:
    cloud = from_path(str(path))
    assert isinstance(cloud, CloudInput)
    return cloud


def found(boxes=(CAR, MAN), classes=("car", "pedestrian")) -> Boxes:
    count = len(boxes)
    return Boxes(
        np.array(boxes, np.float32).reshape(-1, 7),
        np.linspace(0.9, 0.5, count).astype(np.float32),
        (np.arange(count) % len(classes)).astype(np.int16),
        classes,
    )


def said(cloud: CloudInput) -> str:
    return " ".join(cloud.notices)


def test_labels_of_kitti_in_their_folder(tmp_path):
    path = scan(tmp_path / "training" / "velodyne" / "000001.bin")
    labels = tmp_path / "training" / "label_2" / "000001.txt"
    labels.parent.mkdir()
    labels.write_text(f"{LINE}\nDontCare -1 -1 -10 1 1 2 2 -1 -1 -1 -1000 -1000 -1000 -10\n")
    plainly = read(path)
    assert plainly.boxes.boxes[0] == pytest.approx(CAR, abs=1e-5)
    assert plainly.boxes.classes == ("Car",)
    assert "label_2/000001.txt: 1 Car. Without a calibration" in said(plainly)
    calibration = tmp_path / "training" / "calib" / "000001.txt"
    calibration.parent.mkdir()
    calibration.write_text(CALIBRATION)
    # The scanner stands 27 cm behind the camera, and 8 cm above.
    assert read(path).boxes.boxes[0, :3] == pytest.approx((10.27, 1.0, -0.83), abs=1e-5)
    calibration.write_text("P2: 1 2 3")
    assert "The calibration lacks P2, R0_rect, Tr_velo_to_cam." in said(read(path))


@pytest.mark.parametrize("calibration", [None, Calibration.read(CALIBRATION)])
def test_what_is_written_as_kitti_is_read_again(calibration):
    answer = found()
    text = kitti.text(answer.boxes, answer, calibration)
    again = kitti.read(text, calibration)
    assert again.boxes == pytest.approx(answer.boxes, abs=0.011)
    assert again.names == ("Car", "Pedestrian")
    assert again.scores == pytest.approx(answer.scores)
    if calibration is not None:
        left, top, right, bottom = (float(word) for word in text.split()[4:8])
        u, v = 609.6 - 721.5 * (1 + 0.0) / 9.73, 172.9 + 721.5 * 0.67 / 9.73
        assert left < u < right
        assert top < v < bottom


@given(st.floats(-np.pi, np.pi))
def test_the_camera_turns_the_other_way(angle):
    assert np.exp(1j * kitti.turned(kitti.turned(angle))) == pytest.approx(np.exp(1j * angle))
    assert np.exp(1j * kitti.turned(angle)) == pytest.approx(np.exp(1j * (-np.pi / 2 - angle)))


def test_rows_of_nuscenes_in_the_world():
    half = np.sqrt(0.5)
    row = {
        "translation": [100, 210, 1],
        "size": [2, 5, 1.5],
        "rotation": [half, 0, 0, half],  # heads to +y
        "category_name": "vehicle.bus.rigid",
        "velocity": [0, 3],
    }
    assert nuscenes.read([row]).boxes[0] == pytest.approx((100, 210, 1, 5, 2, 1.5, np.pi / 2))
    # The car stands at 100, 200 and heads to +y; its scanner looks to the car's right, 2 m above.
    car = {"translation": [100, 200, 0], "rotation": [half, 0, 0, half]}
    scanner = {"translation": [0, 0, 2], "rotation": [half, 0, 0, -half]}
    there = nuscenes.read([row], [car, scanner])
    assert there.boxes[0] == pytest.approx((0, 10, -1, 5, 2, 1.5, np.pi / 2))
    assert there.velocities[0] == pytest.approx((0, 3))
    assert there.names == ("bus",)
    others = [row | {"category_name": "animal"}, row | {"num_lidar_pts": 0}]
    assert len(nuscenes.read(others).boxes) == 0
    with pytest.raises(NoBoxes):
        nuscenes.read([row | {"size": "large"}])


def test_the_tables_of_a_data_set(tmp_path):
    path = scan(tmp_path / "samples" / "LIDAR_TOP" / "n015.pcd.bin", [CAR])
    none = {"translation": [0, 0, 0], "rotation": [1, 0, 0, 0]}
    tables = {
        "sample_data": [
            {
                "filename": "samples/LIDAR_TOP/n015.pcd.bin",
                "sample_token": "s",
                "ego_pose_token": "e",
                "calibrated_sensor_token": "c",
            }
        ],
        "ego_pose": [none | {"token": "e", "translation": [1, 0, 0]}],
        "calibrated_sensor": [none | {"token": "c"}],
        "category": [{"token": "k", "name": "vehicle.car"}],
        "instance": [{"token": "i", "category_token": "k"}],
        "sample_annotation": [
            {"translation": [11, 1, -0.75], "size": [1.6, 4, 1.5], "rotation": [1, 0, 0, 0]}
            | {"sample_token": "s", "instance_token": "i"}
        ],
    }
    (tmp_path / "v1.0-mini").mkdir()
    for name, rows in tables.items():
        (tmp_path / "v1.0-mini" / f"{name}.json").write_text(json.dumps(rows))
    cloud = read(path)
    assert cloud.boxes.boxes[0] == pytest.approx((*CAR[:6], 0), abs=1e-5)
    assert cloud.boxes.classes == ("car",)


def test_files_of_our_own_and_results_beside_the_scan(tmp_path):
    path, answer = scan(tmp_path / "street.bin"), found()
    rows = list(plain.table(answer.boxes, answer))
    written = {
        "street.csv": "\n".join(",".join(map(str, row)) for row in rows),
        "street.json": json.dumps(plain.document(answer.boxes, answer)),
        "street.boxes.json": json.dumps(nuscenes.document(answer.boxes, answer, "street")),
        "street.txt": kitti.text(answer.boxes, answer, None),
    }
    for name, text in written.items():
        (tmp_path / name).write_text(text)
        boxes = read(path).boxes
        assert boxes.boxes == pytest.approx(answer.boxes, abs=0.011), name
        assert [one.lower() for one in boxes.classes] == ["car", "pedestrian"]
        (tmp_path / name).unlink()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("label_2/street.txt", "Car 1 2\n", "line 1 has 3 words"),
        ("label_2/street.txt", LINE.replace("10.0", "ten"), "words where numbers belong"),
        ("label_2/street.txt", LINE.replace("10.0", "400"), "None of the 1 boxes"),
        ("label_2/street.txt", f"{LINE}\n{LINE.replace('1.5 1.6', 'nan 1.6')}", "1 boxes of"),
        ("street.json", '{"boxes": [{"x": 1}]}', "lacks a number"),
        ("street.json", '{"boxes": [' + "[" * 9000, "damaged"),
        ("street.json", '{"results": {"a": [], "b": []}}', "none of them called street"),
        ("street.csv", "x,y,z,l,w,h,yaw\n1,2,3,4\n", "lacks a number"),
    ],
)
def test_what_does_not_match_costs_a_notice_and_nothing_else(tmp_path, name, text, told):
    path = scan(tmp_path / "street.bin")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    cloud = read(path)
    assert told in said(cloud)
    assert len(cloud.points) == 580
    assert cloud.boxes is None or len(cloud.boxes) == 1


def test_a_table_of_a_spreadsheet_and_yaws_that_look_like_degrees(tmp_path):
    head = "\ufeffx,y,z,length,width,height,yaw,class\n"
    cloud = read(scan(tmp_path / "a.bin"))
    for yaw, told in ((0.3, False), (90, True)):
        (tmp_path / "a.csv").write_text(f"{head}10,1,-0.75,4,1.6,1.5,{yaw},car\n", encoding="utf-8")
        cloud = read(tmp_path / "a.bin")
        assert cloud.boxes is not None
        assert cloud.boxes.classes == ("car",)
        assert ("are read as radians" in cloud.notices[-1]) is told


def test_other_files_of_that_name_are_not_taken_for_boxes(tmp_path):
    path = scan(tmp_path / "street.bin")
    (tmp_path / "street.txt").write_text("1 2 3\n4 5 6\n")
    (tmp_path / "street.json").write_text('{"camera": 1}')
    (tmp_path / "street.csv").write_text("x,y,z\n1,2,3\n")
    cloud = read(path)
    assert cloud.boxes is None
    assert "oxes" not in said(cloud)


def test_boxes_go_along_when_the_cloud_is_read_in_another_way(tmp_path):
    path = scan(tmp_path / "street.bin")
    (tmp_path / "street.txt").write_text(LINE)
    cloud = read(path)
    small = cloud.reframed(Frame(0.01))
    assert small.boxes.boxes[0] == pytest.approx((*(0.01 * v for v in CAR[:6]), CAR[6]), abs=1e-6)
    for frame in (Frame(0.5, "z-down"), Frame(1.0, "x"), Frame()):
        there = cloud.reframed(frame)
        assert there.file_boxes(there.boxes.boxes)[0, :6] == pytest.approx(CAR[:6], abs=1e-5)
    over = cloud.reframed(Frame(1.0, "z-down"))
    assert over.boxes.boxes[0, 6] == pytest.approx(-CAR[6], abs=1e-6)
    assert [len(held) for held in over.boxes.inside(over.points)] == [40]
    assert in_cloud(kitti.read(LINE, None), cloud).boxes == pytest.approx(cloud.boxes.boxes)


def test_classes_that_mean_the_same():
    ours = ("car", "truck", "pedestrian", "cycle")
    theirs = ("Car", "Van", "Person sitting", "bicycle", "Tram", "barrier")
    assert [place_of(name, ours) for name in theirs] == [0, 1, 2, 3, 1, None]
    assert place_of("Cyclist", ("Car", "Cyclist")) == 1
