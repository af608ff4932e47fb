"""The engine of detectors: what it feeds them, what it says of a cloud unlike those of training, what a box
stands on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import Boxes
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from headlight.models.core.interventions import Hide
from headlight.models.core.tokens import Region
from headlight.models.engines.detection import DetectionEngine
from headlight.models.engines.points import PointsEngine
from headlight.models.points.detection.asked.fitting import street_of
from headlight.models.points.detection.config import Suppression
from headlight.models.points.detection.network import Detector
from headlight.viewer.host.engines import open_engine
from tests.models.points.detection import published
from tests.models.tiny_detector import CONFIG, saved, scan


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("detector"))


@pytest.fixture(scope="module")
def engine(folder) -> DetectionEngine:
    return open_engine(str(folder), "points")


def test_a_cloud_gets_boxes_and_every_point_its_pillar(engine):
    points, intensity = scan()
    trace = engine.run(points, intensity=intensity)
    answer = trace.answer(Boxes)
    assert trace.notices == ()
    assert len(answer) == 12
    assert (answer.scores > 0.1).all()
    assert (np.diff(answer.scores) <= 0).all()
    assert answer.classes == ("car", "truck", "pedestrian", "cycle")
    assert answer.heat.shape == (4, 32, 32)
    assert answer.extent == (-8, -8, 8, 8)
    assert len(answer.candidates) > len(answer)
    assert (len(trace.tokens), trace.inputs["points"].shape) == (2600, (2600, 4))
    outside = (np.abs(points[:, :2]) >= 8).any(axis=1)
    assert ((trace.inputs["cell"] < 0) == outside).all()


def test_another_street_and_another_scale_of_intensity_are_told_and_made_up_for(engine):
    points, intensity = scan()
    plain = engine.run(points, intensity=intensity).answer(Boxes)
    trace = engine.run(points + np.float32([0, 0, 1.73]), intensity=255 * intensity)
    moved = trace.answer(Boxes)
    assert [said.split(" ")[0] for said in trace.notices] == ["The", "Intensities"]
    assert trace.outputs["raised"] == pytest.approx(-1.73, abs=0.05)
    assert moved.boxes[:, 2] == pytest.approx(plain.boxes[:, 2] + 1.73, abs=0.1)
    assert moved.scores == pytest.approx(plain.scores, abs=0.02)
    (said,) = engine.run(points).notices
    assert "no intensities" in said


def test_the_street_is_where_most_points_are():
    points, _ = scan()
    assert street_of(points) == pytest.approx(-1.73, abs=0.02)
    assert street_of(points + np.float32([0, 0, 40])) is None


def test_it_says_why_it_finds_nothing(engine, folder):
    points, intensity = scan()
    trace = engine.run(points + np.float32([500, 0, 0]), intensity=intensity)
    assert len(trace.answer(Boxes)) == 0
    assert "None of the 2,600 points is where" in trace.notices[-1]
    torch.manual_seed(0)
    silent = replace(CONFIG, suppression=Suppression(score=0.999), frame=replace(CONFIG.frame, forward="y"))
    quiet = DetectionEngine(Detector(silent), find(str(folder)), "cpu")
    notice = quiet.run(points, intensity=intensity).notices[-1]
    assert "found none of car, truck, pedestrian, cycle among the" in notice
    assert "y points ahead" in notice
    with pytest.raises(HeadlightError, match="no points"):
        engine.run(points[:0])


def test_what_a_box_stands_on(engine):
    points, intensity = scan()
    trace = engine.run(points, intensity=intensity)
    target = trace.answer(Boxes).targets()[0]
    slope = trace.run.gradients(target).inputs
    assert slope.shape == (2600, 4)
    assert not slope[trace.inputs["cell"] < 0].any()
    # Of the brightest way up: a small step of every intensity changes the logit as the slope says.
    step = np.zeros_like(slope)
    step[:, 3] = 1e-3 * np.sign(slope[:, 3])

    def logit(features: np.ndarray) -> float:
        from headlight.models.points.detection.pillars import batch_of

        with torch.no_grad():
            said = engine.model(batch_of([features], CONFIG))
        return float(engine._logit(said, target, engine._cell(target)))

    features = trace.inputs["points"]
    change = logit(features + step.astype(np.float32)) - logit(features)
    assert change == pytest.approx(float((slope * step).sum()), rel=0.1)
    near = np.linalg.norm(points[:, :2] - trace.answer(Boxes).boxes[0, :2], axis=1) < 3
    nothing, all_near = trace.run.scores(np.stack([np.zeros(2600, bool), near]), target)
    assert nothing == pytest.approx(target.score, abs=1e-5)
    assert all_near != pytest.approx(target.score, abs=1e-4)


def test_hidden_points_are_not_seen(engine):
    points, intensity = scan()
    trace = engine.run(points, intensity=intensity)
    again = trace.run.again((Hide((Region(points[2000:]),)),))
    assert (again.inputs["cell"][2000:] == -1).all()
    alone = engine.run(points[:2000], intensity=intensity[:2000])
    assert again.answer(Boxes).boxes == pytest.approx(alone.answer(Boxes).boxes, abs=1e-4)


def test_a_checkpoint_opens_the_engine_of_what_it_holds(tmp_path):
    file = published.saved(tmp_path / "pointpillar.pth", published.openpcdet_pillars(), "model_state")
    with pytest.raises(UntrustedPickle):
        open_engine(str(file), "points")
    engine = open_engine(str(file), "points", trust_pickle=True)
    assert isinstance(engine, DetectionEngine)
    assert engine.config.classes == ("car", "pedestrian", "cyclist")
    assert isinstance(open_engine("pointnet", "points"), PointsEngine)
