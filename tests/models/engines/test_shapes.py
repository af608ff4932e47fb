"""One object through networks of shapes: what is said, from which points, and of what is no object."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.entries import find
from headlight.models.core.answers import Classes, PointLabels
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide
from headlight.models.engines.shapes import ShapesEngine
from tests.models.clouds import cloud
from tests.models.shape_folders import CONFIGS, NAMES, shape_folder

POINTS = cloud(3000)


@pytest.fixture(scope="module", params=CONFIGS)
def engine(request, tmp_path_factory) -> ShapesEngine:
    return ShapesEngine.open(find(str(shape_folder(tmp_path_factory.mktemp("m"), request.param))), "cpu")


def test_an_object_has_classes_whatever_its_size_and_place(engine: ShapesEngine) -> None:
    trace = engine.run(POINTS)
    answer, parts = trace.answer(Classes), trace.answer(PointLabels)
    assert answer.names == NAMES
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert (parts.labels == answer.probabilities.argmax()).all()
    assert len(parts.labels) == 3000
    np.testing.assert_array_equal(POINTS[parts.sample], trace.inputs["points"])
    assert np.linalg.norm(trace.inputs["features"], axis=1).max() == pytest.approx(1, abs=1e-5)
    moved = engine.run(40 * POINTS + np.float32([100, -30, 7]))
    np.testing.assert_allclose(moved.answer(Classes).probabilities, answer.probabilities, atol=2e-2)


def test_what_is_hidden_is_taken_away(engine: ShapesEngine) -> None:
    trace = engine.run(POINTS)
    gone = trace.tokens.places(np.arange(40))
    again = engine.again(trace.run, (Hide(gone),))
    assert len(again.tokens) == len(trace.tokens) - 40
    assert len(again.answer(PointLabels).labels) == 3000
    which = np.zeros((2, len(trace.tokens)), bool)
    which[1, :40] = True
    target = trace.answer(Classes).targets()[0]
    before, after = engine.scores(trace.run, which, target)
    assert before == pytest.approx(target.score, abs=1e-6)
    assert after == pytest.approx(again.answer(Classes).probabilities[target.index], abs=1e-6)


def test_a_network_says_beside_another_what_it_says_itself() -> None:
    engines = [ShapesEngine.open(entry, "cpu") for entry in BUNDLED if entry.classifies]
    points = cloud(12000)
    traces = [engine.run(points) for engine in engines]
    for engine, trace in zip(engines, traces, strict=True):
        for here, itself in zip(engine.beside(trace), traces, strict=True):
            given, wanted = (one.answer(Classes).probabilities for one in (here, itself))
            np.testing.assert_allclose(given, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (POINTS[:5], "has 5 points, and a shape is told from 32 on"),
        (POINTS[::2], "All points lie in one plane"),
        (POINTS[:, :1] * np.float32([1, 2, 3]), "All points lie in one line"),
    ],
)
def test_what_is_no_object_is_said(engine: ShapesEngine, points: np.ndarray, message: str) -> None:
    with pytest.raises(HeadlightError, match=message):
        engine.run(np.ascontiguousarray(points))


def test_critical_points_are_within_the_upper_bound(tmp_path) -> None:
    engine = ShapesEngine.open(find(str(shape_folder(tmp_path, "shape_pointnet"))), "cpu")
    trace = engine.run(POINTS)
    inside = engine.upper_bound(trace, trace.tokens.positions)
    assert inside.all()
    assert not engine.upper_bound(trace, np.float32([[50, 50, 50], [-40, 9, 30]])).all()
