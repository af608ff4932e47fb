"""Networks on voxels and on range images, through the engine: an answer for every point, and what is said."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
import torch

from headlight.models.catalogue.entries import open_folder
from headlight.models.catalogue.tensors import save_half
from headlight.models.core.answers import PointLabels
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide
from headlight.models.engines.grids import GridsEngine
from headlight.models.points.grids.config import GridConfig
from headlight.models.points.grids.range_net import STREET_CLASSES
from headlight.models.points.representations.range_image import SENSORS
from tests.models.tiny_points import room

SENSOR = SENSORS["vlp-16"]


@pytest.fixture(scope="module")
def open_(tmp_path_factory):
    def opened(kind, **more):
        torch.manual_seed(0)
        config = GridConfig(kind, more.pop("classes", STREET_CLASSES), widths=(8, 8, 8), **more)
        net = config.network()
        with torch.no_grad():
            net.last.weight.mul_(30)  # so that several classes are the most probable somewhere
        folder = tmp_path_factory.mktemp(kind)
        save_half(folder, net, asdict(config))
        return GridsEngine.open(open_folder(folder), "cpu")

    return opened


def scan(zero=(0.0, 0.0, 0.0)):
    """(points, intensity and so on): 16 beams all around, of which some points lie behind nearer ones."""
    rng = np.random.default_rng(0)
    up = np.radians(np.linspace(14.9, -14.9, 16))[:, None]
    turn = (np.arange(400) + 0.5) / 400 * 2 * np.pi
    far = rng.uniform(8, 9, (16, 400))
    way = np.stack([np.cos(up) * np.cos(turn), np.cos(up) * np.sin(turn), np.sin(up) + 0 * turn], -1)
    points = (far[..., None] * way).reshape(-1, 3)
    points = np.concatenate([points, points[:50] * 2, [[0, 0, 0]]]).astype(np.float32)
    ring = np.concatenate([np.repeat(np.arange(15, -1, -1), 400), np.full(50, 15), [3]]).astype(np.int16)
    return points + np.float32(zero), {
        "intensity": rng.uniform(0, 255, len(points)),
        "ring": ring,
        "zero": np.array(zero, float),
    }


def test_each_point_of_a_room_has_the_answer_of_its_cell(open_):
    engine, points = open_("voxel_net", edge=0.2), room(2000)[0]
    truth = np.zeros(2000, np.int16)
    trace = engine.run(points, truth)
    answer = trace.answer(PointLabels)
    cells = np.floor((points.astype(float) - points.min(0)) / 0.2)
    same = (cells == cells[trace.answer(PointLabels).sample][answer.nearest]).all(1)
    assert same.all()
    assert len(trace.tokens) == len(np.unique(cells, axis=0))
    assert len(set(answer.labels.tolist())) > 1
    assert (trace.outputs["grid"], trace.layers, trace.notices) == (0.2, (), ())
    assert answer.confusion().sum() == 2000


def test_a_large_cloud_has_larger_cells_and_is_told_so(open_, monkeypatch):
    monkeypatch.setattr("headlight.models.points.grids.fed.MOST", 10_000)
    points = room(500)[0]
    trace = open_("voxel_net").run(points)
    assert trace.outputs["grid"] > 0.12
    assert "instead of 0.12 m" in trace.notices[0]


def test_hidden_and_outside_points_of_a_scan_are_counted_and_answered(open_):
    engine, (points, seen) = open_("range_net"), scan((100, 0, 0))
    trace = engine.run(points, **seen)
    answer = trace.answer(PointLabels)
    assert len(answer.labels) == len(points)
    assert trace.outputs["image"].shape == (5, 16, 1800)
    assert len(trace.tokens) == 6400
    assert np.abs(trace.tokens.positions[:, 0].mean() - 100) < 1
    assert trace.notices[0].startswith("50 of 6,451 points lie behind nearer ones")
    assert trace.notices[1].startswith("1 of 6,451 points lie outside")
    assert len(set(answer.labels.tolist())) > 1
    # A byte's intensities are as their share.
    share = engine.run(points, **seen | {"intensity": seen["intensity"] / seen["intensity"].max()})
    assert np.abs(share.outputs["image"][3] - trace.outputs["image"][3]).max() < 0.02


def test_what_is_hidden_is_empty_and_scores_follow(open_):
    for engine, (points, seen) in ((open_("voxel_net", edge=2.0), scan()), (open_("range_net"), scan())):
        trace = engine.run(points, **seen)
        places = tuple(trace.tokens.place(index) for index in range(40))
        less = engine.again(trace.run, (Hide(places),))
        assert len(trace.tokens) - len(less.tokens) == 40
        assert len(less.answer(PointLabels).labels) == len(points)
        target = trace.answer(PointLabels).targets()[0]
        hidden = np.zeros((2, len(trace.tokens)), bool)
        hidden[1, :40] = True
        before, after = engine.scores(trace.run, hidden, target)
        assert before == pytest.approx(target.score, abs=1e-6)
        share = (less.answer(PointLabels).labels == target.index).mean()
        assert after == pytest.approx(share, abs=1e-6)
        with pytest.raises(HeadlightError, match="Nothing is left"):
            engine.scores(trace.run, np.ones((1, len(trace.tokens)), bool), target)


def test_a_cloud_of_no_sensor_is_refused(open_):
    with pytest.raises(HeadlightError, match="No beams"):
        open_("range_net").run(room(3000)[0] - np.float32((2, 1.5, 1.2)))


def test_a_damaged_configuration_is_named(tmp_path, open_):
    from headlight.models.points.grids.config import grid_config

    for name, value in {"classes": [], "edge": "wide", "widths": [1, 2], "model_type": "net"}.items():
        content = {"model_type": "range_net", "classes": ["a"], "edge": 0.1, "widths": [8, 8, 8], name: value}
        with pytest.raises(HeadlightError, match=f"no usable “{name}”"):
            grid_config(content, "config.json")
