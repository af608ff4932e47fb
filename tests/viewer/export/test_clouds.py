"""Exports of point clouds with a tiny untrained network: arrays, tables and PLY files read back."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image
from plyfile import PlyData

from headlight.models.catalogue.tensors import save_half
from headlight.models.core.answers import PointLabels
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.classes.palettes import class_colours
from headlight.models.engines import door
from headlight.models.points.grids.config import GridConfig
from headlight.models.points.reach.fields import composed
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.inputs import from_path
from tests.models.tiny_points import pointnet, room, saved, transformer
from tests.viewer.given_cloud import weights_of

POINTS, COLOURS = room(2000)
FAR = np.array([654_321.125, 4_321_987.25, 12.5])
DROPPED = (0, 7, 1999)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    torch.set_num_threads(1)
    return {
        "transformer": saved(folder / "tiny", transformer(), grid=0.2, classes=list(S3DIS_CLASSES)),
        "pointnet": saved(folder / "net", pointnet(), grid=0.2, classes=list(S3DIS_CLASSES)),
        "voxel_net": _saved_voxels(folder / "voxels"),
    }


def _saved_voxels(folder):
    config = GridConfig("voxel_net", S3DIS_CLASSES, edge=0.4)
    save_half(folder, config.network(), asdict(config))
    return folder


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """A room in metres, z up, with colours and labels, some of its points without coordinates."""
    path = tmp_path_factory.mktemp("near") / "near.npz"
    points = POINTS.copy()
    points[list(DROPPED)] = np.nan
    labels = (np.arange(2000) % 14 - 1).astype(np.int16)
    np.savez(path, points=points, colors=COLOURS, labels=labels, classes=np.array(S3DIS_CLASSES))
    return path


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """The same room where a survey has it, a million metres from zero."""
    path = tmp_path_factory.mktemp("far") / "far.npy"
    np.save(path, POINTS.astype(np.float64) + FAR)
    return path


@pytest.fixture
def exported(tmp_path, capfd, models):
    def call(path, *words: str, ending: str = "npz", model: str = "transformer"):
        out = tmp_path / f"out.{ending}"
        line = ["export", str(path), *words, "--model", str(models[model]), "--device", "cpu"]
        assert run([*line, "--out", str(out)]) == 0, capfd.readouterr().err
        capfd.readouterr()
        if ending != "npz":
            return out.read_bytes()
        with np.load(out, allow_pickle=False) as archive:
            return dict(archive)

    return call


def answer(path, folder):
    """The trace that an export stands on."""
    cloud = from_path(path)
    return cloud, open_engine(str(folder), "points", "cpu").run(cloud.points, cloud.colours, cloud.labels)


def test_every_point_of_the_file_has_a_label_in_its_order(near, exported, models):
    found = exported(near, "segmentation")
    cloud, trace = answer(near, models["transformer"])
    assert cloud.kept is not None
    assert found["labels"].shape == found["confidence"].shape == found["truth"].shape == (2000,)
    assert found["labels"].dtype.kind == "i"
    assert found["confidence"].dtype == np.float32
    assert found["labels"][list(DROPPED)].tolist() == [-1, -1, -1]
    assert found["confidence"][list(DROPPED)].tolist() == [0, 0, 0]
    kept = np.setdiff1d(np.arange(2000), DROPPED)
    assert np.array_equal(found["labels"][kept], trace.answer(PointLabels).labels)
    assert np.array_equal(found["truth"][kept], (np.arange(2000) % 14 - 1)[kept])
    assert found["classes"].tolist() == list(S3DIS_CLASSES)
    assert len(np.unique(found["labels"])) >= 3


def test_a_table_and_a_ply_say_the_same(near, exported):
    arrays = exported(near, "segmentation")
    rows = list(csv.reader(io.StringIO(exported(near, "segmentation", ending="csv").decode())))
    assert rows[0] == ["x", "y", "z", "class", "confidence"]
    assert rows[1] == ["nan", "nan", "nan", "", "0"]
    assert len(rows) == 2001
    assert [row[3] for row in rows[2:7]] == [S3DIS_CLASSES[label] for label in arrays["labels"][1:6]]
    read = np.array([row[:3] for row in rows[2:7]], np.float32)
    assert np.array_equal(read, POINTS[1:6])
    ply = PlyData.read(io.BytesIO(exported(near, "segmentation", ending="ply")))
    vertices = ply["vertex"]
    assert vertices["x"].dtype == np.float32
    assert np.array_equal(vertices["z"][1:7], POINTS[1:7, 2])
    assert np.array_equal(vertices["label"], arrays["labels"])
    assert np.array_equal(vertices["truth"], arrays["truth"])
    assert np.array_equal(vertices["confidence"], arrays["confidence"])
    rgb = np.stack([vertices[name] for name in ("red", "green", "blue")], axis=1)
    kept = arrays["labels"] >= 0
    assert np.array_equal(rgb[kept], class_colours(S3DIS_CLASSES)[arrays["labels"][kept]])
    assert not ply.text
    assert ply.byte_order == "<"


def test_the_ply_opens_again_with_its_labels(near, exported, tmp_path):
    path = tmp_path / "again.ply"
    path.write_bytes(exported(near, "segmentation", ending="ply"))
    again, arrays = from_path(path), exported(near, "segmentation")
    assert again.total == 2000
    assert again.classes == S3DIS_CLASSES
    assert np.array_equal(again.labels, arrays["labels"][arrays["labels"] >= 0])


def test_coordinates_far_from_zero_keep_their_millimetres(far, exported):
    vertices = PlyData.read(io.BytesIO(exported(far, "segmentation", ending="ply")))["vertex"]
    assert vertices["x"].dtype == np.float64
    where = np.stack([vertices[name] for name in "xyz"], axis=1)
    assert np.abs(where - (POINTS.astype(np.float64) + FAR)).max() < 1e-3
    rows = list(csv.reader(io.StringIO(exported(far, "segmentation", ending="csv").decode())))
    assert np.abs(np.array([row[:3] for row in rows[1:]], float) - where).max() < 1e-5


def test_attention_of_a_layer_over_its_stage(near, exported, models):
    cloud, trace = answer(near, models["transformer"])
    found = exported(near, "attention", "--layer", "3")
    layer = trace.layers[3]
    assert str(found["layer_name"]) == layer.name
    assert int(found["layer"]) == 3
    assert found["attention"].shape == (layer.heads, *found["neighbours"].shape)
    assert found["attention"].dtype == found["points"].dtype == np.float32
    assert found["neighbours"].dtype.kind == "i"
    assert np.array_equal(found["neighbours"], layer.neighbours)
    assert np.allclose(found["attention"].sum(axis=2), 1, atol=1e-5)
    assert np.array_equal(found["attention"], weights_of(layer))
    assert np.array_equal(found["points"], layer.queries.positions)
    assert np.array_equal(POINTS[found["index"]], found["points"])  # numbers of the file
    one = exported(near, "attention", "--layer", layer.name, "--head", "1")
    assert np.array_equal(one["attention"], weights_of(layer)[1:2])
    mean = exported(near, "attention", "--layer", "3", "--head", "mean")
    assert np.allclose(mean["attention"][0], weights_of(layer).mean(axis=0))
    assert np.allclose(mean["origin"], cloud.origin)


def test_the_neighbourhood_of_one_point_of_the_file(near, exported):
    whole = exported(near, "attention", "--layer", "3")
    # The point itself may be no token of this stage: the nearest one answers for the token that it has.
    line = ("attention", "--layer", "3", "--point", "500")
    found = exported(near, *line)
    query = int(found["query"])
    assert np.array_equal(found["attention"], whole["attention"][:, [query]])
    assert np.array_equal(found["neighbours"], whole["neighbours"][[query]])
    far = np.linalg.norm(whole["points"] - POINTS[500], axis=1)
    assert far[query] <= far.min() + 0.4  # two steps of nearest, of which one is on a grid of 0.2 m
    data = exported(near, *line, "--head", "0", ending="csv")
    rows = list(csv.reader(io.StringIO(data.decode())))
    assert rows[0] == ["neighbour", "x", "y", "z", "map 0"]
    near_by = found["neighbours"][0]
    assert [int(row[0]) for row in rows[1:]] == whole["index"][near_by].tolist()
    assert np.array_equal(np.array([row[4] for row in rows[1:]], np.float32), found["attention"][0, 0])
    assert np.array_equal(np.array([row[1:4] for row in rows[1:]], np.float32), whole["points"][near_by])


def test_a_neighbourhood_is_drawn_as_bars(near, exported):
    line = ("attention", "--layer", "3", "--head", "mean", "--point", "500")
    png = np.asarray(Image.open(io.BytesIO(exported(near, *line, ending="png"))))
    weights = exported(near, *line)["attention"][0, 0]
    edge = np.concatenate([png[:4].ravel(), png[-4:].ravel(), png[:, :4].ravel(), png[:, -4:].ravel()])
    assert (edge == 255).all()
    svg = exported(near, *line, ending="svg").decode()
    assert svg.count("<rect") == len(weights) + 1
    assert f"{weights.max():.4g}" in svg


def test_the_rollout_of_a_point_is_its_composed_maps(near, exported, models):
    _, trace = answer(near, models["transformer"])
    found = exported(near, "rollout", "--point", "500")
    token = int(found["query"])
    assert np.array_equal(found["rollout"], composed(trace, token))
    assert np.array_equal(found["map"], found["rollout"])
    assert found["rollout"].sum() == pytest.approx(1, abs=1e-5)
    assert np.array_equal(POINTS[found["index"]], found["points"])
    rows = list(csv.reader(io.StringIO(exported(near, "rollout", "--point", "500", ending="csv").decode())))
    assert sum(float(row[4]) for row in rows[1:]) == pytest.approx(1, abs=1e-5)


def test_tokens_are_the_points_that_the_model_saw(far, near, exported):
    found = exported(near, "tokens")
    assert np.array_equal(found["points"], POINTS[found["index"]])
    assert found["features"].shape == (len(found["points"]), 5)
    rows = list(csv.reader(io.StringIO(exported(far, "tokens", ending="csv").decode())))
    where = np.array([row[1:] for row in rows[1:]], float)
    index = np.array([row[0] for row in rows[1:]], int)
    assert np.abs(where - (POINTS[index] + FAR)).max() < 1e-3


def test_units_and_the_axis_that_points_up_are_as_the_user_says(tmp_path, exported):
    path = tmp_path / "turned.npy"
    np.save(path, (POINTS[:, [0, 2, 1]] * (1, 1, -1) * 1000).astype(np.float32))  # y up, millimetres
    found = exported(path, "tokens", "--unit", "mm", "--up", "y")
    assert np.abs(found["points"] - POINTS[found["index"]]).max() < 1e-4
    assert (float(found["metres_per_unit"]), str(found["up"])) == (0.001, "y")
    larger = exported(path, "tokens", "--unit", "cm", "--up", "y")
    assert np.ptp(larger["points"], axis=0) == pytest.approx(10 * np.ptp(found["points"], axis=0), rel=0.05)


def test_strays_and_labels_of_another_list_come_out_as_told(tmp_path, exported, capfd):
    path, numbers = tmp_path / "scan.npz", np.full(2001, 5)
    np.savez(path, points=np.insert(POINTS, 3, (0, 5e6, 100), axis=0), labels=numbers)
    found = exported(path, "segmentation", "--classes", "nyu40")
    assert (found["labels"][3], found["truth"][3]) == (-1, -1)
    assert {S3DIS_CLASSES[label] for label in np.delete(found["truth"], 3)} == {"chair"}
    assert "truth" not in exported(path, "segmentation", "--classes", "none")
    places = PlyData.read(io.BytesIO(exported(path, "segmentation", ending="ply")))["vertex"]
    assert (places["y"][3], places["label"][3]) == (5e6, -1)
    near_npz = exported(path, "tokens")
    assert 3 not in near_npz["index"]
    assert np.abs(near_npz["points"] - np.insert(POINTS, 3, 0, axis=0)[near_npz["index"]]).max() < 1e-4


@pytest.mark.parametrize(
    ("words", "model", "ending", "message"),
    [
        (
            ["attention"],
            "pointnet",
            "npz",
            "net has no attention layers. Choose --model point-transformer, or export segmentation.",
        ),
        (
            ["rollout", "--point", "3"],
            "pointnet",
            "npz",
            "net has no attention layers. Choose --model point-transformer, or export segmentation.",
        ),
        (
            ["attention", "--layer", "10"],
            "transformer",
            "npz",
            "Layer 10 does not exist: {model} has 10, 0 to 9. Choose one with --layer, by its number or its "
            "name: enc1.1, enc2.1, enc3.1, enc4.1, enc5.1, dec5.1, dec4.1, dec3.1, dec2.1, dec1.1.",
        ),
        (
            ["attention", "--head", "2"],
            "transformer",
            "npz",
            "Head 2 does not exist: layer 9 of {model} has 2, 0 to 1. Choose one of these with --head.",
        ),
        (
            ["attention", "--point", "3"],
            "transformer",
            "png",
            "A png file holds one matrix, and layer 9 has 2 heads. Choose --head 0 to 1, mean, max or min.",
        ),
    ],
)
def test_what_there_is_not_is_one_line_and_no_file(
    words, model, ending, message, far, models, tmp_path, capfd
):
    line = ["export", str(far), *words, "--model", str(models[model]), "--device", "cpu"]
    assert run([*line, "--out", str(tmp_path / f"out.{ending}")]) == 2
    told = capfd.readouterr()
    assert told.err == f"headlight: {message.format(model=models[model])}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["pointnet", "voxel_net"])
def test_networks_without_attention_segment_too(near, exported, model):
    found = exported(near, "segmentation", model=model)
    assert (found["labels"] >= 0).sum() == 1997
    assert 0 < found["confidence"][1] <= 1


def test_a_pickle_is_refused_until_it_is_trusted(far, tmp_path, capfd):
    path = tmp_path / "model.pth"
    torch.save({"a": torch.zeros(3)}, path)
    line = ["export", str(far), "segmentation", "--model", str(path), "--out", str(tmp_path / "out.npz")]
    assert run(line) == 2
    assert capfd.readouterr().err == (
        f"headlight: {path} is a pickle, which can run code when it is opened. "
        "If you trust where it comes from, give --trust-pickle.\n"
    )
