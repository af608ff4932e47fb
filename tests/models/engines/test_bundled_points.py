"""The bundled point networks: what the catalogue says of them, and that they know a floor from a ceiling."""

from __future__ import annotations

import numpy as np
import pytest
from plyfile import PlyData

from headlight.models.catalogue import entries
from headlight.models.catalogue.bundled import ASSETS, BUNDLED
from headlight.models.core.answers import Classes, PointLabels, scores
from headlight.models.engines.door import check
from headlight.viewer.host.engines import open_engine

POINT_MODELS = [entry for entry in BUNDLED if entry.modality == "points" and entry.folder.is_dir()]


def room() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(points, colours, truth) of an empty room of 5 × 4 × 2.8 m: floor, ceiling and four walls."""
    generator = np.random.default_rng(0)
    parts, truth = [], []
    for axis, at, label, count in (
        *((2, 0.0, "floor", 12_000), (2, 2.8, "ceiling", 12_000)),
        *((0, 0.0, "wall", 7_000), (0, 5.0, "wall", 7_000), (1, 0.0, "wall", 8_000), (1, 4.0, "wall", 8_000)),
    ):
        points = generator.random((count, 3)) * (5, 4, 2.8)
        points[:, axis] = at
        parts.append(points + generator.normal(0, 0.003, points.shape))
        truth.append(np.full(count, label, object))
    points, names = np.concatenate(parts).astype(np.float32), np.concatenate(truth)
    grey = {"floor": 120, "ceiling": 235, "wall": 210}
    colours = np.stack([[grey[name]] * 3 for name in names]).astype(np.uint8)
    return points, colours, names


@pytest.mark.parametrize("entry", POINT_MODELS, ids=lambda entry: entry.id)
def test_the_catalogue_says_what_is_there(entry):
    opened = entries.open_folder(entry.folder)
    assert (entry.modality, entry.layers, entry.heads) == (opened.modality, opened.layers, opened.heads)
    assert entry.megabytes == pytest.approx(opened.megabytes, abs=0.1)
    assert "licence" in (entry.folder / "NOTICE.md").read_text().lower()


@pytest.mark.parametrize("of", ["room", "object"])
def test_those_of_rooms_and_of_objects_fit_into_twenty_megabytes_each(of):
    found = [entry for entry in POINT_MODELS if of in entry.suits]
    assert found
    assert sum(entries.open_folder(entry.folder).megabytes for entry in found) <= 20


@pytest.mark.parametrize(("name", "klass"), [("chair", "chair"), ("car", "vehicle"), ("bonsai", "plant")])
def test_the_sample_objects_are_known(name, klass):
    vertices = PlyData.read(ASSETS / "samples" / "objects" / f"{name}.ply")["vertex"]
    points = np.column_stack([vertices[axis] for axis in "xyz"])
    trace = open_engine("shapes-point-transformer", "points", "cpu").run(points)
    first, *_ = trace.answer(Classes).targets()
    assert first.name == klass
    assert [layer.queries.positions.shape[0] for layer in trace.layers] == [128, 32, 8, 2]
    assert max(check(trace)) < 1e-3


@pytest.mark.parametrize("coloured", [True, False], ids=["coloured", "plain"])
def test_an_empty_room_has_a_floor_a_ceiling_and_walls(coloured):
    points, colours, names = room()
    reader = open_engine("point-transformer", "points", "cpu")
    truth = np.array([reader.classes.index(name) for name in names], np.int16)
    trace = reader.run(points, colours if coloured else None, truth)
    assert not trace.model.untrained
    assert len(trace.layers) == 18
    assert max(check(trace)) < 1e-3
    iou = scores(trace.answer(PointLabels).confusion()).iou
    for name in ("floor", "ceiling"):
        assert iou[reader.classes.index(name)] > 0.9, name
    assert iou[reader.classes.index("wall")] > 0.7


def test_pointnet_knows_them_too():
    points, colours, names = room()
    reader = open_engine("pointnet", "points", "cpu")
    truth = np.array([reader.classes.index(name) for name in names], np.int16)
    trace = reader.run(points, colours, truth)
    assert not trace.model.untrained
    right = scores(trace.answer(PointLabels).confusion()).accuracy_per_class
    for name, least in (("floor", 0.95), ("ceiling", 0.95), ("wall", 0.7)):
        assert right[reader.classes.index(name)] > least, name


def test_the_3d_cnn_knows_a_floor_from_a_ceiling():
    points, _, names = room()
    reader = open_engine("voxel-net", "points", "cpu")
    truth = np.array([reader.classes.index(name) for name in names], np.int16)
    trace = reader.run(points, truth)
    assert trace.outputs["grid"] == 0.12
    right = scores(trace.answer(PointLabels).confusion()).accuracy_per_class
    for name, least in (("floor", 0.9), ("ceiling", 0.8), ("wall", 0.6)):
        assert right[reader.classes.index(name)] > least, (name, right)
